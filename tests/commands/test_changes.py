"""`inventory diff`, on a real store and a real upstream."""

from __future__ import annotations

import json

import pytest

from inventory.changes.schemas import DiffSchema
from tests.commands.conftest import run
from tests.upstreams import Answer, Upstream

COLOURS = {"TERM": "xterm-256color", "FORCE_COLOR": "1"}


@pytest.fixture
def url(environment: dict[str, str], upstream: Upstream) -> str:
    """A page that was collected, changed, and was collected again."""
    kind = ("Content-Type", "text/html; charset=utf-8")
    url = upstream.url("/changing")
    upstream.script(
        "/changing",
        Answer(
            200,
            (kind, ("Strict-Transport-Security", "max-age=1"), ("Set-Cookie", "a=1; HttpOnly"), ("ETag", '"1"')),
            b"<p>one\n",
        ),
        Answer(200, (kind, ("ETag", '"2"'), ("Set-Cookie", "a=2"), ("X-Evil", "[red]\x1b[2J")), b"<p>two [red]\x1b[2J\n"),
    )
    for _ in range(2):
        assert run(environment, "collect", url).exit_code == 0
    return url


def test_diff_shows_what_changed(environment: dict[str, str], url: str) -> None:
    done = run(environment, "diff", url)

    assert done.exit_code == 0, done.output
    for shown in (
        "header.strict-transport-security", "max-age=1", "cookie.a.httponly (127.0.0.1/)", "header.etag (", "volatile)",
        "-<p>one", "+<p>two", "1 line added, 1 removed",
    ):  # fmt: skip
        assert shown in done.stdout
    assert "\x1b" not in done.stdout, "neither colours outside a terminal nor control characters of the upstream"
    assert "[red]\\x1b[2J" in done.stdout


def test_what_is_new_is_green_and_what_is_gone_is_red_in_a_terminal(environment: dict[str, str], url: str) -> None:
    shown = run(environment | COLOURS, "diff", url).stdout

    assert "\x1b[31m-<p>one" in shown
    assert "\x1b[32m+<p>two" in shown
    assert "\x1b[31mmax-age=1" in shown
    assert "\x1b[2J" not in shown


def test_json_is_the_document_of_the_api_and_nothing_else(environment: dict[str, str], url: str) -> None:
    document = json.loads(run(environment, "diff", url, "--json").stdout)

    assert DiffSchema().validate(document) == {}
    assert document["url"] == url


def test_snapshots_can_be_named(environment: dict[str, str], url: str) -> None:
    newer = json.loads(run(environment, "diff", url, "--json").stdout)["to"]

    for moment in (newer["id"], newer["collected_at"]):
        done = run(environment, "diff", url, "--from", moment, "--to", moment)
        assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Nothing differs.")


def test_a_snapshot_can_be_the_one_of_so_long_ago(environment: dict[str, str], url: str) -> None:
    done = run(environment, "diff", url, "--from", "0s", "--to", "0s")

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Nothing differs."), done.output


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (("http://h/",), 1, "Nothing is known of http://h/"),
        (("nonsense",), 2, "has no scheme"),
        (("URL", "--from", "x"), 2, "`from` is not valid: 'x' is neither the id of a snapshot"),
        (("URL", "--from", "7d"), 1, "`from`: no snapshot of"),
        (("URL", "--to", "2026-01-01"), 1, "`to`: no snapshot of"),
        (("URL", "--from", "0" * 32), 1, "There is no snapshot"),
        (("URL", "--from", "9999-01-01"), 2, "is in the future"),
    ],
)
def test_an_error_is_one_line_and_a_code(
    environment: dict[str, str], url: str, words: tuple[str, ...], code: int, line: str
) -> None:
    done = run(environment, "diff", *(url if word == "URL" else word for word in words))

    assert (done.exit_code, done.stdout) == (code, "")
    assert [text for text in done.stderr.splitlines() if text.startswith("inventory: ") and line in text]
    assert "/api/" not in done.stderr


def test_one_snapshot_alone_is_an_error(environment: dict[str, str], upstream: Upstream) -> None:
    url = upstream.url("/page")
    run(environment, "collect", url)

    done = run(environment, "diff", url)

    assert (done.exit_code, done.stdout) == (1, "")
    assert "Collect the URL again" in done.stderr
