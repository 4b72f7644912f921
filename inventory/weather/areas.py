"""What stands after the comma of a city: countries and regions, by code and by name, and what they may mean together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
MAX_ROUNDS = 4
"""A second round changes hardly any spelling, a third one none that is known."""
_KIND_OF_STATE = re.compile(
    r"^.*\b(republic|kingdom|states?|federation|commonwealth|principality|duchy|sultanate|emirate|union) of (the )?"
)

_IN_BRACKETS = re.compile(r"([^(),]+)\(([^(),]+)\)((?:,.*)?)")
_POSTCODE = re.compile(r"^([a-z]{1,2}-)?\d{4,5} (?=[^\W\d])|(?<=[^\W\d]) \d{5}(-\d{4})?$")
_ONLY_POSTCODE = re.compile(r"\d[\d -]{2,8}\d|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d")
_DIVIDED = re.compile(r"([^,]+?)(?: - | ?[;|] ?|/)([^,;|/]+)")


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
    return codes.get(plain) or codes.get(_KIND_OF_STATE.sub("", plain))


def split(text: str) -> list[str]:
    """The folded parts between commas, without empty and repeated ones and continents; `Korea, Republic of` is one.

    An area may also be in brackets, and a country or a region's code after another divider. Postcodes are left out.
    """
    if (found := _IN_BRACKETS.fullmatch(text)) and (_is_known(found[2]) or _is_short_code(found[2])):
        text = f"{found[1]},{found[2]}{found[3]}"
    elif (found := _DIVIDED.fullmatch(text)) and (country_code(found[2]) or _is_short_code(found[2])):
        text = f"{found[1]},{found[2]}"
    name, *given = [_POSTCODE.sub("", part) for part in map(str.strip, text.split(",")) if part] or [""]
    parts = [part for part in given if not _ONLY_POSTCODE.fullmatch(part)]
    for start in range(-1, len(parts) - 1):
        tail = parts[start:] if start >= 0 else [name, *parts]
        if len(tail) > 1 and (code := country_codes().get(bare(" ".join(tail)))) is not None:
            parts = [*parts[: max(start, 0)], code]
            break
    return [name, *dict.fromkeys(part for part in parts if part not in CONTINENTS)]


def is_code(letters: str) -> bool:
    """Whether letters that stand alone after a city are the code of a country, or of a state that is understood alone."""
    return letters in country_codes() or any(f"{each}-{letters}" in regions().by_code for each in BESIDE_COUNTRIES)


def _is_short_code(letters: str) -> bool:
    return len(letters) == 2 and letters in regions().short


def _is_known(name: str) -> bool:
    return country_code(name) is not None or region_name(name) in regions().named or name in regions().by_code


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
    """What a code may mean that is none of the usual ones: a region of another country."""
    known = {area.country for area in meant if area.country}
    for code in regions().short.get(bare(parts[0]), ()) if len(parts) == 1 else ():
        if (country := code.partition("-")[0]) not in known:
            yield Area(country=country, is_guess=True, regions=((code,),))


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
    return tuple(code for code in regions().named.get(name, ()) if code.startswith(f"{country}-"))


def _label(codes: tuple[str, ...], country: str) -> str:
    """What means these regions when it stands before their country: a short code with a letter, a name, or a whole code."""
    region = regions().by_code[codes[0]]
    short = region.code.partition("-")[2]
    labels = (short, *region.names) if any(map(str.isalpha, short)) else region.names
    area = Area(country=country, is_named=True, regions=(codes,))
    return next((label for label in labels if _meanings((label, country)) == (area,)), region.code)
