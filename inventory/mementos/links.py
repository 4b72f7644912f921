"""Links between a webpage and what is known of its past: the header Link, and a TimeMap (RFC 7089, RFC 6690)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.clock import http_date
from inventory.mementos.stamps import stamp_of

LINK_FORMAT = "application/link-format"
TYPE = f'; type="{LINK_FORMAT}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A chosen instant among those at which a webpage was seen, which are in order; `is_whole` if none is missing."""

    chosen: datetime
    instants: Sequence[datetime]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The addresses of what is known of one webpage; `root` is that of the application, without a slash at its end."""

    root: str
    url: str

    @property
    def timegate(self) -> str:
        """Where the memento of an instant is found."""
        return f"{self.root}/memento/timegate/{self.url}"

    @property
    def timemap(self) -> str:
        """Where the latest mementos are listed."""
        return f"{self.root}/memento/timemap/link/{self.url}"

    def timemap_before(self, instant: datetime) -> str:
        """Where those are listed that are older than an instant."""
        return f"{self.root}/memento/timemap/{stamp_of(instant)}/{self.url}"

    def memento(self, stamp: str) -> str:
        """Where the memento of a stamp is."""
        return f"{self.root}/memento/{stamp}/{self.url}"


def header(addresses: Addresses, around: Surroundings | None = None) -> str:
    """The header Link of a memento, of a TimeGate, and of what leads to a memento."""
    return ", ".join((*_common(addresses), *(() if around is None else _around(addresses, around))))


def timemap(addresses: Addresses, itself: str, instants: Sequence[datetime], *, is_newest: bool, is_oldest: bool) -> str:
    """A TimeMap at the address `itself`; `instants` are those of its mementos, the newest first.

    It leads to the next one unless it has the oldest memento.
    """
    span = "" if not instants else f'; from="{http_date(instants[-1])}"; until="{http_date(instants[0])}"'
    original, timegate, _ = _common(addresses)
    links = [original, timegate, f'<{itself}>; rel="self"{TYPE}{span}']
    if not is_oldest:
        links.append(f'<{addresses.timemap_before(instants[-1])}>; rel="timemap"{TYPE}; until="{http_date(instants[-1])}"')
    links += reversed(list(_mementos(addresses, instants, is_newest=is_newest, is_oldest=is_oldest)))
    return ",\n".join(links) + "\n"


def _common(addresses: Addresses) -> tuple[str, str, str]:
    return (
        f'<{addresses.url}>; rel="original"',
        f'<{addresses.timegate}>; rel="timegate"',
        f'<{addresses.timemap}>; rel="timemap"{TYPE}',
    )


def _around(addresses: Addresses, around: Surroundings) -> Iterator[str]:
    """The chosen memento, those before and after it, the first and the last one: each once, with all that it is."""
    chosen, last = around.instants.index(around.chosen), len(around.instants) - 1
    for number in sorted({0, max(0, chosen - 1), chosen, min(last, chosen + 1), last}):
        is_what = {
            "first": around.is_whole and number == 0,
            "prev": number == chosen - 1,
            "next": number == chosen + 1,
            "last": number == last,
        }
        relations = [name for name, holds in is_what.items() if holds]
        if relations or number == chosen:
            yield _memento(addresses, around.instants[number], " ".join([*relations, "memento"]))


def _memento(addresses: Addresses, instant: datetime, relations: str) -> str:
    return f'<{addresses.memento(stamp_of(instant))}>; rel="{relations}"; datetime="{http_date(instant)}"'


def _mementos(addresses: Addresses, instants: Sequence[datetime], *, is_newest: bool, is_oldest: bool) -> Iterator[str]:
    for number, instant in enumerate(instants):
        first = "first " * (is_oldest and number == len(instants) - 1)
        last = "last " * (is_newest and number == 0)
        yield _memento(addresses, instant, f"{first}{last}memento")
