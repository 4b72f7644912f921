"""What a caller's city means: one key for all spellings, and an error for what is not a city."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InvalidRequest
from inventory.weather.cities import MAX_LENGTH, City, folded
from inventory.weather.tables import country_codes


@pytest.mark.parametrize(
    ("key", "spellings"),
    [
        (
            "zurich",
            ["Zürich", "ZURICH", "zu\u0308rich", "  Zurich ", "Zürich,", "Ｚｕｒｉｃｈ", "\ufeffzurich", "Zu\u00adrich"],
        ),
        ("zurich,ch", ["Zürich, CH", "zurich,ch", "ZÜRICH ,  Switzerland", "Zürich，CH", "zurich,sWITZERLAND"]),
        ("new york", ["New York", "new  york", "NEW\u00a0YORK", "New\u2003York"]),
        ("birmingham,gb", ["Birmingham, UK", "Birmingham, United Kingdom", "birmingham, great  britain", "Birmingham,GB"]),
        ("abidjan,ci", ["Abidjan, Côte d'Ivoire", "ABIDJAN, ivory coast"]),
        ("istanbul,tr", ["İstanbul, Türkiye", "Istanbul, TURKEY"]),
        ("giessen", ["Gießen", "GIESSEN", "Gieẞen"]),
        ("athina", ["Athina"]),
        ("αθηνα", ["Αθήνα", "ΑΘΗΝΑ", "ΑΘΉΝΑ"]),
        ("нижний новгород", ["Нижний Новгород", "НИЖНИЙ НОВГОРОД", "Нижнии\u0306 Новгород"]),
        ("東京", ["東京", " 東京"]),
        ("ガボローネ", ["ガボローネ", "ｶﾞﾎﾞﾛｰﾈ"]),
        ("서울", ["서울", unicodedata.normalize("NFD", "서울")]),
        ("مكة", ["مكة", "\u200fمكة"]),
        ("नई दिल्ली", ["नई दिल्ली"]),
        ("l'aquila", ["L'Aquila"]),
        ("saint-denis,re", ["Saint-Denis, Réunion"]),
        ("paris,texas", ["Paris, Texas"]),
        ("y", ["Y", "ý"]),
    ],
)
def test_every_spelling_of_a_city_has_one_key(key: str, spellings: list[str]) -> None:
    assert {City.read(spelling).key for spelling in spellings} == {key}


def test_a_letter_with_a_mark_that_makes_it_another_one_stays_apart() -> None:
    assert City.read("Бийск").key != City.read("Бииск").key
    assert City.read("가").key != City.read("나").key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        ",",
        ", FR",
        "75001",
        "…",
        "\u0301",
        "_",
        "Paris\0",
        "Par\nis",
        "Paris\t",
        "Paris\x7f",
        "Paris\x85",
        "Paris\ud800",
        "Paris\ue000",
        "Paris\U000e0000\U000effff",
        "Paris, 75",
        "Paris, Texas, US",
        "Paris，Texas，US",
        "x" * (MAX_LENGTH + 1),
        " " * MAX_LENGTH + "x",
        "\ufdfa" * 10,  # one letter that is eighteen when it is written out
    ],
)
def test_what_is_no_city_is_refused_with_what_to_send_instead(text: str) -> None:
    with pytest.raises(InvalidRequest, match=f"up to {MAX_LENGTH} characters.*Paris, US") as caught:
        City.read(text)

    assert list(caught.value.errors or ()) == ["city"]
    str(caught.value).encode("utf-8", "surrogatepass")
    assert len(str(caught.value)) < 300


def test_a_name_may_be_as_long_as_the_longest() -> None:
    assert len(City.read("x" * MAX_LENGTH).key) == MAX_LENGTH
    assert len(City.read("é" * MAX_LENGTH).key) == MAX_LENGTH


def check(text: str) -> None:
    """The key of a text, if it has one, is its own key, and means the same city."""
    try:
        city = City.read(text)
    except InvalidRequest:
        return
    assert City.read(city.key) == city
    assert 0 < len(city.key) <= MAX_LENGTH
    assert city.key.isprintable()
    assert folded(city.key) == city.key


MARKED = st.text(
    st.sampled_from("aAiIıİßÅйиГ가ｶﾞ,，، \u00a0\u0300\u0308\u0345\u0338\u0306\u200d\ufeff'-12ﷺŉᾳσς"), max_size=30
)


@given(st.one_of(st.text(max_size=MAX_LENGTH + 5), MARKED))
@settings(max_examples=2_000, deadline=None)
def test_a_key_is_the_key_of_itself_and_nothing_but_a_refusal_is_raised(text: str) -> None:
    check(text)


def test_so_it_is_for_every_single_character() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.normalize("NFKD", character) != character or character.casefold() != character:
            check(f"a{character}")
            check(f"й{character}b, {character}c")


def test_names_of_countries_are_written_as_they_are_folded_and_have_codes() -> None:
    codes = country_codes()
    assert [name for name in codes if folded(name) != name or "," in name] == []
    assert all(len(code) == 2 and code.isascii() and code.islower() for code in codes.values())
    assert len(set(codes.values())) == 250, "249 of ISO 3166, and Kosovo"


@pytest.mark.parametrize(
    ("city", "code", "country", "meant"),
    [
        ("Paris", "FR", "France", True),
        ("Paris", None, None, True),
        ("Paris, FR", "FR", "France", True),
        ("Paris, fr", "fr", None, True),
        ("Paris, France", "FR", None, True),
        ("Paris, France", None, "France", True),
        ("Paris, US", "FR", "France", False),
        ("Paris, Frankreich", "FR", "Frankreich", True),
        ("Москва, Россия", "RU", "Россия", True),
        ("Paris, None", None, None, False),
    ],
)
def test_a_country_is_known_by_its_code_and_by_its_name(
    city: str, code: str | None, country: str | None, meant: bool
) -> None:
    assert City.read(city).may_be_in(code, country) is meant


@pytest.mark.parametrize(
    ("city", "language"),
    [
        ("Paris", "en"),
        ("München", "en"),
        ("Москва", "ru"),
        ("Αθήνα", "el"),
        ("東京", "zh"),
        ("とうきょう", "ja"),
        ("北九州シ", "ja"),
        ("서울", "ko"),
        ("القاهرة", "ar"),
        ("กรุงเทพ", "th"),
    ],
)
def test_a_name_is_looked_for_in_a_language_of_its_script(city: str, language: str) -> None:
    assert City.read(city).language == language
