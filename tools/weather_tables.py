"""Makes `countries.csv` and `regions.csv` of `inventory/weather/` from published tables.

    pip install babel==2.19.0 countryinfo==1.0.1 iso3166==3.0.0 iso3166-2==1.8.4
    npm pack cldr-subdivisions-full@48.2.0 && tar xzf cldr-subdivisions-full-48.2.0.tgz
    python -m tools.weather_tables package/subdivisions/en/en.json

Names of countries: Unicode CLDR (by babel), ISO 3166-1 (by iso3166), native ones (by countryinfo), and those of `names.csv`.
Names of regions: ISO 3166-2 (by iso3166-2), Unicode CLDR in English, which weather providers are close to, and `names.csv`.
No row of the tables is written by hand: what they lack is added to `names.csv`.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import countryinfo
import iso3166
import iso3166_2
from babel import Locale, localedata
from babel.languages import get_official_languages

from inventory.weather.areas import TERRITORIES
from inventory.weather.spelling import bare, region_name, spellings

TABLES = Path("inventory/weather")
LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "is", "et", "lv", "lt", "pl", "cs", "sk", "sl",
    "hr", "sr", "bg", "ro", "hu", "el", "tr", "ru", "uk", "ar", "he", "fa", "hi", "zh", "zh_Hant", "ja", "ko", "vi",
    "id", "ms", "th",
)  # fmt: skip
"""Languages in which lists name all countries. Others are used for the countries where they are official."""
OTHERS: Mapping[str, list[str]] = {
    code: names for code, *names in csv.reader(Path(__file__).with_name("names.csv").open(encoding="utf-8"))
}
"""Names that lists write and no table has, by ISO code: abbreviations, former names, those of the World Bank."""
KIND = re.compile(r"\s*\((\w+)\)$")
NOTE = re.compile(r"\s*\[.*?\]|\s*\(.*?\)")
IN_BRACKETS = re.compile(r"\[(.*?)\]")
MIN_NAME = 3
"""Characters of a published name of a region; what is shorter is a code that only its country knows."""
RENUMBERED = re.compile(r"IR-\d+|MA-\d+")
"""Codes that ISO 3166-2 has given to other regions since Unicode CLDR named them."""


def countries() -> Iterator[list[str]]:
    """The codes (alpha-2), each with alpha-3 and names; a name of two countries is that of its English one."""
    codes = {each.alpha2.lower(): each for each in iso3166.countries}
    english = _english_names(codes)
    names_of = defaultdict[str, list[str]](list)
    for name, code in english.items():
        names_of[code].append(name)
    foreign = defaultdict[str, set[str]](set)
    for code, name in (*_territories(codes), *_native_names()):
        foreign[name].add(code)
    for name, where in sorted(foreign.items()):
        if len(where) == 1 and where <= codes.keys() and name not in english and name not in codes:
            names_of[next(iter(where))].append(name)
    return ([code, *names_of[code]] for code in sorted(names_of))


def _english_names(codes: Mapping[str, Any]) -> Mapping[str, str]:
    """The codes by name: those of `names.csv` first, alpha-3, and those in English."""
    found: dict[str, str] = {}
    for code, names in OTHERS.items():
        if "-" not in code:
            found |= {each: code for name in names for each in sorted(spellings(name))}
    for code, country in codes.items():
        english = Locale("en").territories[code.upper()]
        for name in (country.alpha3, country.name, country.apolitical_name, english):
            found |= {each: code for each in _spellings(name) if each not in found}
    return found


def _territories(codes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The codes, each with a bare name of the Unicode CLDR."""
    for code in codes:
        for language in {*LANGUAGES, *get_official_languages(code.upper(), regional=True, de_facto=True)}:
            if localedata.exists(language):
                name = Locale.parse(language).territories.get(code.upper(), "")
                yield from ((code, each) for each in _spellings(name))


def _native_names() -> Iterator[tuple[str, str]]:
    """The codes of countries, each with a bare name in its own languages or in some others."""
    for path in sorted((Path(countryinfo.__file__).parent / "data").glob("*.json")):
        country = json.loads(path.read_text(encoding="utf-8"))
        names = [country.get("nativeName"), *country.get("altSpellings", ()), *country.get("translations", {}).values()]
        code = country["ISO"]["alpha2"].lower()
        yield from ((code, bare(name)) for name in names if name and len(name) > MIN_NAME)


def _spellings(name: str) -> Iterator[str]:
    """A name; and without what is in brackets, and without "SAR China"."""
    for form in (name, NOTE.sub("", name), name.replace(" SAR China", "")):
        yield from sorted(each for each in spellings(form) if len(each) > 1)


def regions(english: Mapping[str, str]) -> Iterator[list[str]]:
    """The codes of regions, each with that of the region around it and with names; the first one is English."""
    published: Mapping[str, Mapping[str, Any]] = json.loads(
        Path(iso3166_2.__file__).with_name("iso3166-2.json").read_text(encoding="utf-8")
    )
    for country, inner in sorted(published.items()):
        for code, region in sorted(inner.items()):
            if code[3:].lower() in TERRITORIES.get(country.lower(), ()):
                continue  # a territory with an ISO 3166-1 code of its own, under which providers list its cities
            names = ["" if RENUMBERED.fullmatch(code) else english.get(code.replace("-", "").lower(), ""), region["name"]]
            names += _others(region["localOtherName"] or "")
            names += [
                name.replace("aja", "aya").replace("ij", "iy") for name in names if country == "RU"
            ]  # in another romanization
            forms = (form for name in names for turned in (name, *_turned(name)) for form in sorted(spellings(turned)))
            kept = dict.fromkeys(each for each in map(region_name, forms) if len(each) >= MIN_NAME or not each.isascii())
            kept |= dict.fromkeys(
                region_name(form) for name in OTHERS.get(code.lower(), ()) for form in sorted(spellings(name))
            )
            if kept:
                yield [code.lower(), (region["parentCode"] or "").lower(), *kept]


def _others(names: str) -> Iterator[str]:
    """Those in `Bavaria (eng), Freistaat Bayern (deu)` that are not English, where nicknames are among them."""
    for name in re.split(r",\s+(?![^()]*\))", names):
        if KIND.search(name) and not name.endswith("(eng)"):
            yield KIND.sub("", name)


def _turned(name: str) -> Iterator[str]:
    """The names in `Asturias, Principado de` and `Catalunya [Cataluña]`."""
    for plain in (NOTE.sub("", name), *IN_BRACKETS.findall(name)):
        first, _, article = plain.partition(", ")
        yield from (plain, first, f"{article} {first}") if article != "D.C." else ()


def _write(name: str, rows: Iterable[list[str]]) -> None:
    with (TABLES / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    [path] = sys.argv[1:]
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    _write("countries.csv", countries())
    _write("regions.csv", regions(document["subdivisions"]["localeDisplayNames"]["subdivisions"]))
