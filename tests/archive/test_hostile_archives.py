"""`kind=archive`: a file that lies costs its own rows, and what is imported can be read and exported by all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from inventory.imports.documents import captures
from inventory.webpages import kept_content, kept_values
from tests.archive.conftest import World
from tests.archive.hars import entry, har
from tests.archive.sites import PAGE, URL

Spoil = Callable[[dict[str, Any]], object]
TLS = {"version": "TLSv1.3", "cipher": "TLS_AES_128_GCM_SHA256", "subject": "s", "issuer": "i", "names": ["a"],
       "sha256": "0" * 64, "not_before": None, "not_after": None}  # fmt: skip
REDIRECT = {"url": URL, "status": 302, "reason": "Found", "headers": [], "defects": []}
SPOILS: dict[str, Spoil] = {
    "a value beyond bytes": lambda content: content["headers"].append({"name": "X", "value": "\u4e2d"}),
    "a value of two lines": lambda content: content["headers"].append({"name": "X", "value": "a\r\nSet-Cookie: b"}),
    "a name that ends": lambda content: content["headers"].append({"name": "X: y", "value": ""}),
    "trailers": lambda content: content["response"]["trailers"].append({"name": "X\n", "value": ""}),
    "a reason of two lines": lambda content: content["response"].update(reason="OK\r\nX: y"),
    "a reason beyond bytes": lambda content: content["response"].update(reason="\u4e2d"),
    "no status": lambda content: content["response"].update(status=0),
    "half a status": lambda content: content["response"].update(status=200.5),
    "a status of five digits": lambda content: content["response"].update(status=99_999),
    "a version of two lines": lambda content: content["response"].update(http_version="1.1\r\nX: y"),
    "an address of two lines": lambda content: content["response"].update(remote_address="fe80::1%a\r\nX: y"),
    "a fingerprint that is a path": lambda content: content["response"].update(tls={**TLS, "sha256": "../x"}),
    "a protocol of two lines": lambda content: content["response"].update(tls={**TLS, "version": "T\r\nX: y"}),
    "a request beyond ASCII": lambda content: content["response"]["request"].update(target="/\u4e2d"),
    "a charset that nobody knows": lambda content: content["body"].update(charset="rot13"),
    "text that is base64": lambda content: content["body"].update(charset=None),
    "a redirect with no status": lambda content: content["redirects"].append({**REDIRECT, "status": 99_999}),
    "a redirect beyond bytes": lambda content: content["redirects"].append({**REDIRECT, "reason": "\u4e2d"}),
    "depth": lambda content: content.update(page={"title": nested(5_000)}),
}


def nested(depth: int) -> object:
    """A list in a list in a list."""
    found: list[object] = []
    for _ in range(depth):
        found = [found]
    return found


def collected(world: World) -> tuple[dict[str, Any], bytes]:
    """The metadata of a collected snapshot, and its payload."""
    world.collect(URL, PAGE)
    [metadata] = world.records("metadata", url=URL)
    [response] = world.records("response", url=URL)
    document: dict[str, Any] = json.loads(metadata.block)
    return document, response.payload


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_a_snapshot_that_no_collection_makes_is_not_kept(world: World, spoil: Spoil) -> None:
    document, payload = collected(world)
    assert kept_content.checked(document, payload)

    spoil(document)

    with pytest.raises(kept_content.InvalidContent):
        kept_content.checked(document, payload)


def test_a_row_that_lies_is_rejected_and_the_ones_beside_it_are_imported(world: World, empty: World) -> None:
    world.collect("http://one.test/", PAGE)
    world.collect("http://two.test/", PAGE)
    archive = gzip.decompress(world.archive(q=""))
    at = archive.index(b'"http_version":"1.1"')

    rows = empty.load(archive[:at] + b'"http_version":"\\n1"' + archive[at + 20 :], "a.warc")

    assert sorted(each["code"] or each["outcome"] for each in rows) == ["invalid_snapshot", "succeeded"]


def test_metadata_that_is_nested_too_deep_costs_itself() -> None:
    deep = captures.found("label", {"snapshot": nested(50_000)})  # Python 3.13 writes 5,000 levels

    assert deep == captures.rejected("label", captures.MALFORMED, captures.TOO_DEEP)


def test_what_a_har_says_of_a_connection_ends_no_line_of_an_export(world: World) -> None:
    spoiled = entry() | {"serverIPAddress": "fe80::1%a\r\nX-Evil: b"}
    spoiled["response"] |= {"statusText": "O\r\nX-Evil: \u4e2d"}
    [row] = world.load(har(spoiled), "a.har")

    archive = gzip.decompress(world.archive(url=row["input"].partition(" ")[2]))

    assert row["outcome"] == "succeeded"
    assert b"\nX-Evil" not in archive
    assert b"WARC-IP-Address" not in archive


@pytest.mark.parametrize("text", ["203.0.113.5", "2001:db8::1", "fe80::1%eth0"])
def test_an_address_is_kept_as_it_is_written(text: str) -> None:
    assert kept_values.address(text) == text
