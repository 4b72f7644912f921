"""Where a value is in JSON: dotted paths such as `data.items.0.id`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MAX_INDEX_DIGITS = 9


def at(content: Any, path: str, missing: Any = None) -> Any:
    """What is at a dotted path in JSON, `missing` where there is nothing; "" is all of it.

    A number is a position in a list, `-1` the last one. A name with dots of its own, such as `@odata.nextLink`, is found.
    """
    if isinstance(content, dict) and path in content:  # most paths are one name
        return content[path]
    names = path.split(".") if path else []
    while names:
        if isinstance(content, Mapping):
            length = _name(content, names)
            if length == 0:
                return missing
            content = content[".".join(names[:length])]
            names = names[length:]
        elif isinstance(content, list) and (position := _position(names[0], len(content))) is not None:
            content = content[position]
            names = names[1:]
        else:
            return missing
    return content


def _name(content: Mapping[str, Any], names: Sequence[str]) -> int:
    """How many of these names are one in this object, 0 if none; a value with nothing in it ends a path."""
    if names[0] in content and (len(names) == 1 or isinstance(content[names[0]], Mapping | list)):
        return 1
    return next((length for length in range(len(names), 1, -1) if ".".join(names[:length]) in content), 0)


def _position(name: str, length: int) -> int | None:
    digits = name.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_INDEX_DIGITS):
        return None
    position = int(name) + (length if name.startswith("-") else 0)
    return position if 0 <= position < length else None
