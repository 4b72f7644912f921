"""Which bodies are text, in which encoding, and how they read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import web_encodings
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
    ("meta after 1,024 bytes of a body", b"<p>" + b" " * 1024 + b"<meta charset=koi8-r>", HTML, "utf-8"),
    ("meta after 1,024 bytes of a head", b"<head>" + b" " * 1024 + b"<meta charset=koi8-r>", HTML, "koi8-r"),
    ("meta after 100,000 bytes", b"<html><!--" + b"x" * 100_000 + b"--><meta charset=koi8-r>", HTML, "koi8-r"),
    ("meta after a long script", b"<script>" + b"<a>" * 1_000 + b"</script><meta charset=koi8-r>", HTML, "koi8-r"),
    ("meta after the end of a long head", b"<head>" + b" " * 1024 + b"</head><meta charset=koi8-r>", HTML, "utf-8"),
    ("meta that begins within 1,024 bytes", b"<p>" + b" " * 1020 + b"<meta charset=koi8-r>", HTML, "koi8-r"),
    ("meta in a script", b"<script>'<meta charset=koi8-r>'</script>", HTML, "utf-8"),
    ("meta in a title", b"<TITLE>a<meta charset=koi8-r></TITLE><meta charset=big5>", HTML, "big5"),
    ("meta in a text area that never ends", b"<textarea><meta charset=koi8-r>", HTML, "utf-8"),
    ("meta in a noscript", b"<noscript><meta charset=koi8-r></noscript>", HTML, "koi8-r"),
    ("meta in an attribute", b"<link title='<meta charset=big5>'><meta charset=koi8-r>", HTML, "koi8-r"),
    ("meta in an attribute that never ends", b"<link title='<meta charset=big5>", HTML, "utf-8"),
    ("meta in a declaration", b"<!x <meta charset=big5><?y <meta charset=big5></ <meta charset=big5>", HTML, "utf-8"),
    ("meta with a slash", b"<meta/charset=koi8-r>", HTML, "koi8-r"),
    ("meta with a slash after it", b"<meta charset=koi8-r/>", HTML, "utf-8"),
    ("meta of an unknown label, and another", b"<meta charset=klingon><meta charset=koi8-r>", HTML, "koi8-r"),
    ("meta twice the same attribute", b"<meta charset=koi8-r charset=big5>", HTML, "koi8-r"),
    (
        "meta charset before http-equiv",
        b"<meta http-equiv=content-type content='a;charset=big5' charset=koi8-r>",
        HTML,
        "koi8-r",
    ),
    ("meta http-equiv, not closed", b"<meta http-equiv=content-type content='a;charset=\"koi8-r'>", HTML, "utf-8"),
    ("meta that says x-user-defined", b"<meta charset=x-user-defined>", HTML, "windows-1252"),
    ("meta that says what browsers do not read", b"<meta charset=iso-2022-cn>", HTML, "replacement"),
    ("meta after a comment that ends at once", b"<!--><meta charset=koi8-r>-->", HTML, "koi8-r"),
    ("meta after a comment that ends oddly", b"<!--a--!><meta charset=koi8-r>-->", HTML, "koi8-r"),
    ("xml declaration of a page", b"<?xml version='1.0' encoding='koi8-r'?><p>", HTML, "koi8-r"),
    ("xml declaration of a page, and meta", b"<?xml version='1.0' encoding='big5'?><meta charset=koi8-r>", HTML, "koi8-r"),
    ("xml declaration of a page, not first", b" <?xml version='1.0' encoding='koi8-r'?><p>", HTML, "utf-8"),
    ("page of UTF-16 without BOM", "<?xml version='1.0'?><p>".encode("utf-16-le"), HTML, "utf-16le"),
    ("meta that says utf-16 is utf-8", b"<meta charset=utf-16>", HTML, "utf-8"),
    ("metal is not meta", b"<metal charset=koi8-r>", HTML, "utf-8"),
    ("meta in plain text", b"<meta charset=koi8-r>", "text/plain", "utf-8"),
    ("meta without a type", b"<p ><meta charset=koi8-r>", None, "koi8-r"),
    ("meta without a type, and no page", b"<meta charset=koi8-r>", None, "utf-8"),
    ("meta in XHTML", b"<html><meta charset='koi8-r'/>", "application/xhtml+xml", "utf-8"),
    ("xml declaration", b'<?xml version="1.0" encoding="koi8-r"?><a/>', "application/xml", "koi8-r"),
    ("xml declaration of a feed", b"<?xml version='1.0' encoding='iso-8859-2'?><rss/>", "application/rss+xml", "iso-8859-2"),
    ("xml declaration after an empty line", b"\n<?xml version='1.0' encoding='koi8-r'?><rss/>", "text/xml", "koi8-r"),
    ("xml declaration without a type", b"<?xml version='1.0' encoding='koi8-r'?><rss/>", None, "koi8-r"),
    ("xml that is not UTF-8", b"<a>\xe9</a>", "text/xml", "utf-8"),
    ("xml of UTF-16 without BOM", "<?xml version='1.0'?><a/>".encode("utf-16-le"), "text/xml", "utf-16le"),
    ("xml of UTF-16BE without BOM", "<rss/>".encode("utf-16-be"), "application/rss+xml", "utf-16be"),
    ("xml that says utf-16 and is not", b"<?xml version='1.0' encoding='utf-16'?><a/>", "text/xml", "utf-8"),
    ("style sheet", b'@charset "koi8-r";', "text/css", "koi8-r"),
    ("style sheet that says utf-16", b'@charset "utf-16";', "text/css", "utf-8"),
    ("style sheet that says it late", b' @charset "koi8-r";', "text/css", "utf-8"),
    ("style sheet of HTML", b'@charset "koi8-r";', HTML, "utf-8"),
    ("two lines, the last of which counts", b"x", "text/html; charset=big5, text/html; charset=koi8-r", "koi8-r"),
    ("two lines, the last of which is none", b"x", "text/html; charset=koi8-r, nonsense", "koi8-r"),
    ("a charset in quotes of another parameter", b"x", 'text/html; a="; charset=big5"; charset=koi8-r', "koi8-r"),
    ("two charsets", b"x", "text/html;charset=koi8-r;charset=big5", "koi8-r"),
    ("an empty charset", b"<meta charset=koi8-r>", "text/html; charset=", "koi8-r"),
    ("a charset in single quotes", b"x", "text/html; charset='koi8-r'", "utf-8"),
    ("a charset of no type", b"x", "charset=koi8-r", "utf-8"),
    ("an unknown label in the header", b"x", "text/html; charset=klingon", "utf-8"),
    ("an unknown label, and a meta", b"<meta charset=koi8-r>", "text/html; charset=klingon", "koi8-r"),
    ("an unknown label in the document", b"<meta charset=klingon>", HTML, "utf-8"),
    ("nothing said, UTF-8", "é".encode(), HTML, "utf-8"),
    ("nothing said, not UTF-8", b"caf\xe9", HTML, "windows-1252"),
    ("json", '{"é": 1}'.encode(), "application/json", "utf-8"),
    ("json that is not UTF-8", b'{"\xe9": 1}', "application/json", "utf-8"),
    ("json that says its charset", b'{"\xe9": 1}', "application/json; charset=latin1", "utf-8"),
    ("json with a BOM", "\ufeff{}".encode("utf-16-be"), "application/json", "utf-16be"),
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
    ("plain text that Apache says by default", b"caf\xe9", "text/plain; charset=ISO-8859-1", "windows-1252"),
    ("an archive that Apache calls plain text", b"\x1f\x8b\x08\0", "text/plain; charset=ISO-8859-1", None),
    ("an archive that Apache calls UTF-8", b"PK\x03\x04", "text/plain; charset=UTF-8", None),
    ("an archive with a charset of its own", b"PK\x03\x04", "text/plain;charset=UTF-8", "utf-8"),
    ("an image", b"\x89PNG", "image/png", None),
    ("an image that looks like text", b"words", "image/png", None),
    ("a pdf", b"%PDF-1.7", "application/pdf", None),
    ("a small pdf", b"%PDF-1.7\n%%EOF", "application/pdf;charset=utf-8", None),
    ("a playlist", b"#EXTM3U", "application/vnd.apple.mpegurl", "utf-8"),
    ("a playlist of a radio", b"caf\xe9", "audio/mpegurl", "windows-1252"),
    ("a type that may be text, and is", "é,b".encode(), "application/csv", "utf-8"),
    ("a type that may be text, and says its charset", b"\xe9,b", "application/csv; charset=latin1", "windows-1252"),
    ("a type that may be text, and is not UTF-8", b"\xe9,b", "application/x-thing", None),
    ("a type that may be text, and is not", b"PK\x03\x04", "application/vnd.ms-excel", None),
    ("a download of Amazon", b"words", "binary/octet-stream", "utf-8"),
    ("a mail", b"From: a@b.test\r\n", "message/rfc822", "utf-8"),
    ("JSON lines of odd types", b"\xe9", "application/jsonlines", "utf-8"),
    ("JSON of an odd type", b"\xe9", "application/x-json; charset=latin1", "utf-8"),
    ("nothing, of a type that may be text", b"", "application/zip", None),
    ("a type that is nonsense", b"words", "nonsense", "utf-8"),
    ("a type that is nonsense, and binary", b"\0\1", "nonsense", None),
    ("any type", b"<p>caf\xe9", "*/*", "windows-1252"),
    ("any type, and a charset that says nothing", b"<p>", "*/*; charset=koi8-r", "utf-8"),
    ("an unknown type", b"<p>", "unknown/unknown; charset=koi8-r", "koi8-r"),
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
    (b"\x81\x20", "text/html; charset=gbk", "the body has bytes that are not gbk; they read as U+FFFD"),
    (b"<p>", "charset=utf-8", "the Content-Type 'charset=utf-8' is not a media type; the body looks like text/html"),
    (b"{}", "text/json; charset=latin1", "the charset 'latin1' of the Content-Type does not count; JSON is UTF-8"),
    (b"x", "text/html; charset=hz-gb-2312", "browsers read no text in the charset of this body; it reads as U+FFFD"),
    (b"<meta charset=a><meta charset=b>", HTML, "the charset 'a' of the document is unknown"),
]


@pytest.mark.parametrize(("body", "content_type", "defect"), DEFECTS)
def test_what_does_not_fit_is_reported(body: bytes, content_type: str, defect: str) -> None:
    assert decoding.examine(body, content_type).defects == (defect,)


@given(
    st.binary(max_size=200),
    st.one_of(st.none(), st.text(max_size=40), st.sampled_from([HTML, "text/plain; charset=utf-16"])),
)
def test_any_body_of_any_type_is_examined_and_reads(body: bytes, content_type: str | None) -> None:
    examined = decoding.examine(body, content_type)

    if examined.charset is not None:
        web_encodings.decode(body, examined.charset).encode()
        web_encodings.whole_characters(body, examined.charset)


def test_a_truncated_body_is_not_blamed_for_its_last_character() -> None:
    body = "中文".encode("gbk")[:3]

    assert decoding.examine(body, "text/html; charset=gbk", truncated=True).defects == ()
    assert decoding.examine(body, "text/html; charset=gbk").defects != ()
