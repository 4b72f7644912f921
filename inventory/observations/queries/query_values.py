"""What stands after a field's name in a query, and words without a field, as conditions."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from unicodedata import normalize
from urllib.parse import quote

from inventory.errors import InvalidQuery
from inventory.observations import values
from inventory.observations.conditions import Condition, Everything, Has, OfName, Pattern, Wildcard, Word, any_of, matcher
from inventory.observations.field_names import Pieces
from inventory.observations.fields import Field, ValueType
from inventory.observations.queries import ranges

MIN_LITERAL = 3
"""Characters in a row that a pattern which begins with a wildcard needs: with these an index finds it."""
URL = Word("url", exact=True)

_AS_IN_URLS = "".join(map(chr, range(0x21, 0x7F))).translate(str.maketrans("", "", '"<>'))
"""Characters that URLs have as they are."""


def value(field: Field, pieces: Pieces, *, exact: bool, now: datetime, position: int) -> OfName:
    """The condition that a field has a value; `exact`: in the very spelling that is written."""
    if field.only_ranges:
        reason = f"{field.name} takes ranges only, such as {field.name}:>=1000 or {field.name}:[1000 TO 2000]."
        raise InvalidQuery(reason, position)
    if field.composed:
        pieces = [piece if isinstance(piece, Wildcard) else normalize("NFC", piece) for piece in pieces]
    written = matcher(pieces, exact=True)
    if isinstance(written, Pattern):
        _check_pattern(field, written, position)
        wanted = matcher(pieces, exact=exact or field.cased)
        wanted = replace(wanted, exact=exact or field.compared_exactly)
    elif exact:
        wanted = written
    elif field.value_type is ValueType.INSTANT:
        return ranges.during(values.or_invalid(position, values.period, written.text, now))
    else:
        text = values.or_invalid(position, values.canonical, field.value_type, written.text)
        wanted = matcher([text], exact=field.compared_exactly)
    return lambda name: Has(name, wanted)


def bare(pieces: Pieces, position: int) -> Condition:
    """The condition of a word without a field: it is a part of the URL, which has the host and its domain in it.

    Other characters than those of URLs are looked for as URLs have them: percent-encoded, or in the ASCII form of a host.
    """
    if list(pieces) == [Wildcard.ANY]:
        return Everything()
    encoded = [piece if isinstance(piece, Wildcard) else quote(piece, _AS_IN_URLS, errors="replace") for piece in pieces]
    spellings = [encoded]
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    if len(pieces) == 1 and not text.isascii():
        with suppress(ValueError):  # it is no host, but may be a part of a path
            spellings.append([values.host(text)])
    patterns = [matcher([Wildcard.ANY, *spelling, Wildcard.ANY], exact=False) for spelling in spellings]
    if any(len(literal) >= MIN_LITERAL for literal in getattr(patterns[0], "literals", ())):
        return any_of(Has(URL, pattern) for pattern in patterns)
    reason = f"A word without a field is looked for in URLs, and needs {MIN_LITERAL} characters in a row."
    raise InvalidQuery(f"{reason} Name a field, such as host:{text if text.isalnum() else '*.org'}", position)


def _check_pattern(field: Field, pattern: Pattern, position: int) -> None:
    literals = pattern.literals
    if field.value_type is ValueType.INSTANT:
        reason = "Instants take no wildcards. Write a day, a month or a year: 2026-01-31, 2026-01, 2026; or a range."
    elif field.value_type is ValueType.TRUTH:
        reason = f"{field.name} is true or false. Write one of them, or a single * for either."
    elif field.value_type is ValueType.NUMBER:
        if all(literal.isdecimal() and literal.isascii() for literal in literals):
            return
        reason = f"{field.name} is a number. Write digits, such as 5*, or a range such as [500 TO 599]."
    elif field.value_type is ValueType.HOST and not "".join(literals).isascii():
        reason = "Hosts are kept in ASCII. Write this pattern so, with the form that begins with xn--"
    elif not pattern.prefix and max(map(len, literals), default=0) < MIN_LITERAL:
        reason = (
            f"A value that begins with a wildcard needs {MIN_LITERAL} characters in a row after it. Write more of it, or a"
            " single * for any value."
        )
    else:
        return
    raise InvalidQuery(reason, position)
