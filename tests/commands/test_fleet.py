"""`inventory changes`, on a real store and a real upstream."""

from __future__ import annotations

import json
import re

import pytest

from inventory.changes.fleet_schemas import ChangeGroupsSchema, ChangesPage
from tests.commands.conftest import run
from tests.upstreams import Answer, Upstream

COLOURS = {"TERM": "xterm-256color", "FORCE_COLOR": "1"}
HSTS = ("Strict-Transport-Security", "max-age=1")


@pytest.fixture
def urls(environment: dict[str, str], upstream: Upstream) -> list[str]:
    """Pages that lost a header between two collections; one has another server, too, whose name is hostile."""
    kind = ("Content-Type", "text/html; charset=utf-8")
    paths = ["/one", "/two", "/three"]
    for path in paths:
        server = ("Server", "[red]\x1b[2J" if path == "/three" else "nginx")
        upstream.script(path, Answer(200, (kind, HSTS, ("Server", "nginx")), b"<p>"), Answer(200, (kind, server), b"<p>"))
    urls = [upstream.url(path) for path in paths]
    for url in urls * 2:
        assert run(environment, "collect", url).exit_code == 0
    return urls


def test_changes_are_listed_newest_first(environment: dict[str, str], urls: list[str]) -> None:
    done = run(environment, "changes", "--since", "1h")

    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    order = [url for line in lines for url in urls if url in line]
    assert (order[0], order[-1]) == (urls[2], urls[0])
    for shown in ("header.strict-transport-security", "- max-age=1", "after 20", "+ [red]\\x1b[2J"):
        assert shown in done.stdout
    assert "\x1b" not in done.stdout


def test_the_same_change_is_one_row_of_groups(environment: dict[str, str], urls: list[str]) -> None:
    done = run(environment, "changes", "--group")

    assert done.exit_code == 0, done.output
    row = next(line for line in done.stdout.splitlines() if "header.strict-transport-security" in line)
    assert " 3 " in row
    assert "- max-age=1" in row
    assert "ip 127.0.0.1" in done.stdout
    assert f"{urls[2]} and 2 more" in " ".join(done.stdout.split())


def test_what_is_new_is_green_and_what_is_gone_is_red_in_a_terminal_only(
    environment: dict[str, str], urls: list[str]
) -> None:
    for words in (["changes"], ["changes", "--group"]):
        shown = run(environment | COLOURS, *words).stdout
        assert "\x1b[31m- max-age=1" in shown
        assert "\x1b[32m+ [red]" in shown
        assert "\x1b[2J" not in shown
        plain = run(environment | COLOURS | {"NO_COLOR": "1"}, *words).stdout
        assert "\x1b[31m" not in plain


def test_a_pipe_gets_whole_lines_and_a_narrow_terminal_an_instant_in_two(
    environment: dict[str, str], urls: list[str]
) -> None:
    for words in (["changes"], ["changes", "--group"], ["search", "--show", "header.*"]):
        piped = run(environment | {"COLUMNS": ""}, *words).stdout
        narrow = run(environment | {"COLUMNS": "80"}, *words).stdout
        assert re.search(r" [\d-]{10}T[\d:]{8}\.\d{3}Z │", piped), piped
        assert re.search(r" [\d-]{10}T +│", narrow), narrow
        assert re.search(r" [\d:]{8}\.\d{3}Z +│", narrow), narrow
        assert max(map(len, narrow.splitlines())) <= 80


def test_json_is_the_document_of_the_api(environment: dict[str, str], urls: list[str]) -> None:
    listed = json.loads(run(environment, "changes", "--json", "--limit", "2").stdout)
    groups = json.loads(run(environment, "changes", "--json", "--group", "--field", "header.strict-*").stdout)

    assert (ChangesPage().validate(listed), ChangeGroupsSchema().validate(groups)) == ({}, {})
    assert len(listed["changes"]) == 2
    assert listed["next_cursor"]
    assert [(each["field"], each["targets"]) for each in groups["groups"]] == [("header.strict-transport-security", 3)]


def test_a_query_fields_and_a_time_narrow_it(environment: dict[str, str], urls: list[str]) -> None:
    def found(*words: str) -> set[tuple[str, str]]:
        changes = json.loads(run(environment, "changes", "--json", *words).stdout)["changes"]
        return {(each["url"], each["field"]) for each in changes}

    server = (urls[2], "header.server")
    assert found("--field", "header.server") == {server}
    assert found("--field", "status, header.server") == {server}
    assert found('path:"/three"', "--field", "header.server", "--field", "status") == {server}
    assert found('path:"/one"') == {(urls[0], "header.strict-transport-security")}
    assert found("--until", "1m") == found("--since", "0s") == set()


def test_nothing_and_more_are_said(environment: dict[str, str], urls: list[str]) -> None:
    for words in ([], ["--group"]):
        assert "Nothing changed from 20" in run(environment, "changes", "--field", "status", *words).stdout
    assert "There are more." in run(environment, "changes", "--limit", "1").stdout
    assert "and 1 more group;" in run(environment, "changes", "--group", "--limit", "1").stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--since", "7 days"), "`since` is not valid: '7 days' is not an instant"),
        (("--since", "9999-01-01"), "is in the future"),
        (("--since", "1d", "--until", "2d"), "It is later than `until`"),
        (("--field", "sttus"), "At character 1 of `field`: 'sttus' is not a field. Did you mean status?"),
        (("status:[400 TO",), "At character 8 of the query"),
    ],
)
def test_an_error_is_one_line_and_a_code(environment: dict[str, str], words: tuple[str, ...], line: str) -> None:
    for group in ([], ["--group"]):
        done = run(environment, "changes", *words, *group)

        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("inventory: ")
        assert line in done.stderr
