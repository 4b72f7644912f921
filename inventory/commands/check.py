"""`inventory check`: judges what is stored by a policy, from a terminal or in a pipeline.

Exit codes: 0 all is clean, 1 there are findings, 2 something could not be checked, 3 there is nothing to check, 4 the
command, the policy or the query is not valid.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click
from rich.table import Table

from inventory import wiring
from inventory.commands.terminal import WHEN, safe_text, stdout_console
from inventory.config import Settings
from inventory.errors import InvalidRequest, InventoryError, UnknownPolicy
from inventory.instants import read_instant
from inventory.jobs.exports import csv_lines
from inventory.policy.builtin_policies import builtin
from inventory.policy.documents import report_document
from inventory.policy.judgement import Judge
from inventory.policy.junit import junit
from inventory.policy.model import Policy, State, TargetStatus, Verdict
from inventory.policy.reading import read
from inventory.policy.sarif import message_of, sarif
from inventory.policy.service import Asked
from inventory.records.model import Target
from inventory.services import Services
from inventory.webpages.lookup import SOURCE

CLEAN, FINDINGS, NOT_CHECKED, NOTHING, USAGE = range(5)
COLUMNS = (
    "url", "status", "rule", "severity", "state", "message", "hop", "line", "name", "value", "snapshot",
    "collected_at", "detail",
)  # fmt: skip
P = ParamSpec("P")


class NotValid(click.UsageError):
    """A command that is called wrongly."""

    exit_code = USAGE


class Checking(click.Command):
    """A command that is called wrongly ends with 4, because 2 means that something could not be checked."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """The context of a call."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise NotValid(error.message, error.ctx) from error


def exits(command: Callable[P, int]) -> Callable[P, None]:
    """Turn a domain error into one line on standard error, and exit with the code of the command or the error."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except InventoryError as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(USAGE if isinstance(error, InvalidRequest) else NOT_CHECKED)
        sys.exit(code)

    return run


@click.command(cls=Checking)
@click.argument("targets", metavar="FILE|QUERY")
@click.option("--policy", "policy_name", metavar="ID|FILE", required=True, help="The policy, such as baseline.")
@click.option("--as-of", "at", metavar=WHEN, help="Judge what was stored then.  [default: now]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "junit", "sarif", "csv"]),
    default="table",
    show_default=True,
    help="What is printed.",
)
@click.option("--max-age", type=click.IntRange(0), metavar="SECONDS", help="An older snapshot is none to judge.")
@exits
def check(targets: str, policy_name: str, at: str | None, form: str, max_age: int | None) -> int:
    """Judge what is stored of the URLs in FILE, one a line, or of the targets that QUERY means. Nothing is collected.

    Exit codes: 0 clean, 1 findings, 2 something could not be checked, 3 nothing to check, 4 not valid.
    """
    services = wiring.build(Settings.read())
    policy = policy_named(services, policy_name)
    instant = None if at is None else read_instant("as-of", at, services.policies.clock())
    asked = Asked(at=instant, max_age=None if max_age is None else timedelta(seconds=max_age))
    verdicts = list(_verdicts(services, Judge(policy), targets, at, asked))
    if not verdicts:
        click.echo("inventory: there is nothing to check", err=True)
        return NOTHING
    if form == "table":
        _print(verdicts)
    else:
        click.echo(FORMATS[form](policy, asked, verdicts, services), nl=form in ("json", "sarif"))
    return exit_code(verdicts)


def policy_named(services: Services, name: str) -> Policy:
    """The policy in a file, or of an id: a built-in one, or one that the API keeps."""
    path = Path(name)
    if not path.is_file():
        try:
            return services.policies.find(name)
        except UnknownPolicy as error:
            raise InvalidRequest(f"There is no policy and no file {name}. Built in are {', '.join(builtin())}.") from error
    try:
        return read(path.read_text("utf-8"))
    except (InvalidRequest, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{name}: {error}") from error


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """Findings come before what could not be checked, and that before what is clean."""
    statuses = {each.status for each in verdicts}
    if TargetStatus.FINDINGS in statuses:
        return FINDINGS
    return NOT_CHECKED if TargetStatus.UNCHECKED in statuses else CLEAN


def _verdicts(services: Services, judge: Judge, targets: str, at: str | None, asked: Asked) -> Iterator[Verdict]:
    if Path(targets).is_file():
        yield from services.policies.check(judge, targets_in(services, Path(targets)), asked)
        return
    question = services.search.question(targets, at)
    for page in services.search.pages(question, show=()):
        yield from services.policies.check_records(judge, [each.record for each in page], asked)


def targets_in(services: Services, path: Path) -> Sequence[Target]:
    """The targets of the URLs in a file, each once; empty lines and those that begin with `#` are left out."""
    found: dict[str, Target] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path}: it is not UTF-8. Write one URL a line.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            target = services.records.target(SOURCE, line.strip())
        except InvalidRequest as error:
            raise InvalidRequest(f"{path}, line {number}: {error}") from error
        found[target.id] = target
    return list(found.values())


def _print(verdicts: Sequence[Verdict]) -> None:
    console = stdout_console()
    rows = [row for verdict in verdicts for row in _rows(verdict)]
    if rows:
        table = Table()
        for name in ("url", "status", "rule", "what"):
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*map(safe_text, row))
        console.print(table)
    counts = [(each.value, sum(verdict.status is each for verdict in verdicts)) for each in TargetStatus]
    console.print(f"{len(verdicts):,} checked: " + ", ".join(f"{count:,} {name}" for name, count in counts), highlight=False)


def _rows(verdict: Verdict) -> Iterator[tuple[str, str, str, str]]:
    """A row for each finding that is not waived, and one for a target that could not be checked, or that has a grade."""
    grade = verdict.judgement.grade if verdict.judgement else None
    if grade is not None and verdict.judgement is not None:
        yield verdict.url, f"grade {grade}", "", f"score {verdict.judgement.score}"
    if verdict.status is TargetStatus.UNCHECKED:
        yield verdict.url, str(verdict.reason or ""), "", verdict.detail
    for finding in verdict.findings:
        if finding.state is State.FAILS:
            expired = finding.expired
            note = "" if expired is None else f" The waiver of {expired.owner} has expired."
            yield verdict.url, finding.rule.severity.value, finding.rule.id, f"{message_of(finding)}{note}"


def _as_json(policy: Policy, asked: Asked, verdicts: Sequence[Verdict], services: Services) -> str:
    return json.dumps(report_document(policy, asked.at or services.policies.clock(), verdicts))


def _as_csv(_policy: Policy, asked: Asked, verdicts: Sequence[Verdict], services: Services) -> bytes:
    document = report_document(_policy, asked.at or services.policies.clock(), verdicts)
    rows = [row for target in document["targets"] for row in _csv_rows(target)]
    return csv_lines([COLUMNS, *([row.get(name) for name in COLUMNS] for row in rows)])


def _csv_rows(target: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each piece of evidence, and one for a target without any."""
    if not target["findings"]:
        yield target
    for finding in target["findings"]:
        for evidence in finding["evidence"]:
            yield {**target, **finding, **evidence, "url": target["url"], "detail": evidence["problem"]}


FORMATS: dict[str, Callable[[Policy, Asked, Sequence[Verdict], Services], str | bytes]] = {
    "json": _as_json,
    "csv": _as_csv,
    "junit": lambda policy, _asked, verdicts, _services: junit(policy, verdicts),
    "sarif": lambda policy, _asked, verdicts, _services: json.dumps(sarif(policy, verdicts)),
}
