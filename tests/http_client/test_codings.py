"""Content codings: undone alone and on top of each other, whatever the size of the pieces they come in."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
import zstandard

from inventory.http_client import codings

TEXT = b"".join(b"%d bottles of beer on the wall\n" % number for number in range(5_000))


def bare(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate without header": ("deflate", bare),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
}


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def undone(packed: Iterator[bytes], name: str) -> tuple[bytes, Exception | None]:
    """What a coding gives, and the error at the end of it."""
    kept = b""
    try:
        for piece in codings.undo(packed, [name]):
            kept += piece
    except (codings.EndedEarly, codings.TrailingBytes, codings.Undecodable) as error:
        return kept, error
    return kept, None


@pytest.mark.parametrize("size", [1, 7, 1_000, 10**9])
@pytest.mark.parametrize(("name", "encode"), CODINGS.values(), ids=CODINGS)
def test_what_was_encoded_comes_back(name: str, encode: Callable[[bytes], bytes], size: int) -> None:
    content = TEXT if size > 1 else TEXT[:3_000]

    assert b"".join(codings.undo(pieces(encode(content), size), [name])) == content


@pytest.mark.parametrize(("name", "encode"), CODINGS.values(), ids=CODINGS)
def test_no_bytes_at_all_are_an_empty_body(name: str, encode: Callable[[bytes], bytes]) -> None:
    assert b"".join(codings.undo(iter([]), [name])) == b""
    assert b"".join(codings.undo(iter([encode(b"")]), [name])) == b""


@pytest.mark.parametrize(("name", "encode"), CODINGS.values(), ids=CODINGS)
def test_a_cut_gives_what_there_was_and_says_so(name: str, encode: Callable[[bytes], bytes]) -> None:
    content, error = undone(pieces(encode(TEXT)[:-300], 100), name)

    assert isinstance(error, codings.EndedEarly)
    assert content
    assert TEXT.startswith(content)


@pytest.mark.parametrize("name", ["gzip", "br", "zstd"])
def test_bytes_that_are_no_such_coding_are_undecodable(name: str) -> None:
    with pytest.raises(codings.Undecodable):
        list(codings.undo(iter([b"<!doctype html><title>not packed</title>" * 10]), [name]))


@pytest.mark.parametrize(("name", "encode"), CODINGS.values(), ids=CODINGS)
def test_bytes_after_the_end_are_reported(name: str, encode: Callable[[bytes], bytes]) -> None:
    content, error = undone(pieces(encode(b"body") + b"rubbish", 1), name)

    assert content == b"body"
    assert isinstance(error, codings.TrailingBytes)


@pytest.mark.parametrize("size", [1, 50, 10**9], ids=["bytes", "pieces", "one piece"])
@pytest.mark.parametrize("content", [b"", b"body", TEXT, bytes(3_000_000)], ids=["nothing", "a word", "text", "zeros"])
def test_bytes_after_the_end_of_br_are_reported_wherever_a_piece_ends(content: bytes, size: int) -> None:
    packed = brotli.compress(content) + b"rubbish"

    kept, error = undone(pieces(packed, size), "br")

    assert kept == content
    assert isinstance(error, codings.TrailingBytes)


def test_br_that_fails_far_from_its_beginning_is_undecodable() -> None:
    packed = brotli.compress(random.Random(1).randbytes(2 * codings.BROTLI_AGAIN_BYTES))

    assert isinstance(undone(pieces(packed + b"rubbish", 10**6), "br")[1], codings.Undecodable)


@pytest.mark.parametrize(("name", "encode"), [("gzip", gzip.compress), ("zstd", zstandard.compress)], ids=["gzip", "zstd"])
def test_several_members_are_one_body(name: str, encode: Callable[[bytes], bytes]) -> None:
    packed = encode(b"one ") + encode(b"two ") + encode(b"three")

    assert b"".join(codings.undo(pieces(packed, 5), [name])) == b"one two three"
    assert b"".join(codings.undo(iter([packed]), [name])) == b"one two three"


def gzip_member(flags: int, extra: bytes) -> bytes:
    """With a header that has more than most."""
    check = struct.pack("<II", zlib.crc32(TEXT), len(TEXT))
    return b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\x03" + extra + bare(TEXT) + check


SKIPPED = struct.pack("<II", 0x184D2A50, 4) + b"abcd"
WHOLE: dict[str, tuple[str, bytes]] = {
    "gzip with a file's name": ("gzip", gzip_member(8, b"file.txt\0")),
    "gzip with more fields": ("gzip", gzip_member(4, b"\x02\0ab")),
    "gzip with a comment": ("gzip", gzip_member(16, b"hello\0")),
    "deflate of the fastest kind": ("deflate", zlib.compress(TEXT, 1)),
    "deflate that is stored": ("deflate", zlib.compress(TEXT, 0)),
    "zstd with a checksum": ("zstd", zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)),
    "zstd after a frame to skip": ("zstd", SKIPPED + zstandard.compress(TEXT)),
    "zstd before a frame to skip": ("zstd", zstandard.compress(TEXT) + SKIPPED),
}


@pytest.mark.parametrize("size", [1, 10**9])
@pytest.mark.parametrize(("name", "packed"), WHOLE.values(), ids=WHOLE)
def test_what_encoders_rarely_write_is_read(name: str, packed: bytes, size: int) -> None:
    assert undone(pieces(packed, size), name) == (TEXT, None)


@pytest.mark.parametrize(("name", "packed"), [("deflate", gzip.compress(TEXT)), ("gzip", zlib.compress(TEXT))])
def test_a_coding_that_is_called_by_the_name_of_another_is_undecodable(name: str, packed: bytes) -> None:
    assert isinstance(undone(iter([packed]), name)[1], codings.Undecodable)


def test_codings_on_top_of_each_other_are_undone_last_first() -> None:
    packed = brotli.compress(gzip.compress(zstandard.compress(TEXT)))

    assert b"".join(codings.undo(pieces(packed, 100), ["zstd", "gzip", "br"])) == TEXT


@pytest.mark.parametrize(("name", "encode"), CODINGS.values(), ids=CODINGS)
def test_no_decoded_chunk_is_large_whatever_it_was_made_of(name: str, encode: Callable[[bytes], bytes]) -> None:
    packed = encode(bytes(64 * 1024 * 1024))

    assert max(len(piece) for piece in codings.undo(iter([packed]), [name])) <= 4 * 1024 * 1024


NOTHING = {
    "gzip": gzip.compress(b"") * 20_000,
    "zstd": zstandard.compress(b"") * 20_000,
    "deflate": b"\x78\x9c" + b"\0\0\0\xff\xff" * 20_000,
}


@pytest.mark.parametrize(("name", "nothing"), NOTHING.items(), ids=NOTHING)
def test_what_is_nothing_to_the_next_coding_passes_within_a_limit(name: str, nothing: bytes) -> None:
    """A hundred bytes can be a gigabyte of empty members, which would keep a worker busy for minutes."""
    packed = brotli.compress(nothing)

    with pytest.raises(codings.TooMuch):
        list(codings.undo(iter([packed]), [name, "br"], len(nothing) - 1))

    assert len(packed) < 200


def test_what_passes_between_codings_may_be_as_large_as_the_limit() -> None:
    packed = gzip.compress(TEXT, mtime=0)

    assert b"".join(codings.undo(iter([brotli.compress(packed)]), ["gzip", "br"], len(packed))) == TEXT
    with pytest.raises(codings.TooMuch):
        list(codings.undo(iter([brotli.compress(packed)]), ["gzip", "br"], len(packed) - 1))


def test_a_zstd_window_over_eight_megabytes_is_undecodable() -> None:
    """A frame by hand (RFC 8878, section 3.1.1): magic, no flags, the window, and one empty last block."""

    def frame(window_log: int) -> bytes:
        return b"\x28\xb5\x2f\xfd\x00" + bytes([(window_log - 10) << 3]) + b"\x01\x00\x00"

    assert undone(iter([frame(23)]), "zstd") == (b"", None)
    assert isinstance(undone(iter([frame(24)]), "zstd")[1], codings.Undecodable)


def test_the_names_of_codings_come_from_all_lines_in_order() -> None:
    assert codings.names([" GZip , br", "", "identity", "x-gzip"]) == ["gzip", "br", "x-gzip"]


def test_words_for_no_coding_are_no_codings() -> None:
    values = ["UTF-8", "none, gzip", "identity", " 8bit ,"]

    assert codings.names(values) == ["gzip"]
    assert codings.misnamed(values) == ["utf-8", "none", "8bit"]


@pytest.mark.parametrize(
    "value",
    ["Windows-1252", "iso-8859-15", "Shift_JIS", "text/html; charset=utf-8", "aws-chunked", "amz-1.0", "null"],
)
def test_encodings_of_text_and_media_types_are_no_codings(value: str) -> None:
    assert codings.names([value]) == []
    assert codings.misnamed([value]) == [value.lower()]
    assert codings.names([f"{value}, gzip"]) == ["gzip"]


def test_bytes_that_python_takes_for_blanks_are_part_of_a_name() -> None:
    assert codings.names(["\x0bgzip", "gzip\xa0"]) == ["\x0bgzip", "gzip\xa0"]


@pytest.mark.parametrize("applied", [["compress"], ["gzip", "sdch"], ["gzip"] * 6])
def test_unknown_or_too_many_codings_are_undecodable(applied: list[str]) -> None:
    with pytest.raises(codings.Undecodable):
        codings.undo(iter([b""]), applied)
