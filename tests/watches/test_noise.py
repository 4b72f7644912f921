"""Watches over what real collections state: their random headers are no news, and what is planted among them is."""

from __future__ import annotations

import random
from typing import Any

from inventory.observations.observing import Tracker
from tests.fakes import content
from tests.watches.histories import TARGET, URL, History, watch


class Site:
    """A page that is collected with random headers, stated as workers state it."""

    def __init__(self, seed: int) -> None:
        self.history, self._tracker, self._rng = History(), Tracker(), random.Random(seed)

    def collect(self, headers: dict[str, str], *, page: str = "x") -> None:
        random_ones = {
            "Date": f"Mon, 01 Jun 2026 12:00:{self._rng.randrange(60):02} GMT",
            "X-Request-Id": self._hex(32),
            "X-Unknown-Token": self._hex(24),
            "X-Counter": str(self._rng.randrange(10_000)),
            "Set-Cookie": f"sid={self._hex(20)}; Path=/",
            "Content-Security-Policy": f"script-src 'nonce-{self._hex(22)}'",
            **({"X-Cache": "HIT", "Age": str(self._rng.randrange(100))} if self._rng.random() < 0.5 else {}),
        }
        seen: dict[str, Any] = dict(content(URL))
        seen["headers"] = [{"name": name, "value": value} for name, value in {**random_ones, **headers}.items()]
        seen["body"] = seen["body"] | {"sha256": (self._hex(64) if page == "random" else page * 64)}
        statements = self._tracker.observed(TARGET, seen)
        shown: dict[str, list[str]] = {}
        volatile = set()
        for each in (*statements.own, *statements.common.statements):
            shown.setdefault(each.field, []).append(each.value)
            volatile.update([each.field] if each.volatile else [])
        self.history.collect(shown, volatile=volatile)

    def _hex(self, length: int) -> str:
        return "".join(self._rng.choices("0123456789abcdef", k=length))


def test_fifty_collections_with_random_headers_tell_nothing_until_something_is_planted() -> None:
    for seed in range(6):
        site = Site(seed)
        for _ in range(50):
            site.collect({"Server": "nginx"}, page="random")
        all_kinds = watch("changes", "leaves", "fails", "recovers", "expires", query="header.server:*")
        assert site.history.each_by_itself(all_kinds) == []

        site.collect({"Server": "Apache"}, page="random")
        site.collect({"Server": "Apache", "Strict-Transport-Security": "max-age=1"}, page="random")

        found = [(each.field, list(each.old), list(each.new)) for each in site.history.each_by_itself(watch())]
        assert found == [
            ("header.server", ["nginx"], ["Apache"]),
            ("header.strict-transport-security", [], ["max-age=1"]),
        ]


def test_a_new_body_is_told_once_a_second_collection_shows_it() -> None:
    site = Site(1)
    for page in "aaabbb":
        site.collect({}, page=page)

    assert [each.field for each in site.history.each_by_itself(watch(fields="body.sha256"))] == ["body.sha256"]
