"""The diff of two snapshots of one webpage: a pure function of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import chain, zip_longest
from typing import Any

from inventory.changes.cookie_changes import cookie_changes
from inventory.changes.header_lines import line_changes
from inventory.changes.model import Change, Diff, TextDiff, View
from inventory.changes.text_diff import text_diff
from inventory.changes.values import item_changes, value_change
from inventory.html_pages.loading import KINDS
from inventory.html_pages.page import Page
from inventory.webpages.cookies import cookies_of

Part = Mapping[str, Any]

RESPONSE = {
    "status": "status",
    "reason": "reason",
    "http_version": "http_version",
    "final_url": "final.url",
    "remote_address": "ip",
}
"""Members of a snapshot, and the fields that they are. How long a collection took is none of them."""
BODY = {
    "media_type": "media_type",
    "charset": "charset",
    "undecoded": "body.undecoded",
    "truncated": "body.truncated",
    "sha256": "body.sha256",
    "size": "body.size",
}
FOLLOWING = frozenset({"Host", "Cookie", "If-None-Match", "If-Modified-Since"})
"""Lines of a request that follow from the URL, from a redirect's cookies, or from what is known of the page already."""
DERIVED = frozenset({"sha256", "size"})
"""What differs as soon as the page does, so it is volatile if the page differs in nothing else."""


def diff(old: View, new: View, *, old_label: str = "old", new_label: str = "new") -> Diff:
    """All that differs between two snapshots; the labels are for the unified diff of the text.

    What an old snapshot lacks because its version did not record it is not compared.
    """
    text = _text(old, new, old_label, new_label)
    parts = (
        _response(old.content["response"], new.content["response"]),
        _redirects(old.content, new.content),
        line_changes(old.content["headers"], new.content["headers"], prefix="header."),
        cookie_changes(cookies_of(old.content), cookies_of(new.content)),
        _certificate(old.content["response"].get("tls"), new.content["response"].get("tls")),
        _page(old.page, new.page),
        _body(old.content["body"], new.content["body"], volatile=text is not None and text.volatile),
        item_changes("defect", old.content["response"]["defects"], new.content["response"]["defects"]),
    )
    return Diff(changes=tuple(chain.from_iterable(parts)), text=text)


def _response(old: Part, new: Part) -> Iterator[Change]:
    for member, field in RESPONSE.items():
        yield from value_change(field, old[member], new[member])
    yield from _request(old, new)
    yield from _interim(old, new)
    yield from line_changes(old.get("trailers", ()), new.get("trailers", ()), prefix="trailer.")
    if "refresh" in old and "refresh" in new:
        yield from item_changes("refresh", map(_refresh, old["refresh"]), map(_refresh, new["refresh"]))


def _request(old: Part, new: Part) -> Iterator[Change]:
    """What was asked in another way: by a newer version, for example."""
    if "request" in old and "request" in new:
        sides = ([line for line in each["request"]["headers"] if line["name"] not in FOLLOWING] for each in (old, new))
        yield from line_changes(*sides, prefix="request.header.")


def _interim(old: Part, new: Part, *, prefix: str = "", hop: int | None = None) -> Iterator[Change]:
    """Of the interim responses before an answer their statuses, and the header lines of all of them together."""
    if "interim" not in old or "interim" not in new:
        return
    statuses = ([str(each["status"]) for each in side["interim"]] for side in (old, new))
    yield from item_changes(f"{prefix}interim.status", *statuses, hop=hop)
    lines = ([line for each in side["interim"] for line in each["headers"]] for side in (old, new))
    yield from line_changes(*lines, prefix=f"{prefix}interim.header.", hop=hop)


def _refresh(refresh: Part) -> str:
    return f"{refresh['seconds']}; url={refresh['url']}"


def _redirects(old: Part, new: Part) -> Iterator[Change]:
    """Each hop. Those with the same URL are one; what is left between them is paired in order."""
    before, after = old["redirects"], new["redirects"]
    yield from value_change("redirects", len(before), len(after))
    urls = SequenceMatcher(None, [hop["url"] for hop in before], [hop["url"] for hop in after], autojunk=False)
    for _, low, high, start, end in urls.get_opcodes():
        for was, now in zip_longest(range(low, high), range(start, end)):
            number = (was if now is None else now) + 1
            yield from _hop(None if was is None else before[was], None if now is None else after[now], number)


def _hop(was: Part | None, now: Part | None, number: int) -> Iterator[Change]:
    nothing: Part = {"url": None, "status": None, "reason": None, "headers": (), "defects": ()}
    was, now = was or nothing, now or nothing
    for member in ("url", "status", "reason"):
        if member in was and member in now:
            yield from value_change(f"redirect.{member}", was[member], now[member], hop=number)
    yield from line_changes(was["headers"], now["headers"], prefix="redirect.header.", hop=number)
    yield from _interim(was, now, prefix="redirect.", hop=number)
    yield from item_changes("redirect.defect", was["defects"], now["defects"], hop=number)


def _certificate(old: Part | None, new: Part | None) -> Iterator[Change]:
    """The connection and its certificate, by field. What only one of two versions of the inventory records is left out."""
    before, after = old or {}, new or {}
    known = before.keys() & after.keys() if before and after else before.keys() | after.keys()
    for member in [member for member in {**before, **after} if member in known]:
        if member == "names":
            yield from item_changes("tls.name", before.get(member, ()), after.get(member, ()))
        elif member != "size":  # it differs only with the fingerprint
            yield from value_change(f"tls.{member}", before.get(member), after.get(member))


def _page(old: Page | None, new: Page | None) -> Iterator[Change]:
    if old is None or new is None:
        return
    yield from value_change("title", old.title, new.title)
    if len(old.generators) <= 1 and len(new.generators) <= 1:
        yield from value_change("generator", next(iter(old.generators), None), next(iter(new.generators), None))
    else:
        yield from item_changes("generator", old.generators, new.generators)
    for kind in KINDS:
        yield from item_changes(f"{kind}.host", sorted(old.hosts.get(kind, ())), sorted(new.hosts.get(kind, ())))
    yield from value_change("script.inline", old.inline_scripts, new.inline_scripts)


def _body(old: Part, new: Part, *, volatile: bool) -> Iterator[Change]:
    for member, field in BODY.items():
        yield from value_change(field, old[member], new[member], volatile=volatile and member in DERIVED)


def _text(old: View, new: View, old_label: str, new_label: str) -> TextDiff | None:
    if old.text is None or new.text is None or old.text == new.text:
        return None
    return text_diff(old.text, new.text, old_label=old_label, new_label=new_label)
