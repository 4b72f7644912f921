"""What a backup is: one file with the store as of an instant, the uploaded files, and a manifest of both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.clock import rfc3339
from inventory.errors import InvalidRequest

FORMAT = 1
"""The version of the file itself; a program reads those up to its own."""
FILES = "files/"
"""What the names of uploaded files begin with in a backup."""
NAME = re.compile(r"(?:store|files(?:/[\w-][\w.-]*){2,4})", re.ASCII)
"""What may be in a backup: no name of these leads out of the folder that it is restored to."""

ProgressCallback = Callable[[str, int, int | None], None]
"""Told a step, how many bytes of it are done, and of how many if that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How a backup begins: who made it, and of which schema its store is. `files_url` is where files are that it lacks."""

    format: int
    program: str
    schema: int
    made_at: str
    files_url: str | None

    @classmethod
    def new(cls, *, program: str, schema: int, made_at: datetime, files_url: str | None) -> Head:
        """That of a backup made by this code."""
        return cls(format=FORMAT, program=program, schema=schema, made_at=rfc3339(made_at), files_url=files_url)


HEAD_TYPES: Mapping[str, tuple[type, ...]] = {
    "format": (int,),
    "program": (str,),
    "schema": (int,),
    "made_at": (str,),
    "files_url": (str, type(None)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One of the files in a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """All that a backup says of itself."""

    head: Head
    contents: Sequence[Content]

    @property
    def files(self) -> Sequence[Content]:
        """The uploaded files, without the store."""
        return [each for each in self.contents if each.name.startswith(FILES)]


def head_of(document: Mapping[str, Any]) -> Head:
    """A head as it was written; `InvalidRequest` if it is of a newer format or of none."""
    for name, types in HEAD_TYPES.items():
        if name not in document or type(document[name]) not in types:
            raise InvalidRequest(f"The backup does not say its {name}, so it is damaged.")
    head = Head(**{name: document[name] for name in HEAD_TYPES})
    if head.format > FORMAT:
        raise InvalidRequest(
            f"The backup is of format {head.format}, and this program reads formats up to {FORMAT}."
            f" Restore it with inventory {head.program} or a newer one."
        )
    return head
