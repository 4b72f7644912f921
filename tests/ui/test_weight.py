"""What a page weighs, and what it asks of the store: no more with much to show than with little."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ui.filled import PAGES, Filled, filled

LITTLE, MUCH = 10, 300
MORE = 2
"""Calls that only much needs, such as one for the total of what is not shown."""
TRIED = "watch tried"
"""It shows what a watch would have told, and looks at each target for that, within a limit of its own."""
LIMIT = 100 * 1024
"""Bytes of the HTML of a page."""
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Filled, Filled]]:
    with (
        filled(tmp_path_factory.mktemp("little"), count=LITTLE) as little,
        filled(tmp_path_factory.mktemp("much"), count=MUCH) as much,
    ):
        yield little, much


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light_and_asks_the_store_as_often_whatever_there_is(services: tuple[Filled, Filled], name: str) -> None:
    asked = []
    for service in services:
        client, path = service.app.test_client(), service.paths()[name]
        client.get(path, headers=BROWSER)  # what is remembered is asked
        service.calls.clear()
        answer = client.get(path, headers=BROWSER)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        assert len(answer.data) < LIMIT
        asked.append(list(service.calls))

    little, much = asked
    assert len(much) <= len(little) + MORE or name == TRIED, much


@pytest.mark.parametrize(
    ("name", "query", "ways"),
    [
        ("jobs", "?status=completed", ["/api/v1/jobs?status=completed", "inventory jobs --status completed"]),
        ("job urls", "", ["/api/v1/jobs/", "inventory job "]),
        ("job urls", "?outcome=failed", ["/rows?outcome=failed", "--rows failed"]),
        ("events", "?level=error&service=", ["/api/v1/events?level=error<"]),
        ("fields", "?prefix=header.", ["/api/v1/search/fields?prefix=header.<"]),
    ],
)
def test_a_list_says_how_to_get_the_same_elsewhere(
    services: tuple[Filled, Filled], name: str, query: str, ways: list[str]
) -> None:
    service = services[0]
    text = service.app.test_client().get(service.paths()[name] + query, headers=BROWSER).text

    same = text.partition("The same elsewhere")[2]
    assert [each for each in ways if each not in same] == []
