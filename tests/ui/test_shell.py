"""Commands that are copied from pages into terminals."""

from __future__ import annotations

import subprocess

import pytest

from inventory.ui.shell import command

WORDS = ["", "plain", "two words", "it's", '"', "$(id) `id` $HOME !x", "\\", "-x", "é 日本 😀", "\\n"]
UNSEEN = ["a\x03\nid\n", "\x1b[201~id\n", "\t'\\", "\x7f0", "\u202e\u2028\x85f", "\U000e0001"]


@pytest.mark.parametrize("word", [*WORDS, *UNSEEN])
def test_a_shell_reads_each_word_as_it_is(word: str) -> None:
    read = subprocess.run(
        ["bash", "-c", command(["printf", "%s", word])], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )

    assert read.stdout.decode() == word


@pytest.mark.parametrize("word", UNSEEN)
def test_a_terminal_gets_nothing_that_it_would_act_on(word: str) -> None:
    assert command(["printf", word]).isprintable()
