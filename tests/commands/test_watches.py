"""`inventory watch`, on a real store and a real upstream."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import fakeredis
import pytest

from inventory import wiring
from inventory.config import Settings
from inventory.watches.grouping import grouped
from inventory.watches.model import GATHER, On, message_id
from inventory.watches.payload import compose as write
from inventory.webhooks.model import DeliveryState
from tests.commands.conftest import run
from tests.contract.actions import NOW
from tests.contract.watch_actions import attempt, compose, delivery, find, finding
from tests.upstreams import Answer, Upstream

COLOURS = {"TERM": "xterm-256color", "FORCE_COLOR": "1"}
HOOK = "https://127.0.0.1/hook"


def added(environment: dict[str, str], *words: str) -> dict[str, Any]:
    done = run(environment, "watch", "add", *words, "--json")
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def test_a_watch_is_added_with_what_the_options_say(environment: dict[str, str]) -> None:
    watch = added(
        environment, "prod", "tag:prod", "--every", "1h", "--on", "changes,fails", "--on", "expires", "--field", "header.*",
        "--field", "script.host,status", "--persist", "2", "--cooldown", "1d", "--webhook", HOOK, "--file", "prod",
    )  # fmt: skip

    assert watch["every"] == 3600
    assert watch["on"] == ["changes", "fails", "expires"]
    assert watch["fields"] == ["header.*", "script.host", "status"]
    assert (watch["persist"], watch["cooldown"], watch["file"]) == (2, 86_400, ["prod"])
    assert list(watch["webhook_secrets"]) == watch["webhook"]
    assert json.loads(run(environment, "watch", "list", "--json").stdout)[0]["name"] == "prod"


def test_the_secret_of_a_new_webhook_is_printed_once(environment: dict[str, str]) -> None:
    first = run(environment, "watch", "add", "one", "", "--webhook", HOOK)
    second = run(environment, "watch", "add", "two", "", "--webhook", HOOK)

    assert re.search(r"secret of the new webhook [0-9a-f]{32}: whsec_", first.stdout)
    assert "keep the secret" in first.stderr
    assert "whsec_" not in second.output + run(environment, "watch", "show", "one").output


def test_a_watch_is_known_by_its_name_and_its_id(environment: dict[str, str]) -> None:
    watch = added(environment, "prod headers", "tag:prod", "--every", "60")

    assert json.loads(run(environment, "watch", "pause", "prod headers", "--json").stdout)["paused"] is True
    assert "prod headers" in run(environment, "watch", "list").stdout
    shown = run(environment, "watch", "show", watch["id"]).stdout
    assert re.search(r"paused +yes", shown)
    assert re.search(r"scheduled +0", shown)
    assert run(environment, "watch", "log", "prod headers").stdout == "No messages so far.\n"
    assert json.loads(run(environment, "watch", "resume", watch["id"], "--json").stdout)["paused"] is False
    assert run(environment, "watch", "remove", "prod headers").exit_code == 0
    for words in ("show", "pause", "resume", "remove", "test", "log"):
        done = run(environment, "watch", words, "prod headers")
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "There is no watch of the name prod headers" in done.stderr


def test_options_change_what_they_name_and_nothing_else(environment: dict[str, str]) -> None:
    words = ["prod", "tag:prod", "--every", "1h", "--on", "fails", "--field", "status", "--webhook", HOOK, "--file", "prod"]
    watch = added(environment, *words)

    def changed(*words: str) -> dict[str, Any]:
        done = run(environment, "watch", "change", "prod", *words, "--json")
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))

    expected = {name: value for name, value in watch.items() if name not in ("webhook_secrets", "changed_at")}
    for options, members in (
        ([], {}),
        (["--persist", "3", "--every", "2h"], {"persist": 3, "every": 7_200}),
        (["--every", "0", "--query", ""], {"every": None, "query": ""}),
        (
            ["--webhook", "", "--field", "", "--on", "enters,leaves"],
            {"webhook": [], "fields": [], "on": ["enters", "leaves"]},
        ),
    ):
        expected |= members | {"enrolled": expected["every"] is None or members.get("every", 0) is None}
        assert {name: value for name, value in changed(*options).items() if name != "changed_at"} == expected
    assert "of `query`" in run(environment, "watch", "change", "prod", "--query", "a:").stderr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["a", "heder.server:nginx"], "At character 1 of `query`"),
        (["a", "tag:prod", "--field", "failure"], "of `fields`: Failures are no changes"),
        (["a", "tag:prod", "--every", "1"], "Send whole seconds, 60 to"),
        (["a", "tag:prod", "--every", "soon"], "is neither seconds nor a time"),
        (["a", "tag:prod", "--on", "sometimes"], "Must be one of: changes, enters"),
        (["a", "tag:prod", "--persist", "21"], "Send a whole number of collections, 1 to 20"),
        (["a", "tag:prod", "--webhook", "http://10.0.0.1/"], "not a public address"),
        (["a", "tag:prod", "--email", "a@b.test"], "INVENTORY_SMTP_URL"),
        (["a", "tag:prod", "--file", "../a"], "Send the name of a file without a path"),
    ],
)
def test_what_is_not_valid_is_told(environment: dict[str, str], words: list[str], line: str) -> None:
    done = run(environment, "watch", "add", *words)

    assert (done.exit_code, done.stdout) == (2, "")
    assert line in done.stderr


def test_a_test_shows_what_would_have_been_told(environment: dict[str, str], upstream: Upstream) -> None:
    kind = ("Content-Type", "text/html; charset=utf-8")
    for path in ("/one", "/two"):
        servers = ("nginx", "[red]\x1b[2J")
        upstream.script(path, *[Answer(200, (kind, ("Server", server)), b"<p>") for server in servers])
        for _ in servers:
            assert run(environment, "collect", upstream.url(path)).exit_code == 0
    added(environment, "servers", "host:127.0.0.1", "--field", "header.server")

    shown = run(environment, "watch", "test", "servers", "--days", "1")

    assert shown.exit_code == 0, shown.output
    assert "1 message, 2 findings, 2 targets" in shown.stdout
    for text in ("header.server", "- nginx", "+ [red]\\x1b[2J", upstream.url("/two")):
        assert text in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "\x1b[31m- nginx" in run(environment | COLOURS, "watch", "test", "servers").stdout
    document = json.loads(run(environment, "watch", "test", "servers", "--json").stdout)
    assert (document["complete"], document["groups"][0]["count"]) == (True, 2)


def test_the_log_lists_messages_and_shows_one(environment: dict[str, str], tmp_path: Path) -> None:
    watch = added(environment, "status", "tag:prod")
    services = wiring.build(Settings(data_dir=tmp_path), redis=fakeredis.FakeRedis())
    store, kept = services.store, services.watches.find(watch["id"])
    changes = [finding(kept, 1, record_id=f"{number:032x}", new=("[red]404",)) for number in range(3)]
    find(store, [*changes, finding(kept, 1, on=On.LEAVES, field="", old=(), new=())])
    claim = compose(store, now=NOW + GATHER)
    owed = store.messages.owed(claim, limit=9)
    message = write(
        claim.watch,
        owed,
        grouped(owed),
        {},
        message_id=message_id(watch["id"], 1),
        now=NOW + GATHER,
        public_url="http://inventory.test",
    )
    mail = delivery(message, now=NOW + GATHER, kind="email", address="team@example.com")
    assert store.messages.commit(claim, message, [mail], now=NOW + GATHER)
    (claimed,) = store.deliveries.claim_due(now=NOW + GATHER, lease_for=GATHER, limit=9)
    assert store.deliveries.settle(claimed, attempt(status=552), DeliveryState.FAILED, due_at=None)
    store.close()

    shown = run(environment, "watch", "log", "status").stdout
    assert "changes status 200 → [red]404 (3); leaves (1)" in shown
    assert json.loads(run(environment, "watch", "log", "status", "--json").stdout)[0]["findings"] == 4
    (failed,) = json.loads(run(environment, "watch", "log", "status", "--message", "1").stdout)["deliveries"]
    again = run(environment, "watch", "again", "status", "1", failed["id"], "--json")
    assert (failed["state"], again.exit_code, json.loads(again.stdout)["state"]) == ("failed", 0, "pending")
    missing = run(environment, "watch", "log", "status", "--message", "7")
    assert (missing.exit_code, "There is no message 7" in missing.stderr) == (1, True)


def test_watches_are_kept_as_code(environment: dict[str, str], tmp_path: Path) -> None:
    added(environment, "prod", "tag:prod", "--every", "1h", "--on", "fails", "--webhook", HOOK)
    exported = run(environment, "watch", "export").stdout
    file = tmp_path / "watches.yaml"

    file.write_text(exported)
    assert run(environment, "watch", "apply", str(file)).stdout == "0 new, 0 changed, 0 removed, 1 unchanged\n"

    file.write_text(exported.replace("3600", "60").replace("name: prod", "name: other") + "- {name: prod, query: tag:p}\n")
    plan = run(environment, "watch", "apply", str(file))
    assert (plan.exit_code, "do it with --yes" in plan.stderr) == (3, True)
    assert plan.stdout.splitlines() == [
        f"+ other: query tag:prod; every 60; on fails; webhook {HOOK}",
        f"~ prod: query tag:prod → tag:p; every 3600 → none; on fails → changes; webhook {HOOK} → none",
        "1 new, 1 changed, 0 removed, 0 unchanged",
    ]
    assert run(environment, "watch", "export").stdout == exported

    done = run(environment, "watch", "apply", str(file), "--yes")
    assert (done.exit_code, done.stdout) == (0, plan.stdout)
    assert run(environment, "watch", "apply", str(file)).exit_code == 0

    file.write_text("watches: []\n")
    assert "- other" in run(environment, "watch", "apply", str(file), "--yes").stdout
    assert run(environment, "watch", "export").stdout == "watches: []\n"


def test_a_webhook_that_was_removed_is_left_out_of_the_file(environment: dict[str, str], tmp_path: Path) -> None:
    (webhook,) = added(environment, "prod", "tag:prod", "--webhook", HOOK)["webhook"]
    assert run(environment, "webhook", "remove", webhook).exit_code == 0
    file = tmp_path / "watches.yaml"

    exported = run(environment, "watch", "export")
    file.write_text(exported.stdout)

    assert f"prod: left out the webhook {webhook}" in exported.stderr
    assert webhook not in exported.stdout
    assert f"~ prod: webhook {webhook} → none" in run(environment, "watch", "apply", str(file), "--yes").stdout
    assert run(environment, "watch", "apply", str(file)).exit_code == 0


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"watches: [{name: a, query: 'status:[400 TO'}]", "The watch a: At character"),
        (b"watches: [{name: a, query: b, every: 1}]", "The watch a: "),
        (b"watches: [{name: a}]", "Watch 1 (a) is not valid: query: Missing."),
        (b"", "It is not a file of watches"),
        (b"\xff", "can't decode byte"),
    ],
)
def test_a_file_that_is_not_valid_does_nothing(
    environment: dict[str, str], tmp_path: Path, content: bytes, line: str
) -> None:
    file = tmp_path / "watches.yaml"
    file.write_bytes(content)

    done = run(environment, "watch", "apply", str(file), "--yes")

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"inventory: {file}: " in done.stderr
    assert line in done.stderr
