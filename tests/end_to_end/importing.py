"""A client of imports: uploads a file, watches the job, and counts its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import requests

from tests.end_to_end.stack import Stack, wait_until

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Recount:
    """What the rows of a job come to, read from the store itself: `twice` and `missing` are row numbers."""

    outcomes: Counter[str]
    twice: list[int]
    missing: list[int]


class Import:
    """A job made from an uploaded file."""

    def __init__(self, stack: Stack, content: bytes, *, kind: str = "urls", name: str = "urls.csv") -> None:
        self._stack = stack
        answer = requests.post(
            f"{stack.url}/api/v1/imports", params={"kind": kind}, files={"file": (name, content)}, timeout=60
        )
        assert answer.status_code == 202, answer.text
        self.id: str = answer.json()["job_id"]

    @classmethod
    def known(cls, stack: Stack, job_id: str) -> Import:
        """A job that is there already."""
        found = cls.__new__(cls)
        found._stack, found.id = stack, job_id
        return found

    @property
    def now(self) -> dict[str, Any]:
        """The job as the API answers it."""
        answer = requests.get(f"{self._stack.url}/api/v1/jobs/{self.id}", timeout=60)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def glance(self) -> dict[str, Any] | None:
        """The same, or None where the API does not answer, or has no store."""
        try:
            answer = requests.get(f"{self._stack.url}/api/v1/jobs/{self.id}", timeout=60)
        except requests.ConnectionError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def wait_for(self, processed: int, seconds: float = 120.0) -> None:
        """Wait until so many rows are done."""
        wait_until(lambda: self.now["processed"] >= processed, f"{processed} rows are done: {self.now}", seconds)

    def wait_for_end(self, seconds: float = 240.0) -> dict[str, Any]:
        """The job when it is finished."""
        wait_until(lambda: self.now["finished_at"], f"the job ends, now {self.now}", seconds)
        return self.now

    def recount(self, numbers: Sequence[int]) -> Recount:
        """The rows as they are kept, which are to be these."""
        seen: Counter[int] = Counter()
        outcomes: Counter[str] = Counter()
        for number, outcome in self._rows():
            seen[number] += 1
            outcomes[outcome] += 1
        twice = [number for number, times in seen.items() if times > 1 or number not in numbers]
        return Recount(outcomes, twice, [number for number in numbers if number not in seen])

    def _rows(self) -> Iterator[tuple[int, str]]:
        position = 0
        with closing(self._stack.open_store()) as store:
            while rows := store.jobs.rows(self.id, None, limit=ROWS_AT_ONCE, after=position):
                yield from ((row.row, row.outcome.value) for row in rows)
                position = rows[-1].row


def table(urls: Sequence[str]) -> bytes:
    """A CSV file with these URLs, from row 2 on."""
    return "".join(f"{line}\n" for line in ["url", *urls]).encode()
