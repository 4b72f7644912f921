"""Lists of cities in text: the city in a line, without what lists write around it."""

from __future__ import annotations

import re

from inventory.errors import InvalidRequest
from inventory.weather.cities import City

_BULLET = re.compile(r"(?:[-*+–—>]|\d{1,4}[.):])\s+|[•‣◦▪●·]\s*")
_COMMENT = re.compile(r"\s(?:#|//).*", re.DOTALL)
_QUOTES = ('""', "''", "``", "“”", "„“", "‘’", "«»")


def in_text(line: str) -> str:
    """The city, with the cells after it that have letters after commas: `1<tab>"Paris"<tab>FR # capital` is `Paris, FR`."""
    text = _COMMENT.sub("", line.strip())
    begin = bullet.end() if (bullet := _BULLET.match(text)) else 0
    first, *others = [_unquoted(cell) for cell in text[begin:].split("\t")]
    cells = [cell for cell in others if any(map(str.isalpha, cell))]
    if any(map(str.isalpha, first)) or not cells:
        cells = [first, *cells]
    return ", ".join(cells) or line.strip()


def is_placed(line: str) -> bool:
    """Whether a line is a city with a known region or country: `Paris,FR`, which needs no header above it."""
    try:
        city = City.read(in_text(line))
    except InvalidRequest:
        return False
    return any(area.country and not area.others for area in city.areas)


def _unquoted(text: str) -> str:
    text = text.strip().rstrip(",;").rstrip()
    is_quoted = len(text) > 1 and text[0] + text[-1] in _QUOTES and text[0] not in text[1:-1]
    return text[1:-1].strip() if is_quoted else text
