"""What the API answers to the caller of the current request."""

from __future__ import annotations

import json
from datetime import datetime
from operator import attrgetter
from typing import Any

from inventory.clock import rfc3339
from inventory.listing import Key, cursor_of, keyset_page, position_of
from inventory.observations.model import IndexState
from inventory.observations.service import Page
from inventory.policy import documents
from inventory.policy.builtin_policies import builtin
from inventory.policy.documents import Document
from inventory.policy.judgement import Judge
from inventory.policy.model import KeptPolicy, Policy, TargetStatus
from inventory.policy.replaying import time_of
from inventory.policy.service import Asked
from inventory.services import services

IN_ORDER = attrgetter("created_at", "id")
NOW = "now"
"""In a cursor, where no instant was given."""


def policies(query: dict[str, Any]) -> Document:
    """One page of the kept policies, as a `PageQuery` asks, and all built-in ones."""
    states = services().policies.index_states()

    def summary(each: KeptPolicy) -> Document:
        return documents.summary_document(json.loads(each.document), states.get(each.id, IndexState.OFF), each)

    document = keyset_page("policies", query, services().policies.listing, summary, IN_ORDER)
    known = builtin().values()
    built_in = [documents.summary_document(each.document, states.get(each.id, IndexState.OFF)) for each in known]
    return {"built_in": built_in, **document}


def kept(policy: Policy, kept: KeptPolicy) -> Document:
    """A policy that is kept now."""
    state = services().policies.index_states().get(policy.id, IndexState.OFF)
    return documents.summary_document(policy.document, state, kept)


def policy(policy_id: str) -> Document:
    """One policy, whole."""
    found, states = services().policies.find(policy_id), services().policies.index_states()
    return documents.policy_document(found, states.get(policy_id, IndexState.OFF))


def findings(policy_id: str, query: dict[str, Any]) -> Document:
    """The targets of one page of those that a `PolicyFindingsQuery` means which are not clean."""
    judge, asking = Judge(services().policies.find(policy_id)), ("findings", policy_id, query["q"], query["at"])
    after, at = _start(query["cursor"], asking, query["at"])
    with services().search.slot():
        question = services().search.question(query["q"], at, limits=services().limits.of("read"))
        page = services().search.page(question, show=(), limit=query["limit"], after=after)
        asked = Asked(at=question.at)
        verdicts = services().policies.check_in_time(judge, [each.record for each in page.found], asked)
    return {
        "policy": policy_id,
        "at": None if question.at is None else rfc3339(question.at),
        "checked": len(verdicts),
        "targets": [documents.verdict_document(each) for each in verdicts if each.status is not TargetStatus.CLEAN],
        "next_cursor": _next_cursor(asking, question.at, _end(page, len(verdicts))),
    }


def replay(policy_id: str, query: dict[str, Any]) -> Document:
    """What the policy would have found at the targets of one page of those that a `PolicyReplayQuery` means."""
    judge = Judge(services().policies.find(policy_id))
    asking = "replay", policy_id, query["q"], query["since"], query["until"]
    after, since, until = _times(query, asking)
    with services().search.slot():
        question = services().search.question(query["q"], limits=services().limits.of("read"))
        page = services().search.page(question, show=(), limit=query["limit"], after=after)
        records = [each.record for each in page.found]
        found = services().policies.in_time(services().replays.replay(judge, records, since=since, until=until))
    end = _end(page, len(found))
    return {
        **documents.replay_document(judge.policy, since, until, found),
        "next_cursor": None if end is None else cursor_of(asking, end[0], rfc3339(since), rfc3339(until), end[1]),
    }


def _times(query: dict[str, Any], asking: tuple[object, ...]) -> tuple[Key | None, datetime, datetime]:
    """After which position a page of a replay begins, and its time, which is the same on all pages."""
    now = services().policies.clock()
    position = position_of(query["cursor"], asking, names=3)
    if position is None:
        return None, *time_of(query["since"], query["until"], now)
    instant, (since, until, record_id) = position
    return (instant, record_id), *time_of(since, until, now)


def _end(page: Page, checked: int) -> Key | None:
    """The position after which the next page begins: not all targets of a page may have been looked at."""
    return page.found[checked - 1].position if checked < len(page.found) else page.next_position


def _start(cursor: str | None, asking: tuple[object, ...], at: str | None) -> tuple[Key | None, str | None]:
    """After which position a page begins, and the instant to ask about, which is the same on all pages."""
    position = position_of(cursor, asking, names=2)
    if position is None:
        return None, at
    instant, (asked_about, record_id) = position
    return (instant, record_id), None if at is None else asked_about


def _next_cursor(asking: tuple[object, ...], at: datetime | None, end: Key | None) -> str | None:
    if end is None:
        return None
    return cursor_of(asking, end[0], NOW if at is None else rfc3339(at), end[1])
