"""`python -m tests.policy.oracle FOLDER [--write]`: compares the policy `observatory` with the Observatory in a folder.

It ends with 1 if there is a difference that `differences` does not explain, an explanation that none needs, or if
docs/policy-oracle.md is not what this finds; with `--write` that file is written.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inventory.policy.builtin_policies import builtin
from inventory.policy.judgement import Judge, counting
from inventory.policy.model import Judgement, Scoring
from tests.policy.oracle.cases import Case
from tests.policy.oracle.corpus import corpus
from tests.policy.oracle.differences import ALIKE, OF_SAME_SITE, SAME_SITE, WHY

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "docs" / "policy-oracle.md"
PACKAGE = "@mdn/mdn-http-observatory"
OFFLINE = ("unshare", "--map-root-user", "--net")
"""A network of its own that leads nowhere."""
HEAD = """\
# The policy `observatory` and the MDN HTTP Observatory

`make policy-oracle` runs {package} {version} and the policy `observatory` on the same {cases} recorded responses,
test by test. It installs the package into a temporary folder, and runs it without a network. With `ARGS=--write` it writes
this file. In {same} cases all tests, the score and the grade are the same. The others, and why they are left so:

| test | responses | Observatory | policy | why |
| --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A test of a case that comes to something else; `here` is what counts in the policy."""

    test: str
    case: str
    there: str
    here: str

    @property
    def row(self) -> str:
        """Its row in the table."""
        cells = (self.test, f"`{self.case}`", self.there, self.here, WHY.get((self.test, self.case), "Not explained."))
        return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def main() -> int:
    folder, cases = Path(sys.argv[1]), corpus()
    differences, wrong = _compared(cases, _scanned(folder, cases))
    version = json.loads((folder / "node_modules" / PACKAGE / "package.json").read_text("utf-8"))["version"]
    same = len(cases) - len({each.case for each in differences})
    text = HEAD.format(package=PACKAGE, version=version, cases=len(cases), same=same)
    text += "".join(f"{each.row}\n" for each in differences)
    if "--write" in sys.argv:
        TABLE.write_text(text, "utf-8")
    elif TABLE.read_text("utf-8") != text:
        wrong.append(f"{TABLE.name} is not what was found: make policy-oracle ARGS=--write")
    for line in wrong:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(f"{len(cases)} cases, {same} the same, {len(differences)} differences, {len(wrong)} mistakes\n")
    return 1 if wrong else 0


def _compared(cases: Sequence[Case], found: Sequence[Mapping[str, Any]]) -> tuple[Sequence[Difference], list[str]]:
    """All differences, and what is wrong about them."""
    judge = Judge(builtin()["observatory"])
    scoring = judge.policy.scoring
    assert scoring is not None
    differences: list[Difference] = []
    wrong: list[str] = []
    for case, theirs in zip(cases, found, strict=True):
        judgement = judge.judge(case.looked)
        of_case = list(_differences(case, theirs["tests"], scoring, judgement))
        differences += of_case
        if not of_case and (theirs["score"], theirs["grade"]) != (judgement.score, judgement.grade):
            wrong.append(f"{case.name}: {theirs['score']} {theirs['grade']}, but {judgement.score} {judgement.grade}")
    wrong += [f"not explained: {each.row}" for each in differences if (each.test, each.case) not in WHY]
    needed = {(each.test, each.case) for each in differences}
    wrong += [f"explained, but the same: {each}" for each in WHY if each not in needed]
    return differences, wrong


def _scanned(folder: Path, cases: Sequence[Case]) -> Sequence[Mapping[str, Any]]:
    """What the Observatory says of each case."""
    recorded = "".join(f"{json.dumps(each.recorded)}\n" for each in cases)
    command = [*OFFLINE, "node", "observatory.mjs"]
    done = subprocess.run(command, cwd=folder, input=recorded, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _differences(case: Case, tests: Mapping[str, Any], scoring: Scoring, judgement: Judgement) -> Iterator[Difference]:
    counted = dict(zip([each.id for each in scoring.tests], counting(scoring, judgement.states), strict=True))
    for name, theirs in tests.items():
        ours = counted.get(name)
        points = 0 if ours is None else ours.points
        here = None if ours is None else f"{'fails' if ours.fails else 'holds'} {ours.rule}"
        result = theirs["result"]
        is_alike = here in OF_SAME_SITE if result == SAME_SITE else here == ALIKE.get(result)
        if not is_alike or points != theirs["points"]:
            shown = f"{points:+d}" + ("" if here is None else f", {here}")
            yield Difference(test=name, case=case.name, there=f"{theirs['points']:+d}, {result}", here=shown)


if __name__ == "__main__":
    sys.exit(main())
