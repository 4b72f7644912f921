"""What is answered to the caller of the current request."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from inventory import urls
from inventory.cdx import filters, formats, timestamps
from inventory.cdx.lines import FIELDS, ONLY_PYWB, PYWB, WAYBACK
from inventory.cdx.model import Span, beginning_with, exactly, of_domain, of_host, prefix, urlkey
from inventory.cdx.schemas import CLOSEST, REVERSE
from inventory.cdx.service import MAX_LINES, Page, Question
from inventory.clock import EPOCH
from inventory.instants import invalid
from inventory.services import services

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
DIGITS = "Send 1 to 14 digits of yyyyMMddhhmmss, such as 2026 or 20260131120000, or 17 to the millisecond."


@dataclass(frozen=True, slots=True)
class Answer:
    """A text, its media type, and the key of the next page, None at the end."""

    text: str
    media_type: str
    resume_key: str | None


def captures(query: dict[str, Any]) -> Answer:
    """The captures that a `CdxQuery` means, as it wants them."""
    if query["closest"] == "":  # pywb sends it so, with `sort=closest`, when it wants the usual order
        query = query | {"closest": None, "sort": None}
    names = _names(query)
    is_pywb = _is_pywb(query, names)
    question, last = _question(query, is_pywb=is_pywb), (query["limit"] or 0) < 0
    limits = services().limits
    with services().search.slot():  # it may take as long as a search, and lookups wait for both
        page = services().cdx.page(
            question,
            limit=min(MAX_LINES if query["limit"] is None else abs(query["limit"]), MAX_LINES),
            resume_key=query["resume_key"],
            sift=partial(limits.sift, "read"),
            is_limited=limits.of("read") is not None,
        )
    return _written(Page(page.lines[::-1], page.resume_key) if last else page, query, names, is_pywb=is_pywb)


def _written(page: Page, query: dict[str, Any], names: Sequence[str], *, is_pywb: bool) -> Answer:
    fields = names or (PYWB if is_pywb else WAYBACK)
    shown = page.resume_key if query["show_resume_key"] else None
    if query["output"] == "cdxj":
        return Answer(formats.cdxj(page.lines, fields), formats.CDXJ, page.resume_key)
    if query["output"] == "text":
        return Answer(formats.text(page.lines, fields, shown), formats.TEXT, page.resume_key)
    if is_pywb:
        return Answer(formats.json_lines(page.lines, fields), formats.JSON_LINES, page.resume_key)
    return Answer(formats.json_array(page.lines, fields, shown), formats.JSON, page.resume_key)


def _names(query: dict[str, Any]) -> list[str]:
    """The fields that are wanted, none if all are."""
    if query["fl"] is not None and query["fields_"] is not None:
        raise invalid("fields", "It is the same as `fl`. Send one of them.")
    wanted = query["fl"] or query["fields_"] or ""
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if unknown := [name for name in names if name not in FIELDS]:
        raise invalid("fl", f"There is no field {unknown[0][:60]!r}. Send some of {filters.NAMES}.")
    return names


def _is_pywb(query: dict[str, Any], names: Sequence[str]) -> bool:
    """Whether a query is in the dialect of pywb: as it says, or else by the names in it."""
    if query["dialect"] is not None:
        return bool(query["dialect"] == "pywb")
    others = [filters.name_of(each) for each in (*query["filter"], *query["collapse"])]
    return query["output"] == "cdxj" or not ONLY_PYWB.isdisjoint((*names, *others))


def _question(query: dict[str, Any], *, is_pywb: bool) -> Question:
    last = (query["limit"] or 0) < 0
    spans = _spans(query["url"], query["match_type"])
    _check_order(query, last=last, is_exact=spans == (exactly(spans[0].first),))
    return Question(
        spans=spans,
        since=_instant("from", query["from_"], timestamps.begins) or EPOCH,
        until=_instant("to", query["to"], timestamps.ends) or timestamps.LATEST,
        filters=[filters.read_filter(each, pywb=is_pywb) for each in query["filter"]],
        collapses=[filters.read_collapse(each) for each in query["collapse"]],
        backwards=last or query["sort"] == REVERSE,
        closest=_instant("closest", query["closest"], timestamps.begins),
        pywb=is_pywb,
    )


def _check_order(query: dict[str, Any], *, last: bool, is_exact: bool) -> None:
    sort, closest = query["sort"], query["closest"]
    if last and (sort in (REVERSE, CLOSEST) or closest is not None):
        raise invalid("limit", "Below 0 it means the last lines of the usual order. Leave `sort` and `closest` out.")
    if sort == CLOSEST and closest is None:
        raise invalid("closest", f"Missing: `sort=closest` needs it. {DIGITS}")
    if closest is not None and sort not in (None, CLOSEST):
        raise invalid("closest", "It is an order of its own: send `sort=closest` with it, or no `sort`.")
    if closest is not None and not is_exact:
        raise invalid("closest", "It is of one URL. Leave `matchType` and `*` out.")


def _spans(url: str, match_type: str | None) -> tuple[Span, ...]:
    """The keys of the URLs that are meant. `*` stands for what `matchType` says, if that is not given."""
    scheme = _SCHEME.match(url)
    rest = url[scheme.end() :] if scheme else url
    if match_type is None and rest.startswith("*."):
        match_type, rest = "domain", rest[2:]
    elif match_type is None and rest.endswith("*"):
        match_type, rest = "prefix", rest[:-1]
    href = urls.parse((scheme[0] if scheme else "http://") + rest).href
    if match_type == "domain":
        return of_domain(href)
    if match_type == "host":
        return (of_host(href),)
    return (beginning_with(prefix(href)),) if match_type == "prefix" else (exactly(urlkey(href)),)


def _instant(name: str, text: str | None, read: Callable[[str], datetime | None]) -> datetime | None:
    if text is None:
        return None
    instant = read(text)
    if instant is None:
        raise invalid(name, f"{text[:60]!r} is no timestamp. {DIGITS}")
    return max(instant, EPOCH)
