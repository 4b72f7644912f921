"""Programs that ask the Wayback Machine or pywb ask `/cdx` as well: two clients from PyPI, over a real connection."""

from __future__ import annotations

from collections.abc import Iterator

import cdx_toolkit
import pytest
from cdx_toolkit import myrequests
from waybackpy import WaybackMachineCDXServerAPI as Wayback

from tests.browser.serving import served
from tests.cdx.conftest import Index, digest, page

URL = "http://name.test/a?x=1&y=%2F"


@pytest.fixture
def address(index: Index) -> Iterator[str]:
    """Where the index is, with three captures of a page and one of another."""
    for body, status in ((b"one", b"200 OK"), (b"two", b"404 Not Found"), (b"two", b"200 OK")):
        index.collect(URL, page(body, status))
    index.collect("http://name.test/b", page(b"other"))
    with served(index.client.application) as base:
        yield f"{base}/cdx"


def wayback(address: str, url: str, **query: object) -> Wayback:
    asked = Wayback(url, "test", **query)
    asked.endpoint = address
    return asked


@pytest.mark.parametrize("limit", [1, 2, 25_000])
def test_waybackpy_goes_from_page_to_page(address: str, limit: int) -> None:
    found = [(each.timestamp, each.original, each.digest) for each in wayback(address, URL, limit=limit).snapshots()]

    assert found == [
        ("20260131120010", URL, digest(b"one")),
        ("20260131120020", URL, digest(b"two")),
        ("20260131120030", URL, digest(b"two")),
    ]


def test_waybackpy_filters_and_collapses(address: str) -> None:
    asked = wayback(
        address, "name.test/", match_type="prefix", filters=["statuscode:200", "!original:.*/b"], collapses=["urlkey"]
    )

    assert [each.timestamp for each in asked.snapshots()] == ["20260131120010"]
    assert list(wayback(address, "name.test", filters=["statuscode:500"]).snapshots()) == []


@pytest.mark.filterwarnings("ignore:datetime.datetime.utc.*:DeprecationWarning")  # waybackpy 3.0.6 calls these
def test_waybackpy_finds_the_capture_nearest_to_an_instant(address: str) -> None:
    assert wayback(address, URL).near(wayback_machine_timestamp="20260131120022").timestamp == "20260131120020"
    assert wayback(address, URL).newest().timestamp == "20260131120030"
    assert wayback(address, URL).oldest().timestamp == "20260131120010"


@pytest.mark.filterwarnings("ignore:'count' is passed as positional:DeprecationWarning")  # cdx-toolkit 0.9.39 does so
def test_cdx_toolkit_reads_both_forms_of_json(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(myrequests.retry_info, "127.0.0.1", {"next_fetch": 0, "minimum_interval": 0})  # it asks at once
    client = cdx_toolkit.CDXFetcher(source=address)

    usual = client.get("name.test/*", limit=10)
    filtered = client.get("name.test/*", filter=["=status:200", "~url:.*test/a"], from_ts="20260131", limit=10)

    assert [each["timestamp"][-2:] for each in usual] == ["10", "20", "30", "40"]
    assert [each["timestamp"][-2:] for each in filtered] == ["10", "30"]
    assert [(each["url"], each["status"], each["mime"]) for each in filtered] == [(URL, "200", "text/html")] * 2
