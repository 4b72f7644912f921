"""The media type of a body: what its header says, or else what its first bytes look like."""

from __future__ import annotations

import pytest

from inventory.http_client import decoding, media_types
from inventory.http_client.media_types import MediaType

SENT: list[tuple[str, MediaType | None]] = [
    ("text/html", MediaType("text/html")),
    (" TEXT/Html ;x", MediaType("text/html")),
    ("text/html;charset=gbk", MediaType("text/html", "gbk")),
    ("text/html;\tCHARSET= GBK ", MediaType("text/html", " GBK")),
    ("text/html; charset =gbk", MediaType("text/html")),
    ("text/html;charset=gbk(", MediaType("text/html", "gbk(")),
    ('text/html;charset="a\\"b\\\\"c;charset=d', MediaType("text/html", 'a"b\\')),
    ('text/html;charset="gbk', MediaType("text/html", "gbk")),
    ('text/html;charset="gbk\\', MediaType("text/html", "gbk\\")),
    ('text/html;charset="";charset=gbk', MediaType("text/html", "")),
    ("text/html;charset=;charset=gbk", MediaType("text/html", "gbk")),
    ("text/html;charset;charset=gbk", MediaType("text/html", "gbk")),
    ("text/html;charset=\x01;charset=gbk", MediaType("text/html", "gbk")),
    ("text/html;;;; charset=gbk", MediaType("text/html", "gbk")),
    ("text/html;charset:gbk", MediaType("text/html")),
    ('text/html;a=",text/plain;charset=b";charset=gbk', MediaType("text/html", "gbk")),
    ("text/html;charset=gbk, text/html", MediaType("text/html", "gbk")),
    ("text/html, text/html;charset=gbk", MediaType("text/html", "gbk")),
    ("text/html;charset=gbk, text/html;charset=big5", MediaType("text/html", "big5")),
    ("text/html;charset=gbk, text/plain", MediaType("text/plain")),
    ("text/html;charset=gbk, text/plain, text/html", MediaType("text/html")),
    ("text/html;charset=gbk, nonsense, */*, ", MediaType("text/html", "gbk")),
    ("", None),
    (",", None),
    ("*/*", None),
    ("text", None),
    ("text/", None),
    ("/html", None),
    ("text/html charset=gbk", None),
    ("text/ht\xe9ml", None),
    ("text /html", None),
]


@pytest.mark.parametrize(("content_type", "found"), SENT)
def test_the_media_type_that_header_lines_say(content_type: str, found: MediaType | None) -> None:
    assert media_types.extracted(content_type) == found


LOOKS = [
    (b"<!DOCTYPE html>", "text/html"),
    (b"\r\n <ScRiPt >", "text/html"),
    (b"<!-- a page -->", "text/html"),
    (b"<b>", "text/html"),
    (b"<bold>", "text/plain"),
    (b"<html", "text/plain"),
    (b"x<html>", "text/plain"),
    (b" <?xml version='1.0'?>", "text/xml"),
    (b"%PDF-1.7", "application/pdf"),
    (b"%!PS-Adobe-3.0", "application/postscript"),
    (b"\xff\xfe\0\0", "text/plain"),
    (b"\xef\xbb\xbf<html>", "text/plain"),
    (b"GIF89a\0", "image/gif"),
    (b"\x89PNG\r\n\x1a\n\0", "image/png"),
    (b"\xff\xd8\xff\xe0", "image/jpeg"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    (b"RIFF\0\0\0\0WAVE", "audio/wave"),
    (b"ID3\x04", "audio/mpeg"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0", "video/mp4"),
    (b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "video/mp4"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
    (b"\x1f\x8b\x08\0", "application/x-gzip"),
    (b"PK\x03\x04\0", "application/zip"),
    (b"words\r\n\t\x1b[0m\xff", "text/plain"),
    (b"words\0", "application/octet-stream"),
    (b"words" * 400 + b"\0", "text/plain"),
]


@pytest.mark.parametrize(("body", "essence"), LOOKS)
def test_what_a_body_of_unknown_type_looks_like(body: bytes, essence: str) -> None:
    assert media_types.sniffed(body) == essence
    assert decoding.examine(body, None).media_type == essence
    assert decoding.examine(body, "application/unknown").media_type == essence


@pytest.mark.parametrize("body", [b"<html>", b"<?xml version='1.0'?>", b"%PDF-1.7"])
def test_where_sniffing_is_forbidden_a_body_of_unknown_type_runs_no_script(body: bytes) -> None:
    assert decoding.examine(body, None, nosniff=True).media_type == "text/plain"


def test_a_type_that_is_declared_counts_whatever_the_body_looks_like() -> None:
    assert decoding.examine(b"<html>", "image/png").media_type == "image/png"
    assert decoding.examine(b"\x89PNG\r\n\x1a\n", "text/html; charset=x").media_type == "text/html"


def test_an_empty_body_without_a_type_has_none() -> None:
    assert decoding.examine(b"", None).media_type is None
    assert decoding.examine(b"", "nonsense").media_type is None
