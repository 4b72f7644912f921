"""What stores compress comes back byte for byte, whichever version kept it, and nothing that is damaged does harm."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import Unstorable
from inventory.json_bytes import JsonObject
from inventory.store import compression
from inventory.store.codecs import content_bytes
from inventory.store.compression import MAX_PLAIN, PAGES, SNAPSHOTS, compressed, decompressed
from inventory.store.frames import MAX_TEXT, BodyForm, body_or_text, keep_body, keep_content, kept_body, kept_content

pytestmark = pytest.mark.pure

PAGE = '<!doctype html><title>Größe</title><p class="x">one\ttwo\0\x7f\u2028😀</p>'.encode() * 40
NOISE = random.Random(7).randbytes(5_000)
BODIES = {
    "text": (PAGE, BodyForm.TEXT),
    "a few letters": (b"ok", BodyForm.TEXT),
    "nothing": (b"", BodyForm.TEXT),
    "text with a byte order mark": (b"\xef\xbb\xbf" + PAGE, BodyForm.BYTES),
    "text in another encoding": ("Größe".encode("latin-1") * 100, BodyForm.BYTES),
    "half of a surrogate pair": (b"\xed\xa0\x80" * 100, BodyForm.BYTES),
    "a text that is too large to be made a JSON string": (b"\0" * (MAX_TEXT + 1), BodyForm.BYTES),
    "what is compressed already": (NOISE, None),
    "a frame from outside": (zstandard.compress(NOISE), None),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_comes_back_whatever_it_is(what: str) -> None:
    body, expected = BODIES[what]

    form, kept = keep_body(body)

    assert form == expected
    assert kept_body(form, kept) == body


@given(st.binary(max_size=3_000) | st.text(max_size=1_000).map(str.encode))
def test_any_body_comes_back(body: bytes) -> None:
    form, kept = keep_body(body)

    assert kept_body(None if form is None else form.value, kept) == body
    assert len(kept) <= max(len(body), 64) or form is BodyForm.TEXT


def test_text_comes_back_as_the_string_that_a_hit_answers() -> None:
    assert body_or_text(*keep_body(b'a "b"\n')) == (None, b'"a \\"b\\"\\n"')


def test_a_body_that_an_older_version_kept_comes_back_as_it_is() -> None:
    assert kept_body(None, zstandard.compress(PAGE)) == zstandard.compress(PAGE)


@pytest.mark.parametrize("content", [{"a": "\ud800"}, {"a": 2**80}, {"z": 1, "a": [None, 1.5]}, {}])
def test_a_content_comes_back_compressed_or_not(content: dict[str, Any]) -> None:
    assert repr(kept_content(keep_content(content))) == repr(content)
    assert repr(kept_content(content_bytes(content))) == repr(content)


def test_a_content_is_parsed_when_it_is_looked_into() -> None:
    content = kept_content(keep_content({"a": 1}))

    assert isinstance(content, JsonObject)
    assert content.json == b'{"a":1}'
    assert (content["a"], len(content), "b" in content, content == {"a": 1}) == (1, 1, False, True)


@settings(max_examples=300)
@given(st.binary(max_size=200).map(lambda rest: compression.MAGIC + rest) | st.integers(0, 400))
def test_a_damaged_frame_is_a_value_error_or_other_bytes(damage: bytes | int) -> None:
    frame = damage if isinstance(damage, bytes) else _flipped(compressed(PAGE, PAGES), damage)

    with suppress(ValueError):
        decompressed(frame)


def test_a_frame_that_says_it_makes_more_than_any_value_has_is_not_tried() -> None:
    with pytest.raises(ValueError, match="says that it makes"):
        decompressed(zstandard.compress(bytes(MAX_PLAIN + 1)))
    with pytest.raises(Unstorable):
        compressed(bytes(MAX_PLAIN + 1), SNAPSHOTS)


def test_a_frame_of_a_dictionary_that_this_version_does_not_have_says_so() -> None:
    other = zstandard.ZstdCompressionDict(
        zstandard.train_dictionary(2_000, [bytes([n]) * 99 + PAGE for n in range(99)]).as_bytes()
    )

    with pytest.raises(ValueError, match="which this version does not have"):
        decompressed(zstandard.ZstdCompressor(dict_data=other).compress(PAGE))


def test_threads_compress_at_once() -> None:
    wrong: list[int] = []

    def work(number: int) -> None:
        for n in range(200):
            body = PAGE + bytes([number]) * n
            if kept_body(*keep_body(body)) != body:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(100)
    assert not wrong


def _flipped(frame: bytes, bit: int) -> bytes:
    damaged = bytearray(frame)
    damaged[bit // 8 % len(damaged)] ^= 1 << bit % 8
    return bytes(damaged)
