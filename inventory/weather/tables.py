"""The tables beside this file, each read once, when it is first needed."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def country_codes() -> Mapping[str, str]:
    """ISO 3166-1 codes (alpha-2, lower case) by a country's English names; `xk` is the one that maps use for Kosovo."""
    return {name: code for code, *names in _rows("countries.csv") for name in names}


@cache
def conditions() -> Mapping[int, str]:
    """The weather codes of the World Meteorological Organization (code table 4677) that Open-Meteo answers, in words."""
    return {int(code): words for code, words in _rows("conditions.csv")}


def _rows(name: str) -> list[list[str]]:
    return list(csv.reader(Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()))
