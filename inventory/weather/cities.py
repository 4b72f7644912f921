"""Cities as callers name them: every spelling of one has the same key."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from inventory.errors import InvalidRequest
from inventory.weather.tables import country_codes

MAX_LENGTH = 120
"""Characters of a city's name, country included; the longest official one has 85."""
LANGUAGES: Mapping[str, str] = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
    "HANGUL": "ko",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "THAI": "th",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
}
"""The language in which a name is searched, by the script of its letters; kana before the Chinese characters beside it."""

_DIACRITICS = re.compile("(?<![\u0400-\u052f])[\u0300-\u036f]")
"""Not those of Cyrillic letters, which are letters of their own: й is not и."""
_LETTER = re.compile(r"[^\W\d_]")
_FORBIDDEN = frozenset({"Cc", "Cs", "Co", "Cn"})
"""Unicode categories that names have no characters of: controls, surrogates, private and unassigned ones."""


@dataclass(frozen=True, slots=True)
class City:
    """A city as it was asked for, folded. `country` is an ISO 3166 code, a text without a known code, or empty."""

    name: str
    country: str

    @classmethod
    def read(cls, text: str) -> City:
        """The city that a text such as `Zürich`, `zurich, CH` or `Zurich, Switzerland` names; `InvalidRequest` if none."""
        if len(text) > MAX_LENGTH:
            raise _invalid(f"The name has {len(text)} characters.")
        if any(unicodedata.category(character) in _FORBIDDEN for character in text):
            raise _invalid("The name contains characters that cannot be displayed.")
        name, _, country = (part.strip() for part in folded(text).partition(","))
        city = cls(name, country_codes().get(country, country))
        if not _LETTER.search(name) or (country and not _LETTER.search(country)) or "," in country:
            raise _invalid(f"{text[:40]!r} is neither a city nor a city and a country.")
        if len(city.key) > MAX_LENGTH:
            raise _invalid(f"The name has {len(city.key)} characters in its normalized form.")
        return city

    @property
    def key(self) -> str:
        """The same for every spelling; `read` makes the same city of it."""
        return f"{self.name},{self.country}" if self.country else self.name

    @property
    def language(self) -> str:
        """The language (ISO 639) that the name may be in: English unless its script says otherwise."""
        scripts = {unicodedata.name(character, "").partition(" ")[0] for character in self.name}
        return next((language for script, language in LANGUAGES.items() if script in scripts), "en")

    def may_be_in(self, code: str | None, country: str | None) -> bool:
        """Whether a city in that country, given by code and name, may be meant."""
        named = folded(country or "")
        return not self.country or self.country in (folded(code or ""), named, country_codes().get(named))


def folded(text: str) -> str:
    """Lower case, without diacritics, invisible characters and doubled spaces; what is folded already stays as it is.

    Once is not always enough: folding the case of a letter can bring up another one that decomposes.
    """
    while (once := _folded_once(text)) != text:
        text = once
    return text


def _folded_once(text: str) -> str:
    shown = "".join(character for character in text if unicodedata.category(character) != "Cf")
    bare = _DIACRITICS.sub("", unicodedata.normalize("NFKD", shown))
    return " ".join(unicodedata.normalize("NFC", bare).casefold().split())


def _invalid(why: str) -> InvalidRequest:
    advice = f"Send a name of up to {MAX_LENGTH} characters, and a country after a comma if needed: Paris, or Paris, US."
    return InvalidRequest(f"{why} {advice}", {"city": [advice]})
