"""`inventory audit`, on a real store."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from inventory import wiring
from inventory.access.model import Caller, Key
from inventory.clock import utc_now
from inventory.config import Settings
from tests.commands.conftest import run

IDS = ("0" * 32, "1" * 32)


@pytest.fixture
def environment(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where two keys did something."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    service = wiring.build(Settings.read()).audit
    for key_id, name in zip(IDS, ("shop", "other"), strict=True):
        key = Key(id=key_id, name=name, digest="0" * 64, scopes=(), created_at=utc_now())
        caller = Caller(address="203.0.113.7", scopes=(), key=key, user="zoe@h.test" if name == "other" else None)
        service.note(caller, "metadata.delete", f"http://h.test/{name}?token=abc", request_id=f"request of {name}")
    service.note(Caller(address="192.0.2.1", scopes=()), "import.create", "j1", request_id="r")
    return environment


def test_it_shows_who_did_what(environment: dict[str, str]) -> None:
    done = run(environment, "audit")

    assert done.exit_code == 0, done.output
    assert [line.count("***") for line in done.stdout.splitlines() if "metadata.delete" in line] == [1, 1]
    for shown in ("import.create", "j1", "done", "shop", "zoe@h.test", "203.0.113.7"):
        assert shown in done.stdout


def test_json_has_the_entries_of_the_api(environment: dict[str, str]) -> None:
    [entry] = json.loads(run(environment, "audit", "--json", "--key", IDS[0]).stdout)

    assert entry["target"] == "http://h.test/shop?token=***"
    assert entry["key"] == {"id": IDS[0], "name": "shop"}
    assert set(entry) == {"id", "at", "action", "target", "outcome", "request_id", "address", "key", "user"}


def test_keys_that_are_made_and_revoked_by_a_command_are_in_it(environment: dict[str, str]) -> None:
    made = json.loads(run(environment, "keys", "create", "ci", "--scope", "read", "--json").stdout)
    run(environment, "keys", "revoke", made["id"])

    revoked, created = json.loads(run(environment, "audit", "--json", "--action", "key.").stdout)
    assert [revoked["action"], created["action"]] == ["key.revoke", "key.create"]
    assert created["target"] == revoked["target"] == made["id"]
    assert (created["address"], created["key"]) == ("", None)
    assert created["user"]
    assert made["key"] not in json.dumps([revoked, created])


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--action", "metadata."], 2),
        (["--action", "import.create"], 1),
        (["--address", "192.0.2.1"], 1),
        (["--since", "1h"], 3),
        (["--until", "1h"], 0),
        (["--limit", "2"], 2),
    ],
)
def test_it_can_be_narrowed(environment: dict[str, str], options: list[str], count: int) -> None:
    assert len(json.loads(run(environment, "audit", "--json", *options).stdout)) == count


def test_a_time_that_means_nothing_is_refused(environment: dict[str, str]) -> None:
    done = run(environment, "audit", "--since", "soon")

    assert (done.exit_code, "since" in done.stderr) == (2, True)


def test_old_entries_are_not_shown_once_the_scheduler_has_removed_them(environment: dict[str, str]) -> None:
    store = wiring.build(Settings.read()).store
    assert store.audit.prune(before=utc_now() + timedelta(seconds=1), limit=9) == 3

    assert json.loads(run(environment, "audit", "--json").stdout) == []
