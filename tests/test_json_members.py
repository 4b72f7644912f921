"""Members of documents that may be anything are read as objects."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from inventory.json_members import is_object, object_of, objects_of

MAPPING = MappingProxyType({"a": 1})


@pytest.mark.parametrize(
    ("member", "found"),
    [({"a": 1}, {"a": 1}), (MAPPING, MAPPING), (None, {}), ([{"a": 1}], {}), ("a", {}), (7, {})],
)
def test_anything_but_an_object_is_an_empty_one(member: Any, found: Any) -> None:
    assert object_of(member) == found
    assert is_object(member) == (member in ({"a": 1}, MAPPING))


@pytest.mark.parametrize(
    ("member", "found"),
    [
        ([{"a": 1}, {}], [{"a": 1}, {}]),
        (({"a": 1},), ({"a": 1},)),
        ([{"a": 1}, None, [], "a", MAPPING], [{"a": 1}, MAPPING]),
        ({"a": {}}, ()),
        ("{}", ()),
        (None, ()),
    ],
)
def test_the_objects_of_a_list_are_found_and_anything_else_has_none(member: Any, found: Any) -> None:
    assert objects_of(member) == found
