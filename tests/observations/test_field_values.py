"""Values of the index as ranges compare them, and the catalogue of fields."""

from __future__ import annotations

import pytest

from inventory.observations.field_names import find, nearest
from inventory.observations.fields import CATALOGUE, Field, ValueType
from inventory.observations.values import ordinal


@pytest.mark.parametrize(
    ("value_type", "text", "number"),
    [
        (ValueType.NUMBER, "200", 200.0),
        (ValueType.NUMBER, "123.4", 123.4),
        (ValueType.NUMBER, "-1", -1.0),
        (ValueType.NUMBER, "1e3", None),
        (ValueType.NUMBER, "", None),
        (ValueType.NUMBER, "9" * 5_000, None),
        (ValueType.INSTANT, "2026-01-31T12:00:00Z", 1769860800.0),
        (ValueType.INSTANT, "2026-01-31T12:00:00.123Z", 1769860800.123),
        (ValueType.INSTANT, "2026-01-31T12:00:00+02:00", 1769853600.0),
        (ValueType.INSTANT, "2026-01-31t12:00:00z", 1769860800.0),
        (ValueType.INSTANT, "9999-12-31T23:59:59Z", 253402300799.0),
        (ValueType.INSTANT, "0001-01-01T00:00:00+14:00", -62135647200.0),
        (ValueType.INSTANT, "2026-02-30T12:00:00Z", None),
        (ValueType.INSTANT, "soon", None),
        (ValueType.TEXT, "200", None),
    ],
)
def test_what_ranges_compare(value_type: ValueType, text: str, number: float | None) -> None:
    assert ordinal(value_type, text) == number


@pytest.mark.parametrize("field", CATALOGUE, ids=lambda field: field.name)
def test_every_field_is_found_by_its_name_and_has_a_sentence(field: Field) -> None:
    ((named,), exact) = find([field.name.replace("NAME", "x")])

    assert named.field is field
    assert not exact
    assert field.sentence.endswith(".")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("titel", ["title"]),
        ("server", ["header.server"]),
        ("content-type", ["header.content-type"]),
        ("tls.expires", []),
        ("\ud800", []),
        ("", []),
        ("a" * 100_000, []),
    ],
)
def test_which_fields_are_near_to_an_unknown_one(name: str, near: list[str]) -> None:
    assert nearest(name) == near
