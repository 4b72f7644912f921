"""Certificates are kept by their fingerprint, shown by the API, and in an archive once each."""

from __future__ import annotations

import hashlib
import json
import ssl
from typing import Any

import pytest
import trustme

from inventory import create_app, urls
from inventory.http_client.certificate import is_certificate
from inventory.http_client.guard import Guard
from inventory.services import Services
from inventory.webpages.source import Webpage
from tests.archive.conftest import Record, by_fastwarc, by_warcio
from tests.conftest import Build
from tests.http_client.conftest import OPENED, make_fetcher
from tests.http_client.raw import Raw
from tests.upstreams.torture import Torture


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Secure:
    """Sites on one address over TLS, each with a certificate of its own, and the inventory that collects them."""

    def __init__(self, make_services: Build, authority: trustme.CA) -> None:
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        fetcher = make_fetcher(tls=trusted, resolve=lambda _: ["127.0.0.1"])
        self.services: Services = make_services(sources=[Webpage(fetcher, Guard(OPENED))])
        self.client = create_app(services=self.services).test_client()

    def collect(self, upstream: Torture, path: str, host: str) -> str:
        url = urls.parse(upstream.url(path, host)).href
        self.services.inline.collect(self.services.records.collectable("webpage", url))
        return url

    def tls(self, url: str) -> dict[str, Any]:
        return dict(self.client.get("/api/v1/metadata", query_string={"url": url}).json["response"]["tls"])

    def archive(self, **query: str) -> bytes:
        with self.client.get("/api/v1/archive.warc.gz", query_string=query) as answer:
            return answer.data


@pytest.fixture
def secure(make_services: Build, authority: trustme.CA) -> Secure:
    return Secure(make_services, authority)


def serving(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


def der_of(leaf: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


def certificates(archive: bytes) -> list[Record]:
    found = [each for each in by_warcio(archive) if each["Content-Type"] == "application/pkix-cert"]
    assert found == [each for each in by_fastwarc(archive) if each["Content-Type"] == "application/pkix-cert"]
    return found


def test_each_certificate_is_one_record_before_the_first_response_that_came_with_it(
    secure: Secure, authority: trustme.CA
) -> None:
    one, two = authority.issue_cert("one.test", "also.test"), authority.issue_cert("two.test")
    with Torture(context=serving(one)) as first, Torture(context=serving(two)) as second:
        secure.collect(first, "page", "one.test")
        secure.collect(second, "page", "two.test")
        secure.collect(first, "page", "also.test")

    archive = secure.archive(q="")

    found = certificates(archive)
    assert sorted(each.block for each in found) == sorted([der_of(one), der_of(two)])
    for each in found:
        fingerprint = hashlib.sha256(each.block).hexdigest()
        assert each.kind == "metadata"
        assert each["WARC-Target-URI"] == f"urn:inventory:certificate:{fingerprint}"
        assert each["WARC-Block-Digest"] == f"sha256:{fingerprint}"
    seen: dict[str, str] = {}
    documents = 0
    for each in by_warcio(archive):
        if each["Content-Type"] == "application/pkix-cert":
            seen[each["WARC-Record-ID"]] = hashlib.sha256(each.block).hexdigest()
        elif each.kind == "metadata":
            documents += 1
            document = json.loads(each.block)
            assert seen[document["certificate"]] == document["response"]["tls"]["sha256"]
    assert documents == 3


def test_it_is_offered_as_der_and_pem(secure: Secure, authority: trustme.CA) -> None:
    leaf = authority.issue_cert("one.test")
    with Torture(context=serving(leaf)) as upstream:
        url = secure.collect(upstream, "page", "one.test")
    tls = secure.tls(url)
    path = f"/api/v1/certificates/{tls['sha256']}"

    der, pem = secure.client.get(path), secure.client.get(f"{path}?format=pem")

    assert (der.data, der.mimetype, tls["size"]) == (der_of(leaf), "application/pkix-cert", len(der.data))
    assert ssl.PEM_cert_to_DER_cert(pem.text) == der.data
    assert der.headers["Content-Disposition"].endswith('.cer"')
    assert secure.client.get(f"{path}?format=txt").status_code == 422
    page = secure.client.get("/record", query_string={"url": url}).text
    assert f'href="{path}?format=pem"' in page


def test_what_is_no_certificate_is_not_offered_as_one(secure: Secure, authority: trustme.CA) -> None:
    with Torture(context=serving(authority.issue_cert("one.test"))) as upstream:
        url = secure.collect(upstream, "page", "one.test")
    body = secure.client.get("/api/v1/metadata", query_string={"url": url}).json["body"]["sha256"]

    for name in (body, "0" * 64, "x"):
        answer = secure.client.get(f"/api/v1/certificates/{name}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_it_goes_with_the_last_snapshot_that_has_it(secure: Secure, authority: trustme.CA) -> None:
    with Torture(context=serving(authority.issue_cert("one.test"))) as upstream:
        kept = [secure.collect(upstream, path, "one.test") for path in ("page", "page?2")]
    path = f"/api/v1/certificates/{secure.tls(kept[0])['sha256']}"

    secure.client.delete("/api/v1/metadata", query_string={"url": kept[0]})
    assert secure.client.get(path).status_code == 200

    secure.client.delete("/api/v1/metadata", query_string={"url": kept[1]})
    assert secure.client.get(path).status_code == 404


def test_a_304_brings_no_certificate_that_the_snapshot_before_brought(secure: Secure, authority: trustme.CA) -> None:
    collect = secure.services.sources["webpage"].collect
    with Raw(serving(authority.issue_cert("one.test"))) as upstream:
        url = upstream.url("/", "one.test")
        upstream.answer = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello'
        first = collect(url)
        upstream.answer = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nConnection: close\r\n\r\n'
        confirmed = collect(url, first.content)
        of_old_version = {**first.content, "response": {**first.content["response"], "tls": None}}
        confirmed_first = collect(url, of_old_version)

    [certificate] = first.attachments
    assert certificate.content is not None
    assert (confirmed.unchanged, confirmed.attachments) == (True, (certificate._replace(content=None),))
    assert (confirmed_first.unchanged, confirmed_first.attachments) == (True, (certificate,))


@pytest.mark.parametrize("noise", [b"", b"0", b"0\x80", b"<p>hello", bytes.fromhex("30023000")])
def test_only_the_form_of_a_certificate_is_one(noise: bytes, authority: trustme.CA) -> None:
    assert not is_certificate(noise)
    assert is_certificate(der_of(authority.issue_cert("one.test")))
