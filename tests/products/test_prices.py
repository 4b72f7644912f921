"""Prices are read exactly, out of numbers and out of texts for people, or rejected with the reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.products.prices import price_of
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # numbers, with as many decimals as were sent
        (12, ("12", None)),
        (Decimal("12.50"), ("12.50", None)),
        (Decimal("0.1234567890123456789"), ("0.1234567890123456789", None)),
        (Decimal("19.989999999999998436805981327779591083526611328125"), None),
        (Decimal("1E+3"), ("1000", None)),
        (Decimal("-0"), ("0", None)),
        (0.1, ("0.1", None)),
        (10**12, ("1000000000000", None)),
        # texts of machines, whose point is the decimal one
        ("12.50", ("12.50", None)),
        (" 12.500 ", ("12.500", None)),
        (".99", ("0.99", None)),
        ("12.", ("12", None)),
        ("+12", ("12", None)),
        ("1.5e2", ("150", None)),
        # texts for people
        ("1.234,56 €", ("1234.56", "EUR")),
        ("$1,234.56", ("1234.56", "USD")),
        ("USD 12", ("12", "USD")),
        ("12 eur", ("12", "EUR")),
        ("12,50", ("12.50", None)),
        ("12,5 zł", ("12.5", "PLN")),
        ("1\u202f234,56\u00a0€", ("1234.56", "EUR")),
        ("CHF 1'234.50", ("1234.50", "CHF")),
        ("Fr. 1’234.–", ("1234", "CHF")),
        ("12,- kr", ("12", None)),
        ("Rs. 1,23,456.50", ("123456.50", None)),
        ("Rs.500", ("500", None)),
        ("$.99", ("0.99", "USD")),
        ("US$ 12.00", ("12.00", "USD")),
        ("$12 CAD", ("12", "CAD")),
        ("R$ 1.234.567,89", ("1234567.89", "BRL")),
        ("￥１，２００", ("1200", "JPY")),
        ("€ 1.234.567", ("1234567", "EUR")),
        ("1234,567", ("1234.567", None)),
        ("0,999 €", ("0.999", "EUR")),
        # one separator and three digits: money has two decimals
        ("$1,234", ("1234", "USD")),
        ("1.234 €", ("1234", "EUR")),
        ("KWD 1.234", ("1.234", "KWD")),
        ("1.234 kr.", ("1234", None)),
        ("NOK 1.234", ("1234", "NOK")),
        ("JPY 1.234", ("1234", "JPY")),
        # a dash in place of the cents says which separator is the decimal one
        ("1.234,-", ("1234", None)),
        ("kr 1.234,-", ("1234", None)),
        ("Rs. 1,234/-", ("1234", None)),
        # symbols with their country, on either side of it, and with spaces
        ("US $1,234.50", ("1234.50", "USD")),
        ("CAD $12", ("12", "CAD")),
        ("12,50 $CA", ("12.50", "CAD")),
        ("12,50 $ US", ("12.50", "USD")),
        ("KSh 1,250", ("1250", "KES")),
        ("1 500 F CFA", ("1500", None)),
        ("1 200 zl", ("1200", "PLN")),
        ("COP $12.000", ("12000", "COP")),
        ("12,50 Eur", ("12.50", "EUR")),
        ("Usd 12.50", ("12.50", "USD")),
        ("Dhs. 12.50", ("12.50", "AED")),
        ("HRK 12,50", ("12.50", "HRK")),
        ("1 234:- kr", ("1234", None)),
        ("CHF 1´234.50", ("1234.50", "CHF")),
        ("₹1,499/-", ("1499", "INR")),
        ("₹1,00,00,000", ("10000000", "INR")),
        ("Rp. 15.000,-", ("15000", "IDR")),
        # symbols of their own country
        ("1.234 FCFA", ("1234", None)),
        ("25,000 IQD", ("25000", "IQD")),
        ("1.234,50 KM", ("1234.50", "BAM")),
        ("RD$1,234.50", ("1234.50", "DOP")),
        ("B/.12.50", ("12.50", "PAB")),
        ("12.50 ريال", ("12.50", None)),
        ("150.000 VNĐ", ("150000", "VND")),
        ("GBP £12.50", ("12.50", "GBP")),
        ("$80.00 U.S.", ("80.00", "USD")),
        ("$ SGD4.90", ("4.90", "SGD")),
        ("1 234,50 دج", ("1234.50", "DZD")),
        ("157,000 تومان", ("157000", None)),
        # what stands beside them and means nothing
        ("1.599,00 € *", ("1599.00", "EUR")),
        ("US$: 12.99", ("12.99", "USD")),
        ("€ 610,", ("610", "EUR")),
        # escapes of HTML
        ("12,50&nbsp;&euro;", ("12.50", "EUR")),
        ("&#36;12.50", ("12.50", "USD")),
        # marks of the direction of writing, a byte order mark, and Arabic digits
        ("\u200f12.50 \u200e₪", ("12.50", "ILS")),
        ("\ufeff12.50", ("12.50", None)),
        ("\u200f١٬٢٣٤٫٥٠ ر.س.\u200f", ("1234.50", "SAR")),
        ("۱۲٫۵", ("12.5", None)),
        ("١٢٫٥٠ ج.م.", ("12.50", "EGP")),
        ("د.ك 1.250", ("1.250", "KWD")),
        # as many digits as there are
        (Decimal("0.123456789012345678901234567890"), None),
        ("123456789012.123456789012345678", ("123456789012.123456789012345678", None)),
    ],
)
def test_a_price_is_read_exactly(value: Any, expected: tuple[str, str | None] | None) -> None:
    price = price_of(value)

    assert (price.text, price.currency) == (expected or (str(value), None))


@pytest.mark.parametrize(
    ("value", "decimal", "scale", "text"),
    [
        ("1.234", ",", 1.0, "1234"),
        ("1.234,5", ",", 1.0, "1234.5"),
        ("1,234", ".", 1.0, "1234"),
        ("1,234", ",", 1.0, "1.234"),
        ("$1.234", ".", 1.0, "1.234"),
        (Decimal("12.50"), ",", 1.0, "12.50"),
        ("1999", None, 0.01, "19.99"),
        (2000, None, 0.01, "20.00"),
        ("19,99", None, 100, "1999"),
        ("0.1", None, 3.0, "0.3"),
    ],
)
def test_a_feed_says_how_its_texts_are_written_and_what_they_count(
    value: Any, decimal: str | None, scale: float, text: str
) -> None:
    assert price_of(value, decimal=decimal, scale=scale).text == text


@pytest.mark.parametrize(
    ("value", "decimal", "reason"),
    [
        ("free", None, "Not a number from 0 on: 'free'"),
        ("", None, "Not a number"),
        ("-5", None, "Not a number from 0 on: '-5'"),
        ("$-5", None, "it is less than 0"),
        ("\u22125,00 €", None, "it is less than 0"),
        ("(5.00)", None, "it is less than 0"),
        ("$1.234", None, "it may be 1234 or 1.234"),
        ("from 12", None, "'from' is not a currency"),
        ("12 kg", None, "'kg' is not a currency"),
        ("12 all", None, "'all' is not a currency"),
        ("99p", None, "'p' is not a currency"),
        ("12 k", None, "'k' is not a currency"),
        ("99¢", None, "'¢' is not a currency"),
        ("$12.50 - $15.00", None, "its digits are not one number"),
        ("12.50 USD/kg", None, "'USD/kg' is not a currency"),
        ("10 - 20", None, "its digits are not one number"),
        ("1.2.3", None, "its digits are not one number"),
        ("1,,234", None, "its digits are not one number"),
        ("1_000", None, "its digits are not one number"),
        ("EUR 12 USD", None, "it has two currencies"),
        ("12.50", ",", "its digits are not one number"),
        ("1,234", None, "it may be 1234 or 1.234: say decimal: '.' or decimal: ','"),
        (True, None, "Not a number"),
        ([1], None, "a list or an object"),
        (float("nan"), None, "Not a number"),
        (10**12 + 1, None, "Not a number up to 1,000,000,000,000: '1000000000001'"),
        (Decimal("1e300"), None, "Not a number"),
        (Decimal("1e-300"), None, "Not a number"),
        ("9" * 101, None, "Not a number"),
    ],
)
def test_what_is_no_price_or_can_be_read_in_two_ways_is_rejected_with_the_reason(
    value: Any, decimal: str | None, reason: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - what it says is looked at
        price_of(value, decimal=decimal)

    assert reason in str(caught.value)


@given(st.text("0123456789.,'’ $€EURkr-+eE\u00a0", max_size=20) | st.text(max_size=20))
def test_whatever_a_text_is_it_is_an_amount_or_rejected(text: str) -> None:
    try:
        price = price_of(text)
    except ValueError:
        return
    assert Decimal(price.text) == price.amount >= 0


@pytest.mark.parametrize("part", ["1.", "1,", "$", " ", "'", "1 ", ".-"])
def test_a_long_text_costs_in_proportion_to_its_length(part: str) -> None:
    def read(text: str) -> None:
        try:
            price_of(text)
        except ValueError:
            return

    assert_linear(read, lambda size: part * size, small=20_000)
