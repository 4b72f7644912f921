"""Answers questions about captures, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from time import monotonic

from inventory.cdx import resume_keys
from inventory.cdx.filters import Collapse, Filter, collapsed
from inventory.cdx.lines import Line, line_of
from inventory.cdx.model import Capture, Span
from inventory.cdx.ports import Captures
from inventory.cdx.resume_keys import ResumePoint, Secret
from inventory.cdx.scanning import Sift, Step, Walk, just_after, nearest
from inventory.records.service import RecordService

MAX_LINES = 10_000
"""Lines of an answer."""
DEADLINE = 2.0
"""Seconds for which captures are looked at for one answer: then it ends, and its key leads on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which captures are meant, and in which order. `closest` is the instant to which they are ordered by distance."""

    spans: Sequence[Span]
    since: datetime
    until: datetime
    filters: Sequence[Filter] = ()
    collapses: Sequence[Collapse] = ()
    backwards: bool = False
    closest: datetime | None = None
    pywb: bool = False

    @property
    def identity(self) -> Sequence[object]:
        """What differs for questions with different answers."""
        when = self.since, self.until, self.backwards, self.closest
        return [self.spans, when, [each.text for each in self.filters], self.collapses, self.pywb]


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of an answer, and the key with which the next page is asked for; None at the end."""

    lines: Sequence[Line]
    resume_key: str | None


class CdxService:
    """The index of captures. Every method may raise `StorageUnavailable`. `timer` counts seconds; `secret` signs keys."""

    def __init__(
        self, captures: Captures, records: RecordService, *, secret: Secret, timer: Callable[[], float] = monotonic
    ) -> None:
        self._captures = captures
        self._records = records
        self._timer = timer
        self._secret = secret

    def page(self, question: Question, *, limit: int, resume_key: str | None, sift: Sift, is_limited: bool) -> Page:
        """Up to `limit` lines after those of the page whose key is given; `InvalidRequest` if it is not of this question.

        An answer ends earlier when its time is up, also before its first line. `is_limited`: `sift` leaves not all, so
        keys name no URL.
        """
        find = self._records.find_all
        resume_point = resume_keys.read(resume_key, question.identity, find, self._secret) if resume_key else ResumePoint()
        write = partial(resume_keys.written, question.identity, secret=self._secret, is_hidden=is_limited)
        with self._records.reading():
            return self._page(question, limit, resume_point, sift, write)

    def _page(
        self, question: Question, limit: int, resume_point: ResumePoint, sift: Sift, write: Callable[[ResumePoint], str]
    ) -> Page:
        lines: list[Line] = []
        ends_at = self._timer() + DEADLINE
        for step in self._steps(question, resume_point, sift):
            line = _admitted(question, step.capture)
            seen, stays = resume_point.collapsed, False
            if line is not None:
                seen, stays = collapsed(question.collapses, resume_point.collapsed, line)
            if line is not None and stays:
                if len(lines) == limit:
                    return Page(lines, write(resume_point))
                lines.append(line)
            resume_point = replace(resume_point, positions=step.positions, collapsed=seen)
            if self._timer() > ends_at:
                return Page(lines, write(resume_point))
        return Page(lines, None)

    def _steps(self, question: Question, resume_point: ResumePoint, sift: Sift) -> Iterator[Step]:
        walk = partial(Walk, captures=self._captures, sift=sift, spans=question.spans)
        if question.closest is None:
            after = resume_point.positions[0] if resume_point.positions else None
            return walk(since=question.since, until=question.until, backwards=question.backwards).steps(after)
        middle = just_after(question.closest)
        older = walk(since=question.since, until=min(question.until, middle), backwards=True)
        newer = walk(since=max(question.since, middle), until=question.until)
        return nearest(older, newer, question.closest, resume_point.positions)


def _admitted(question: Question, capture: Capture | None) -> Line | None:
    """The line of a capture that fulfils all filters."""
    if capture is None:
        return None
    line = line_of(capture)
    return line if all(each.admits(line) for each in question.filters) else None
