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
MAX_ROUNDS = 4
"""A second round changes hardly any spelling, a third one none that is known."""
_KIND_OF_STATE = re.compile(
    r"^.*\b(republic|kingdom|states?|federation|commonwealth|principality|duchy|sultanate|emirate|union) of (the )?"
)
_CUT_SHORT = {"rep": "republic", "dem": "democratic", "fed": "federated", "is": "islands"}
NOTE = re.compile(r"\s*\([^()]*\)")


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
    forms = (plain, _KIND_OF_STATE.sub("", plain), whole, _KIND_OF_STATE.sub("", whole), bare(NOTE.sub("", name)))
    return next((codes[form] for form in forms if form in codes), None)


def is_known(name: str) -> bool:
    """Whether a folded name or code is that of a country or region."""
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
