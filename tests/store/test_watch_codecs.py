"""What earlier versions kept of watches and messages is read, and stays as it is where nothing is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from inventory.store.codecs import content_bytes, read_content, to_millis
from inventory.store.frames import keep_content
from inventory.store.watch_codecs import kept_groups, read_watch, watch_content
from inventory.watches.model import On, Watch

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WATCH = Watch(id="w", name="w", query="", every=None, on=(On.FAILS,), created_at=NOW, changed_at=NOW)


def test_a_watch_that_was_never_resumed_is_kept_as_before() -> None:
    kept = read_content(watch_content(WATCH))

    assert "resumed_at" not in kept
    assert read_watch(content_bytes(kept))["resumed_at"] is None
    assert read_watch(watch_content(replace(WATCH, resumed_at=NOW)))["resumed_at"] == NOW


def test_groups_of_before_have_as_many_targets_as_findings() -> None:
    group = {"on": "enters", "field": "", "old": [], "new": [], "count": 3, "samples": []}
    instants = {"first_at": to_millis(NOW), "last_at": to_millis(NOW)}

    members = kept_groups(keep_content({"groups": [group | instants]}))

    [read] = members["groups"]
    assert (read.count, read.targets, read.since, members["more_groups"]) == (3, 3, NOW, 0)
