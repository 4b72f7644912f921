"""The tables beside this file, each read once, when it is first needed; `tools/weather_tables.py` makes the long ones."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region of a country: its bare names, the first one English, and the code of the region around it, if any."""

    code: str
    names: Sequence[str]
    within: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """The regions of all countries by ISO 3166-2 code in lower case (`us-tx`).

    Their codes by bare name; by an abbreviation of two letters, or what follows the country's code if that is two or three
    letters (`tx`); and by the code of a country whose name they share.
    """

    by_code: Mapping[str, Region]
    named: Mapping[str, Sequence[str]]
    short: Mapping[str, Sequence[str]]
    namesakes: Mapping[str, Sequence[str]]


@cache
def country_codes() -> Mapping[str, str]:
    """ISO 3166-1 codes (alpha-2, lower case) by themselves, by alpha-3, and by a country's bare names.

    `xk` is the code that maps use for Kosovo.
    """
    rows = _rows("countries.csv")
    return {name: code for code, *names in rows for name in names} | {code: code for code, *_ in rows}


@cache
def regions() -> Regions:
    """The regions of ISO 3166-2, but for those that have an ISO 3166-1 code too."""
    by_code, named, short = dict[str, Region](), defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for code, within, *names in _rows("regions.csv"):
        by_code[code] = Region(code=code, names=names, within=within)
        for name in names:
            (short if len(name) == 2 and name.isascii() else named)[name].append(code)
        if len(letters := code.partition("-")[2]) > 1 and letters.isalpha():
            short[letters].append(code)
    namesakes = defaultdict[str, list[str]](list)
    for name, country in country_codes().items():
        namesakes[country] += named.get(name, ())
    return Regions(by_code=by_code, named=dict(named), short=dict(short), namesakes=dict(namesakes))


@cache
def conditions() -> Mapping[int, str]:
    """The weather codes of the World Meteorological Organization (code table 4677) that Open-Meteo answers, in words."""
    return {int(code): words for code, words in _rows("conditions.csv")}


def _rows(name: str) -> list[list[str]]:
    return list(csv.reader(Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()))
