"""What a search says of one webpage, for its pages: its labels, and which of its fields are volatile by their history."""

from __future__ import annotations

from collections.abc import Sequence, Set

from inventory.observations import answers
from inventory.observations.queries.quoting import quoted

HEADERS = "header.*,redirect.header.*"


def tags_and_volatile_fields(url: str, show: str = HEADERS) -> tuple[Sequence[str], Set[str]]:
    """The labels of a URL, and those of the fields with these names that are volatile for it; nothing if it is not known."""
    query = {"q": quoted("url", url), "at": None, "show": f"tag,{show}", "limit": 1, "cursor": None}
    seen = [each for found in answers.search(query)["targets"] for each in found["observations"]]
    tags = [each["value"] for each in seen if each["field"] == "tag"]
    return tags, {each["field"] for each in seen if each["volatile"]}
