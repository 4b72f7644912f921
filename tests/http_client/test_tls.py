"""TLS: what is recorded of a connection, and which check a refused certificate failed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from tempfile import NamedTemporaryFile

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtensionOID, NameOID

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.requests_transport import default_tls
from tests.http_client.conftest import make_fetcher
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


def _failure(fetcher: Fetcher, url: str) -> SourceFailure:
    with pytest.raises(SourceFailure) as caught:
        fetcher.fetch(urls.parse(url))
    return caught.value


def odd_certificate(names: bytes, *, until: datetime) -> tuple[ssl.SSLContext, Fetcher]:
    """What serves a certificate with these alternative names, as they stand in it, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "page.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, names), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with NamedTemporaryFile() as file:
        file.write(certificate + pem)
        file.flush()
        context.load_cert_chain(file.name)
    trusted = ssl.create_default_context(cadata=certificate.decode())
    return context, make_fetcher(tls=trusted, resolve=lambda host: ["127.0.0.1"])


def der(*names: tuple[int, bytes]) -> bytes:
    """A sequence of names, each with its tag (RFC 5280, section 4.2.1.6)."""
    inner = b"".join(bytes([tag, len(value)]) + value for tag, value in names)
    return b"\x30" + (bytes([len(inner)]) if len(inner) < 128 else b"\x82" + len(inner).to_bytes(2, "big")) + inner


DNS, URI, IP = 0x82, 0x86, 0x87
ODD_NAMES: dict[str, tuple[bytes, bool]] = {
    "a NUL": (der((DNS, b"page.test"), (DNS, b"a\0b")), True),
    "no ASCII": (der((DNS, b"page.test"), (DNS, b"\xff\xfe")), False),
    "a URI that is not UTF-8": (der((DNS, b"page.test"), (URI, b"http://\xff/")), False),
    "an address of three bytes": (der((DNS, b"page.test"), (IP, b"\1\2\3")), True),
    "many": (der((DNS, b"page.test"), *[(DNS, b"a")] * 15_000), True),
}


@pytest.mark.parametrize(("names", "readable"), ODD_NAMES.values(), ids=ODD_NAMES)
def test_a_certificate_with_odd_names_is_recorded_or_is_a_failure_of_tls(names: bytes, readable: bool) -> None:
    context, fetcher = odd_certificate(names, until=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    with Torture(context=context) as upstream:
        if readable:
            tls = fetcher.fetch(urls.parse(upstream.url("page", "page.test"))).final.tls
            assert tls is not None
            assert tls.names[0] == "page.test"
            assert tls.not_after.year == 9999
        else:
            failure = _failure(fetcher, upstream.url("page", "page.test"))
            assert (failure.code, str(failure)) == ("tls_failure", "The certificate cannot be read")
