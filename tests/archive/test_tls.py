"""What the archive says of an encrypted connection."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from inventory.records.model import Attachment
from inventory.records.source import Collected
from inventory.services import Services
from tests.archive.conftest import Record, World, by_warcio
from tests.fakes import FakeWeb, content

URL = "https://name.test/"
TLS = {
    "version": "TLSv1.2",
    "cipher": "ECDHE-RSA-AES128-GCM-SHA256",
    "subject": "commonName=name.test",
    "issuer": "commonName=An authority",
    "names": ["name.test"],
    "sha256": "ab" * 32,
    "not_before": "2026-01-01T00:00:00.000Z",
    "not_after": "2026-04-01T00:00:00.000Z",
}


def archived(services: Services, web: FakeWeb, **response: Any) -> dict[str, Record]:
    seen = content(URL)
    asked = {"method": "GET", "target": "/", "headers": [{"name": "Host", "value": "name.test"}]}
    seen["response"] = seen["response"] | {"tls": TLS, "request": asked} | response
    web.pages[URL] = Collected(seen, b"<p>")
    target = services.records.collectable("webpage", URL)
    services.inline.collect(target)
    return {each.kind: each for each in by_warcio(b"".join(services.archive.history(target, None, None)))}


def test_address_protocols_and_cipher_suite_are_fields_of_both_records(services: Services, web: FakeWeb) -> None:
    found = archived(services, web)

    for kind in ("request", "response"):
        assert found[kind]["WARC-IP-Address"] == "127.0.0.1"
        assert found[kind].fields["warc-protocol"] == ["http/1.1", "tls/1.2"]
        assert found[kind]["WARC-Cipher-Suite"] == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


def test_the_certificate_is_in_the_metadata(services: Services, web: FakeWeb) -> None:
    found = archived(services, web)

    assert json.loads(found["metadata"].block)["response"]["tls"] == TLS
    assert found["metadata"]["WARC-Concurrent-To"] == found["response"]["WARC-Record-ID"]


@pytest.mark.parametrize(("version", "named"), [("TLSv1.3", "tls/1.3"), ("TLSv1", "tls/1.0")])
def test_a_version_of_tls_is_named_as_archives_name_it(services: Services, web: FakeWeb, version: str, named: str) -> None:
    found = archived(services, web, tls=TLS | {"version": version})

    assert found["response"].fields["warc-protocol"][1:] == [named]


def test_what_is_not_known_is_left_out(services: Services, web: FakeWeb) -> None:
    found = archived(services, web, tls=None, remote_address=None, request=None)

    assert set(found) == {"warcinfo", "response", "metadata"}, "snapshots of old versions have no request"
    assert not {"warc-ip-address", "warc-cipher-suite", "warc-concurrent-to"} & set(found["response"].fields)
    assert found["response"].fields["warc-protocol"] == ["http/1.1"]


def test_an_import_has_the_certificate_too(services: Services, web: FakeWeb, empty: World) -> None:
    der, body = b"the bytes of a certificate", b"<p>"
    tls = TLS | {"sha256": sha256(der).hexdigest(), "size": len(der)}
    seen = content(URL)
    seen["response"] = seen["response"] | {"tls": tls}
    seen["body"] = seen["body"] | {"sha256": sha256(body).hexdigest(), "size": len(body)}
    web.pages[URL] = Collected(seen, body, attachments=(Attachment(tls["sha256"], der),))
    target = services.records.collectable("webpage", URL)
    services.inline.collect(target)

    [row] = empty.load(b"".join(services.archive.history(target, None, None)))

    assert row["detail"] == "Imported."
    [(_, _, kept, _)] = empty.known()[URL]["snapshots"]
    assert kept["response"]["tls"] == tls
    assert empty.services.snapshots.body(tls["sha256"]) == der
