"""What the page of a record is made of: answers of the API, each as much as fits into a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from inventory.changes import answers as changes
from inventory.listing import Key
from inventory.records.model import Target
from inventory.ui.page_room import PageRoom
from inventory.ui.records import facts as record_facts
from inventory.ui.records import responses
from inventory.ui.records.facts import Fact
from inventory.ui.records.page_source import Excerpt, excerpt
from inventory.ui.records.responses import Answer, Hop, Phase, ShownCookie
from inventory.ui.records.searched import searched
from inventory.ui.records.shown_values import HeaderLine, Part, Presenter

PAGE, FRAME = 95_000, 12_000
"""Characters of HTML that a page may have, and what all else than values takes of them."""
TIMES_URL = 15
"""How often the URL of the target is in the page, beside the rows of the timeline."""
LINES, REDIRECTS, COOKIES, FACTS, STEPS = 0.24, 0.15, 0.12, 0.13, 0.1
"""The shares of the parts; the page source has the rest."""
MAX_STEPS = 10
LINKS_OF_STEP, MARKUP_OF_STEP = 3, 350


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """Everything that the page shows of a record, or of one of its snapshots; `at` is when that was collected.

    `snapshot_id` is that of the snapshot, None for the latest one.
    """

    at: str | None
    snapshot_id: str | None
    tags: Sequence[str]
    redirects: Part[Hop]
    final: Hop
    revalidation: Answer | None
    trailers: Part[HeaderLine]
    cookies: Part[ShownCookie]
    facts: Mapping[str, Sequence[Fact]]
    policies: Sequence[Fact]
    phases: Sequence[Phase]
    timeline: Mapping[str, Any]
    source: Excerpt

    @classmethod
    def of(cls, target: Target, document: Mapping[str, Any], *, cursor: Key | None, now: datetime) -> RecordPage:
        """The page of a record's document, or of that of a snapshot."""
        is_latest = "snapshots" in document
        at = None if is_latest else document["collected_at"]
        known = searched(target.key)
        verdicts = known.verdicts if is_latest else searched(target.key, at=at).verdicts
        url_size = len(quote(target.key, safe=""))
        whole = max(20_000, PAGE - FRAME - TIMES_URL * url_size)

        def presenter(share: float) -> Presenter:
            return Presenter(room=PageRoom(int(share * whole)), volatile=known.volatile if is_latest else frozenset(), at=at)

        lines, facts = presenter(LINES), presenter(FACTS)
        return cls(
            at=at,
            snapshot_id=None if is_latest else document["id"],
            tags=known.tags,
            final=responses.final_response(document, lines),
            redirects=responses.redirects(document["redirects"], presenter(REDIRECTS)),
            revalidation=responses.revalidation(document, lines),
            trailers=responses.trailers(document, lines),
            cookies=responses.shown_cookies(document, presenter(COOKIES)),
            facts={
                "Connection": record_facts.connection(document, facts),
                "Body": record_facts.body(document, facts),
                "Page": record_facts.page(document, facts),
                "Certificate": record_facts.certificate(document, facts, now),
            },
            policies=record_facts.policies(verdicts, facts),
            phases=responses.phases(document),
            timeline=changes.timeline({"url": target.key, "limit": _steps(whole, url_size), "cursor": cursor}),
            source=excerpt(document, int((1 - LINES - REDIRECTS - COOKIES - FACTS - STEPS) * whole)),
        )


def _steps(whole: int, url_size: int) -> int:
    """How many snapshots a page of the timeline has: each has links with the URL."""
    return max(1, min(MAX_STEPS, int(STEPS * whole) // (LINKS_OF_STEP * url_size + MARKUP_OF_STEP)))
