"""Prices as feeds write them, exactly: JSON numbers, texts such as `12.50`, and texts for people such as `1.234,56 €`."""

from __future__ import annotations

import html
import re
import unicodedata
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

from inventory.products.currencies import CODES, DOT_GROUPS, THREE_DECIMALS, currency_of

MAX_AMOUNT = 10**12
MAX_DECIMALS = 60
MAX_LENGTH = 80
"""Zeros after the point, and characters of an amount: one that has more is nobody's price."""
MAX_TEXT = 100
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
"""A number as machines write it, whose point is always the decimal one."""
_DIGITS = re.compile(r"[0-9](?:.*[0-9])?")
_NO_CENTS = re.compile(r"([.,:])\s?[-–—]{1,2}|/[-–—]")
"""`12,-`, `12:-` as in Sweden, and `12/-` as in India: a dash in place of the cents."""
_MINUS = ("-", "−", "–", "(")
_ARABIC = {**{base + n: str(n) for base in (0x660, 0x6F0) for n in range(10)}, 0x66B: ".", 0x66C: ","}
"""The digits of Arabic and Persian, and their separators of decimals and thousands."""
_DOT_GROUPS = frozenset({"kr", "fcfa", "cfa"})
"""Symbols of several currencies, in all of whose countries a dot separates thousands, if anything does."""
_GROUPED = re.compile(r"\d{1,3}(?:([.,'’ ])\d{3}(?:\1\d{3})*)?|\d{1,2}(?:,\d{2})+,\d{3}|\d*", re.ASCII)
"""Digits in groups of three, or as in India the last three and twos before them; or in one."""
_FRACTION = re.compile(r"\d+", re.ASCII)
_EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])


class Price(NamedTuple):
    """An exact amount, and the currency where its text has one."""

    amount: Decimal
    currency: str | None = None

    @property
    def text(self) -> str:
        """The amount in digits, without an exponent, with as many decimals as were sent."""
        return format(self.amount, "f")


def price_of(value: Any, *, decimal: str | None = None, scale: float = 1.0) -> Price:
    """The price that a JSON value is, in units of `scale`; `decimal` is the decimal separator of texts, if known.

    Raises `ValueError` for what is not an amount from 0 on, and for a text that can be read in two ways.
    """
    amount, currency = _of_text(value, decimal) if isinstance(value, str) else (_of_number(value), None)
    if scale != 1:
        amount = _scaled(amount, scale)
    if amount > MAX_AMOUNT:
        raise ValueError(f"Not a number up to {MAX_AMOUNT:,}: {_shown(value)}.")
    if amount < 0 or len(str(amount)) > MAX_LENGTH or amount.adjusted() < -MAX_DECIMALS:
        raise ValueError(f"Not a number from 0 on: {_shown(value)}.")
    return Price(amount.copy_abs(), currency)  # `abs` would round


def _of_number(value: Any) -> Decimal:
    if type(value) is Decimal and value.is_finite():  # most are
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"Not a number from 0 on: {_shown(value)}.")
    amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not amount.is_finite():
        raise ValueError(f"Not a number from 0 on: {_shown(value)}.")
    return amount


@lru_cache(maxsize=64)
def _factor(scale: float) -> Decimal:
    return Decimal(repr(scale)).normalize()


def _scaled(amount: Decimal, scale: float) -> Decimal:
    try:
        return _EXACT.multiply(amount, _factor(scale))
    except (Inexact, InvalidOperation) as error:
        raise ValueError(f"Not a number from 0 on: {str(amount)[:40]!r}.") from error


def _of_text(text: str, decimal: str | None) -> Price:
    bare = text.strip()
    if len(bare) > MAX_TEXT:
        raise ValueError(f"Not a number from 0 on: {_shown(text)}.")
    if decimal != "," and _PLAIN.fullmatch(bare):
        return Price(Decimal(bare))
    if "&" in bare:
        bare = html.unescape(bare).strip()
    if not bare.isascii():
        bare = _simple(bare)
    found = _DIGITS.search(bare)
    if found is None:
        raise ValueError(f"Not a number from 0 on: {_shown(text)}.")
    before, number, after = bare[: found.start()].strip(), found[0], bare[found.end() :].strip()
    try:
        before, number = _leading_point(before, number)
        if before.startswith(_MINUS) or before.endswith(_MINUS):
            raise ValueError("it is less than 0")
        without_cents = _NO_CENTS.search(after)
        if without_cents is not None:
            after, decimal = _NO_CENTS.sub("", after, count=1), decimal or without_cents[1] or "."
        before, after = before.removeprefix("+").strip(" :"), after.strip(" .,*")  # `*` is of a footnote
        currency = _currency(before, after)
        groups = currency in DOT_GROUPS or not _DOT_GROUPS.isdisjoint(side.lower().rstrip(".") for side in (before, after))
        is_money = bool(before or after)
        separator = decimal or _decimal_separator(number, currency, is_money=is_money, dot_groups=groups)
        return Price(_amount(number, separator), currency)
    except ValueError as error:
        raise ValueError(f"Not a price: {_shown(text)}, because {error}.") from error


def _simple(text: str) -> str:
    """The text with ASCII digits, without narrow spaces between groups, nor marks of the direction of writing."""
    text = unicodedata.normalize("NFKC", text.replace("´", "'")).translate(_ARABIC)
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()


def _leading_point(before: str, number: str) -> tuple[str, str]:
    """A point before the first digit belongs to the number (`$.99`), unless it ends the currency (`Rs.500`)."""
    if before[-1:] in (".", ",") and len(before[:-1].strip()) < 2:
        return before[:-1].strip(), before[-1] + number
    return before, number


def _currency(before: str, after: str) -> str | None:
    """The currency of an amount from what stands on its two sides; a code goes before a symbol (`$12 CAD`)."""
    if not (before and after):
        return currency_of(before or after) if before or after else None
    first, last = currency_of(before), currency_of(after)
    if first == last or before in CODES or last is None:
        return _agreed(first, last) if before in CODES and after in CODES else first
    if after in CODES or first is None:
        return last
    raise ValueError("it has two currencies")


def _agreed(first: str | None, last: str | None) -> str | None:
    if first != last:
        raise ValueError("it has two currencies")
    return first


def _amount(number: str, separator: str | None) -> Decimal:
    """The amount of digits with separators, of which one may be the decimal one; `ValueError` says why they are none."""
    whole, point, fraction = number.rpartition(separator) if separator and separator in number else (number, "", "")
    grouped = _GROUPED.fullmatch(whole)
    if grouped is None or (point and grouped[1] == point) or (point and not _FRACTION.fullmatch(fraction)):
        raise ValueError("its digits are not one number")
    digits = re.sub(r"\D", "", whole, flags=re.ASCII)
    return Decimal(f"{digits or 0}.{fraction}" if point else digits)


def _decimal_separator(number: str, currency: str | None, *, is_money: bool, dot_groups: bool) -> str | None:
    """Which separator is the decimal one, None if none is; `ValueError` if nobody can tell."""
    used = [sign for sign in ".," if sign in number]
    if not used:
        return None
    if len(used) == 2:
        return max(used, key=number.rindex)
    [sign] = used
    lead, _, rest = number.partition(sign)
    if sign in rest:
        return None
    if len(rest) != 3 or not lead.isdigit() or len(lead) > 3 or lead.startswith("0"):
        return sign
    if is_money and currency not in THREE_DECIMALS and (sign == "," or dot_groups):
        return None  # `1,234 USD`: most money has two decimals
    if currency in THREE_DECIMALS and sign == ".":
        return sign
    whole, parts = number.replace(sign, ""), number.replace(sign, ".")
    raise ValueError(f"it may be {whole} or {parts}: say decimal: '.' or decimal: ',' for this field of the feed")


def _shown(value: Any) -> str:
    return repr(str(value)[:40]) if isinstance(value, str | int | float | Decimal) else "a list or an object"
