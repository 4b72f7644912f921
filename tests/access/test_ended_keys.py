"""What becomes of the work of a key that is revoked or expires."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from inventory.errors import InvalidKey
from inventory.records.model import State
from inventory.watches.model import GATHER
from tests.access.guarded import Guarded, Headers, upload
from tests.fakes import FakeClock
from tests.jobs.actions import work_to_the_end
from workers.scheduler import round_

URL = "http://a.test/"
WATCHED = {"name": "w", "query": "header.server:*", "on": ["changes"], "file": "told", "every": 3600}


def watch_of(guarded: Guarded, key: Headers) -> str:
    return str(guarded.ask(key, "/watches", method="POST", status=201, json=WATCHED)["id"])


def shown(guarded: Guarded, watch_id: str) -> Any:
    return guarded.ask(guarded.admin, f"/watches/{watch_id}")


def id_of(guarded: Guarded, watch_id: str) -> str:
    return str(shown(guarded, watch_id)["owner"])


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_the_watches_of_a_key_that_ends_are_paused_until_another_resumes_them(
    guarded: Guarded, clock: FakeClock, how: str
) -> None:
    guarded.collect(URL)
    ours = watch_of(guarded, guarded.key("watch", expires_in=timedelta(hours=1)))
    owner = id_of(guarded, ours)
    round_(guarded.services)
    assert not shown(guarded, ours)["paused"]
    assert guarded.services.store.schedules.counts([ours])[ours] == 1

    if how == "revoked":
        guarded.ask(guarded.admin, f"/keys/{owner}", method="DELETE", status=204)
    else:
        clock.forward(3600)
    round_(guarded.services)

    assert shown(guarded, ours)["paused"]
    clock.forward(7200)
    round_(guarded.services)
    found = guarded.services.records.find(guarded.services.records.target("webpage", URL))
    assert found is not None
    assert found.record.state is State.STORED

    other = guarded.key("watch")
    assert not guarded.ask(other, f"/watches/{ours}/resume", method="POST")["paused"]
    round_(guarded.services)
    assert not shown(guarded, ours)["paused"]
    assert id_of(guarded, ours) not in (owner, "None")


@pytest.mark.parametrize("ends", [True, False])
def test_what_the_watch_of_a_key_that_ended_still_owed_is_sent_nowhere(
    guarded: Guarded, clock: FakeClock, ends: bool
) -> None:
    guarded.collect(URL)
    ours = watch_of(guarded, guarded.key("watch"))
    guarded.collect(URL, server="caddy")
    guarded.services.watch_work.looker.look()
    if ends:
        guarded.services.keys.revoke(id_of(guarded, ours))
    round_(guarded.services)
    clock.forward(GATHER.total_seconds() + 1)
    round_(guarded.services)

    message = guarded.ask(guarded.admin, f"/watches/{ours}/messages/1")
    assert message["findings"] == 1
    assert [each["kind"] for each in message["deliveries"]] == ([] if ends else ["file"])


@pytest.mark.parametrize("path", ["/search/export?format=csv", "/archive.warc.gz?q=", "/jobs/{job}/rows"])
def test_a_download_breaks_off_when_its_key_ends(guarded: Guarded, clock: FakeClock, path: str) -> None:
    guarded.collect(URL)
    job = upload(guarded, guarded.admin, URL)["job_id"]
    work_to_the_end(guarded.services, clock, job)
    key, text = guarded.services.keys.create("reader", ["read", "export"])
    headers = {"X-API-Key": text, "Accept": "text/csv"}

    def parts() -> Iterator[bytes]:
        return guarded.client.get(f"/api/v1{path.format(job=job)}", headers=headers).iter_encoded()

    assert len(list(parts())) >= 2
    broken_off = parts()
    next(broken_off)
    guarded.services.keys.revoke(key.id)
    with pytest.raises(InvalidKey, match="broken off"):
        next(broken_off)


def test_the_watches_of_others_go_on(guarded: Guarded) -> None:
    theirs = watch_of(guarded, guarded.key("watch"))
    ended, _ = guarded.services.keys.create("ended", ["watch"])
    guarded.services.keys.revoke(ended.id)

    round_(guarded.services)

    assert not shown(guarded, theirs)["paused"]


def test_admins_see_whose_watches_and_jobs_these_are(guarded: Guarded) -> None:
    key = guarded.key("watch", "import")
    watch, job = watch_of(guarded, key), upload(guarded, key, URL)["job_id"]
    mine = upload(guarded, guarded.admin, "http://b.test/")
    keys = {each["name"]: each["id"] for each in guarded.ask(guarded.admin, "/keys")["keys"]}

    assert shown(guarded, watch)["owner"] == guarded.ask(guarded.admin, f"/jobs/{job}")["owner"] == keys["key 1"]
    assert mine["owner"] == keys["key 0"]
    assert guarded.ask(guarded.admin, "/watches")["watches"][0]["owner"] == keys["key 1"]
    assert {each["owner"] for each in guarded.ask(guarded.admin, "/jobs")["jobs"]} == {keys["key 0"], keys["key 1"]}
    for path in (f"/watches/{watch}", f"/jobs/{job}"):
        assert "owner" not in guarded.ask(key, path)
    assert "owner" not in guarded.ask(key, "/jobs")["jobs"][0]
