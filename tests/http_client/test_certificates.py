"""A certificate that was verified is recorded as far as it reads, whatever stands in it."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inventory import json_bytes, urls
from inventory.errors import SourceFailure
from inventory.http_client.certificate import CertificateReader
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.tls import TlsDetails
from tests.growth import assert_linear
from tests.http_client.odd_certificates import (
    BMP,
    COMMON_NAME,
    DIRECTORY,
    DNS,
    EMAIL,
    IA5,
    IP,
    LAST,
    NAME,
    OTHER,
    PRINTABLE,
    REGISTERED_ID,
    T61,
    URI,
    UTF8,
    VALIDITY,
    attribute,
    certificate,
    element,
    sequence,
    serving,
    time,
    trusting,
)
from tests.upstreams.torture import Torture

LATIN_1 = "the names of the certificate are not all text; bytes are read as latin-1"


def recorded(der: bytes) -> TlsDetails:
    """What is recorded of a connection to a server with this certificate."""
    with Torture(context=serving(der)) as upstream:
        tls = trusting(der).fetch(urls.parse(upstream.url("page", "page.test"))).final.tls
    assert tls is not None
    return tls


def names(*others: tuple[int, bytes]) -> bytes:
    return sequence(element(DNS, b"page.test"), *(element(tag, value) for tag, value in others))


ODD_NAMES: dict[str, tuple[bytes, tuple[str, ...], tuple[str, ...]]] = {
    "a NUL": (names((DNS, b"a\0b")), ("a\0b",), ()),
    "a byte that is not ASCII": (names((DNS, b"caf\xe9.test"), (DNS, b"b.test")), ("café.test", "b.test"), (LATIN_1,)),
    "bytes that are not UTF-8": (names((DNS, b"\xff\xfe")), ("\xff\xfe",), (LATIN_1,)),
    "a URI that is not UTF-8": (names((URI, b"http://\xff/")), ("http://\xff/",), (LATIN_1,)),
    "an e-mail address that is not UTF-8": (names((EMAIL, b"\xe9@a.test")), ("\xe9@a.test",), (LATIN_1,)),
    "UTF-8": (names((DNS, "café.test".encode())), ("café.test",), ()),
    "an address of three bytes": (names((IP, b"\1\2\3")), ("<invalid>",), ()),
    "many": (names(*[(DNS, b"a")] * 15_000), ("a",) * 15_000, ()),
    "none at all": (sequence(element(DNS, b"page.test")), (), ()),
    "a distinguished name": (names((DIRECTORY, NAME)), ("commonName=page.test",), ()),
}


@pytest.mark.parametrize(("given_names", "others", "defects"), ODD_NAMES.values(), ids=ODD_NAMES)
def test_odd_names_of_a_certificate_are_recorded(
    given_names: bytes, others: tuple[str, ...], defects: tuple[str, ...]
) -> None:
    tls = recorded(certificate(names=given_names))

    assert tls.names == ("page.test", *others)
    assert tls.defects == defects
    assert (tls.subject, tls.issuer) == ("commonName=page.test",) * 2
    assert (tls.not_before, tls.not_after) == (datetime(2020, 1, 1, tzinfo=UTC), LAST)


@pytest.mark.parametrize(
    "kind",
    [(IP, bytes([192, 0, 2, 1])), (IP, bytes(15) + b"\1"), (IP, b"\1"), (REGISTERED_ID, b"\x2a\x03"), (DIRECTORY, NAME),
     (OTHER, element(0x06, b"\x2a\x03") + element(0xA0, element(UTF8, b"x")))],
)  # fmt: skip
def test_a_name_is_written_alike_whether_all_others_are_text_or_not(kind: tuple[int, bytes]) -> None:
    assert (
        recorded(certificate(names=names(kind))).names[1]
        == recorded(certificate(names=names(kind, (DNS, b"\xff")))).names[1]
    )


ODD_SUBJECTS: dict[str, tuple[bytes, str]] = {
    "latin-1": (attribute(COMMON_NAME, PRINTABLE, b"caf\xe9"), "commonName=café"),
    "T61": (attribute(COMMON_NAME, T61, b"caf\xe9"), "commonName=café"),
    "UTF-16": (attribute(COMMON_NAME, BMP, "żółw".encode("utf-16-be")), "commonName=żółw"),
    "a NUL": (attribute(COMMON_NAME, UTF8, b"a\0b"), "commonName=a\0b"),
    "nothing": (b"", ""),
    "a key without a name": (attribute(b"\x88\x37\x03", UTF8, b"x"), "2.999.3=x"),
    "two keys": (NAME[2:] + attribute(b"\x55\x04\x0a", UTF8, b"Org"), "commonName=page.test, organizationName=Org"),
}


@pytest.mark.parametrize("odd", [False, True], ids=["with names that are text", "with names that are not"])
@pytest.mark.parametrize(("subject", "said"), ODD_SUBJECTS.values(), ids=ODD_SUBJECTS)
def test_odd_subjects_are_recorded(subject: bytes, said: str, odd: bool) -> None:
    tls = recorded(certificate(name=sequence(subject), names=names((DNS, b"\xff")) if odd else names()))

    assert tls.subject == tls.issuer
    assert tls.subject in {said, said.replace("\0", " ")}  # OpenSSL's text has no NUL


@pytest.mark.parametrize("odd", [False, True], ids=["with names that are text", "with names that are not"])
def test_the_fingerprint_is_that_of_the_bytes_of_the_certificate(odd: bool) -> None:
    der = certificate(names=names((DNS, b"\xff")) if odd else names())

    assert recorded(der).sha256 == hashlib.sha256(der).hexdigest()


def test_a_year_that_no_date_has_is_a_defect() -> None:
    tls = recorded(certificate(validity=sequence(time(b"00000101000000Z"), time(b"99991231235959Z"))))

    assert (tls.not_before, tls.not_after) == (None, LAST)
    assert tls.defects == ("notBefore of the certificate is not a date: '00000101000000Z'",)
    assert tls.names == ("page.test",)


@pytest.mark.parametrize("odd", [False, True])
def test_years_of_two_digits_are_from_1950_to_2049(odd: bool) -> None:
    validity = sequence(time(b"500101000000Z"), time(b"491231235959Z"))
    tls = recorded(certificate(validity=validity, names=names((DNS, b"\xff")) if odd else names()))

    assert tls.not_before is not None
    assert tls.not_after is not None
    assert (tls.not_before.year, tls.not_after.year) == (1950, 2049)


@pytest.mark.parametrize("serial", [b"\x7f" * 5_000, b"\xff", b"\0"], ids=["huge", "negative", "zero"])
def test_an_odd_serial_number_costs_nothing(serial: bytes) -> None:
    assert recorded(certificate(serial=serial)).defects == ()


@pytest.mark.parametrize("text", [b"201301000000Z", b"200101000060Z", b"200230000000Z"])
def test_a_date_that_openssl_refuses_is_a_failure_of_tls(text: bytes) -> None:
    der = certificate(validity=sequence(time(text), time(b"491231235959Z")))
    with Torture(context=serving(der)) as upstream, pytest.raises(SourceFailure) as caught:
        trusting(der).fetch(urls.parse(upstream.url("page", "page.test")))

    assert caught.value.code == "tls_failure"
    assert "notBefore" in str(caught.value)


ATTRIBUTES = st.one_of(
    st.tuples(st.sampled_from([PRINTABLE, T61, IA5]), st.binary(max_size=20)),
    st.tuples(st.just(UTF8), st.text(max_size=9).map(str.encode)),
    st.tuples(
        st.just(BMP), st.text(st.characters(max_codepoint=0xD7FF), max_size=9).map(lambda text: text.encode("utf-16-be"))
    ),
    st.tuples(st.integers(1, 30), st.binary(max_size=9)),
)
DATES = st.one_of(
    st.dates(max_value=date(2025, 1, 1)).map(lambda day: f"{day.year:04}{day:%m%d}235959Z".encode()),
    st.from_regex(rb"[0-9]{12}Z|[0-9]{14}Z", fullmatch=True),
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "names": st.lists(
            st.tuples(st.sampled_from([DNS, URI, EMAIL, IP, REGISTERED_ID]), st.binary(min_size=1, max_size=20)), max_size=4
        ).map(lambda found: names(*found)),
        "name": st.lists(
            st.tuples(st.sampled_from([COMMON_NAME, b"\x55\x04\x0a", b"\x88\x37\x03"]), ATTRIBUTES), max_size=3
        ).map(lambda found: sequence(*(attribute(key, *value) for key, value in found))),
        "serial": st.integers(1, 2**300).map(lambda number: number.to_bytes(number.bit_length() // 8 + 1)),
        "validity": DATES.map(lambda text: sequence(time(text), time(b"99991231235959Z"))),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(parts=PARTS, flip=st.none() | st.tuples(st.integers(30, 400), st.integers(0, 255)))
def test_any_certificate_is_recorded_or_is_a_failure_of_tls(parts: dict[str, Any], flip: tuple[int, int] | None) -> None:
    der = bytearray(certificate(**parts))
    if flip is not None:
        der[flip[0] % len(der)] = flip[1]
    try:
        context, fetcher = serving(bytes(der)), trusting(bytes(der))
    except ssl.SSLError:
        return  # no server would start with it
    with Torture(context=context) as upstream:
        tls = details_or_code(fetcher, upstream.url("page", "page.test"))
        if isinstance(tls, TlsDetails):
            json_bytes.dumps([tls.subject, tls.issuer, tls.names, tls.defects])
        else:
            assert tls == "tls_failure"


def details_or_code(fetcher: Fetcher, url: str) -> TlsDetails | str | None:
    """What was recorded of the connection, or the code of the failure."""
    try:
        return fetcher.fetch(urls.parse(url)).final.tls
    except SourceFailure as failure:
        return failure.code


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), PARTS.map(lambda parts: certificate(**parts))),
    st.lists(st.tuples(st.integers(0), st.binary(max_size=3)), max_size=4),
)
@example(b"", [])
@example(b"\x30\xff" + b"\xff" * 127, [])
def test_any_bytes_are_read_as_far_as_they_are_a_certificate(der: bytes, changes: list[tuple[int, bytes]]) -> None:
    for anywhere, new in changes:
        at = anywhere % (len(der) + 1)
        der = der[:at] + new + der[at + len(new) :]
    read = CertificateReader(der)

    json_bytes.dumps([read.subject, read.issuer, read.names, read.defects])
    assert read.defects or (read.not_before and read.not_after)


def test_what_comes_before_a_malformed_part_is_read() -> None:
    cut = CertificateReader(certificate(names=names((DNS, b"\xff")) + b"\x82")).names

    assert cut == ("page.test", "\xff")
    assert CertificateReader(b"\x30\x02\x05\x00").defects == [
        "the certificate cannot be read",
        "the dates of the certificate can be read only in part",
    ]
    assert CertificateReader(certificate(validity=VALIDITY[:-2])).subject == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda size: certificate(names=names(*[(DNS, b"\xff")] * size)),
        lambda size: certificate(name=sequence(*[attribute(COMMON_NAME, UTF8, b"\xff")] * size)),
        lambda size: certificate(name=sequence(*[attribute(b"\xff" * 60 + b"\1", UTF8, b"")] * size)),
        lambda size: b"\x30\x80" * size,
    ],
    ids=["names", "a subject", "odd keys", "nothing that ends"],
)
def test_a_certificate_is_read_in_proportion_to_its_size(make: Any) -> None:
    assert_linear(CertificateReader, make, small=100, times=8)
