"""TLS: what is recorded of a connection, and which check a refused certificate failed."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import default_tls
from inventory.webpages.content import validators_of
from inventory.webpages.source import Webpage
from tests.http_client.conftest import OPENED, make_fetcher
from tests.http_client.raw import Raw
from tests.upstreams.torture import Torture


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Test authority")


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> Fetcher:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return make_fetcher(tls=context, resolve=lambda host: ["127.0.0.1"])


@pytest.fixture(scope="module")
def secure(authority: trustme.CA) -> Iterator[Torture]:
    certificate = authority.issue_cert("page.test", "*.wild.test", "127.0.0.1", common_name="page.test")
    with Torture(context=serving(certificate)) as upstream:
        yield upstream


def test_the_connection_and_its_certificate_are_recorded(authority: trustme.CA, secure: Torture) -> None:
    fetched = trusting(authority).fetch(urls.parse(secure.url("page", "page.test")))

    tls = fetched.final.tls
    assert tls is not None
    assert tls.version == "TLSv1.3"
    assert tls.cipher.startswith("TLS_")
    assert "commonName=page.test" in tls.subject
    assert "organizationName=Test authority" in tls.issuer
    assert tls.names == ("page.test", "*.wild.test", "127.0.0.1")
    assert tls.not_before < datetime.now(UTC) < tls.not_after
    assert fetched.timing.tls_ms > 0


@pytest.mark.parametrize("host", ["page.test", "PAGE.test", "page.test.", "a.wild.test", "127.0.0.1"])
def test_a_certificate_is_checked_for_the_host_of_the_url(authority: trustme.CA, secure: Torture, host: str) -> None:
    assert trusting(authority).fetch(urls.parse(secure.url("page", host))).final.head.status == 200


@pytest.mark.parametrize("host", ["other.test", "wild.test", "a.b.wild.test"])
def test_a_certificate_for_another_host_is_refused(authority: trustme.CA, secure: Torture, host: str) -> None:
    failure = _failure(trusting(authority), secure.url("page", host))

    assert (failure.code, failure.permanent) == ("tls_failure", True)
    assert "Hostname mismatch" in str(failure)
    assert host in str(failure)


def test_an_expired_certificate_is_refused(authority: trustme.CA) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    certificate = authority.issue_cert("page.test", not_before=yesterday - timedelta(days=9), not_after=yesterday)
    with Torture(context=serving(certificate)) as upstream:
        failure = _failure(trusting(authority), upstream.url("page", "page.test"))

    assert failure.code == "tls_failure"
    assert "certificate has expired" in str(failure)


def test_a_certificate_that_is_not_valid_yet_is_refused(authority: trustme.CA) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    certificate = authority.issue_cert("page.test", not_before=tomorrow, not_after=tomorrow + timedelta(days=9))
    with Torture(context=serving(certificate)) as upstream:
        failure = _failure(trusting(authority), upstream.url("page", "page.test"))

    assert failure.code == "tls_failure"
    assert "not yet valid" in str(failure)


def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    certificate = trustme.CA().issue_cert("page.test")
    with Torture(context=serving(certificate)) as upstream:
        failure = _failure(trusting(authority), upstream.url("page", "page.test"))

    assert failure.code == "tls_failure"
    assert "unable to get local issuer certificate" in str(failure)


def test_the_default_context_verifies_and_trusts_no_test_authority(secure: Torture) -> None:
    context = default_tls()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN
    assert _failure(make_fetcher(tls=context), secure.url("page")).code == "tls_failure"


def test_an_upstream_that_speaks_no_tls_is_a_tls_failure(authority: trustme.CA, torture: Torture) -> None:
    failure = _failure(trusting(authority), f"https://page.test:{torture.port}/page")

    assert failure.code == "tls_failure"


def test_an_old_protocol_version_is_refused(authority: trustme.CA) -> None:
    context = serving(authority.issue_cert("page.test"))
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Torture(context=context) as upstream:
        assert _failure(trusting(authority), upstream.url("page", "page.test")).code == "tls_failure"


def test_a_handshake_that_never_ends_is_a_timeout(authority: trustme.CA) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        failure = _failure(make_fetcher(tls=context, deadline=1.0), url)

    assert failure.code == "timeout"


def test_a_body_over_tls_that_is_cut_is_incomplete(authority: trustme.CA, secure: Torture) -> None:
    assert _failure(trusting(authority), secure.url("short-body", "page.test")).code == "incomplete_response"


def test_a_drip_over_tls_ends_at_the_deadline(authority: trustme.CA, secure: Torture) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    fetcher = make_fetcher(tls=context, deadline=1.0, resolve=lambda host: ["127.0.0.1"])

    assert _failure(fetcher, secure.url("body-drip", "page.test")).code == "timeout"


def test_a_plain_hop_leaves_the_secure_cookies_of_an_earlier_one_alone(
    authority: trustme.CA, secure: Torture, torture: Torture
) -> None:
    secure.elsewhere = torture.url("page", "page.test")

    fetched = trusting(authority).fetch(urls.parse(secure.url("redirect-elsewhere", "page.test")))

    seen = [(cookie.value, cookie.accepted, cookie.reason) for cookie in fetched.cookies]
    reason = "not set over https, and would hide a Secure cookie of its name"
    assert seen == [("secure", True, None), ("b", False, reason)]


@pytest.fixture
def ending(authority: trustme.CA) -> Iterator[Callable[[bytes, bool], str]]:
    """`ending(answer, politely)` is the URL of an upstream that sends this and ends TLS with close_notify or without."""
    with Raw(context=serving(authority.issue_cert("page.test"))) as upstream:

        def url(answer: bytes, politely: bool) -> str:
            upstream.answer, upstream.politely = answer, politely
            return upstream.url(host="page.test")

        yield url


OK = b"HTTP/1.1 200 OK\r\n"
NOTHING_TELLS = "TLS ended without close_notify, and nothing else tells that the body is whole"
ENDS: dict[str, tuple[bytes, bool, bool]] = {
    "until the end of TLS": (OK + b"\r\nhello", True, False),
    "until TLS is cut": (OK + b"\r\nhello", False, True),
    "of a length": (OK + b"Content-Length: 5\r\n\r\nhello", False, False),
    "in chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", False, False),
    "of HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\nhello", False, True),
    "that is gzip and whole": (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello"), False, True),
}


@pytest.mark.parametrize(("answer", "politely", "cut"), ENDS.values(), ids=ENDS)
def test_a_body_that_only_tls_ends_is_whole_if_tls_says_so(
    authority: trustme.CA, ending: Callable[[bytes, bool], str], answer: bytes, politely: bool, cut: bool
) -> None:
    body = trusting(authority).fetch(urls.parse(ending(answer, politely))).body

    assert (body.content, body.truncated) == (b"hello", cut)
    assert body.defects == ((NOTHING_TELLS,) if cut else ())


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "invalid_response"),
        (OK, "incomplete_response"),
        (OK + b"Content-Length: 6\r\n\r\nhello", "incomplete_response"),
    ],
)
def test_what_is_cut_without_close_notify_before_its_end_is_a_failure_of_http(
    authority: trustme.CA, ending: Callable[[bytes, bool], str], answer: bytes, code: str
) -> None:
    assert _failure(trusting(authority), ending(answer, False)).code == code


def test_a_cut_body_is_not_asked_for_again_on_a_condition(
    authority: trustme.CA, ending: Callable[[bytes, bool], str]
) -> None:
    """What is truncated is fetched whole the next time, although it has an `ETag`."""
    url = ending(OK + b'ETag: "1"\r\n\r\nhello', False)
    content = Webpage(trusting(authority), Guard(OPENED)).collect(url).content

    assert content["body"]["truncated"]
    assert content["response"]["defects"] == [NOTHING_TELLS]
    assert validators_of(content) is None


def _failure(fetcher: Fetcher, url: str) -> SourceFailure:
    with pytest.raises(SourceFailure) as caught:
        fetcher.fetch(urls.parse(url))
    return caught.value
