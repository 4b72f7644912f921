"""Which servers and certificates are taken: those that browsers take, and no others."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.fetched import Fetched
from inventory.http_client.requests_transport import default_tls
from inventory.http_client.tls import OP_LEGACY_SERVER_CONNECT, verifying
from tests.http_client.conftest import make_fetcher
from tests.http_client.odd_certificates import DNS, URI, certificate, element, sequence, serving
from tests.upstreams.torture import Torture


@pytest.fixture(scope="module")
def rsa() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.RSA)


def fetched_as_in_production(upstream: Torture, authority: bytes, path: Path, host: str = "page.test") -> Fetched:
    """`https://page.test/page`, with an authority besides those of the system."""
    path.write_bytes(authority)
    fetcher = make_fetcher(tls=verifying(str(path), names="_" not in host), resolve=lambda name: ["127.0.0.1"])
    return fetcher.fetch(urls.parse(upstream.url("page", host)))


@pytest.mark.parametrize(
    "cipher", ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-GCM-SHA256"]
)
def test_servers_that_browsers_can_talk_to_are_talked_to(rsa: trustme.CA, tmp_path: Path, cipher: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    rsa.issue_cert("page.test", key_type=trustme.KeyType.RSA).configure_cert(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    with Torture(context=context) as upstream:
        tls = fetched_as_in_production(upstream, rsa.cert_pem.bytes(), tmp_path / "authorities.pem").final.tls

    assert tls is not None
    assert tls.cipher == cipher


def test_dhe_is_not_offered_because_old_servers_have_weak_numbers_for_it() -> None:
    ciphers = [cipher["name"] for cipher in default_tls().get_ciphers()]

    assert len(ciphers) > 10
    assert not [name for name in ciphers if name.startswith(("DHE-", "ADH-", "PSK-"))]


def test_servers_without_secure_renegotiation_are_called() -> None:
    assert default_tls().options & OP_LEGACY_SERVER_CONNECT


def test_an_authority_that_is_trusted_need_not_be_a_root(rsa: trustme.CA, tmp_path: Path) -> None:
    issuing, context = rsa.create_child_ca(key_type=trustme.KeyType.RSA), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuing.issue_cert("page.test").configure_cert(context)
    with Torture(context=context) as upstream:
        fetched = fetched_as_in_production(upstream, issuing.cert_pem.bytes(), tmp_path / "authorities.pem")

    assert fetched.final.head.status == 200


@pytest.mark.parametrize("names", [sequence(), sequence(element(DNS, b"other.test"))], ids=["no name", "another name"])
def test_the_common_name_of_a_certificate_is_no_host(tmp_path: Path, names: bytes) -> None:
    der = certificate(names=names)
    with (
        Torture(context=serving(der)) as upstream,
        pytest.raises(SourceFailure, match="Hostname mismatch") as caught,
    ):
        fetched_as_in_production(upstream, ssl.DER_cert_to_PEM_cert(der).encode(), tmp_path / "authorities.pem")

    assert caught.value.code == "tls_failure"


def test_an_authority_without_a_key_identifier_is_trusted(tmp_path: Path) -> None:
    der = certificate()
    with Torture(context=serving(der)) as upstream:
        fetched = fetched_as_in_production(upstream, ssl.DER_cert_to_PEM_cert(der).encode(), tmp_path / "authorities.pem")

    assert fetched.final.tls is not None
    assert fetched.final.tls.subject == "commonName=page.test"


@pytest.mark.parametrize("host", ["a_b.page.test", "A_B.Page.Test.", "_.page.test", "x_y.test"])
def test_a_name_with_an_underscore_is_certified_like_others(tmp_path: Path, host: str) -> None:
    der = certificate(names=sequence(*(element(DNS, name) for name in (b"other.test", b"*.Page.test", b"x_y.test"))))
    authority = ssl.DER_cert_to_PEM_cert(der).encode()
    with Torture(context=serving(der)) as upstream:
        fetched = fetched_as_in_production(upstream, authority, tmp_path / "authorities.pem", host)

    assert fetched.final.head.status == 200


@pytest.mark.parametrize(
    "names",
    [(), ((DNS, b"*.test"),), ((DNS, b"*"),), ((DNS, b"a_*.page.test"),), ((DNS, b"*.b.page.test"),), ((DNS, b"page.test"),),
     ((URI, b"a_b.page.test"),), ((DNS, b"*.page.test."),), ((DNS, b"*.page.test"), (DNS, b"\xff"))],
)  # fmt: skip
def test_a_name_with_an_underscore_needs_a_certificate(tmp_path: Path, names: tuple[tuple[int, bytes], ...]) -> None:
    der = certificate(names=sequence(*(element(kind, name) for kind, name in names)))
    authority = ssl.DER_cert_to_PEM_cert(der).encode()
    with Torture(context=serving(der)) as upstream, pytest.raises(SourceFailure, match="Hostname mismatch") as caught:
        fetched_as_in_production(upstream, authority, tmp_path / "authorities.pem", "a_b.page.test")

    assert (caught.value.code, caught.value.permanent) == ("tls_failure", True)


def test_only_names_with_an_underscore_are_not_left_to_openssl() -> None:
    assert default_tls().check_hostname
    assert not default_tls(names=False).check_hostname
    assert default_tls(names=False).verify_mode is ssl.CERT_REQUIRED


def test_a_host_with_an_underscore_is_verified_by_default(tmp_path: Path) -> None:
    der = certificate(names=sequence(element(DNS, b"a_b.page.test")))
    with Torture(context=serving(der)) as upstream, pytest.raises(SourceFailure, match="self-signed certificate"):
        make_fetcher(resolve=lambda name: ["127.0.0.1"]).fetch(urls.parse(upstream.url("page", "a_b.page.test")))
