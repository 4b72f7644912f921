"""A snapshot has each request as it was sent, byte for byte."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from inventory import json_bytes
from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.records.model import Content
from inventory.webpages.source import Webpage
from tests.fakes import content
from tests.http_client.scripted import PAGE, ScriptedTransport
from tests.upstreams.torture import Torture


@pytest.fixture
def torture() -> Iterator[Torture]:
    with Torture() as upstream:
        yield upstream


@pytest.fixture
def webpage() -> Webpage:
    guard = Guard([ipaddress.ip_network("127.0.0.1/32")])
    transport = RequestsTransport(guard, resolve=lambda host: ["127.0.0.1"])
    return Webpage(Fetcher(transport, deadline=10, body_limit=1_000), guard)


def as_bytes(request: Mapping[str, Any]) -> bytes:
    lines = "".join(f"{line['name']}: {line['value']}\r\n" for line in request["headers"])
    return f"{request['method']} {request['target']} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def requests_of(seen: Content) -> list[bytes]:
    return [as_bytes(hop["request"]) for hop in (*seen["redirects"], seen["response"])]


def test_every_request_of_a_chain_is_kept_as_it_was_sent(torture: Torture, webpage: Webpage) -> None:
    torture.elsewhere = torture.url("page?a=%7e|'&b=%C3%A9;", "localhost")

    seen = webpage.collect(torture.url("redirect-elsewhere?x#y", "localhost")).content

    assert requests_of(seen) == torture.heads
    assert [b"\r\nCookie: a=" in head for head in torture.heads] == [False, True]


def test_a_request_is_kept_with_its_conditions(torture: Torture, webpage: Webpage) -> None:
    first = webpage.collect(torture.url("page")).content
    headers = [{"name": "ETag", "value": 'W/"1"'}, {"name": "Last-Modified", "value": "long ago"}]

    second = webpage.collect(torture.url("page"), {**first, "headers": headers}).content

    assert requests_of(first) + requests_of(second) == torture.heads
    assert b'\r\nIf-None-Match: W/"1"\r\nIf-Modified-Since: long ago\r\n' in torture.heads[1]


def test_a_request_that_was_refused_for_its_conditions_is_kept_with_its_answer() -> None:
    transport = ScriptedTransport.of(b"HTTP/1.1 412 No\r\n\r\n", PAGE)
    webpage = Webpage(Fetcher(transport, deadline=60, body_limit=1_000), Guard())
    known = content("http://name.test/a", headers=[{"name": "ETag", "value": '"1"'}])

    response = webpage.collect("http://name.test/a", known).content["response"]

    condition = {"name": "If-None-Match", "value": '"1"'}
    assert response["revalidation"]["request"] == {
        **response["request"],
        "headers": [*response["request"]["headers"], condition],
    }


def test_a_failure_has_the_requests_that_were_redirected(torture: Torture, webpage: Webpage) -> None:
    torture.elsewhere = torture.url("reset")

    with pytest.raises(SourceFailure) as caught:
        webpage.collect(torture.url("redirect-elsewhere"))

    assert [as_bytes(hop["request"]) for hop in caught.value.redirects] == torture.heads[:1]


def test_a_password_in_a_redirect_is_in_no_request(torture: Torture, webpage: Webpage) -> None:
    seen = webpage.collect(torture.url("redirect-login")).content

    assert requests_of(seen) == torture.heads
    assert b"secret" not in json_bytes.dumps([seen["response"], seen["redirects"][0]["request"]])
