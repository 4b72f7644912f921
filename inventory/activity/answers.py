"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from typing import Any

from inventory.activity.documents import Document, activity_document
from inventory.services import services


def activity(query: dict[str, Any]) -> Document:
    """What became of collections in each hour that an `ActivityQuery` means."""
    report = services().activity.report(since=query["since"], until=query["until"], source=query["source"])
    return activity_document(report)
