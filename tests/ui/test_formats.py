"""How pages write the texts of others."""

import pytest

from inventory.ui.formats import counted, cut, short, visible


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain: text", "plain: text"),
        ("bell\x07 and\x85 DEL\x7f", r"bell\x07 and\x85 DEL\x7f"),
        ("two\nlines\tof\r\n", r"two\x0alines\x09of\x0d\x0a"),
        ("evil\u202egnp.exe", r"evil\u202egnp.exe"),
        ("byte order\ufeff mark", r"byte order\ufeff mark"),
        ("half \ud83d of a pair", r"half \ud83d of a pair"),
        ("a tag \U000e0041", r"a tag \U000e0041"),
    ],
)
def test_characters_without_a_shape_are_seen(text, written):
    assert visible(text) == written
    assert visible(text).encode()


@pytest.mark.parametrize("text", ["Café\xa0: l’été", "日本\u3000語", "می\u200cخواهم", "👩\u200d🔬", "שלום"])
def test_the_characters_of_ordinary_words_stay(text):
    assert visible(text) == text


def test_texts_of_several_lines_keep_their_lines_and_tabs():
    assert visible("a\n\tb\r\x1b[0m", lines=True) == "a\n\tb\\x0d\\x1b[0m"


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "longe…"),
        ('<"', 3, "…"),
        ('<"', 9, '<"'),
        ("éé", 3, "é…"),
        ("\u202ea", 6, r"\u202e…"),
        ("", 0, ""),
    ],
)
def test_a_text_is_cut_by_what_it_takes_of_a_page(text: str, room: int, shown: str) -> None:
    assert cut(text, room) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("short", "short"), ("longer", "long…"), ("日本語の題名", "日本語の…"), ("a\x07bc", r"a\x0…"), ("", "")],
)
def test_a_text_is_shortened_by_its_characters(text: str, shown: str) -> None:
    assert short(text, 5) == shown


def test_one_of_something_has_no_plural() -> None:
    assert [counted(count, "target") for count in (0, 1, 1_234)] == ["0 targets", "1 target", "1,234 targets"]
