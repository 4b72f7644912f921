"""What the API answers to the caller of the current request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inventory.services import services
from inventory.webpages.answers import target


def archive(query: dict[str, Any]) -> Iterator[bytes]:
    """The file that an `ArchiveQuery` means; most errors are raised before its first bytes."""
    if query["url"] is not None:
        return services().archive.history(target("export", query["url"]), query["since"], query["until"])
    with services().search.slot():
        question = services().search.question(query["q"], query["at"], limits=services().limits.of("export"))
        return services().archive.found(question)
