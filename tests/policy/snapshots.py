"""Contents of snapshots, and policies of one rule, to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from inventory.policy.judgement import Judge, Looked
from inventory.policy.model import Finding, Judgement, State
from inventory.policy.reading import of_document
from inventory.records.model import Content, Target
from tests.fakes import content

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
URL = "https://shop.example/"
Line = tuple[str, str]


def headers(*lines: Line) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in lines]


def page(*lines: Line, url: str = URL, redirects: Sequence[tuple[str, Any]] = (), **members: Any) -> dict[str, Any]:
    """The content of a snapshot with these header lines, after these redirects."""
    hops = [{"url": each, "status": 301, "headers": headers(*own), "defects": []} for each, own in redirects]
    return content(url, headers=headers(*lines), redirects=hops, **members)


def cookie(name: str, **members: Any) -> dict[str, Any]:
    usual = {
        "name": name, "value": "secret", "domain": "shop.example", "host_only": True, "path": "/", "expires": None,
        "max_age": None, "secure": True, "http_only": True, "same_site": "Lax", "partitioned": False, "set_by": URL,
        "accepted": True, "reason": None, "raw": None,
    }  # fmt: skip
    return usual | members


def document(require: Any, **members: Any) -> dict[str, Any]:
    """The document of a policy with the rule `r`; members of the rule, or of the policy."""
    of_policy = {name: members.pop(name) for name in ("waivers", "score") if name in members}
    rule = {"id": "r", "severity": "high", "message": "It is wrong.", "require": require} | members
    return {"version": 1, "id": "own", "title": "Ours", "rules": [rule]} | of_policy


def judge(require: Any, seen: Content, *, at: datetime = AT, tags: Sequence[str] = (), **members: Any) -> Judgement:
    """What a policy with one rule says of a snapshot."""
    url = seen["redirects"][0]["url"] if seen["redirects"] else seen["response"]["final_url"]
    target = Target("webpage", url, "shop.example")
    looked = Looked(target=target, content=seen, collected_at=AT, at=at, tags=tags)
    return Judge(of_document(document(require, **members))).judge(looked)


def finding(require: Any, seen: Content, **how: Any) -> Finding:
    [found] = judge(require, seen, **how).findings
    return found


def state(require: Any, seen: Content, **how: Any) -> State:
    return judge(require, seen, **how).states["r"]
