"""What a search says of one webpage, for its pages: labels, verdicts, and which of its fields are volatile by history."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from inventory.errors import InvalidRequest
from inventory.observations import answers
from inventory.observations.fields import GRADE, POLICY
from inventory.observations.queries.quoting import quoted

HEADERS = "header.*,redirect.header.*"
VERDICTS = f"{POLICY}*,{GRADE},{GRADE}.*"
IS_VERDICT = (POLICY, f"{GRADE}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Of a URL its labels, the verdicts of policies as pairs of a field and a value, and its volatile fields."""

    tags: Sequence[str]
    verdicts: Sequence[tuple[str, str]]
    volatile: Set[str]


def searched(url: str, show: str = HEADERS, at: str | None = None) -> Searched:
    """What is known of a URL, with these fields besides, now or at an instant; nothing if the URL was not known then."""
    query = {"q": quoted("url", url), "at": at, "show": f"tag,{VERDICTS},{show}", "limit": 1, "cursor": None}
    try:
        targets = answers.search(query)["targets"]
    except InvalidRequest as error:
        if "at" not in (error.errors or {}):
            raise
        targets = []  # a snapshot of an archive is from before all others, until it is indexed
    seen = [each for found in targets for each in found["observations"]]
    return Searched(
        tags=[each["value"] for each in seen if each["field"] == "tag"],
        verdicts=[(each["field"], each["value"]) for each in seen if _is_verdict(each["field"])],
        volatile={each["field"] for each in seen if each["volatile"]},
    )


def _is_verdict(field: str) -> bool:
    return field == GRADE or field.startswith(IS_VERDICT)
