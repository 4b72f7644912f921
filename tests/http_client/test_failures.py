"""Whatever the libraries below raise, the fetcher raises a `SourceFailure` with a code of the API, and nothing else."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl

import pytest
import urllib3.exceptions

from inventory import urls
from inventory.errors import NoRoom, SourceFailure
from tests.http_client.conftest import make_fetcher
from tests.upstreams.torture import Torture

CODES = {
    "dns_failure",
    "connection_refused",
    "connection_failed",
    "tls_failure",
    "timeout",
    "too_many_redirects",
    "forbidden_address",
    "incomplete_response",
    "invalid_response",
}

RAISED: list[tuple[Exception, str, bool]] = [
    # socket and the operating system
    (OSError(errno.ENETUNREACH, "Network is unreachable"), "connection_failed", False),
    (OSError(errno.EHOSTUNREACH, "No route to host"), "connection_failed", False),
    (OSError("odd"), "connection_failed", False),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "connection_refused", False),
    (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "connection_failed", False),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), "connection_failed", False),
    (TimeoutError("timed out"), "timeout", False),
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "dns_failure", True),
    (socket.gaierror(socket.EAI_NODATA, "No address associated with hostname"), "dns_failure", True),
    (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "dns_failure", False),
    (socket.herror(1, "Unknown host"), "connection_failed", False),
    (UnicodeError("label empty or too long"), "dns_failure", True),
    (UnicodeEncodeError("idna", "x", 0, 1, "label too long"), "dns_failure", True),
    # ssl
    (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "tls_failure", True),
    (ssl.SSLCertVerificationError(1, "certificate verify failed"), "tls_failure", True),
    (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "tls_failure", True),
    (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"), "tls_failure", True),
    (ssl.SSLWantReadError(2, "The operation did not complete"), "tls_failure", True),
    # http.client: before anything was sent, a cut is a connection that failed, not an incomplete response
    (http.client.BadStatusLine("x"), "invalid_response", True),
    (http.client.RemoteDisconnected("Remote end closed connection"), "invalid_response", True),
    (http.client.IncompleteRead(b"", 5), "connection_failed", False),
    (http.client.LineTooLong("header line"), "invalid_response", True),
    (http.client.UnknownProtocol("HTTP/3"), "invalid_response", True),
    (http.client.InvalidURL("control characters"), "dns_failure", True),
    (http.client.ResponseNotReady("Idle"), "invalid_response", True),
    (http.client.HTTPException("got more than 100 headers"), "invalid_response", True),
    # urllib3
    (urllib3.exceptions.ProtocolError("aborted", ConnectionResetError(104, "reset")), "connection_failed", False),
    (urllib3.exceptions.LocationParseError("a..b"), "dns_failure", True),
    (urllib3.exceptions.SSLError("bad handshake"), "tls_failure", True),
    (urllib3.exceptions.ConnectTimeoutError("timed out"), "timeout", False),
    (urllib3.exceptions.DecodeError("bad"), "connection_failed", False),
    (urllib3.exceptions.InvalidHeader("two lengths"), "invalid_response", True),
    (urllib3.exceptions.HTTPError("odd"), "connection_failed", False),
    (ValueError("odd"), "connection_failed", False),
]


class Breaking:
    """A TLS context whose handshake raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def wrap_socket(self, sock: socket.socket, server_hostname: str) -> ssl.SSLSocket:
        raise self._error


@pytest.mark.parametrize(
    ("error", "code", "permanent"), RAISED, ids=[f"{type(error).__module__}.{type(error).__name__}" for error, *_ in RAISED]
)
def test_every_family_of_errors_becomes_a_failure_of_the_api(
    torture: Torture, error: Exception, code: str, permanent: bool
) -> None:
    fetcher = make_fetcher(tls=Breaking(error))

    with pytest.raises(SourceFailure) as caught:
        fetcher.fetch(urls.parse(f"https://127.0.0.1:{torture.port}/"))

    assert (caught.value.code, caught.value.permanent) == (code, permanent)
    assert code in CODES
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM], ids=errno.errorcode.get)
def test_what_this_machine_lacks_is_no_failure_of_the_host(torture: Torture, number: int) -> None:
    error = OSError(number, "out of something")

    def resolve(host: str) -> list[str]:
        raise error

    with pytest.raises(NoRoom):
        make_fetcher(tls=Breaking(error)).fetch(urls.parse(f"https://127.0.0.1:{torture.port}/"))
    with pytest.raises(NoRoom):
        make_fetcher(resolve=resolve).fetch(urls.parse("http://some.test/"))


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), True),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), False),
        (UnicodeError("label too long"), True),
        (OSError("odd"), False),
    ],
    ids=["NXDOMAIN", "try again", "unspeakable name", "odd"],
)
def test_what_a_resolver_raises_is_a_dns_failure(error: Exception, permanent: bool) -> None:
    def resolve(host: str) -> list[str]:
        raise error

    with pytest.raises(SourceFailure) as caught:
        make_fetcher(resolve=resolve).fetch(urls.parse("http://no.such.test/"))

    assert (caught.value.code, caught.value.permanent) == ("dns_failure", permanent)


def test_a_name_without_addresses_is_a_dns_failure() -> None:
    with pytest.raises(SourceFailure) as caught:
        make_fetcher(resolve=lambda host: []).fetch(urls.parse("http://empty.test/"))

    assert caught.value.code == "dns_failure"


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".test", "-", "a_b.test", "xn--", "http:///x"], ids=repr)
def test_hosts_that_only_the_parser_accepts_end_as_dns_failure(host: str) -> None:
    def resolve(name: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(SourceFailure) as caught:
        make_fetcher(resolve=resolve).fetch(urls.parse(host if host.startswith("http") else f"http://{host}/"))

    assert caught.value.code == "dns_failure"
