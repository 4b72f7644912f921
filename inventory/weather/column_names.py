"""Names of a table's columns as they are compared: in any style of writing, and without what is before and after them."""

from __future__ import annotations

import re
from functools import lru_cache

from inventory.weather.spelling import bare

MAX_NAME = 200
"""Characters of a column's name that are looked at."""
PREFIXES = re.compile(
    r"(?:(?:default|primary|billing|shipping|mailing|delivery|other|home|work|business|postal|permanent|current|ship to"
    r"|bill to|customer|client|contact|company|account|organi[sz]ation|org|hq|headquarters|office|branch|store|shop|site"
    r"|venue|event|hotel|warehouse|supplier|vendor|user|person|lead|residence|sender|recipient|origin|destination|from|to"
    r"|pickup|address|addr|location|geo|properties|fields|attributes|record|item|node|source|data)[ ])+"
)
"""Words that say whose or which address a column is part of, or in which object it is."""
_NEUTRAL = frozenset(
    ("address", "addr", "location", "geo", "properties", "fields", "attributes", "record", "item", "node", "source", "data")
)
"""Those that say of nobody's: they may be before one column of a row and not before another."""
_NOTE = re.compile(r"(?<=\S)\s*(?:\([^()]*\)|\[[^][]*\])|[*†‡§¹²³]+\s*$")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_AFTER = re.compile(r"(?<=\w) (?:en|eng|english|label)$")


def plain(name: str) -> str:
    """The name as lists of names have it: `State / Province`, `stateProvince` and `STATE_PROVINCE[a]` are one."""
    words = bare(_HUMP.sub(" ", _NOTE.sub("", name.strip()[:MAX_NAME])).replace(".", " "))
    return _AFTER.sub("", words)


@lru_cache(maxsize=1024)
def spelled(name: str) -> tuple[str, str]:
    """What is before the name and says whose address it is of, such as `billing`, and the name; a `… city` is a city."""
    text = plain(name)
    found = PREFIXES.match(text)
    prefix = " ".join(word for word in found[0].split() if word not in _NEUTRAL) if found else ""
    rest = text[found.end() :] if found else text
    before, _, last = rest.rpartition(" ")
    if before and last == "city" and len(before.split()) == 1 and before not in ("is", "in", "has", "near", "per"):
        return f"{prefix} {before}".strip(), last
    return prefix, rest
