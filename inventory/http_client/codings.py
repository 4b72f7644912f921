"""Undoes content codings piece by piece, so that no bomb takes more memory than a few pieces."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import brotli  # type: ignore[import-untyped]
from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

from inventory import web_encodings

Pieces = Iterator[bytes]

CHUNK_BYTES = 64 * 1024
"""The most that a decoder returns at once."""

ZSTD_INPUT_BYTES = 8 * 1024
"""What the zstd decoder is given at once: what it leaves of that is copied for each frame that ends in it."""

ZSTD_WINDOW_LOG = 23
"""The limit of RFC 9659 for a content coding: a window of 8 MiB."""

BROTLI_AGAIN_BYTES = 1024 * 1024
"""Input of a brotli stream that is decoded again, at most, to find its end before other bytes."""

NESTED_BYTES = 8 * 1024 * 1024
"""What passes from one coding to the next: twice as much as is kept of a body by default."""

MAX_CODINGS = 5

NOT_CODED = frozenset(
    {"identity", "none", "null", "no", "off", "default", "raw", "plain", "text", "binary", "7bit", "8bit"}
    | {"amz-1.0", "aws-chunked"}
)
"""What servers name where nothing is coded: words for that, encodings of mail (RFC 2045), and what clients tell Amazon."""


class Undecodable(Exception):
    """The bytes are not what the coding says, or the coding is unknown."""


class EndedEarly(Exception):
    """The input ended inside the coded data; what could be decoded was returned."""


class TrailingBytes(Exception):
    """The coded data was complete, and more bytes came after it."""


class TooMuch(Exception):
    """A coding on top of another one held more than may pass from one to the other; what could be decoded was returned."""


def names(values: Iterable[str]) -> list[str]:
    """The codings that header lines name, in the order applied, in lower case."""
    return [name for name in _elements(values) if _is_coding(name)]


def misnamed(values: Iterable[str]) -> list[str]:
    """What header lines name although it is not a coding, but for `identity`, which says so."""
    return [name for name in _elements(values) if name != "identity" and not _is_coding(name)]


def _is_coding(name: str) -> bool:
    """Whether a name may be that of a coding; a media type and an encoding of text are none."""
    return name in _DECODERS or not (name in NOT_CODED or "/" in name or web_encodings.lookup(name))


def _elements(values: Iterable[str]) -> Iterator[str]:
    """Empty elements of a list do not count (RFC 9110, section 5.6.1.2)."""
    names = (name.strip(" \t").lower() for value in values for name in value.split(","))
    return (name for name in names if name)


def undo(pieces: Pieces, codings: Sequence[str], most: int = NESTED_BYTES) -> Pieces:
    """The pieces with all codings undone, last applied first. Raises the errors of this module while it is consumed.

    At most so many bytes pass from one coding to the next: a few can become terabytes that are nothing to the next one,
    such as empty members of gzip.
    """
    unknown = [name for name in codings if name not in _DECODERS]
    if unknown:
        raise Undecodable(f"the coding {unknown[0]!r:.50} is unknown")
    if len(codings) > MAX_CODINGS:
        raise Undecodable(f"{len(codings)} codings on top of each other; the limit is {MAX_CODINGS}")
    for number, name in enumerate(reversed(codings)):
        pieces = _DECODERS[name](_bounded(pieces, most) if number else pieces)
    return pieces


def _bounded(pieces: Pieces, most: int) -> Pieces:
    """The first `most` bytes, in small pieces: what a decoder leaves of one is copied for each member that ends in it."""
    for piece in pieces:
        for start in range(0, min(len(piece), most), CHUNK_BYTES):
            yield piece[start : min(start + CHUNK_BYTES, most)]
        most -= len(piece)
        if most < 0:
            raise TooMuch


def _gzip(pieces: Pieces) -> Pieces:
    """RFC 1952: one or more members."""
    return _decode(pieces, partial(zlib.decompressobj, 16 + zlib.MAX_WBITS), _inflate, zlib.error)


def _deflate(pieces: Pieces) -> Pieces:
    """RFC 1950, and the bare RFC 1951 that some servers send under the same name."""
    start = b""
    for piece in pieces:
        start += piece
        if len(start) >= 2:
            break
    is_zlib = len(start) >= 2 and start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0
    new_decoder = partial(zlib.decompressobj, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
    yield from _decode(itertools.chain([start], pieces), new_decoder, _inflate, zlib.error, members=False)


def _decode(
    pieces: Pieces,
    new_decoder: Callable[[], Any],
    output: Callable[[Any, bytes], Iterable[bytes]],
    error: type[Exception],
    *,
    members: bool = True,
) -> Pieces:
    """What decoders make of one member, or of several; `output` feeds one of them, and raises `error`."""
    decoder = new_decoder()
    begun = complete = False
    for piece in pieces:
        begun = begun or bool(piece)
        pending = piece
        while pending:
            if decoder.eof:
                if not members:
                    raise TrailingBytes
                decoder = new_decoder()
            try:
                yield from output(decoder, pending)
            except error as problem:
                if complete:
                    raise TrailingBytes from problem
                raise Undecodable(str(problem)) from problem
            complete = complete or decoder.eof
            pending = decoder.unused_data
    if begun and not decoder.eof:
        raise EndedEarly


def _inflate(decoder: zlib._Decompress, pending: bytes) -> Pieces:
    """The output for some input, in pieces, with what the decoder holds back."""
    more = True
    while more and not decoder.eof:
        made = decoder.decompress(pending, CHUNK_BYTES)
        pending = decoder.unconsumed_tail
        more = bool(pending) or len(made) == CHUNK_BYTES
        if made:
            yield made


def _brotli(pieces: Pieces) -> Pieces:
    """RFC 7932."""
    decoder = brotli.Decompressor()
    fed = bytearray()
    begun, made = False, 0
    for piece in pieces:
        if piece and decoder.is_finished():
            raise TrailingBytes
        begun = begun or bool(piece)
        try:
            for output in _brotli_output(decoder, piece):
                made += len(output)
                yield output
        except brotli.error as error:
            if len(fed) < BROTLI_AGAIN_BYTES:
                yield from _brotli_end(bytes(fed), piece, made)
            raise Undecodable(str(error)) from error
        if len(fed) < BROTLI_AGAIN_BYTES:
            fed += piece
    if begun and not decoder.is_finished():
        raise EndedEarly


def _brotli_output(decoder: Any, pending: bytes) -> Pieces:
    """The output for some input, in pieces."""
    made = b""
    # It may say that it accepts more input and still hold output: only a call that makes little has made all.
    while pending or len(made) >= CHUNK_BYTES or not decoder.can_accept_more_data():
        made = decoder.process(pending, output_buffer_limit=CHUNK_BYTES)
        pending = b""
        if made:
            yield made
        if decoder.is_finished():
            break


def _brotli_end(fed: bytes, piece: bytes, made: int) -> Pieces:
    """The output after what a decoder made that failed in a piece; `TrailingBytes` if the stream ends there.

    The decoder keeps the last output to itself when more bytes come with the end, so that they are fed one by one here.
    """
    decoder = brotli.Decompressor()
    for pending in itertools.chain([fed], (piece[at : at + 1] for at in range(len(piece)))):
        try:
            for output in _brotli_output(decoder, pending):
                yield output[made:]
                made -= min(made, len(output))
        except brotli.error:
            return
        if decoder.is_finished():
            raise TrailingBytes


def _zstd(pieces: Pieces) -> Pieces:
    """RFC 8878: one or more frames."""
    step = ZSTD_INPUT_BYTES
    small = (piece[start : start + step] for piece in pieces for start in range(0, len(piece), step))
    new_decoder = partial(ZstdDecompressor, options={DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})
    return _decode(small, new_decoder, _unpacked, ZstdError)


def _unpacked(decoder: ZstdDecompressor, pending: bytes) -> Pieces:
    """The output for some input, in pieces."""
    more = True
    while more:
        made = decoder.decompress(pending, CHUNK_BYTES)
        pending = b""
        more = not (decoder.eof or decoder.needs_input)
        if made:
            yield made


_DECODERS: Mapping[str, Callable[[Pieces], Pieces]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
