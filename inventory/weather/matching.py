"""Which of the places that a provider found is the city that was asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum, IntEnum

from inventory.weather.areas import Area, country_code
from inventory.weather.cities import City
from inventory.weather.readings import MAX_TEXT, Document, people, text, text_or_none
from inventory.weather.spelling import bare, folded, forms, is_cut_short, region_name
from inventory.weather.tables import regions

ADMINISTRATIVE = ("admin1", "admin2", "admin3", "admin4")
NEEDED = ("name", "latitude", "longitude")
MUCH_MORE = 10
"""How many times as many people as the places of the exact name a place of another name has that is meant."""
TOWN = 1_000
"""People of a place that is more than a hamlet."""


class NameMatch(Enum):
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
    """In the region around the one that was asked for."""
    YES = 3


Found = tuple[NameMatch, Fit, Document]
"""A place, how its name is like the city's, and how surely it is there."""


def candidates(city: City, results: Sequence[Document]) -> Sequence[Document]:
    """The results that may be meant, the most populous first: in the area, populated if any of them is, and of that name.

    A provider also finds what only begins with a name (Bathinda for Bath), countries, islands and mountains (GeoNames'
    `feature_code`), and former names. Its first result may have another name in English (Vienna for Wien): a hamlet of the
    exact name must not beat it. A place whose region cannot be verified is meant only if there is no other one.
    """
    usable = [each for each in results if None not in (each.get(member) for member in NEEDED)] or results
    sure = [area for area in city.areas if not area.is_guess]
    meant = _in_areas(city, sure, usable)
    if len(sure) < len(city.areas) and not any(like is not NameMatch.BEGINNING for like, _, _ in meant):
        guessed = _in_areas(city, [area for area in city.areas if area.is_guess], usable)
        meant = [each for each in guessed if each[0] is not NameMatch.BEGINNING and each[1] is not Fit.UNVERIFIED] or meant
    best = max((fit for _, fit, _ in meant), default=Fit.NO)
    places = [place for _, fit, place in meant if fit is best]
    if best is Fit.UNVERIFIED and len(places) > 1:
        return []
    return sorted(places, key=_people, reverse=True)


def is_named(city: City, place: Document) -> bool:
    """Whether a place has the name of the city, in English or another language, and not only one that begins like it."""
    return _name_match(city.name, text(place, "name")) is not NameMatch.BEGINNING


def _in_areas(city: City, areas: Sequence[Area], results: Sequence[Document]) -> Sequence[Found]:
    """The places in some areas, populated if any of them is, and of the city's name."""
    fits = [(_fit(areas, each), each) for each in results]
    there = [found for found in fits if found[0] is not Fit.NO]
    populated = [found for found in there if str(found[1].get("feature_code", "PPL")).startswith("PPL")]
    found = [(_name_match(city.name, text(place, "name")), fit, place) for fit, place in populated or there]
    return _of_name(_likely(found), is_placed=bool(areas))


def _likely(found: Sequence[Found]) -> Sequence[Found]:
    """Without those that the name only begins, unless one comes first (Prague for Prag) or is much more populous."""
    most = max((_people(place) for like, _, place in found if like is not NameMatch.BEGINNING), default=None)
    if most is None:
        return found
    return [
        each
        for number, each in enumerate(found)
        if number == 0 or each[0] is not NameMatch.BEGINNING or _people(each[2]) > MUCH_MORE * most
    ]


def _of_name(likely: Sequence[Found], *, is_placed: bool) -> Sequence[Found]:
    """Those of the exact name, if there are any and the first one is; else with those that are much more populous.

    A place of another name is not meant if a town has the exact name and the city `is_placed` in an area.
    """
    most = max((_people(place) for like, _, place in likely if like is NameMatch.EXACT), default=None)
    if most is None:
        return likely
    enough = dict.fromkeys(NameMatch, math.inf if likely[0][0] is NameMatch.EXACT else MUCH_MORE * most)
    if is_placed and most >= TOWN:
        enough[NameMatch.OTHER] = math.inf
    return [each for each in likely if each[0] is NameMatch.EXACT or _people(each[2]) > enough[each[0]]]


def _name_match(asked: str, found: str) -> NameMatch:
    name, spelled = bare(asked), forms(found)
    if name in spelled or is_cut_short(asked, found):
        return NameMatch.EXACT
    if any(each.startswith(f"{name} ") for each in spelled):
        return NameMatch.FIRST_WORDS
    return NameMatch.BEGINNING if any(each.startswith(name) for each in spelled) else NameMatch.OTHER


def _people(place: Document) -> int:
    return people(place, "population") or 0


def _fit(areas: Sequence[Area], place: Document) -> Fit:
    """How surely a place is in one of the areas; everything is in no area at all."""
    if not areas:
        return Fit.YES
    code, country = folded(text_or_none(place, "country_code") or ""), text_or_none(place, "country") or ""
    code = code or country_code(country) or ""
    inner = [name[:MAX_TEXT] for each in ADMINISTRATIVE if isinstance(name := place.get(each), str)]
    names = frozenset(each for name in inner for form in forms(name) for each in (form, region_name(form)))
    return max(_fit_in(area, code, bare(country), names) for area in areas)


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
