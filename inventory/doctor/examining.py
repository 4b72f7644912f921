"""Runs checks at the same time, and waits for none of them longer than it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Thread
from time import monotonic

from inventory.doctor.model import Check, Finding, problem
from inventory.errors import InventoryError

TIMEOUT = 15.0
"""Seconds for all checks together: a name server or a network drive may let a call wait for minutes."""


def examine(checks: Mapping[str, Check], *, timeout: float = TIMEOUT) -> Sequence[Finding]:
    """What all checks found, in their order. One that does not end in time is a problem, and its thread is left alone."""
    running = [_Running(name, check) for name, check in checks.items()]
    until = monotonic() + timeout
    return [finding for each in running for finding in each.result(until, timeout)]


class _Running:
    """A check in a thread of its own, which does not keep the process from ending."""

    def __init__(self, name: str, check: Check) -> None:
        self._name, self._check = name, check
        self._found: list[Finding] | None = None
        self._thread = Thread(target=self._run, name=f"check {name}", daemon=True)
        self._thread.start()

    def result(self, until: float, timeout: float) -> Sequence[Finding]:
        self._thread.join(max(0.0, until - monotonic()))
        if (found := self._found) is not None:
            return found
        text = f"It could not be checked within {timeout:g} s."
        return [problem(self._name, text, "Look for a server, a name server or a network drive that does not answer.")]

    def _run(self) -> None:
        found: list[Finding] = []
        try:
            found.extend(self._check())
        except InventoryError as error:
            found.append(problem(self._name, str(error), ""))
        except PermissionError as error:
            text = f"This user may not read {error.filename or 'what is to be checked'}: {error.strerror}."
            found.append(problem(self._name, text, "Run this as the user that runs the service."))
        except Exception as error:  # noqa: BLE001 - the outermost edge of a check: it becomes a finding
            found.append(
                problem(self._name, f"The check itself failed: {type(error).__name__}: {error}", "Report this bug.")
            )
        self._found = found
