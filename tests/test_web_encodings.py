"""Text reads as the WHATWG Encoding Standard decodes it, which Python's codecs of the same names do not."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import web_encodings
from tests.growth import cpu_seconds
from tests.http_client import facts
from tests.http_client.facts.sequences import every_sequence

DIGESTS: dict[str, str] = facts.read("encodings")


@pytest.mark.parametrize("encoding", DIGESTS)
def test_every_sequence_of_an_encoding_reads_as_the_standard_says(encoding: str) -> None:
    text = web_encodings.decode(b"".join(every_sequence(encoding)), encoding)

    assert hashlib.sha256(text.encode()).hexdigest() == DIGESTS[encoding]


READ = [
    (b"\xef\xbb\xbfx", "utf-8", "x"),
    (b"\xef\xbb\xbf\xef\xbb\xbfx", "utf-8", "\ufeffx"),
    (b"caf\xe9", "utf-8", "caf\ufffd"),
    (b"a\0b", "utf-8", "a\0b"),
    (b"\xed\xa0\x80", "utf-8", "\ufffd\ufffd\ufffd"),
    (b"caf\xe9 \x80\x81\x9d", "windows-1252", "café €\x81\x9d"),
    (b"\xff\xfex\0", "utf-16le", "x"),
    (b"\xfe\xff\0x", "utf-16be", "x"),
    (b"x\0\x00\xd8", "utf-16le", "x\ufffd"),
    (b"\x00\xd8x\0", "utf-16le", "\ufffdx"),
    (b"\xef\xbb\xbfx", "windows-1252", "ï»¿x"),
    (b"\xcf\xd2", "koi8-r", "ор"),
    (b"\xae\xbe", "koi8-u", "ўЎ"),
    (b"\x93\xfa\x96{", "shift_jis", "日本"),
    (b"\x84\x31\xa4\x36", "gb18030", "\ufffc"),
    (b"\x81\x60 \x81\x7c \x87\x40", "shift_jis", "～ － ①"),
    (b"\xa1\xc1 \xa1\xdd \xad\xa1 \xfc\xe2", "euc-jp", "～ － ① 髙"),
    (b"\x8f\xa2\xb7", "euc-jp", "～"),
    (b"\x1b$B!A!]-!\x1b(B", "iso-2022-jp", "～－①"),
    (b"\x1b(I123\x1b(J\\~\x1b(B\\~", "iso-2022-jp", "ｱｲｳ¥‾\\~"),
    (b"\x1b(B\x1b(B", "iso-2022-jp", "\ufffd"),
    (b"\x80 \xa2\xe3 \xff", "gbk", "€ € \ufffd"),
    (b"\xa1\xa4\xa1\xaa", "gbk", "·—"),
    (b"\xa6\xd9", "gb18030", "\ufe10"),
    (b"\xa1E \xa1\xe3 \x88\x62", "big5", "‧ ～ Ê̄"),
    (b"\x81A\xc9\xa1", "euc-kr", "갂\ufffd"),
    (b'\x81" \xa0\x80\xfd', "shift_jis", '\ufffd" \ufffd\x80\ufffd'),
    (b'\xfe"x"', "big5", '\ufffd"x"'),
    (b"\x81\x30\x81", "gb18030", "\ufffd"),
    (b"\x81\x30x", "gb18030", "\ufffd0x"),
    (b"\xaa\xd2", "windows-1253", "\ufffd\ufffd"),
    (b"\xca", "windows-1255", "\u05ba"),
    (b"\x80\xdb", "windows-874", "€\ufffd"),
    (b"\xdb\xf0", "macintosh", "€\uf8ff"),
    (b"\x80\xff", "x-user-defined", "\uf780\uf7ff"),
    (b"words", "replacement", "\ufffd"),
    (b"", "replacement", ""),
]


@pytest.mark.parametrize(("body", "encoding", "text"), READ)
def test_a_body_reads_as_its_encoding_says(body: bytes, encoding: str, text: str) -> None:
    assert web_encodings.decode(body, encoding) == text


def test_labels_are_those_of_the_standard() -> None:
    labels = ["latin1", "GB2312", " x-sjis\n", "ks_c_5601-1987", "tis-620", "utf-16", "hz-gb-2312", "csiso88598i"]

    assert [web_encodings.lookup(label) for label in labels] == [
        *("windows-1252", "gbk", "shift_jis", "euc-kr", "windows-874", "utf-16le", "replacement", "iso-8859-8-i"),
    ]
    assert [web_encodings.lookup(label) for label in ("utf-7", "utf-32", "cp437", "", "klingon", "latin\xa0")] == [None] * 6


@pytest.mark.parametrize("encoding", sorted(DIGESTS))
def test_bytes_that_are_not_of_an_encoding_are_told(encoding: str) -> None:
    assert web_encodings.is_valid(b"", encoding)
    undefined = b"\x00\xdc" * 2 + b"\xff\xff\xaa\xd2\xdb\xa1\xdc"
    assert web_encodings.is_valid(undefined, encoding) == ("\ufffd" not in web_encodings.decode(undefined, encoding))


CUT = [
    ("grün".encode()[:3], "utf-8", b"gr"),
    ("€".encode()[:2], "utf-8", b""),
    ("a😀".encode()[:4], "utf-8", b"a"),
    ("grün".encode(), "utf-8", "grün".encode()),
    (b"gr\xc3\xff", "utf-8", b"gr\xc3\xff"),
    ("ab".encode("utf-16-le")[:3], "utf-16le", b"a\0"),
    ("a😀".encode("utf-16-le")[:4], "utf-16le", b"a\0"),
    ("a😀".encode("utf-16-be")[:5], "utf-16be", b"\0a"),
    ("日本".encode("shift_jis")[:3], "shift_jis", "日".encode("shift_jis")),
    ("日本".encode("euc-jp")[:3], "euc-jp", "日".encode("euc-jp")),
    (b"\x8f\xa2", "euc-jp", b""),
    ("中文".encode("gb18030")[:3], "gb18030", "中".encode("gb18030")),
    (b"a\x84\x31\xa4", "gbk", b"a"),
    ("中文".encode("big5")[:3], "big5", "中".encode("big5")),
    ("한국".encode("euc-kr")[:3], "euc-kr", "한".encode("euc-kr")),
    (b"\x1b$B0!0", "iso-2022-jp", b"\x1b$B0!"),
    (b"\x1b$B0!\x1b(", "iso-2022-jp", b"\x1b$B0!"),
    (b"\x1b$B0!\x1b(B0", "iso-2022-jp", b"\x1b$B0!\x1b(B0"),
    (b"caf\xe9", "windows-1252", b"caf\xe9"),
]


@pytest.mark.parametrize(("body", "encoding", "kept"), CUT)
def test_a_cut_never_splits_a_character(body: bytes, encoding: str, kept: bytes) -> None:
    assert web_encodings.whole_characters(body, encoding) == kept


@given(st.text(), st.sampled_from(["utf-8", "utf-16-le", "gb18030"]), st.data())
def test_wherever_a_text_is_truncated_its_beginning_is_kept(text: str, codec: str, data: st.DataObject) -> None:
    body = text.encode(codec)
    cut = body[: data.draw(st.integers(0, len(body)))]

    kept = web_encodings.whole_characters(cut, {"utf-16-le": "utf-16le"}.get(codec, codec))

    assert text.startswith(codecs.decode(kept, codec))
    assert len(cut) - len(kept) < 4


LEADS = {
    "gbk": b"\x81\xfe0A\xa1",
    "big5": b"\x81\xfe@\xa1",
    "euc-kr": b"\x81\xfeA\xa1",
    "shift_jis": b"\x81\xfc\xa1@\x80",
    "euc-jp": b"\x8e\x8f\xa1\xfe@",
    "iso-2022-jp": b"\x1b$B(!~",
}


@given(st.sampled_from(sorted(LEADS)), st.data())
def test_what_is_kept_of_any_bytes_reads_as_it_would_had_they_not_been_cut(encoding: str, data: st.DataObject) -> None:
    pieces = st.one_of(st.sampled_from([bytes([byte]) for byte in LEADS[encoding]]), st.binary(max_size=3))
    body = b"".join(data.draw(st.lists(pieces, max_size=12)))
    more = b"".join(data.draw(st.lists(pieces, max_size=4)))

    kept = web_encodings.whole_characters(body, encoding)

    assert body.startswith(kept)
    assert len(body) - len(kept) <= 4
    assert web_encodings.decode(body + more, encoding).startswith(web_encodings.decode(kept, encoding))


def test_if_each_byte_is_a_character_a_truncation_is_found_without_reading_all() -> None:
    body = b"\xff" * 1_000_000  # which windows-1253 does not define, so that reading it takes long

    def seconds(read: Callable[[bytes, str], object]) -> float:
        return min(cpu_seconds(lambda given: read(given, "windows-1253"), body) for _ in range(5))

    assert web_encodings.whole_characters(body, "windows-1253") is body
    assert seconds(web_encodings.whole_characters) < seconds(web_encodings.decode) / 5
