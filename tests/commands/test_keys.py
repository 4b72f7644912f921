"""`inventory keys`, on a real store."""

from __future__ import annotations

import json
import re

import pytest

from tests.commands.conftest import run

TEXT = re.compile(r"inv_live_[0-9A-Za-z]{38}")


def test_a_key_is_printed_once(environment: dict[str, str]) -> None:
    made = run(environment, "keys", "create", "ci", "--scope", "read", "--scope", "collect:*.example.com")

    assert made.exit_code == 0
    assert TEXT.search(made.stdout)
    assert "keep the key" in made.stderr
    for words in (["keys", "list"], ["keys", "list", "--json"]):
        listed = run(environment, *words)
        assert listed.exit_code == 0
        assert "collect:*.example.com" in listed.stdout
        assert not TEXT.search(listed.output)


def test_a_key_is_made_with_all_of_it_and_revoked(environment: dict[str, str]) -> None:
    words = [
        "--expires-in",
        "30d",
        "--quota",
        "lookups=600/minute",
        "--quota",
        "lookups=9999/day",
        "--user-header",
        "X-User",
    ]
    made = json.loads(run(environment, "keys", "create", "ci", "--scope", "admin", *words, "--json").stdout)

    assert made["quotas"] == {"lookups": "600/minute,9999/day"}
    assert (made["user_header"], made["scopes"], made["status"]) == ("X-User", ["admin"], "usable")
    assert made["expires_at"] is not None
    assert run(environment, "keys", "revoke", made["id"]).exit_code == 0
    [listed] = json.loads(run(environment, "keys", "list", "--json").stdout)
    assert listed["status"] == "revoked"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["create", "ci", "--scope", "fly"], 2, "has no verb"),
        (["create", "", "--scope", "read"], 2, "`name` is not valid"),
        (["create", "ci"], 2, "Missing option '--scope'"),
        (["create", "ci", "--scope", "read", "--quota", "600"], 2, "Write one such as lookups=600/minute"),
        (["create", "ci", "--scope", "read", "--quota", "lookups=600"], 2, "is no quota"),
        (["create", "ci", "--scope", "read", "--expires-at", "tomorrow"], 2, "is not an instant"),
        (["create", "ci", "--scope", "read", "--expires-in", "999999999999w"], 2, "within the next hundred years"),
        (["revoke", "nobody"], 1, "There is no key nobody"),
    ],
)
def test_what_is_wrong_is_one_line(environment: dict[str, str], words: list[str], code: int, said: str) -> None:
    done = run(environment, "keys", *words)

    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_name_is_taken_once(environment: dict[str, str]) -> None:
    first, second = (run(environment, "keys", "create", "ci", "--scope", "read") for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert "has the name 'ci'" in second.stderr
