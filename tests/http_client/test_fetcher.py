"""What a fetch sends and sees, what is kept between two fetches (connections) and what is not (anything else)."""

from __future__ import annotations

import ipaddress
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.fetched import Validators
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from tests.http_client.conftest import make_fetcher
from tests.upstreams import Answer, Upstream
from tests.upstreams.answers import ETAG, LAST_MODIFIED, PAGE_HEADERS, page_body
from tests.upstreams.torture import Torture


def test_header_lines_are_kept_in_order_with_repeated_ones(fetcher: Fetcher, upstream: Upstream) -> None:
    fetched = fetcher.fetch(urls.parse(upstream.url("/page/headers")))

    body = page_body("/page/headers")
    assert fetched.final.head.fields == (*PAGE_HEADERS, ("Content-Length", str(len(body))))
    assert fetched.body.content == body


def test_every_hop_is_recorded_with_its_headers_and_cookies(fetcher: Fetcher, upstream: Upstream) -> None:
    fetched = fetcher.fetch(urls.parse(upstream.url("/redirect/2")))

    assert [(hop.url.target, hop.head.status) for hop in fetched.redirects] == [("/redirect/2", 302), ("/redirect/1", 302)]
    assert fetched.redirects[0].head.values("location") == ["/redirect/1"]
    assert fetched.final.url.target == "/page"
    assert [cookie.name for cookie in fetched.cookies] == ["hop2", "hop1", "session", "theme", "visits"]
    assert fetched.cookies[0].set_by == upstream.url("/redirect/2")


def test_cookies_travel_along_the_redirects_of_one_collection(fetcher: Fetcher, upstream: Upstream) -> None:
    fetcher.fetch(urls.parse(upstream.url("/redirect/2?to=/echo/along")))

    assert upstream.requests[-1].headers["cookie"] == "hop2=yes; hop1=yes"


def test_the_next_collection_from_the_same_host_carries_no_cookie(fetcher: Fetcher, upstream: Upstream) -> None:
    fetcher.fetch(urls.parse(upstream.url("/redirect")))
    fetcher.fetch(urls.parse(upstream.url("/page")))
    fetcher.fetch(urls.parse(upstream.url("/echo")))

    assert "cookie" not in upstream.requests[-1].headers


def test_a_request_says_who_asks_and_nothing_more(fetcher: Fetcher, upstream: Upstream) -> None:
    fetcher.fetch(urls.parse(upstream.url("/redirect?to=/echo")))

    sent = dict(upstream.requests[-1].headers)
    assert sent.pop("host") == f"127.0.0.1:{upstream.port}"
    assert sent.pop("user-agent").startswith("Inventory/")
    assert sent.pop("accept-encoding") == "gzip, deflate, br, zstd"
    assert sent.pop("accept") == "*/*"
    assert sent == {"cookie": "hop1=yes"}


def test_neither_proxies_nor_netrc_of_the_environment_are_used(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Upstream() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url(""))
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password secret\ndefault login somebody password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))

        make_fetcher().fetch(urls.parse(upstream.url("/echo")))

        assert proxy.connections == 0
        assert "authorization" not in upstream.requests[-1].headers


@pytest.mark.parametrize(
    "target",
    ["/a%2fb", "/%7euser", "/a|b[c]?d|e[f]", "/'(x)'", "/a//b", "/?", "/?q=%zz&r=a+b", "//evil.test/x", "/:80@x"],
)
def test_the_target_is_sent_as_the_url_spells_it(fetcher: Fetcher, upstream: Upstream, target: str) -> None:
    fetcher.fetch(urls.parse(upstream.url(target)))

    assert upstream.requests[-1].target == target


@pytest.mark.parametrize("value", ["a\r\nY: b", "a\nY: b", "a\rb", "a\n"])
def test_a_header_line_that_would_be_several_is_not_sent(fetcher: Fetcher, torture: Torture, value: str) -> None:
    before = len(torture.heads)
    with pytest.raises(SourceFailure) as caught:
        fetcher.fetch(urls.parse(torture.url("page")), {"X": value})

    assert (caught.value.code, torture.heads[before:]) == ("connection_failed", [])


def test_a_fragment_is_not_sent(fetcher: Fetcher, upstream: Upstream) -> None:
    fetcher.fetch(urls.parse(upstream.url("/page#part")))

    assert upstream.requests[-1].target == "/page"


def test_connections_are_kept_between_fetches(fetcher: Fetcher) -> None:
    with Upstream() as upstream:
        for _ in range(5):
            fetched = fetcher.fetch(urls.parse(upstream.url("/page")))

        assert upstream.connections == 1
        assert fetched.final.remote_address == "127.0.0.1"
        assert (fetched.timing.dns_ms, fetched.timing.connect_ms, fetched.timing.tls_ms) == (0, 0, 0)


def test_a_kept_connection_that_the_upstream_closed_is_replaced(fetcher: Fetcher) -> None:
    with Upstream() as upstream:
        for _ in range(20):
            fetcher.fetch(urls.parse(upstream.url("/page")))
            upstream.drop_connections()

        assert upstream.count("/page") == 20


def test_a_connection_with_bytes_left_over_is_not_used_again(fetcher: Fetcher) -> None:
    with Upstream() as upstream:
        upstream.script("/page", Answer(body=b"short", trailing=b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"))
        first = fetcher.fetch(urls.parse(upstream.url("/page")))
        second = fetcher.fetch(urls.parse(upstream.url("/page")))

        assert first.body.content == b"short"
        assert second.body.content == page_body("/page")
        assert upstream.connections == 2


def test_a_cut_body_does_not_reach_the_next_fetch() -> None:
    fetcher = make_fetcher(body_limit=100)
    with Upstream() as upstream:
        cut = fetcher.fetch(urls.parse(upstream.url("/page?size=200000")))
        whole = fetcher.fetch(urls.parse(upstream.url("/page")))

    assert (len(cut.body.content), cut.body.truncated) == (100, True)
    assert (whole.body.content, whole.body.truncated) == (page_body("/page"), False)


@pytest.mark.parametrize(("size", "truncated"), [(99, False), (100, False), (101, True)])
def test_a_body_is_truncated_when_it_is_over_the_limit(upstream: Upstream, size: int, truncated: bool) -> None:
    upstream.script("/limit", Answer(body=b"x" * size))

    body = make_fetcher(body_limit=100).fetch(urls.parse(upstream.url("/limit"))).body

    assert (body.content, body.truncated) == (b"x" * min(size, 100), truncated)


def test_sixteen_threads_share_one_fetcher(fetcher: Fetcher) -> None:
    with Upstream() as upstream, ThreadPoolExecutor(16) as pool:
        paths = [f"/page/{number}" for number in range(200)]
        fetched = list(pool.map(lambda path: fetcher.fetch(urls.parse(upstream.url(path))), paths))

        assert [one.body.content for one in fetched] == [page_body(path) for path in paths]
        assert upstream.count() == 200
        assert upstream.connections <= 16


def test_a_fork_does_not_share_its_parents_connections(fetcher: Fetcher) -> None:
    with Upstream() as upstream:
        url = urls.parse(upstream.url("/page"))
        fetcher.fetch(url)
        child = multiprocessing.get_context("fork").Process(target=fetcher.fetch, args=(url,))
        child.start()
        child.join(20)
        fetcher.fetch(url)

        assert child.exitcode == 0
        assert upstream.connections == 2


def test_the_parts_of_the_time_add_up_to_no_more_than_the_whole(upstream: Upstream) -> None:
    timing = make_fetcher().fetch(urls.parse(upstream.url("/slow?seconds=0.2"))).timing

    parts = timing.dns_ms + timing.connect_ms + timing.tls_ms + timing.first_byte_ms + timing.body_ms
    assert 150 <= timing.first_byte_ms <= parts <= timing.elapsed_ms + 1
    assert timing.connect_ms > 0


def test_a_closed_port_is_a_refused_connection(fetcher: Fetcher) -> None:
    with Upstream() as gone:
        url = urls.parse(gone.url("/page"))

    with pytest.raises(SourceFailure) as caught:
        fetcher.fetch(url)

    assert (caught.value.code, caught.value.permanent) == ("connection_refused", False)


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with Upstream() as upstream:
        # No server listens on this port of ::1, which the test's guard opens for the purpose.
        guard = Guard([ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("::1/128")])
        transport = RequestsTransport(guard, resolve=lambda host: ["::1", "127.0.0.1"])
        fetcher = Fetcher(transport, deadline=10, body_limit=1000)

        fetched = fetcher.fetch(urls.parse(upstream.url("/page", host="two.test")))

    assert fetched.final.remote_address == "127.0.0.1"


def test_a_name_is_resolved_once_for_a_connection_and_sent_as_it_is(upstream: Upstream) -> None:
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    make_fetcher(resolve=resolve).fetch(urls.parse(upstream.url("/echo", host="Name.Test.")))

    assert asked == ["name.test."]
    assert upstream.requests[-1].headers["host"] == f"name.test.:{upstream.port}"


def test_validators_are_sent_to_the_url_that_they_are_of(fetcher: Fetcher, upstream: Upstream) -> None:
    start = urls.parse(upstream.url("/redirect?to=/conditional"))
    validators = Validators(upstream.url("/conditional"), ETAG, LAST_MODIFIED)

    fetched = fetcher.fetch(start, validators=validators)

    assert fetched.final.head.status == 304
    assert "if-none-match" not in upstream.requests[-2].headers
    assert upstream.requests[-1].headers["if-none-match"] == ETAG
    assert upstream.requests[-1].headers["if-modified-since"] == LAST_MODIFIED
