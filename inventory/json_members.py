"""Members of a document that should be objects, whatever they are: snapshots are old or damaged, too.

Each snapshot has dozens that are looked at. Nearly all are plain, and the type tells that in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

_LISTS = (list, tuple)  # once: a union would be made, and looked through, for each member
_DICT = {dict}
_EMPTY: Mapping[str, Any] = {}


def is_object(member: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is an object."""
    return type(member) is dict or (member is not None and isinstance(member, Mapping))


def object_of(member: Any) -> Mapping[str, Any]:
    """The object that it is; an empty one if it is anything else, or missing."""
    return member if is_object(member) else _EMPTY


def objects_of(member: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a list; none if it is anything else."""
    if not isinstance(member, _LISTS):
        return ()
    return member if _DICT.issuperset(map(type, member)) else [each for each in member if is_object(each)]
