"""Nobody is called who must not be: canaries listen on loopback addresses that are not opened, and hear nothing.

The guard of these tests opens 127.0.0.1 alone. The canaries listen on 127.0.0.2 and ::1, on the very port of the upstream
that may be called. So any confusion about the host would reach them. No case could leave loopback if the guard failed.
"""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator

import pytest

from inventory import urls
from inventory.errors import ForbiddenAddress, InvalidUrl, SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.webpages.source import Webpage
from tests.http_client.conftest import OPENED, make_fetcher, nowhere
from tests.upstreams import Upstream
from tests.upstreams.torture import Torture


@pytest.fixture(scope="module")
def opened() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def canaries(opened: Upstream) -> Iterator[list[Torture]]:
    with Torture("127.0.0.2", opened.port) as four, Torture("::1", opened.port) as six:
        yield [four, six]


FORBIDDEN = [
    ("dotted", "http://127.0.0.2:{port}/"),
    ("decimal", "http://2130706434:{port}/"),
    ("hexadecimal", "http://0x7f000002:{port}/"),
    ("hexadecimal parts", "http://0x7f.0.0.0x2:{port}/"),
    ("octal", "http://0177.0.0.02:{port}/"),
    ("octal in one", "http://017700000002:{port}/"),
    ("two parts", "http://127.2:{port}/"),
    ("three parts", "http://127.0.2:{port}/"),
    ("a dot after", "http://127.0.0.2.:{port}/"),
    ("full-width digits", "http://１２７.０.０.２:{port}/"),
    ("full-width dots", "http://127。0。0．2:{port}/"),
    ("circled digits", "http://①②⑦.⓪.⓪.②:{port}/"),
    ("percent-encoded", "http://%31%32%37.%30.%30.%32:{port}/"),
    ("percent-encoded twice over width", "http://%EF%BC%9127.0.0.2:{port}/"),
    ("tabs and newlines inside", "http://127.\t0.\n0.2:{port}/"),
    ("back slashes", "http:\\\\127.0.0.2:{port}\\page"),
    ("one slash", "http:/127.0.0.2:{port}/"),
    ("no slash", "http:127.0.0.2:{port}/"),
    ("five slashes", "http://///127.0.0.2:{port}/"),
    ("upper case", "HTTP://127.0.0.2:{port}/"),
    ("back slash and @", "http://127.0.0.2:{port}\\@127.0.0.1:{port}/"),
    ("hash and @", "http://127.0.0.2:{port}#@127.0.0.1:{port}/"),
    ("question mark and @", "http://127.0.0.2:{port}?@127.0.0.1:{port}/"),
    ("IPv6", "http://[::1]:{port}/"),
    ("IPv6 in full", "http://[0:0:0:0:0:0:0:1]:{port}/"),
    ("IPv6 with dots", "http://[::0.0.0.1]:{port}/"),
    ("IPv4-mapped", "http://[::ffff:127.0.0.2]:{port}/"),
    ("IPv4-mapped in hexadecimal", "http://[::ffff:7f00:2]:{port}/"),
]


@pytest.mark.parametrize("template", [template for _, template in FORBIDDEN], ids=[name for name, _ in FORBIDDEN])
def test_a_forbidden_address_is_refused_in_every_spelling(opened: Upstream, canaries: list[Torture], template: str) -> None:
    text = template.format(port=opened.port)

    with pytest.raises(ForbiddenAddress):
        Webpage(make_fetcher(), Guard(OPENED)).target(text)
    with pytest.raises(SourceFailure) as caught:
        make_fetcher().fetch(urls.parse(text))

    assert (caught.value.code, caught.value.permanent) == ("forbidden_address", True)
    assert [canary.connections for canary in canaries] == [0, 0]


@pytest.mark.parametrize("template", [template for _, template in FORBIDDEN], ids=[name for name, _ in FORBIDDEN])
def test_the_canaries_do_hear_when_the_guard_is_open(opened: Upstream, template: str) -> None:
    """The control: without the refusal, the very same spelling reaches a canary."""
    everything = Guard([ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")])
    fetcher = Fetcher(RequestsTransport(everything, resolve=nowhere), deadline=5, body_limit=100)

    with Torture("127.0.0.2") as four, Torture("::1", four.port) as six:
        with contextlib.suppress(SourceFailure):  # what a canary answers to an unknown path is not the point
            fetcher.fetch(urls.parse(template.format(port=four.port)))

        assert four.connections + six.connections == 1


OPENED_AFTER_ALL = [
    ("back slash and @", "http://127.0.0.1:{port}\\@127.0.0.2:{port}/"),
    ("hash and @", "http://127.0.0.1:{port}#@127.0.0.2:{port}/"),
    ("question mark and @", "http://127.0.0.1:{port}?@127.0.0.2:{port}/"),
    ("slash and @", "http://127.0.0.1:{port}/@127.0.0.2:{port}/"),
    ("semicolon", "http://127.0.0.1:{port}/;@127.0.0.2/"),
]


@pytest.mark.parametrize("template", [one for _, one in OPENED_AFTER_ALL], ids=[name for name, _ in OPENED_AFTER_ALL])
def test_an_at_sign_after_the_host_changes_nothing(opened: Upstream, canaries: list[Torture], template: str) -> None:
    fetched = make_fetcher().fetch(urls.parse(template.format(port=opened.port)))

    assert fetched.final.remote_address == "127.0.0.1"
    assert [canary.connections for canary in canaries] == [0, 0]


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1@127.0.0.2/", "http://:x@127.0.0.2/", "http://[::1%25lo]/", "http://[::1%lo]/"]
)
def test_logins_and_scopes_are_no_urls_that_are_taken(text: str) -> None:
    with pytest.raises(InvalidUrl):
        urls.parse(text)


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.2"],
        ["127.0.0.1", "127.0.0.2"],
        ["127.0.0.2", "127.0.0.1"],
        ["127.0.0.1", "::1"],
        ["::ffff:127.0.0.2"],
        ["::1%lo"],
    ],
    ids=", ".join,
)
def test_a_name_is_refused_when_any_of_its_answers_is_forbidden(
    opened: Upstream, canaries: list[Torture], answers: list[str]
) -> None:
    before = opened.connections
    fetcher = make_fetcher(resolve=lambda host: answers)

    with pytest.raises(SourceFailure) as caught:
        fetcher.fetch(urls.parse(opened.url("/page", host="both.test")))

    assert caught.value.code == "forbidden_address"
    assert opened.connections == before
    assert [canary.connections for canary in canaries] == [0, 0]


def test_a_name_that_changes_its_answer_is_asked_once_for_each_connection(opened: Upstream, canaries: list[Torture]) -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]]
    fetcher = make_fetcher(resolve=lambda host: answers.pop(0))
    url = urls.parse(opened.url("/page", host="rebinding.test"))

    assert fetcher.fetch(url).final.remote_address == "127.0.0.1"
    assert len(answers) == 2
    assert fetcher.fetch(url).final.remote_address == "127.0.0.1", "the connection that was checked is kept"
    with pytest.raises(SourceFailure) as caught:
        make_fetcher(resolve=lambda host: answers.pop(0)).fetch(url)

    assert caught.value.code == "forbidden_address"
    assert [canary.connections for canary in canaries] == [0, 0]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/",
        "//127.0.0.2:{port}/",
        "http://2130706434:{port}/",
        "\\\\127.0.0.2:{port}",
        "http://[::1]:{port}/",
    ],
)
def test_a_redirect_is_checked_like_the_first_url(opened: Upstream, canaries: list[Torture], location: str) -> None:
    with pytest.raises(SourceFailure) as caught:
        make_fetcher().fetch(urls.parse(opened.url(f"/redirect?to={location.format(port=opened.port)}")))

    assert caught.value.code == "forbidden_address"
    assert [canary.connections for canary in canaries] == [0, 0]


def test_the_peer_of_a_connection_is_checked_once_more() -> None:
    class Forgetful(Guard):
        """Passes the addresses that a name has, and judges only what was connected to."""

        asked = 0

        def verdict(self, address: object) -> str | None:
            self.asked += 1
            return None if self.asked == 1 else "loopback"

        def opens(self, address: object) -> bool:
            return True

    with Upstream() as upstream:
        transport = RequestsTransport(Forgetful(), resolve=lambda host: ["127.0.0.1"])
        fetcher = Fetcher(transport, deadline=5, body_limit=100)
        with pytest.raises(SourceFailure) as caught:
            fetcher.fetch(urls.parse(upstream.url("/page", host="name.test")))

        assert caught.value.code == "forbidden_address"
        assert upstream.count() == 0


def test_nothing_is_asked_of_a_resolver_for_a_target_alone() -> None:
    webpage = Webpage(make_fetcher(), Guard())

    assert webpage.target("http://some.test/").host == "some.test"
