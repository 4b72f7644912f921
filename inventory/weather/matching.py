"""Which of the places that a provider found is the city that was asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum, IntEnum

from inventory.weather.areas import Area, country_code
from inventory.weather.cities import City
from inventory.weather.readings import MAX_TEXT, Document, people, text, text_or_none
from inventory.weather.spelling import bare, folded, region_name, spellings
from inventory.weather.tables import regions

ADMINISTRATIVE = ("admin1", "admin2", "admin3", "admin4")
NEEDED = ("name", "latitude", "longitude")
MUCH_MORE = 10
"""How many times as many people as the places of the exact name a place of another name has that is meant."""
TOWN = 1_000
"""People of a place that is more than a hamlet."""


class Likeness(Enum):
    """How the name of a place is like the one that was asked for."""

    EXACT = "exact"
    FIRST_WORDS = "first words"
    BEGINNING = "beginning"
    OTHER = "other"
    """It has that name in another language."""


class Fit(IntEnum):
    """How surely a place is in an area."""

    NO = 0
    UNVERIFIED = 1
    """In the country, but the provider names its region as no table does, or not at all."""
    LIKELY = 2
    """In the region around the one that was asked for, or in an area that was guessed."""
    YES = 3


def candidates(city: City, results: Sequence[Document]) -> Sequence[Document]:
    """The results that may be meant, the most populous first: in the area, populated if any of them is, and of that name.

    A provider also finds what only begins with a name (Bathinda for Bath), countries, islands and mountains (GeoNames'
    `feature_code`), and former names. Its first result may have another name in English (Vienna for Wien): a hamlet of the
    exact name must not beat it. A place whose region cannot be verified is meant only if there is no other one.
    """
    usable = [each for each in results if None not in (each.get(member) for member in NEEDED)]
    fits = [(_fit(city, each), each) for each in usable or results]
    there = [found for found in fits if found[0] is not Fit.NO]
    populated = [found for found in there if str(found[1].get("feature_code", "PPL")).startswith("PPL")]
    named = _of_name(bare(city.name), populated or there, is_placed=bool(city.areas))
    best = max((fit for fit, _ in named), default=Fit.NO)
    meant = [place for fit, place in named if fit is best]
    if best is Fit.UNVERIFIED and len(meant) > 1:
        return []
    return sorted(meant, key=_people, reverse=True)


def _of_name(name: str, found: Sequence[tuple[Fit, Document]], *, is_placed: bool) -> Sequence[tuple[Fit, Document]]:
    """Those of the exact name, if there are any and the first one is; else with those that are much more populous.

    What a name only begins is not meant, unless it goes on with a further word (Frankfurt am Main) or nothing else is found.
    A place of another name is not meant if a town has the exact name and the city `is_placed` in an area.
    """
    likeness = [(_likeness(name, text(place, "name")), fit, place) for fit, place in found]
    likely = [each for each in likeness if each[0] is not Likeness.BEGINNING] or likeness
    most = max((_people(place) for like, _, place in likely if like is Likeness.EXACT), default=None)
    if most is not None:
        enough = dict.fromkeys(Likeness, math.inf if likely[0][0] is Likeness.EXACT else MUCH_MORE * most)
        if is_placed and most >= TOWN:
            enough[Likeness.OTHER] = math.inf
        likely = [each for each in likely if each[0] is Likeness.EXACT or _people(each[2]) > enough[each[0]]]
    return [(fit, place) for _, fit, place in likely]


def _likeness(name: str, found: str) -> Likeness:
    spelled = spellings(found)
    if name in spelled:
        return Likeness.EXACT
    if any(each.startswith(f"{name} ") for each in spelled):
        return Likeness.FIRST_WORDS
    return Likeness.BEGINNING if any(each.startswith(name) for each in spelled) else Likeness.OTHER


def _people(place: Document) -> int:
    return people(place, "population") or 0


def _fit(city: City, place: Document) -> Fit:
    """How surely a place is in one of the areas of a city; everything is in no area at all."""
    if not city.areas:
        return Fit.YES
    code, country = folded(text_or_none(place, "country_code") or ""), text_or_none(place, "country") or ""
    code = code or country_code(country) or ""
    inner = [name[:MAX_TEXT] for each in ADMINISTRATIVE if isinstance(name := place.get(each), str)]
    names = frozenset(each for name in inner for each in (bare(name), region_name(name)))
    fits = ((_fit_in(area, code, bare(country), names), area) for area in city.areas)
    return max(min(fit, Fit.LIKELY) if area.is_guess else fit for fit, area in fits)


def _fit_in(area: Area, code: str, country: str, names: frozenset[str]) -> Fit:
    if not area.country:
        known = {code, country, *names}
        return Fit.YES if all({folded(each), bare(each), region_name(each)} & known for each in area.others) else Fit.NO
    if code != area.country:
        return Fit.NO
    others = [Fit.YES if {bare(each), region_name(each)} & names else Fit.UNVERIFIED for each in area.others]
    return min([Fit.YES, *others, *(_fit_in_region(code, codes, names) for codes in area.regions)])


def _fit_in_region(country: str, codes: Sequence[str], names: frozenset[str]) -> Fit:
    """How surely a place with these names of regions around it is in one of the regions of its country."""
    table = regions()
    asked = [table.by_code[code] for code in codes]
    if any(names.intersection((*region.names, bare(region.code), region.code.partition("-")[2])) for region in asked):
        return Fit.YES
    if any(names.intersection(table.by_code[region.within].names) for region in asked if region.within in table.by_code):
        return Fit.LIKELY
    known = any(code.startswith(f"{country}-") for name in names for code in table.named.get(name, ()))
    return Fit.NO if known else Fit.UNVERIFIED
