"""Which bodies are text, in which encoding, and how they read."""

from __future__ import annotations

import codecs
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.http_client import decoding

HTML = "text/html"

CHARSETS: list[tuple[str, bytes, str | None, str | None]] = [
    # what, body, Content-Type → charset (None: no text)
    ("a BOM before everything else", b"\xef\xbb\xbfx", "text/html; charset=latin1", "utf-8"),
    ("a BOM of UTF-16LE", "x".encode("utf-16"), "text/html; charset=utf-8", "utf-16le"),
    ("a BOM of UTF-16BE", b"\xfe\xff\0x", HTML, "utf-16be"),
    ("a BOM and no type", b"\xff\xfex\0", None, "utf-16le"),
    ("the header", b"x", "text/html; charset=utf-8", "utf-8"),
    ("the header, quoted", b"x", 'text/html; charset="UTF-8"', "utf-8"),
    ("the header, quoted and not closed", b"x", 'text/html; charset="utf-8', "utf-8"),
    ("the header, with spaces", b"x", "text/html ; Charset = utf-8 ", "utf-8"),
    ("the header, after another parameter", b"x", "text/html; a=b;charset=koi8-r", "koi8-r"),
    ("latin1 is windows-1252", b"x", "text/html; charset=latin1", "windows-1252"),
    ("iso-8859-1 is windows-1252", b"x", "text/html; charset=ISO-8859-1", "windows-1252"),
    ("ascii is windows-1252", b"x", "text/html; charset=us-ascii", "windows-1252"),
    ("gb2312 is gbk", b"x", "text/html; charset=gb2312", "gbk"),
    ("sjis is shift_jis", b"x", "text/html; charset=sjis", "shift_jis"),
    ("utf8 without hyphen", b"x", "text/html; charset=utf8", "utf-8"),
    ("utf-16 by header, without BOM", "x".encode("utf-16-le"), "text/html; charset=utf-16", "utf-16le"),
    ("utf-16be by header", "x".encode("utf-16-be"), "text/plain; charset=utf-16be", "utf-16be"),
    ("header before meta", b"<meta charset=koi8-r>", "text/html; charset=utf-8", "utf-8"),
    ("meta", b"<!doctype html><meta charset=koi8-r>", HTML, "koi8-r"),
    ("meta in quotes", b"<meta charset = 'koi8-r' >", HTML, "koi8-r"),
    ("meta in capitals", b'<META CHARSET="KOI8-R"/>', HTML, "koi8-r"),
    ("meta after other attributes", b"<meta name=a content='b>c' charset=koi8-r>", HTML, "koi8-r"),
    ("meta http-equiv", b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', HTML, "koi8-r"),
    (
        "meta http-equiv, attributes swapped",
        b"<meta content='text/html;charset=\"koi8-r\"' http-equiv=content-type>",
        HTML,
        "koi8-r",
    ),
    ("meta content without http-equiv", b"<meta content='text/html; charset=koi8-r'>", HTML, "utf-8"),
    ("the first meta that says one", b"<meta name=x><meta charset=koi8-r><meta charset=big5>", HTML, "koi8-r"),
    ("meta in a comment", b"<!-- <meta charset=koi8-r> --><meta charset=big5>", HTML, "big5"),
    ("meta in a comment that never ends", b"<!-- <meta charset=koi8-r>", HTML, "utf-8"),
    ("meta within 1,024 bytes", b"<p>" + b" " * 990 + b"<meta charset=koi8-r>", HTML, "koi8-r"),
    ("meta after 1,024 bytes", b"<p>" + b" " * 1024 + b"<meta charset=koi8-r>", HTML, "utf-8"),
    ("meta that says utf-16 is utf-8", b"<meta charset=utf-16>", HTML, "utf-8"),
    ("metal is not meta", b"<metal charset=koi8-r>", HTML, "utf-8"),
    ("meta in plain text", b"<meta charset=koi8-r>", "text/plain", "utf-8"),
    ("meta without a type", b"<meta charset=koi8-r>", None, "koi8-r"),
    ("xml declaration", b'<?xml version="1.0" encoding="koi8-r"?><a/>', "application/xml", "koi8-r"),
    ("xml declaration of a feed", b"<?xml version='1.0' encoding='iso-8859-2'?><rss/>", "application/rss+xml", "iso-8859-2"),
    ("an unknown label in the header", b"x", "text/html; charset=klingon", "utf-8"),
    ("an unknown label, and a meta", b"<meta charset=koi8-r>", "text/html; charset=klingon", "koi8-r"),
    ("an unknown label in the document", b"<meta charset=klingon>", HTML, "utf-8"),
    ("nothing said, UTF-8", "é".encode(), HTML, "utf-8"),
    ("nothing said, not UTF-8", b"caf\xe9", HTML, "windows-1252"),
    ("json", '{"é": 1}'.encode(), "application/json", "utf-8"),
    ("json by suffix", b"{}", "application/problem+json", "utf-8"),
    ("svg is text", b"<svg/>", "image/svg+xml", "utf-8"),
    ("javascript", b"1", "application/javascript", "utf-8"),
    ("css", b"a{}", "text/css", "utf-8"),
    ("html with a NUL", b"<p>a\0b", HTML, "utf-8"),
    ("an empty body", b"", HTML, "utf-8"),
    ("an empty body without type", b"", None, "utf-8"),
    ("no type, and text", b"just words\r\n", None, "utf-8"),
    ("no type, and binary", b"\x7fELF\x02\x01\0\0", None, None),
    ("octet-stream that is text", b"words", "application/octet-stream", "utf-8"),
    ("octet-stream that is not", b"\0\1\2", "application/octet-stream", None),
    ("plain text that is binary", b"\x89PNG\r\n\x1a\n\0\0", "text/plain", None),
    ("plain text that says its charset", b"a\0b", "text/plain; charset=utf-8", "utf-8"),
    ("an image", b"\x89PNG", "image/png", None),
    ("an image that looks like text", b"words", "image/png", None),
    ("a pdf", b"%PDF-1.7", "application/pdf", None),
    ("a type that is nonsense", b"words", "nonsense", None),
]


@pytest.mark.parametrize(
    ("body", "content_type", "charset"), [row[1:] for row in CHARSETS], ids=[row[0] for row in CHARSETS]
)
def test_the_encoding_of_a_body(body: bytes, content_type: str | None, charset: str | None) -> None:
    assert decoding.examine(body, content_type).charset == charset


DEFECTS = [
    (b"x", "text/html; charset=klingon", "the charset 'klingon' of the Content-Type is unknown"),
    (b"<meta charset=klingon>", HTML, "the charset 'klingon' of the document is unknown"),
    (b"caf\xe9", "text/html; charset=utf-8", "the body has bytes that are not utf-8; they read as U+FFFD"),
    (b"\x00\xd8x\x00", "text/html; charset=utf-16le", "the body has bytes that are not utf-16le; they read as U+FFFD"),
    (b"\xed\xa0\x80", "text/html; charset=utf-8", "the body has bytes that are not utf-8; they read as U+FFFD"),
]


@pytest.mark.parametrize(("body", "content_type", "defect"), DEFECTS)
def test_what_does_not_fit_is_reported(body: bytes, content_type: str, defect: str) -> None:
    assert decoding.examine(body, content_type).defects == (defect,)


READ = [
    (b"\xef\xbb\xbfx", "utf-8", "x"),
    (b"caf\xe9", "utf-8", "caf\ufffd"),
    (b"a\0b", "utf-8", "a\0b"),
    (b"\xed\xa0\x80", "utf-8", "\ufffd\ufffd\ufffd"),
    (b"caf\xe9 \x80\x81\x9d", "windows-1252", "café €\x81\x9d"),
    (b"\xff\xfex\0", "utf-16le", "x"),
    (b"\xfe\xff\0x", "utf-16be", "x"),
    (b"x\0\x00\xd8", "utf-16le", "x\ufffd"),
    (b"\xcf\xd2", "koi8-r", "ор"),
    (b"\x93\xfa\x96{", "shift_jis", "日本"),
    (b"\x84\x31\xa4\x36", "gb18030", "\ufffc"),
]


@pytest.mark.parametrize(("body", "charset", "text"), READ)
def test_a_body_reads_as_its_encoding_says(body: bytes, charset: str, text: str) -> None:
    assert decoding.decode(body, charset) == text


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
    ("中文".encode("gb18030")[:3], "gb18030", "中".encode("gb18030")),
    ("中文".encode("big5")[:3], "big5", "中".encode("big5")),
    ("한국".encode("euc-kr")[:3], "euc-kr", "한".encode("euc-kr")),
    (b"caf\xe9", "windows-1252", b"caf\xe9"),
]


@pytest.mark.parametrize(("body", "charset", "kept"), CUT)
def test_a_cut_never_splits_a_character(body: bytes, charset: str, kept: bytes) -> None:
    assert decoding.whole_characters(body, charset) == kept


@given(st.text(), st.sampled_from(["utf-8", "utf-16-le", "gb18030"]), st.data())
def test_wherever_a_text_is_truncated_its_beginning_is_kept(text: str, codec: str, data: st.DataObject) -> None:
    body = text.encode(codec)
    cut = body[: data.draw(st.integers(0, len(body)))]

    kept = decoding.whole_characters(cut, {"utf-16-le": "utf-16le"}.get(codec, codec))

    assert text.startswith(codecs.decode(kept, codec))
    assert len(cut) - len(kept) < 4


@given(
    st.binary(max_size=200),
    st.one_of(st.none(), st.text(max_size=40), st.sampled_from([HTML, "text/plain; charset=utf-16"])),
)
def test_any_body_of_any_type_is_examined_and_reads(body: bytes, content_type: str | None) -> None:
    examined = decoding.examine(body, content_type)

    if examined.charset is not None:
        decoding.decode(body, examined.charset).encode()
        decoding.whole_characters(body, examined.charset)


def test_if_each_byte_is_a_character_a_truncation_is_found_without_reading_all() -> None:
    body = b"\xff" * 1_000_000  # which windows-1253 does not define, so that reading it takes long
    began = time.perf_counter()
    text = decoding.decode(body, "windows-1253")
    read = time.perf_counter()

    assert decoding.whole_characters(body, "windows-1253") is body
    assert time.perf_counter() - read < (read - began) / 5
    assert len(text) == len(body)
