"""What the Memento Validator checks, as tests: the program by which the group of RFC 7089's authors judges archives.

(Los Alamos National Laboratory, 2021: its pipelines `timegate`, `memento` and `timemap`. Its pipeline `original` is about a
page that names its own TimeGate, which an archive is not.)
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from tests.archive.conftest import World
from tests.mementos.conftest import FIRST, SECOND, THIRD, URL, ask, links

TIMEGATE, TIMEMAP, MEMENTO = f"/memento/timegate/{URL}", f"/memento/timemap/link/{URL}", f"/memento/{SECOND}/{URL}"
PAST, BETWEEN, FUTURE = "Mon, 03 Feb 1992 00:00:00 GMT", "Sat, 31 Jan 2026 12:00:25 GMT", "Tue, 03 Feb 2099 00:00:00 GMT"


def mementos(text: str) -> list[str]:
    """The addresses of a header's or a TimeMap's mementos by their instants, each of which has to be a date."""
    found = ((each["datetime"], where) for where, each in links(text) if "memento" in each["rel"].split())
    named = [(parsedate_to_datetime(instant), where) for instant, where in found]
    return [where for _, where in sorted(named)]


@pytest.mark.parametrize("accept", [None, "", " ", PAST, BETWEEN, FUTURE])
def test_a_timegate_answers_302_with_location_and_vary(three: World, accept: str | None) -> None:
    answer = ask(three, TIMEGATE, 302, accept)

    assert answer.headers["Location"] in mementos(answer.headers["Link"]), "the selected memento is in the header Link"
    assert answer.headers["Vary"].lower() == "accept-datetime"


@pytest.mark.parametrize(("accept", "at"), [(PAST, 0), (FUTURE, -1), (None, -1), ("", -1), (" ", -1)])
def test_a_timegate_leads_to_the_end_that_its_link_names(three: World, accept: str | None, at: int) -> None:
    answer = ask(three, TIMEGATE, 302, accept)

    assert answer.headers["Location"] == mementos(answer.headers["Link"])[at]
    assert answer.headers["Location"].split("/")[4] == (FIRST, THIRD)[at]


@pytest.mark.parametrize("accept", ["broken", "0", "2010-10-10T10:10:10Z", "Thu, 32 Oct 2009 12:00:00 GMT"])
def test_a_timegate_answers_400_for_a_broken_datetime(three: World, accept: str) -> None:
    ask(three, TIMEGATE, 400, accept)


@pytest.mark.parametrize("path", [TIMEGATE, MEMENTO])
def test_a_link_names_page_timemap_and_mementos(three: World, path: str) -> None:
    answer = three.client.get(path)
    named = links(answer.headers["Link"])

    assert [where for where, each in named if each["rel"] == "original"] == [URL]
    assert [each.get("type") for _, each in named if each["rel"] == "timemap"] == ["application/link-format"]
    assert mementos(answer.headers["Link"])


@pytest.mark.parametrize("path", [TIMEGATE, MEMENTO])
def test_the_ends_of_a_link_are_those_of_the_timemap(three: World, path: str) -> None:
    answer = three.client.get(path)
    (timemap,) = (where for where, each in links(answer.headers["Link"]) if each["rel"] == "timemap")

    listed, named = mementos(ask(three, timemap).text), mementos(answer.headers["Link"])

    assert (named[0], named[-1]) == (listed[0], listed[-1])


@pytest.mark.parametrize("stamp", [FIRST, SECOND, THIRD])
def test_a_memento_is_among_its_own_links_and_has_a_timegate(three: World, stamp: str) -> None:
    path = f"/memento/{stamp}/{URL}"
    answer = ask(three, path)

    assert f"http://localhost{path}" in mementos(answer.headers["Link"])
    assert [where for where, each in links(answer.headers["Link"]) if each["rel"] == "timegate"] == [
        f"http://localhost{TIMEGATE}"
    ]
    assert parsedate_to_datetime(answer.headers["Memento-Datetime"])


def test_a_timemap_answers_200_in_link_format_with_the_instant_of_each(three: World) -> None:
    answer = ask(three, TIMEMAP)

    assert answer.mimetype == "application/link-format"
    assert [where.split("/")[4] for where in mementos(answer.text)] == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("path", [TIMEGATE, TIMEMAP, MEMENTO])
def test_other_methods_are_told_those_that_are_allowed(three: World, path: str) -> None:
    """RFC 7089, 4.5.4."""
    answer = three.client.post(path)

    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].replace(" ", "").split(","))
