"""Asks for targets by what they show, now or at an earlier instant, and gives them labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from inventory.clock import Clock, rfc3339
from inventory.errors import NotInInventory, QueryTooBroad
from inventory.instants import invalid, read_instant
from inventory.limits import Limits
from inventory.listing import Key
from inventory.observations.conditions import all_of
from inventory.observations.field_names import beginning, find
from inventory.observations.fields import FIXED, Field
from inventory.observations.limited import condition_of
from inventory.observations.model import TAG, Condition, FacetValue, Has, IndexState, Matcher, Observation, Word, folded
from inventory.observations.observing import Verdicts
from inventory.observations.parts import Part, all_parts
from inventory.observations.ports import Observations
from inventory.observations.queries.field_lists import read_field, read_fields
from inventory.observations.queries.query import parse
from inventory.observations.queries.quoting import escaped_name
from inventory.records.model import Record, Target
from inventory.records.service import RecordService
from inventory.slots import Slots

MAX_COUNTED = 10_000
"""Targets up to which a total is exact."""
MAX_SHOWN = 10_000
"""Observations of one page, but for those of its last targets: with more it has fewer targets than were asked for."""
AT_ONCE = 20
"""Targets whose observations are in memory before they are counted: one target has some thousands at most."""
PAGE = 200
"""Targets of which all are read while an export is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which targets are meant; `at` is the instant that is asked about, None is now."""

    text: str
    condition: Condition
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that was found, its position in the answers, and what it shows of the fields that were named."""

    record: Record
    position: Key
    observations: Sequence[Observation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some answers to a question, and the position after which there are more, None at the end.

    `first_position` is None if there are none. `is_total` says whether `found` are all there are.
    """

    found: Sequence[Found]
    first_position: Key | None
    next_position: Key | None
    is_total: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many targets there are: exactly, or at least; None if that cannot be told within the bounds of a query."""

    number: int | None
    is_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """The commonest values of a field, and whether it has more of them."""

    field: str
    values: Sequence[FacetValue]
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedField:
    """A name as queries have it, of one field of the catalogue."""

    name: str
    field: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Fields that can be asked for, whether there are more, and since when; None of an empty inventory."""

    fields: Sequence[ListedField]
    has_more: bool
    known_since: datetime | None


class SearchService:
    """Searches in all targets. Every method may raise `StorageUnavailable`.

    What asks the store may also raise `QueryTooBroad`: it cannot be answered within the bounds of a query.
    """

    def __init__(
        self, observations: Observations, records: RecordService, verdicts: Verdicts, *, clock: Clock, slots: Slots
    ) -> None:
        self._observations = observations
        self._records = records
        self._verdicts = verdicts
        self._clock = clock
        self._slots = slots

    def slot(self) -> AbstractContextManager[None]:
        """A slot of this process for a search or a list of changes; `TooManyRequests` if too many wait for one."""
        return self._slots.one("This process searches for as many clients as it may.")

    def question(self, text: str, at: str | None = None, *, limits: Limits | None = None) -> Question:
        """What a query and an instant ask for: `InvalidQuery`, or `InvalidRequest` on an instant of which nothing is known.

        A `now` in the query is the instant that is asked about. Only targets within `limits` are meant.
        """
        now = self._clock()
        instant = None if at is None else read_instant("at", at, now)
        condition = parse(text, now=now if instant is None else instant, past=instant is not None)
        if instant is not None:
            self._check_known(instant)
        limited = all_of([condition, condition_of(limits, past=instant is not None)])
        return Question(text=text, condition=limited, at=instant)

    def fields(self, text: str) -> Sequence[Matcher]:
        """The fields that are to be shown, by their names and patterns with commas between; `InvalidQuery` on `show`."""
        return read_fields("show", text)

    def page(self, question: Question, *, show: Sequence[Matcher], limit: int, after: Key | None) -> Page:
        """The next up to 1,000 targets, those that were collected last first, with the fields that are to be shown."""
        found = self._observations.search(question.condition, at=question.at, limit=limit + 1, after=after)
        positions = {each.record_id: (each.at, each.record_id) for each in found[:limit]}
        records = self._records.find_all(list(positions)) if positions else {}
        taken, is_cut = self._shown(positions, records, show, question.at)
        more = is_cut or len(found) > limit
        return Page(
            found=taken,
            first_position=next(iter(positions.values()), None),
            next_position=(taken[-1].position if is_cut else list(positions.values())[-1]) if more else None,
            is_total=after is None and not more,
        )

    def total(self, question: Question, page: Page) -> Total:
        """How many targets there are, of whose answers this is a page."""
        if page.is_total:
            return Total(number=len(page.found), is_exact=True)
        number = self._observations.count(question.condition, at=question.at, up_to=MAX_COUNTED)
        if number is None:
            return Total(number=None, is_exact=False)
        return Total(number=min(number, MAX_COUNTED), is_exact=number <= MAX_COUNTED)

    def pages(self, question: Question, *, show: Sequence[Matcher]) -> Iterator[Sequence[Found]]:
        """All targets, in pages; the first page is read at once, so that most errors are raised here."""

        def read(after: Key | None) -> Part[Found]:
            page = self.page(question, show=show, limit=PAGE, after=after)
            found = [(each.position, each) for each in page.found]
            return Part(found=found, first=page.first_position, next=page.next_position)

        return all_parts(read, read(None), self._slots)

    def ids(self, question: Question, *, at_once: int) -> Iterator[Sequence[str]]:
        """The ids of the records of all targets, up to so many at once; the first ones are read at once, too."""

        def read(after: Key | None) -> Part[str]:
            rows = self._observations.search(question.condition, at=question.at, limit=at_once + 1, after=after)
            found = [((each.at, each.record_id), each.record_id) for each in rows[:at_once]]
            last = found[-1][0] if len(rows) > at_once else None
            return Part(found=found, first=found[0][0] if found else None, next=last)

        return all_parts(read, read(None), self._slots)

    def facet(self, question: Question, field: str, *, limit: int) -> Facet:
        """The commonest values of a field among the targets that are meant; `InvalidQuery` if it is not one field."""
        name = read_field("field", field)
        values = self._observations.facet(question.condition, at=question.at, field=name, limit=limit + 1)
        return Facet(field=name, values=values[:limit], has_more=len(values) > limit)

    def index_state(self) -> IndexState:
        """Whether all records are being indexed again, so that some are found by what policies said before.

        Ask before a search: what has just been found may be from before the end of the rebuilding.
        """
        return IndexState.COMPLETE if self._observations.reindexing() is None else IndexState.UNDER_WAY

    def listing(self, prefix: str, *, limit: int, limits: Limits | None) -> Listing:
        """The fields whose names begin so: those of the catalogue, and then the headers and cookies that targets show.

        Who may not read all targets learns nothing of what they show.
        """
        listed = [ListedField(name=field.name, field=field) for field in beginning(prefix)]
        if limits is None and len(listed) <= limit:
            listed += self._shown_fields(prefix, limit + 1 - len(listed))
        since = self._observations.known_since()
        return Listing(fields=listed[:limit], has_more=len(listed) > limit, known_since=since)

    def tag(self, target: Target, tags: Sequence[str]) -> None:
        """Make these all the labels of a target; `NotInInventory` if there is no record of it."""
        if not self._observations.tag(target.id, tags, now=self._clock()):
            raise NotInInventory(f"Nothing is known of {target.key}. Look it up first; then it can have labels.")
        self._labels_changed([target.id])

    def add_tags(self, record_ids: Sequence[str], tags: Sequence[str]) -> None:
        """Give up to 1,000 records these labels besides those they have; ids without a record are left out."""
        self._observations.add_tags(record_ids, tags, now=self._clock())
        self._labels_changed(record_ids)

    def labels(self, record_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The labels that up to 1,000 records have now, by id; none of an unknown record."""
        found = self._observations.values(record_ids, [TAG])
        return {record_id: [value for _, value in pairs] for record_id, pairs in found.items()}

    def is_shown(self, field: str, value: str, limits: Limits | None) -> bool:
        """Whether any target within limits shows this value of a field now; False if that cannot be told within bounds."""
        condition = all_of([Has(Word(field, exact=True), Word(value, exact=True)), condition_of(limits)])
        try:
            return bool(self._observations.search(condition, at=None, limit=1, after=None))
        except QueryTooBroad:
            return False

    def _labels_changed(self, record_ids: Sequence[str]) -> None:
        if self._verdicts.ask_for_labels():
            self._observations.mark_collected(record_ids)

    def _shown_fields(self, prefix: str, limit: int) -> list[ListedField]:
        """The first fields of families that targets show, each once however its case is."""
        found: dict[str, ListedField] = {}
        for name in self._observations.field_names(prefix, limit=limit + len(FIXED)):
            [named] = find([name])[0] or [None]
            if named is not None and named.field.is_family:
                found.setdefault(folded(name), ListedField(name=escaped_name(name), field=named.field))
        return list(found.values())[:limit]

    def _check_known(self, at: datetime) -> None:
        since = self._observations.known_since()
        if since is not None and at < since:
            first = f"the first record, which is of {rfc3339(since)}"
            raise invalid("at", f"{rfc3339(at)} is before {first}. Send that instant or a later one.")

    def _shown(
        self, positions: Mapping[str, Key], records: Mapping[str, Record], show: Sequence[Matcher], at: datetime | None
    ) -> tuple[list[Found], bool]:
        """The records with what they show, and whether there are more that would show too much for one page.

        A record that was deleted just now is left out.
        """
        ids = [record_id for record_id in positions if record_id in records]
        taken: list[Found] = []
        shown = 0
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            observations = self._observations.shown(some, show, at=at) if show else {}
            for record_id in some:
                seen = observations.get(record_id, ())
                taken.append(Found(record=records[record_id], position=positions[record_id], observations=seen))
                shown += len(seen)
                if shown >= MAX_SHOWN and len(taken) < len(ids):
                    return taken, True
        return taken, False
