"""The audit keeps who did what, masked, bounded where it is refused, and in the log where the store does not take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from inventory.access import current
from inventory.access.audit import MAX_CALLERS, MAX_FAILURES, MAX_TARGET, AuditFilter, AuditService, chosen
from inventory.access.model import AuditEntry, Caller, Key, Mode
from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.masking import Masking
from inventory.records.model import Target
from tests.contract.actions import NOW, after

URL = "https://h.test/?token=canary&page=2"
ANYBODY = Caller(address="203.0.113.7", scopes=())
Ticks = list[float]


class MemoryAudit:
    """Entries in memory; each call of `add` is one transaction. While it is `away` every call fails."""

    def __init__(self) -> None:
        self.added: list[Sequence[AuditEntry]] = []
        self.asked: list[dict[str, Any]] = []
        self.away = False

    @property
    def entries(self) -> list[AuditEntry]:
        return [entry for each in self.added for entry in each]

    def add(self, entries: Sequence[AuditEntry]) -> None:
        if self.away:
            raise StorageUnavailable("The disk is full.")
        self.added.append(entries)

    def listing(self, **asked: Any) -> Sequence[AuditEntry]:
        self.asked.append(asked)
        return self.entries[::-1]

    def prune(self, **_: Any) -> int:
        return 0


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def counted() -> Counter[str]:
    return Counter()


@pytest.fixture
def ticks() -> Ticks:
    return [1_000.0]


@pytest.fixture
def service(audit: MemoryAudit, counted: Counter[str], ticks: Ticks) -> AuditService:
    def count(result: str, number: int) -> None:
        counted[result] += number

    return AuditService(audit, Masking(("pin",)), mode=Mode.KEYS, clock=lambda: NOW, count=count, ticks=lambda: ticks[0])


def page(url: str) -> Target:
    return Target("webpage", url, "h.test")


def of_key(name: str = "shop") -> Caller:
    key = Key(id=f"id of {name}", name=name, digest="0" * 64, scopes=(), created_at=NOW)
    return Caller(address="192.0.2.1", scopes=(), key=key, user="zoe@h.test")


def test_a_secret_in_place_of_a_user_is_masked(service: AuditService, audit: MemoryAudit) -> None:
    service.note(replace(ANYBODY, user="Bearer inv_live_" + "x" * 38), "watch.create", "t", request_id="r")

    assert audit.entries[0].user == "Bearer inv_live_***"


def test_an_entry_says_who_did_what_to_what(service: AuditService, audit: MemoryAudit, counted: Counter[str]) -> None:
    service.note(of_key(), "metadata.delete", URL + "&pin=canary", request_id="r-1")

    [entry] = audit.entries
    assert len(entry.id) == 32
    assert (entry.at, entry.action, entry.outcome, entry.request_id) == (NOW, "metadata.delete", "done", "r-1")
    assert (entry.address, entry.key_id, entry.key_name, entry.user) == ("192.0.2.1", "id of shop", "shop", "zoe@h.test")
    assert entry.target == "https://h.test/?token=***&page=2&pin=***"
    assert counted == {"kept": 1}


def test_who_has_no_key_is_an_address(service: AuditService, audit: MemoryAudit) -> None:
    service.note(ANYBODY, "import.create", "j1", request_id="r-1")

    assert (audit.entries[0].address, audit.entries[0].key_id, audit.entries[0].user) == ("203.0.113.7", None, None)


def test_a_target_is_cut(service: AuditService, audit: MemoryAudit) -> None:
    service.note(ANYBODY, "metadata.collect", "x" * 99_999, request_id="r-1")

    assert len(audit.entries[0].target) == MAX_TARGET


def test_lookups_of_a_group_are_added_together(service: AuditService, audit: MemoryAudit) -> None:
    service.note_lookups([(of_key("a"), page(URL), "r-1"), (of_key("b"), Target("weather", "bern", ""), "r-2")])
    service.note_lookups([])

    assert len(audit.added) == 1
    assert [(each.key_name, each.target, each.request_id, each.action) for each in audit.entries] == [
        ("a", "https://h.test/?token=***&page=2", "r-1", "metadata.look_up"),
        ("b", "bern", "r-2", "weather.look_up"),
    ]


def test_a_lookup_is_of_whoever_sent_the_request_that_this_thread_answers(service: AuditService, audit: MemoryAudit) -> None:
    def answer() -> None:
        current.set_caller(of_key("a"))
        structlog.contextvars.bind_contextvars(request_id="r-1")
        service.note_lookup(page(URL))

    Context().run(service.note_lookup, page("http://h.test/by-a-command"))
    Context().run(answer)

    assert [(each.key_name, each.target, each.request_id) for each in audit.entries] == [
        ("a", "https://h.test/?token=***&page=2", "r-1")
    ]


@pytest.mark.parametrize("mode", list(Mode))
def test_lookups_are_kept_unless_everything_is_open(audit: MemoryAudit, mode: Mode) -> None:
    service = AuditService(audit, Masking(), mode=mode, clock=lambda: NOW)

    service.note_lookups([(ANYBODY, page(URL), "r-1")])

    assert len(audit.entries) == service.keeps_lookups == (mode is not Mode.OPEN)


def test_of_what_one_caller_fails_at_a_few_a_minute_are_kept_and_of_what_is_done_everything(
    service: AuditService, audit: MemoryAudit, counted: Counter[str], ticks: Ticks
) -> None:
    def fail(caller: Caller, times: int) -> None:
        for _ in range(times):
            service.note(caller, "metadata.delete", "x", outcome="out_of_scope", request_id="r")

    fail(of_key("a"), MAX_FAILURES + 10)
    fail(of_key("b"), 1)
    fail(ANYBODY, 5)
    service.note(of_key("a"), "metadata.delete", "x", request_id="r")
    assert len(audit.entries) == MAX_FAILURES + 1 + 5 + 1
    assert counted == {"kept": MAX_FAILURES + 7, "skipped": 10}

    ticks[0] += 60
    fail(of_key("a"), 1)
    assert len(audit.entries) == MAX_FAILURES + 8


def test_the_memory_for_failures_is_bounded(service: AuditService) -> None:
    for number in range(MAX_CALLERS + 10):
        service.note(of_key(str(number)), "metadata.delete", "x", outcome="out_of_scope", request_id="r")

    assert len(service._failures._counted) == MAX_CALLERS


def test_what_the_store_does_not_take_is_in_the_log_and_stops_nothing(
    service: AuditService, audit: MemoryAudit, counted: Counter[str]
) -> None:
    audit.away = True

    with capture_logs() as lines:
        service.note(of_key(), "metadata.delete", URL, request_id="r-1")
        service.note_lookups([(ANYBODY, page(URL), "r-2"), (ANYBODY, page(URL), "r-3")])

    assert [(line["event"], line["request_id"], line["target"]) for line in lines] == [
        ("audit_not_kept", f"r-{n}", "https://h.test/?token=***&page=2") for n in (1, 2, 3)
    ]
    assert lines[0]["key_name"] == "shop"
    assert counted == {"lost": 3}


def test_a_listing_asks_for_what_was_chosen(service: AuditService, audit: MemoryAudit) -> None:
    entries = AuditFilter(key_id="k", address="a", action="key.", since=NOW, until=after(1))

    assert service.listing(entries, limit=3, after=(NOW, "x")) == []
    assert audit.asked == [
        {"key_id": "k", "address": "a", "action": "key.", "since": NOW, "until": after(1), "limit": 3, "after": (NOW, "x")}
    ]


def test_times_may_be_so_long_ago() -> None:
    found = chosen(NOW, key="k", since="7d", until="1h")

    assert found == AuditFilter(key_id="k", since=NOW - timedelta(days=7), until=NOW - timedelta(hours=1))


@pytest.mark.parametrize(
    ("times", "name"), [({"since": "soon"}, "since"), ({"until": "x"}, "until"), ({"since": "1h", "until": "2h"}, "until")]
)
def test_times_that_mean_nothing_are_refused(times: dict[str, str], name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        chosen(NOW, **times)

    assert list(refused.value.errors or {}) == [name]
