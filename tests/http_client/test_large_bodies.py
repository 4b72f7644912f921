"""A large body is what it would be if all of it were decoded in memory as it comes, and it waits for memory when told to."""

from __future__ import annotations

import gzip
import random
import resource
import tempfile
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import brotli
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory import urls
from inventory.errors import NoRoom, SourceFailure
from inventory.http_client import codings
from inventory.http_client.body import Body, read_body
from inventory.http_client.received import SHARE, Received
from inventory.http_client.response_reader import ResponseReader
from inventory.memory_budget import MemoryBudget
from inventory.rate_limits.calls import Calls
from tests.fakes import Unlimited
from tests.http_client.conftest import make_fetcher
from tests.http_client.raw import Raw, reader_of

LIMIT = 4 * SHARE
PACK = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.compress}


@dataclass
class Slow:
    """The slow way: the pieces are decoded as they come, and all is in memory."""

    pieces: Iterator[bytes]
    kept: bytes = b""
    raw: bytes = b""

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.raw += piece
            yield piece

    def body(self, name: str, limit: int) -> Body:
        pieces = iter(self)
        try:
            for piece in codings.undo(pieces, [name] if name else [], 2 * limit + codings.CHUNK_BYTES):
                self.kept += piece
                if len(self.kept) > limit:
                    return Body(self.kept[:limit], truncated=True)
        except codings.EndedEarly:
            return Body(self.kept, truncated=True, defects=(f"the {name} coding ends too early",))
        except codings.TrailingBytes:
            return Body(self.kept, defects=(f"bytes after the end of the {name} coding were ignored",))
        except codings.Undecodable as error:
            while len(self.raw) <= limit and next(pieces, None) is not None:
                pass
            defects = (f"the {name} coding could not be undone: {error}",)
            return Body(self.raw[:limit], len(self.raw) > limit, name, defects)
        return Body(self.kept)


def answer(name: str, content: bytes, length: int | None) -> bytes:
    """A response with these bytes, of a length that may be too large."""
    coded = f"Content-Encoding: {name}\r\n" if name else ""
    sized = "" if length is None else f"Content-Length: {length}\r\n"
    return f"HTTP/1.1 200 OK\r\n{coded}{sized}\r\n".encode() + content


def outcome(sent: bytes, name: str, limit: int, *, slowly: bool) -> Body | SourceFailure:
    response = reader_of(sent)
    response.read_head()
    try:
        return Slow(response.pieces()).body(name, limit) if slowly else read_body(response, limit)
    except SourceFailure as failure:
        return failure


def told(found: Body | SourceFailure) -> object:
    """What matters of an outcome. Bytes after the end of a response are looked for by who read all of it."""
    if isinstance(found, SourceFailure):
        return found.code, str(found)
    defects = [each for each in found.defects if "end of the response" not in each]
    return found.content, found.truncated, found.undecoded, defects


def content_of(seed: int, size: int, *, dense: bool) -> bytes:
    rng = random.Random(seed)
    return rng.randbytes(size) if dense else bytes(rng.choices(b"abcdefgh <>/=", k=size))


@settings(max_examples=40)
@given(
    name=st.sampled_from(sorted(PACK)),
    size=st.one_of(
        st.integers(0, 2 * SHARE), st.integers(0, 2 * LIMIT), st.sampled_from([SHARE, SHARE + 1, LIMIT, LIMIT + 1])
    ),
    limit=st.sampled_from([0, 1, 1_000, SHARE - 1, SHARE, SHARE + 1, LIMIT]),
    dense=st.booleans(),
    cut=st.integers(0, 100_000),
    more=st.sampled_from([b"", b"x", b"junk" * 50_000, gzip.compress(b"more"), zstandard.compress(b"more")]),
    damaged=st.one_of(st.none(), st.integers(0, 3 * LIMIT)),
    missing=st.one_of(st.none(), st.just(0), st.integers(1, 2 * LIMIT)),
)
@example(name="gzip", size=LIMIT - 1, limit=LIMIT, dense=True, cut=0, more=b"", damaged=LIMIT // 2, missing=0)
@example(name="gzip", size=2 * LIMIT, limit=LIMIT, dense=False, cut=0, more=b"", damaged=None, missing=1)
@example(name="", size=LIMIT, limit=LIMIT, dense=False, cut=0, more=b"", damaged=None, missing=1)
def test_it_is_what_the_slow_way_makes_of_it(
    name: str, size: int, limit: int, dense: bool, cut: int, more: bytes, damaged: int | None, missing: int | None
) -> None:
    sent = bytearray(PACK[name](content_of(size, size, dense=dense)))
    if cut:
        del sent[-cut:]
    sent += more
    if damaged is not None and damaged < len(sent):
        sent[damaged] ^= 0xFF
    whole = answer(name, bytes(sent), None if missing is None else len(sent) + missing)

    assert told(outcome(whole, name, limit, slowly=False)) == told(outcome(whole, name, limit, slowly=True))


@pytest.mark.parametrize("number", [1, 90_000])
def test_more_coded_bytes_than_are_kept_are_decoded_all_the_same(number: int) -> None:
    """Empty members are nothing but coded bytes: here they come before, between and after what is inside."""
    empty = gzip.compress(b"", mtime=0) * (number // 3)
    sent = empty + gzip.compress(b"a" * (SHARE - 1)) + empty + gzip.compress(b"b" * SHARE) + empty
    whole = answer("gzip", sent, len(sent))

    body = read_body(_read(whole), LIMIT)

    assert body == Body(b"a" * (SHARE - 1) + b"b" * SHARE)
    assert number == 1 or len(sent) > LIMIT


def test_what_makes_too_little_of_its_bytes_is_cut_and_holds_no_memory_while_it_comes() -> None:
    """Who sends empty members one by one would otherwise keep all others of the process waiting until its deadline."""
    empty = gzip.compress(b"", mtime=0)
    budget = MemoryBudget(LIMIT)
    held: list[float] = []

    def pieces() -> Iterator[bytes]:
        yield gzip.compress(b"a" * (SHARE + 1))
        while True:
            held.append(sum(room.held for room in rooms))
            yield empty * 1_000

    rooms = [budget.room()]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    response = _read(head)
    response.pieces = pieces  # type: ignore[method-assign]
    body = read_body(response, LIMIT, rooms[0])

    assert (body.content, body.truncated) == (b"a" * (SHARE + 1), True)
    assert body.defects == ("the gzip coding has far more inside than a body",)
    assert len(held) > 100
    assert not any(held)


def test_a_failure_of_the_upstream_counts_only_if_the_body_needs_what_it_did_not_send() -> None:
    bomb = gzip.compress(bytes(2 * LIMIT))
    sent = answer("gzip", bomb, len(bomb) + 1)
    page = gzip.compress(content_of(1, LIMIT // 2, dense=True))

    assert read_body(_read(sent), LIMIT) == Body(bytes(LIMIT), truncated=True)
    with pytest.raises(SourceFailure, match="bytes too early"):
        read_body(_read(answer("gzip", page, len(page) + 1)), LIMIT)


def _read(sent: bytes) -> ResponseReader:
    response = reader_of(sent)
    response.read_head()
    return response


def test_little_of_a_body_is_in_memory_while_it_comes() -> None:
    pieces = [bytes([number % 256]) * 1_000 for number in range(5_000)]
    tracemalloc.start()
    try:
        with Received(iter(pieces), 10_000_000) as received:
            received.read_until(10_000_000)
            _, peak = tracemalloc.get_traced_memory()
            assert b"".join(received.again()) == b"".join(pieces)
    finally:
        tracemalloc.stop()
    assert peak < 3 * SHARE


def test_what_comes_after_a_reader_stopped_early_is_added_at_the_end() -> None:
    pieces = [bytes([number]) * SHARE for number in range(8)]
    for read in range(4):
        with Received(iter(pieces), 8 * SHARE) as received:
            received.read_on(4 * SHARE, 60)
            again = received.again()
            for _ in range(read):
                next(again)
            received.read_until(8 * SHARE)

            assert received.first(8 * SHARE) == b"".join(pieces)


@pytest.mark.parametrize("name", sorted(set(PACK) - {""}))
def test_a_slow_body_that_cannot_be_decoded_is_as_it_came(name: str) -> None:
    """The damage is found where more of what has come is left, and the rest of it comes after that."""
    sent = PACK[name](content_of(3, 12 * SHARE, dense=False))
    sent = sent[:SHARE] + content_of(4, 5_000, dense=True) + sent[SHARE + 5_000 :]

    def pieces() -> Iterator[bytes]:
        yield sent[: 2 * SHARE]
        time.sleep(1.1)  # so that what has come is looked at
        yield from (sent[2 * SHARE : 3 * SHARE], sent[3 * SHARE :])

    response = _read(f"HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\n\r\n".encode())
    response.pieces = pieces  # type: ignore[method-assign]
    body = read_body(response, LIMIT)

    assert (body.content, body.undecoded) == (sent[:LIMIT], name)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a full disk: a write beyond that fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", sorted(PACK))
@pytest.mark.parametrize("room", [0, SHARE // 2, SHARE, 2 * SHARE - 1])
def test_a_disk_that_keeps_no_more_of_a_body_is_told_with_its_folder(name: str, room: int) -> None:
    sent = PACK[name](content_of(1, 3 * SHARE, dense=True))
    with no_file_larger_than(room), pytest.raises(NoRoom) as refused:
        read_body(_read(answer(name, sent, len(sent))), LIMIT)

    assert tempfile.gettempdir() in str(refused.value)
    assert "TMPDIR" in str(refused.value)


def test_so_are_the_last_bytes_which_are_written_when_they_are_read() -> None:
    with no_file_larger_than(SHARE + 10), Received(iter([bytes(SHARE), bytes(10), bytes(10)]), LIMIT) as received:
        received.read_until(SHARE + 20)
        with pytest.raises(NoRoom):
            received.first(SHARE)


def test_a_small_body_needs_no_disk() -> None:
    with no_file_larger_than(0):
        assert read_body(_read(answer("", bytes(SHARE), SHARE)), LIMIT).content == bytes(SHARE)


@pytest.mark.parametrize("name", sorted(PACK))
def test_it_waits_for_memory_beyond_its_deadline_and_says_for_how_long(name: str) -> None:
    content = content_of(1, 2 * SHARE, dense=False)
    budget = MemoryBudget(LIMIT)
    others, room = budget.room(), budget.room()
    others.take(1)
    release = threading.Timer(1.5, others.keep, [0])
    with Raw() as upstream, Calls(Unlimited(), room=room) as calls:
        upstream.answer = answer(name, PACK[name](content), None)
        release.start()
        begun = time.monotonic()
        fetched = make_fetcher(deadline=1.0, body_limit=LIMIT).fetch(urls.parse(upstream.url()), calls=calls)
        took = 1_000 * (time.monotonic() - begun)

    assert fetched.body.content == content
    assert 1_000 <= fetched.timing.waited_ms <= took
    assert fetched.timing.elapsed_ms <= took - fetched.timing.waited_ms + 1
    assert fetched.timing.body_ms <= fetched.timing.elapsed_ms
    assert room.held, "the body is there"


@pytest.mark.parametrize("name", sorted(PACK))
def test_a_small_body_does_not_wait(name: str) -> None:
    content = content_of(1, SHARE - 1, dense=True)
    budget = MemoryBudget(LIMIT)
    others = budget.room()
    others.take(LIMIT)
    with Raw() as upstream, Calls(Unlimited(), room=budget.room()) as calls:
        upstream.answer = answer(name, PACK[name](content), None)
        fetched = make_fetcher().fetch(urls.parse(upstream.url()), calls=calls)

    assert fetched.body.content == content
    assert fetched.timing.waited_ms == 0
