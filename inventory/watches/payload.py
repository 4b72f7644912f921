"""Messages of watches: what one says, and the JSON that receivers get, always below the size that they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from inventory.changes.parameters import field_parameter
from inventory.clock import MILLISECOND, rfc3339
from inventory.errors import InvalidQuery
from inventory.json_bytes import dumps
from inventory.observations.queries.query import parse
from inventory.observations.texts import bounded
from inventory.observations.volatility import shaper_of
from inventory.watches.matching import asks_for
from inventory.watches.model import MORE_CHANGES, Finding, Group, Message, On, Watch
from inventory.webhooks.model import MAX_BODY

TYPE = "watch.message"
MAX_GROUPS = 100
"""Groups that a message keeps."""
MAX_VALUE, MAX_KEY, MAX_NAME, MAX_QUERY, MAX_LINK = 300, 1_000, 200, 1_000, 1_500
"""Bytes of texts in a message; longer ones are cut, and end with the SHA-256 of all of it."""
SIZES = ((8, 5, 2), (3, 2, 1), (1, 1, 0))
"""Values and samples of a group, and values of each sample: fewer if there is no room for so many."""

Document = dict[str, Any]


def compose(
    watch: Watch,
    findings: Sequence[Finding],
    groups: Sequence[Group],
    keys: Mapping[str, str],
    *,
    message_id: str,
    now: datetime,
    public_url: str,
) -> Message:
    """The next message of a watch, which tells these findings, one at least, by their groups.

    `keys` has the URLs of records, as far as these still exist. Links begin with `public_url`, which ends without a slash.
    """
    message = Message(
        id=message_id,
        watch_id=watch.id,
        number=watch.messages + 1,
        created_at=now,
        findings=len(findings),
        targets=len({each.record_id for each in findings}),
        groups=[replace(each, samples=()) for each in groups[:MAX_GROUPS]],  # the payload has samples
        more_groups=max(0, len(groups) - MAX_GROUPS),
    )
    return replace(message, payload=_payload(watch, message, groups, keys, public_url))


def _payload(watch: Watch, message: Message, groups: Sequence[Group], keys: Mapping[str, str], public_url: str) -> bytes:
    """The JSON of a message: as many of its groups as it has room for, one at least."""
    link = f"{public_url}/api/v1/watches/{watch.id}/messages/{message.number}"
    data: Document = {
        "id": message.id,
        "number": message.number,
        "watch": {"id": watch.id, "name": bounded(watch.name, MAX_NAME), "query": bounded(watch.query, MAX_QUERY)},
        "findings": message.findings,
        "targets": message.targets,
        "first_at": rfc3339(min(each.first_at for each in groups)),
        "last_at": rfc3339(max(each.last_at for each in groups)),
        "groups": [],
        "more_groups": len(groups),
        "link": link,
    }
    document = {"type": TYPE, "timestamp": rfc3339(message.created_at), "data": data}
    room = MAX_BODY - len(dumps(document)) - 1
    shown = list(_fitting(groups[:MAX_GROUPS], _Links(watch, public_url, link), keys, room))
    data["groups"], data["more_groups"] = shown, len(groups) - len(shown)
    return dumps(document)


class _Links:
    """Where more is said of each group: in the list of changes, else in the message."""

    def __init__(self, watch: Watch, public_url: str, message: str) -> None:
        self._watch = watch
        self._public_url, self._message = public_url, message

    def of(self, group: Group) -> str:
        """The link of a group.

        The list of changes has those of targets that match now. So the query is left out if the change may have ended that.
        It has a change where a collection showed it first, which may be long before this was confirmed.
        """
        if group.on is not On.CHANGES or group.field == MORE_CHANGES:
            return self._message
        query = {"q": self._watch.query} if self._watch.query and not self._asks_for(group.field) else {}
        query |= {"field": field_parameter(group.field), "since": rfc3339(group.since + MILLISECOND)}
        query |= {"until": rfc3339(group.last_at + MILLISECOND)}
        query |= {"volatile": "true"} if shaper_of(group.field) is not None else {}
        parameters = urlencode(query, quote_via=quote, safe=":*", errors="replace")
        link = f"{self._public_url}/api/v1/changes/groups?{parameters}"
        return link if len(link) <= MAX_LINK else self._message

    def _asks_for(self, field: str) -> bool:
        try:
            return asks_for(parse(self._watch.query, now=self._watch.changed_at), field)
        except InvalidQuery:  # an earlier version could read it
            return True


def _fitting(groups: Sequence[Group], links: _Links, keys: Mapping[str, str], room: int) -> Iterator[Document]:
    """The first groups as far as there is room for their JSON."""
    for group in groups:
        sizes = (_group(group, links.of(group), keys, size) for size in SIZES)
        found = next((each for each in sizes if len(dumps(each)) < room), None)
        if found is None:
            return
        room -= len(dumps(found)) + 1
        yield found


def _group(group: Group, link: str, keys: Mapping[str, str], sizes: tuple[int, int, int]) -> Document:
    values, samples, of_sample = sizes
    return {
        "on": group.on.value,
        "field": group.field,
        "old": _values(group.old, values),
        "new": _values(group.new, values),
        "count": group.count,
        "targets": group.targets,
        "first_at": rfc3339(group.first_at),
        "last_at": rfc3339(group.last_at),
        "samples": [_sample(group, each, keys, of_sample) for each in group.samples[:samples]],
        "link": link,
    }


def _values(values: Sequence[str], most: int) -> Sequence[str]:
    """The first values; where there are more, the last one says so."""
    more = len(values) - most
    shown = [bounded(each, MAX_VALUE) for each in values[:most]]
    return [*shown, f"… and {more:,} more"] if more > 0 else shown


def _sample(group: Group, finding: Finding, keys: Mapping[str, str], values: int) -> Document:
    """A target, with its values where these are not those of all."""
    key = keys.get(finding.record_id)
    sample: Document = {
        "url": None if key is None else bounded(key, MAX_KEY),
        "record_id": finding.record_id,
        "at": rfc3339(finding.at),
        "before": None if finding.before is None else rfc3339(finding.before),
    }
    if values and (list(finding.old), list(finding.new)) != (list(group.old), list(group.new)):
        sample |= {"old": _values(finding.old, values), "new": _values(finding.new, values)}
    return sample
