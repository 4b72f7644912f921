"""The parts of what a caller writes: a city's name, and the countries and regions after it."""

from __future__ import annotations

import re

from inventory.weather import postcodes
from inventory.weather.areas import AFTER_COUNTRIES, BESIDE_COUNTRIES, NOTE, country_code, is_known
from inventory.weather.spelling import bare
from inventory.weather.tables import country_codes, regions

CONTINENTS = frozenset((
    "africa", "americas", "americas and caribbean", "anz", "apac", "asia", "asia and pacific", "asia pacific",
    "australasia", "australia and oceania", "balkans", "benelux", "caribbean", "central africa", "central america",
    "central asia", "central europe", "dach", "east africa", "east asia", "east asia and pacific", "eastern africa",
    "eastern asia", "eastern europe", "emea", "eu", "europe", "europe and central asia", "european union", "gcc",
    "latam", "latin america", "latin america and caribbean", "latin america and the caribbean", "mena",
    "middle africa", "middle east", "middle east and africa", "middle east and north africa", "nordics",
    "north africa", "north america", "northern africa", "northern america", "northern europe", "oceania",
    "scandinavia", "south america", "south asia", "south east asia", "south eastern asia", "southeast asia",
    "southern africa", "southern asia", "southern europe", "sub saharan africa", "west africa", "western africa",
    "western asia", "western europe", "worldwide",
))  # fmt: skip
"""What lists call a region and is none of a country."""
MAX_WORDS = 5
"""Words of an area that follows a city's name without a comma: Saint Vincent and the Grenadines."""

_IN_BRACKETS = re.compile(r"([^(),]+)[(\[]([^(),\[\]]+)[)\]]((?:,.*)?)")
_DIVIDED = re.compile(r"([^,]+?)(?: - | ?[;|:=→] ?| ?-> ?|/)([^,;|/:=>→]+)((?:,.*)?)")
_JOINING = frozenset((
    "am", "and", "da", "das", "de", "del", "der", "di", "do", "dos", "du", "el", "en", "et", "ile", "im", "la", "las",
    "le", "les", "los", "of", "on", "sur", "the", "unter", "upon", "y",
))  # fmt: skip
_OF = frozenset(("and", "city", "county", "de", "del", "di", "do", "du", "of", "town", "y"))
_NO_NAMES = _JOINING | frozenset((
    "cape", "east", "fort", "ft", "grand", "great", "hansestadt", "lake", "little", "lower", "mount", "mt", "new",
    "north", "old", "port", "puerto", "saint", "san", "santa", "sao", "south", "st", "stadt", "thanh pho", "tp",
    "tp.", "upper", "west",
))  # fmt: skip
"""Words that no name of a city ends with, that none of an area begins with, and that are not city's whole name."""
_WITH_POINTS = frozenset(("u.s.", "u.s.a.", "u.k.", "u.a.e."))
"""The codes of countries that are written with points."""


def split(text: str) -> list[str]:
    """The folded parts between commas, without empty and repeated ones and continents; `Korea, Republic of` is one.

    An area may also be in brackets, and a country or a region's code after another divider. Postcodes are left out.
    """
    text = ",".join(map(postcodes.without, text.split(",")))
    while ((found := _IN_BRACKETS.fullmatch(text)) and (is_known(found[2]) or is_short_code(found[2]))) or (
        (found := _DIVIDED.fullmatch(text)) and (country_code(found[2]) or is_short_code(found[2]))
    ):
        text = f"{found[1]},{found[2]}{found[3]}"
    name, *given = [postcodes.without(part) for part in text.split(",") if part.strip()] or [""]
    parts = [part for each in given if not postcodes.is_one(each) for part in _parted(each)]
    for start in range(-1, len(parts) - 1):
        last = parts[start:] if start >= 0 else [name, *parts]
        if len(last) > 1 and (code := country_codes().get(bare(" ".join(last)))) is not None:
            parts = [*parts[: max(start, 0)], code]
            break
    return [name, *dict.fromkeys(part for part in parts if bare(part) not in CONTINENTS)]


def _parted(part: str) -> tuple[str, ...]:
    """A region and its country if these are written without a comma (`tx usa`), and a name without a note in brackets."""
    if is_known(part):
        return (part,)
    if (ends := tail(part)) is not None and is_known(region := postcodes.without(ends[0])):
        return region, ends[1]
    plain = NOTE.sub("", part).strip()
    return (plain if is_known(plain) else part,)


def is_code(letters: str) -> bool:
    """Whether letters that stand alone after a city are the code of a country, or of a state that is understood alone."""
    return letters in country_codes() or any(f"{each}-{letters}" in regions().by_code for each in BESIDE_COUNTRIES)


def tail(name: str) -> tuple[str, str] | None:
    """A city's folded name and the country or region that follows it without a comma, if any: `toronto canada`."""
    words = name.split()
    for start in range(max(1, len(words) - MAX_WORDS), len(words)):
        head, area = " ".join(words[:start]), " ".join(words[start:])
        is_phrase = words[start - 1] in _JOINING or (words[start] in _OF and len(area) > 2) or head in _NO_NAMES
        is_abbreviation = "." in area and len(bare(area)) < 4 and not _has_points(area)
        if not is_phrase and not is_abbreviation and is_known(area):
            return head, area
    return None


def _has_points(area: str) -> bool:
    """Whether letters with points are a code that is written so; others abbreviate something else: `Frankfurt a.M.`."""
    code = bare(area)
    states = (f"{country}-{code}" for country in (*BESIDE_COUNTRIES, *AFTER_COUNTRIES))
    return area in _WITH_POINTS or (code not in country_codes() and any(state in regions().by_code for state in states))


def is_short_code(letters: str) -> bool:
    """Whether two letters, perhaps with points, are the code of a region somewhere."""
    return len(code := bare(letters)) == 2 and code in regions().short
