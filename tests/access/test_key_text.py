"""The text of a key: its shape, its checksum, and that both are seen without a store."""

from __future__ import annotations

import re
from itertools import cycle

import pytest

from inventory.access.key_text import ALPHABET, digest_of, is_key_text, new_key_text


def test_a_key_is_a_prefix_chance_and_a_checksum() -> None:
    text = new_key_text()

    assert re.fullmatch(r"inv_live_[0-9A-Za-z]{38}", text)
    assert is_key_text(text)


def test_each_character_is_chosen_by_chance() -> None:
    letters = cycle(ALPHABET)

    assert new_key_text(lambda _: next(letters)).startswith("inv_live_0123456789ABCDEFGHIJKLMNOPQRSTUV")
    assert len({new_key_text() for _ in range(1_000)}) == 1_000


def test_every_typing_error_of_one_character_is_seen() -> None:
    text = new_key_text()

    for at in range(len("inv_live_"), len(text)):
        for other in set(ALPHABET) - {text[at]}:
            assert not is_key_text(text[:at] + other + text[at + 1 :])


def test_two_characters_in_the_wrong_order_are_seen() -> None:
    letters = cycle(ALPHABET)
    text = new_key_text(lambda _: next(letters))

    for at in range(9, 9 + 31):
        assert not is_key_text(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


@pytest.mark.parametrize("text", ["", "inv_live_", "inv_test_" + "0" * 38, "x" * 1_000_000, "inv_live_" + "ä" * 38])
def test_anything_else_is_no_key(text: str) -> None:
    assert not is_key_text(text)
    assert not is_key_text(f"{new_key_text()}\n")


def test_what_is_kept_is_the_sha_256() -> None:
    assert digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(digest_of("\ud800")) == 64
