"""`inventory search` and `inventory import --tag`, on a real store and a real upstream."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inventory.observations.schemas import FacetsSchema, SearchPage
from tests.commands.conftest import run
from tests.upstreams import Answer, Upstream

HTML = ("Content-Type", "text/html; charset=utf-8")


@pytest.fixture
def pages(environment: dict[str, str], upstream: Upstream) -> list[str]:
    """Two pages: one with a frame policy and a title that is no friend of terminals, one without."""
    found = [upstream.url("/a"), upstream.url("/b")]
    upstream.script("/a", Answer(200, (HTML, ("X-Frame-Options", "DENY")), b"<title>[red]\x1b[2J</title>"))
    upstream.script("/b", Answer(404, (HTML,), b"<p>nothing"))
    for url in found:
        assert run(environment, "collect", url).exit_code == 0
    return found


def test_search_lists_the_targets_of_a_query(environment: dict[str, str], pages: list[str]) -> None:
    done = run(environment, "search", "status:404 NOT _exists_:header.x-frame-options")

    assert done.exit_code == 0, done.output
    assert pages[1] in done.stdout
    assert pages[0] not in done.stdout
    assert done.stdout.splitlines()[-1] == "1 target"
    assert run(environment, "search").stdout.splitlines()[-1] == "2 targets"
    assert run(environment, "search", "status:500").stdout == "0 targets\n"
    assert json.loads(run(environment, "search", "--limit", "2", "--json").stdout)["next_cursor"] is None
    assert json.loads(run(environment, "search", "--limit", "1", "--json").stdout)["next_cursor"]
    limited = run(environment, "search", "--limit", "1").stdout.splitlines()[-1]
    assert limited == "2 targets, 1 shown; --limit shows up to 1,000"


def test_of_a_target_that_failed_it_is_shown_why(environment: dict[str, str], pages: list[str]) -> None:
    run(environment, "collect", "http://nowhere.invalid/")

    failed = run(environment, "search", "failure:*").stdout.splitlines()
    assert failed[0].split() == ["url", "status", "failure", "collected_at"]
    assert failed[1].split()[:3] == ["http://nowhere.invalid/", "failed", "dns_failure"]
    assert "failure" not in run(environment, "search", "status:404").stdout
    assert "observations" not in run(environment, "search", "failure:*", "--json").stdout


def test_what_targets_show_is_a_row_each(environment: dict[str, str], pages: list[str]) -> None:
    done = run(environment, "search", "", "--show", "title,header.x-*,status")

    assert done.exit_code == 0, done.output
    for shown in (*pages, "header.x-frame-options", "DENY", "title", "[red]\\x1b[2J", "404", "first_seen"):
        assert shown in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stdout.count(pages[0]) == 1
    assert run(environment, "search", "", "--show", "title,header.x-*", "--show", "status").stdout == done.stdout
    assert run(environment, "search", "--show", " ").stdout == run(environment, "search").stdout


def test_columns_that_are_empty_are_left_out(environment: dict[str, str], upstream: Upstream) -> None:
    upstream.script("/a", *(Answer(200, (HTML,), f"<title>{title}</title>".encode()) for title in "AB"))
    run(environment, "collect", upstream.url("/a"))
    [first] = json.loads(run(environment, "search", "--json").stdout)["targets"]
    run(environment, "collect", upstream.url("/a"))

    now = run(environment, "search", "--show", "title").stdout
    then = run(environment, "search", "--show", "title", "--at", first["collected_at"]).stdout

    assert ("last_seen" in now, "gone" in now, "volatile" in now) == (True, False, False)
    assert ("last_seen" in then, "gone" in then, "volatile" in then) == (True, True, False)


def test_a_facet_counts_the_values_of_a_field(environment: dict[str, str], pages: list[str]) -> None:
    done = run(environment, "search", "status:[200 TO 499]", "--facet", "status", "--limit", "1")

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "and more values; --limit shows them"
    assert run(environment, "search", "--facet", "header.nothing").stdout == "No target shows this field.\n"


def test_json_is_the_document_of_the_api_and_nothing_else(environment: dict[str, str], pages: list[str]) -> None:
    found = json.loads(run(environment, "search", "status:404", "--show", "status", "--json").stdout)
    counted = json.loads(run(environment, "search", "--facet", "status", "--json").stdout)

    assert SearchPage().validate(found) == {}
    assert [target["url"] for target in found["targets"]] == pages[1:]
    assert FacetsSchema().validate(counted) == {}
    assert {each["value"]: each["count"] for each in counted["values"]} == {"200": 1, "404": 1}


def test_the_past_can_be_asked(environment: dict[str, str], pages: list[str]) -> None:
    [first] = json.loads(run(environment, "search", "status:200", "--json").stdout)["targets"]

    past = run(environment, "search", "--at", first["collected_at"], "--json")

    assert [target["url"] for target in json.loads(past.stdout)["targets"]] == pages[:1]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("statu:200",), "At character 1 of the query: 'statu' is not a field. Did you mean status?"),
        (("status:200", "--at", "2001-01-01"), "is before the first record"),
        (("status:200", "--at", "9999-01-01"), "is in the future"),
        (("status:200", "--at", "soon"), "is not an instant"),
        (("--show", "nonsense.x"), "At character 1 of `show`"),
        (("--facet", "header.*"), "means several fields"),
        (("--facet", "hsts"), "'hsts' is not a field. Did you mean host? docs/queries.md lists the fields."),
        (("--facet", "status", "--show", "status"), "exclude each other"),
        (("\udcff:x",), "Half of a surrogate pair is not a character."),
    ],
)
def test_an_error_is_one_line_and_a_code(
    environment: dict[str, str], pages: list[str], words: tuple[str, ...], line: str
) -> None:
    done = run(environment, "search", *words)

    assert (done.exit_code, done.stdout) == (2, "")
    assert line in done.stderr


def test_an_import_labels_its_urls(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_text("http://127.0.0.1/\n")

    done = run(environment, "import", str(file), "--kind", "urls", "--tag", "prod", "--tag", "eu west", "--json")

    assert done.exit_code == 0, done.output
    refused = run(environment, "import", str(file), "--kind", "cities", "--tag", "prod")
    assert "Not valid: tag. An import of cities does not take it." in refused.stderr
    for words in (("--tag", ""), ("--tag", "a\nb")):
        refused = run(environment, "import", str(file), "--kind", "urls", *words)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "`tag` is not valid: The label" in refused.stderr
