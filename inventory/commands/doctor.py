"""`inventory doctor`: what is wrong with an installation, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click
from rich.text import Text

from inventory.commands.terminal import as_json, errors_as_lines, print_document, safe_text, stdout_console
from inventory.doctor.examining import examine
from inventory.doctor.model import Finding, Status, worst
from inventory.wiring.doctor import all_checks

CODES: Mapping[Status, int] = {Status.OK: 0, Status.WARNING: 1, Status.PROBLEM: 2}
STYLES: Mapping[Status, str] = {Status.OK: "green", Status.WARNING: "yellow", Status.PROBLEM: "bold red"}


@click.command()
@as_json
@errors_as_lines
def doctor(as_json: bool) -> int:
    """Say what is wrong with this installation, and what to do.

    The service may run or not. It changes nothing, and ends within some 15 seconds. Exit codes: 0 all is well,
    1 warnings, 2 problems.
    """
    findings = examine(all_checks())
    status = worst(findings)
    document = {"status": status, "checks": [asdict(each) for each in findings]}
    print_document(document, as_json=as_json, otherwise=lambda _: _print(findings))
    return CODES[status]


def _print(findings: Sequence[Finding]) -> None:
    console = stdout_console()
    for each in findings:
        line = Text(f"{each.status.value:<8}", style=STYLES[each.status])
        line.append(f" {each.check:<13}", style="default").append(safe_text(each.text))
        console.print(line, soft_wrap=True)
        if each.advice:
            console.print(Text(f"{'':<23}").append(safe_text(each.advice)), soft_wrap=True)
    worse = sum(each.status is not Status.OK for each in findings)
    console.print("All is well." if not worse else f"{worse} of {len(findings)} findings are not ok.")
