"""What a failure tells the caller, and what only the log has: addresses of names, and what was sent instead of HTTP."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import structlog

from inventory.errors import SourceFailure
from inventory.http_client.guard import BAD_PORTS, Guard
from inventory.webpages.source import Webpage
from tests.http_client.conftest import OPENED, make_fetcher
from tests.upstreams.torture import Torture

INSIDE = {"10.1.2.3": "private", "169.254.169.254": "link-local", "127.0.0.2": "loopback", "fd00::17": "private"}
BANNERS = {
    "mail": "ESMTP",
    "secret-chunk": "mail.inside.test",
    "http-0.9": "doctype",
    "odd-length": "+5",
    "redirect-nowhere": "[::1",
}


def failing(url: str, addresses: Sequence[str] = ()) -> tuple[SourceFailure, list[dict[str, object]]]:
    """The failure of a collection, and what was logged meanwhile."""
    webpage = Webpage(make_fetcher(resolve=lambda host: addresses), Guard(OPENED))
    with structlog.testing.capture_logs() as logged, pytest.raises(SourceFailure) as caught:
        webpage.collect(url)
    return caught.value, [dict(each) for each in logged]


@pytest.mark.parametrize("addresses", [[address] for address in INSIDE] + [["127.0.0.1", "10.1.2.3"]], ids=" ".join)
def test_where_a_forbidden_name_leads_is_for_the_log_alone(addresses: list[str]) -> None:
    failure, [logged] = failing("http://inside.test/", addresses)

    assert (failure.code, str(failure)) == ("forbidden_address", "inside.test does not lead to a public address")
    assert (logged["event"], logged["host"], logged["code"]) == ("fetch_refused", "inside.test", "forbidden_address")
    assert (logged["address"], logged["reason"]) == (addresses[-1], INSIDE[addresses[-1]])


def test_who_names_an_address_is_told_that_it_is_not_public() -> None:
    failure, _ = failing("http://127.0.0.2/")

    assert str(failure) == "127.0.0.2 is not a public address"


@pytest.mark.parametrize(("script", "banner"), BANNERS.items())
def test_what_came_instead_of_http_is_for_the_log_alone(torture: Torture, script: str, banner: str) -> None:
    failure, [logged] = failing(torture.url(script))

    assert banner not in str(failure)
    assert "10.1.2.3" not in str(failure)
    assert (logged["event"], logged["host"], logged["code"]) == ("fetch_refused", "127.0.0.1", failure.code)
    assert banner in f"{logged.get('received')}{logged.get('location')}"


def test_an_error_of_the_system_is_quoted_without_an_address() -> None:
    failure, logged = failing("http://name.test:10101/", ["127.0.0.1"])

    assert (failure.code, str(failure), logged) == ("connection_refused", "name.test: Connection refused", [])


@pytest.mark.parametrize("port", sorted(BAD_PORTS))
def test_nothing_is_fetched_from_a_port_that_browsers_refuse(port: int) -> None:
    failure, _ = failing(f"http://name.test:{port}/", ["127.0.0.1"])

    assert (failure.code, failure.permanent) == ("forbidden_address", True)
    assert f"Port {port} " in str(failure)


def test_the_ports_of_the_web_are_not_refused() -> None:
    assert not any(Guard().refuses(port) for port in (80, 443, 3000, 5000, 8000, 8080, 8443, 9000, 65_535))
