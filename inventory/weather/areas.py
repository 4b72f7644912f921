"""What stands after the comma of a city: countries and regions, by code and by name, and what they may mean together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from inventory.weather import postcodes
from inventory.weather.spelling import bare, region_name
from inventory.weather.tables import country_codes, regions

TERRITORIES: Mapping[str, Sequence[str]] = {
    "au": ("cc", "cx", "nf"),
    "cn": ("hk", "mo", "tw"),
    "dk": ("fo", "gl"),
    "fi": ("ax",),
    "fr": ("bl", "gf", "gp", "mf", "mq", "nc", "pf", "pm", "re", "tf", "wf", "yt"),
    "gb": ("gg", "im", "je"),
    "nl": ("aw", "bq", "cw", "sx"),
    "no": ("sj",),
    "us": ("as", "gu", "mp", "pr", "um", "vi"),
}
"""Territories with ISO 3166-1 codes of their own, by the country that lists may name after them."""
BESIDE_COUNTRIES, AFTER_COUNTRIES = ("us", "ca", "au"), ("br",)
"""Countries whose regions' codes are understood alone: as well as a country of that code, or if that has no such city."""
CONTINENTS = frozenset((
    "africa", "americas", "asia", "asia-pacific", "emea", "europe", "latin america", "middle east", "north america",
    "oceania", "south america",
))  # fmt: skip
"""What lists call a region and is none of a country."""
NAMESAKES = {"ge": "us-ga", "ni": "gb-nir"}
"""Regions with the name or the usual code of a country. Its spellings (Georgia and GE) are one, so each means either."""
BEYOND: Mapping[str, Sequence[str]] = {
    **{country: TERRITORIES[country] for country in ("cn", "dk", "fr", "gb", "nl")},
    "cg": ("cd",),
    "ie": ("gb-nir",),
    "kr": ("kp",),
    "rs": ("xk",),
    "sd": ("ss",),
}
"""What else a country's name may mean if it has no such city: its territories, or what shares the name or once did."""
MAX_WORDS = 5
"""Words of an area that is behind a city's name without a comma: Saint Vincent and the Grenadines."""
MAX_ROUNDS = 4
"""A second round changes hardly any spelling, a third one none that is known."""
_KIND_OF_STATE = re.compile(
    r"^.*\b(republic|kingdom|states?|federation|commonwealth|principality|duchy|sultanate|emirate|union) of (the )?"
)
_CUT_SHORT = {"rep": "republic", "dem": "democratic", "fed": "federated", "is": "islands"}
_NOTE = re.compile(r"\s*\([^()]*\)")
_IN_BRACKETS = re.compile(r"([^(),]+)[(\[]([^(),\[\]]+)[)\]]((?:,.*)?)")
_DIVIDED = re.compile(r"([^,]+?)(?: - | ?[;|] ?|/)([^,;|/]+)((?:,.*)?)")
_JOINING = frozenset((
    "am", "and", "da", "das", "de", "del", "der", "di", "do", "dos", "du", "el", "en", "et", "ile", "im", "la", "las",
    "le", "les", "los", "of", "on", "sur", "the", "unter", "upon", "y",
))  # fmt: skip
_OF = frozenset(("and", "de", "del", "di", "do", "du", "of", "y"))
_NO_NAMES = _JOINING | frozenset((
    "cape", "east", "fort", "ft", "great", "grand", "lake", "little", "lower", "mount", "mt", "new", "north", "old", "port",
    "puerto", "saint", "san", "santa", "sao", "south", "st", "thanh pho", "tp", "tp.", "upper", "west",
))  # fmt: skip
"""Words that no name of a city ends with, that none of an area begins with, and that are no city's whole name."""
_WITH_POINTS = frozenset(("u.s.", "u.s.a.", "u.k.", "u.a.e."))
"""The codes of countries that have points; others with them are abbreviations of something else: `Frankfurt a.M.`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One meaning of what stands after the comma: a country, regions of it, and what no table has.

    `country` is an ISO 3166-1 code or empty; `is_named` says that a part names it, `is_guess` that others come before it.
    Each of `regions` is several codes if they share a name.
    """

    country: str
    is_named: bool = False
    is_guess: bool = False
    regions: tuple[tuple[str, ...], ...] = ()
    others: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def country_code(name: str) -> str | None:
    """The code of a country by its code or by a name, long or short, in any spelling."""
    codes, plain = country_codes(), bare(name)
    whole = " ".join(_CUT_SHORT.get(word, word) for word in plain.split())
    forms = (plain, _KIND_OF_STATE.sub("", plain), whole, _KIND_OF_STATE.sub("", whole), bare(_NOTE.sub("", name)))
    return next((codes[form] for form in forms if form in codes), None)


def split(text: str) -> list[str]:
    """The folded parts between commas, without empty and repeated ones and continents; `Korea, Republic of` is one.

    An area may also be in brackets, and a country or a region's code after another divider. Postcodes are left out.
    """
    while (found := _IN_BRACKETS.fullmatch(text) or _DIVIDED.fullmatch(text)) and (
        country_code(found[2]) or is_short_code(found[2]) or (found[0].endswith((")", "]")) and _is_known(found[2]))
    ):
        text = f"{found[1]},{found[2]}{found[3]}"
    name, *given = [postcodes.without(part) for part in text.split(",") if part.strip()] or [""]
    parts = [part for each in given if not postcodes.is_one(each) for part in _parted(each)]
    for start in range(-1, len(parts) - 1):
        tail = parts[start:] if start >= 0 else [name, *parts]
        if len(tail) > 1 and (code := country_codes().get(bare(" ".join(tail)))) is not None:
            parts = [*parts[: max(start, 0)], code]
            break
    return [name, *dict.fromkeys(part for part in parts if part not in CONTINENTS)]


def _parted(part: str) -> tuple[str, ...]:
    """A region and its country if these are written without a comma (`tx usa`), and a name without a note in brackets."""
    if _is_known(part):
        return (part,)
    if (ends := tail(part)) is not None and _is_known(region := postcodes.without(ends[0])):
        return region, ends[1]
    plain = _NOTE.sub("", part).strip()
    return (plain if _is_known(plain) else part,)


def is_code(letters: str) -> bool:
    """Whether letters that stand alone after a city are the code of a country, or of a state that is understood alone."""
    return letters in country_codes() or any(f"{each}-{letters}" in regions().by_code for each in BESIDE_COUNTRIES)


def tail(name: str) -> tuple[str, str] | None:
    """A city's folded name and the country or region that is written behind it without a comma, if any: `toronto canada`."""
    words = name.split()
    for start in range(max(1, len(words) - MAX_WORDS), len(words)):
        head, area = " ".join(words[:start]), " ".join(words[start:])
        is_phrase = words[start - 1] in _JOINING or words[start] in _OF or head in _NO_NAMES
        is_abbreviation = "." in area and bare(area) in country_codes() and area not in _WITH_POINTS
        if not is_phrase and not is_abbreviation and _is_known(area):
            return head, area
    return None


def is_short_code(letters: str) -> bool:
    return len(code := bare(letters)) == 2 and code in regions().short


def _is_known(name: str) -> bool:
    table = regions()
    return (
        country_code(name) is not None
        or region_name(name) in table.named
        or bare(name) in table.short
        or name in table.by_code
    )


@lru_cache(maxsize=4096)
def canonical(parts: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Area, ...]]:
    """The parts in the spelling that all share, which is its own canonical spelling, and what these may mean."""
    for _ in range(MAX_ROUNDS):
        spelled = tuple(dict.fromkeys(_spelled(parts, _meanings(parts))))
        if spelled == parts:
            break
        parts = spelled
    meant = _meanings(parts)
    return parts, (*meant, *_guesses(parts, meant))


def _spelled(parts: tuple[str, ...], meant: Sequence[Area]) -> tuple[str, ...]:
    if any(_guesses(parts, meant)):
        return (country_code(parts[0]) or bare(parts[0]),)
    if len(meant) == 1 and meant[0].country:
        [area] = meant
        return (*area.others, *(_label(codes, area.country) for codes in area.regions), area.country)
    return tuple(country_code(part) or part for part in parts)


def _meanings(parts: tuple[str, ...]) -> tuple[Area, ...]:
    """What the parts after a city's name may mean: of the countries in which most of them make sense, one area each."""
    areas = dict.fromkeys(_area(country, parts) for part in parts for country in _countries(part))
    oddities = {area: _oddity(area, parts) for area in areas}
    least = min(oddities.values(), default=None)
    meant = tuple(area for area in areas if oddities[area] == least)
    return meant or ((Area(country="", others=parts),) if parts else ())


def _guesses(parts: Sequence[str], meant: Sequence[Area]) -> Iterator[Area]:
    """What one name or code may mean beside what it usually does: a region of another country, or what is `BEYOND` one."""
    if len(parts) != 1:
        return
    known, letters, table = {area.country for area in meant if area.country}, bare(parts[0]), regions()
    for code in dict.fromkeys((*table.short.get(letters, ()), *table.namesakes.get(letters, ()), *BEYOND.get(letters, ()))):
        country, _, region = code.partition("-")
        if country not in known:
            yield Area(country=country, is_guess=True, regions=((code,),) if region else ())


def _countries(part: str) -> Iterator[str]:
    """The countries that a part may name, or a region of."""
    table, country = regions(), country_code(part)
    if country is not None:
        yield country
        yield from (each for each, territories in TERRITORIES.items() if country in territories)
        if country in NAMESAKES:
            yield NAMESAKES[country].partition("-")[0]
    else:
        yield from (code.partition("-")[0] for code in table.named.get(region_name(part), ()))
        if part in table.by_code:
            yield part.partition("-")[0]
    for each in BESIDE_COUNTRIES if country is not None else (*BESIDE_COUNTRIES, *AFTER_COUNTRIES):
        if f"{each}-{bare(part)}" in table.by_code:
            yield each


def _area(country: str, parts: Sequence[str]) -> Area:
    """What the parts mean in a country; those that mean nothing there are `others`."""
    within, is_named, inner, others = country, False, list[tuple[str, ...]](), list[str]()
    for part in parts:
        named = country_code(part)
        if named is not None and (named == country or named in TERRITORIES.get(country, ())):
            within, is_named = within if named == country else named, True
        elif codes := _regions(country, part):
            inner.append(codes)
        else:
            others.append(part)
    return Area(country=within, is_named=is_named, regions=tuple(dict.fromkeys(inner)), others=tuple(others))


def _oddity(area: Area, parts: Sequence[str]) -> tuple[int, int, bool]:
    """How little an area has of what is usual: that it explains all parts, has one region, and that the last part names it.

    Several regions are usual with the name of their country.
    """
    is_last = len(parts) == 1 or bool(area.others) or country_code(parts[-1]) == area.country
    return len(area.others), 0 if area.is_named else max(0, len(area.regions) - 1), not is_last


def _regions(country: str, part: str) -> tuple[str, ...]:
    """The regions of a country that a part names."""
    table = regions()
    for code in (part, f"{country}-{bare(part)}", NAMESAKES.get(country_code(part) or "", "")):
        if code in table.by_code and code.startswith(f"{country}-"):
            return (code,)
    return _of_name(country, region_name(part))


def _of_name(country: str, name: str) -> tuple[str, ...]:
    known = (*regions().named.get(name, ()), *regions().short.get(name, ()))
    return tuple(code for code in known if code.startswith(f"{country}-"))


def _label(codes: tuple[str, ...], country: str) -> str:
    """What means these regions when it stands before their country: a short code with a letter, a name, or a whole code."""
    region = regions().by_code[codes[0]]
    short = region.code.partition("-")[2]
    labels = (short, *region.names) if any(map(str.isalpha, short)) else region.names
    area = Area(country=country, is_named=True, regions=(codes,))
    return next((label for label in labels if _meanings((label, country)) == (area,)), region.code)
