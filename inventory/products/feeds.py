"""The feeds that products come from, as they were described (`feed_file` reads the description)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inventory import urls
from inventory.products.masking import Mask
from inventory.products.paginators import LinkHeader, Paginator
from inventory.rate_limits.limits import Limit

MARGIN = 0.96
"""The share of a rate that is used: requests take differently long to arrive, and none may arrive too early."""
REQUIRED = ("id", "title", "price")
FIELDS = (*REQUIRED, "category", "currency", "url", "rating")


@dataclass(frozen=True, slots=True)
class FieldPath:
    """Where an item has a value: at a `path`, in units of `scale`; or the same `value` for all.

    `names` translates words of the feed into ours. `decimal` is the decimal separator of texts, None if each may tell.
    `fallbacks` are looked at in their order where the item has nothing usable here.
    """

    path: str = ""
    scale: float = 1.0
    value: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    fallbacks: tuple[FieldPath, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One source of products. `rate` is in requests a second, `retries` counts those of one page.

    `secrets` are values that came from the environment. `mask` covers them, and other keys, in whatever is shown.
    """

    name: str
    url: str = field(repr=False)
    paths: Mapping[str, FieldPath]
    items: str = ""
    paginator: Paginator = field(default_factory=LinkHeader)
    rate: float = 5.0
    retries: int = 5
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    mask: Mask = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", Mask.of(self.url, self.headers, self.secrets))

    @property
    def host(self) -> str:
        """The upstream that is called; with its port, because several feeds may come from one machine."""
        return urls.parse(self.url).authority

    @property
    def limit(self) -> Limit:
        """One page at a time, and a little less than the upstream allows, because it counts by itself."""
        return Limit(self.rate * MARGIN, concurrency=1, burst=1)


def limits(feeds: Sequence[Feed]) -> Mapping[str, Limit]:
    """The limits of the upstreams of these feeds; the strictest for several feeds at one upstream."""
    return {feed.host: feed.limit for feed in sorted(feeds, key=lambda feed: -feed.rate)}
