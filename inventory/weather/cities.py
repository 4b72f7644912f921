"""Cities as callers name them: every spelling of one has the same key."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from inventory.errors import InvalidRequest
from inventory.weather import postcodes
from inventory.weather.areas import MAX_ROUNDS, Area, canonical
from inventory.weather.name_parts import is_code, is_short_code, split, tail
from inventory.weather.spelling import folded

MAX_LENGTH = 120
"""Characters of a city's name, region and country included; the longest official one has 85."""
MAX_PARTS = 3
"""What may stand after the city: a county, a region and a country."""
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

_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_CODE_AFTER = re.compile(r"([^,]*[^\W\d_][^,;:=>|/\s]*)(\s+|-)([A-Z]{2,3})\s*((?:,.*)?)", re.DOTALL)
"""A city and the code of a state or country without a comma between them (`Austin TX`): it alone is in capital letters."""
_BEARING = re.compile(r"\b[NSEWO]\b|(?<=\d)[NSEWO]\b", re.IGNORECASE)
_FORBIDDEN = frozenset({"Cc", "Cs", "Co", "Cn"})
"""Unicode categories that names have no characters of: controls, surrogates, private and unassigned ones."""


@dataclass(frozen=True, slots=True)
class City:
    """A city as it was asked for, folded, and where it may be: anywhere, or in one of these areas."""

    key: str
    """The same for every spelling; `read` makes the same city of it."""
    name: str
    areas: tuple[Area, ...]

    @classmethod
    def read(cls, text: str) -> City:
        """The city that a text names, such as `zurich`, `Zürich, CH` or `Paris, Texas, USA`; `InvalidRequest` if none."""
        if len(text) > MAX_LENGTH:
            raise _invalid(f"The name has {len(text)} characters.")
        if not text.isprintable() and any(unicodedata.category(character) in _FORBIDDEN for character in text):
            raise _invalid("The name contains characters that cannot be displayed.")
        text = ",".join(map(postcodes.without, text.split(",")))
        if (found := _CODE_AFTER.fullmatch(text)) and not found[1].isupper():
            code = found[3].lower()
            if is_short_code(code) if found[2] == "-" else is_code(code):
                text = f"{found[1]}, {found[3]}{found[4]}"
        whole = folded(text).replace(", ", ",")
        for _ in range(MAX_ROUNDS):
            city = cls._of(whole, text)
            if city.key == whole:
                break
            whole = city.key
        if len(city.key) > MAX_LENGTH:
            raise _invalid(f"The name has {len(city.key)} characters in its normalized form.")
        return city

    @classmethod
    def _of(cls, whole: str, text: str) -> City:
        """The city of a folded text, whose key a second reading may still shorten: `Paris (SP)/St.` has two areas."""
        name, *given = split(whole) or [""]
        if _is_position(name) or postcodes.is_one(name):
            raise _invalid(f"{text[:40]!r} has no city's name. Cities are not found by coordinates or postcodes.")
        parts, areas = canonical(tuple(given))
        is_named = not whole.startswith(",") and not name.startswith("#") and all(map(_LETTER.search, (name, *parts)))
        if not is_named or len(parts) > MAX_PARTS:
            raise _invalid(f"{text[:40]!r} is neither a city nor a city with a region, a country or both.")
        return cls(",".join((name, *parts)), name, areas)

    @property
    def language(self) -> str:
        """The language (ISO 639) that the name may be in: English unless its script says otherwise."""
        scripts = {unicodedata.name(character, "").partition(" ")[0] for character in self.name}
        return next((language for script, language in LANGUAGES.items() if script in scripts), "en")

    @property
    def country(self) -> str | None:
        """The code of the country that is meant, in lower case; None if it may be any or one of several.

        A region that is a guess does not count.
        """
        countries = {area.country for area in self.areas if not (area.is_guess and area.regions)}
        return next(iter(countries)) or None if len(countries) == 1 else None

    def apart(self) -> Iterator[City]:
        """The cities that are meant if the end of the name is where it is, without a comma before it.

        So `toronto ontario canada` is `toronto ontario` in Canada, or `toronto` in Ontario.
        """
        head, areas = self.name, self.key[len(self.name) :]
        while (ends := tail(head)) is not None and areas.count(",") < MAX_PARTS:
            head, areas = ends[0], f",{ends[1]}{areas}"
            try:
                city = City.read(head + areas)
            except InvalidRequest:  # without its end it is the name of no city
                break
            if not any(area.country and not area.others for area in city.areas):
                break
            yield city


def _is_position(name: str) -> bool:
    """Whether a text is numbers and perhaps points of the compass: `48.85, 2.35`, `48°51'N 2°21'E`."""
    return _DIGIT.search(name) is not None and not _LETTER.search(_BEARING.sub("", name))


def _invalid(why: str) -> InvalidRequest:
    advice = (
        f"Send a name of up to {MAX_LENGTH} characters, and a region, a country or both after commas if needed:"
        " Paris, or Paris, US, or Paris, Texas, US."
    )
    return InvalidRequest(f"{why} {advice}", {"city": [advice]})
