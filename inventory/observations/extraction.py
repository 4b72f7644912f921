"""The statements that a snapshot makes about its target, and those that a failure makes: pure, and for any content.

What the fields are is in `docs/fields.md`. A snapshot of a source other than `webpage`, such as the weather in a city, makes
none, and neither does its target: it serves no response. Its failures are observed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from inventory.html_pages.page import Page, kept_page
from inventory.html_pages.reference_hosts import host_of
from inventory.json_members import is_object, object_of, objects_of
from inventory.observations import cookies
from inventory.observations.model import LATEST_ONLY
from inventory.observations.statement_list import StatementList, of_fields, statement_of
from inventory.observations.volatility import Volatility
from inventory.public_suffixes import registrable
from inventory.records.model import NOTHING_COMMON, Common, Content, Failure, Statement, Statements, Target

MAX_COOKIES = 250
"""A browser keeps 180 of a domain."""
MAX_NAMES = 1_000
MAX_DEFECTS = 100
MAX_REDIRECTS = 100
MAX_COMMON = 200
"""Statements in common with other targets that are remembered together."""
_OF_RESPONSE = ("status", "reason", "http_version", "remote_address")
_OF_BODY = ("media_type", "charset")
_OF_TLS = ("version", "cipher", "issuer", "subject", "sha256", "not_after")
_COMMON_FIELDS = (
    "final.host",
    "redirects",
    "status",
    "reason",
    "http_version",
    "ip",
    *_OF_BODY,
    *(f"tls.{name}" for name in _OF_TLS),
)
"""Fields with one value, which many targets have in common: two that follow from others, and those of these members."""

_URL = re.compile(r"(https?)://(?:[^/@?#]*+@)?(\[[^\]/]*+\]|[^/:@?#]*+)(?::([0-9]++))?([^?#]*+)")
_PORTS = {"http": "80", "https": "443"}
_LISTS, _NUMBERS = (list, tuple), (int, float)  # once: a union would be made, and looked through, for each value
_NONE: Mapping[str, Volatility] = {}


def of_snapshot(
    target: Target, content: Content, page: Page | None = None, volatilities: Mapping[str, Volatility] = _NONE
) -> Statements:
    """What a snapshot with this content says of its target. It takes the place of all earlier statements but tags.

    `page` is what its HTML says, if the content does not have it. `volatilities` has the fields that are volatile for the
    target by its history.
    """
    response, body = content.get("response"), object_of(content.get("body"))
    if not is_object(response):
        return Statements()
    found = StatementList(volatilities)
    _add_target(found, target)
    redirects = objects_of(content.get("redirects"))
    _add_response(found, response, body, len(redirects))
    found.common += found.lines("header", objects_of(content.get("headers")), "header lines")
    if redirects:
        _add_redirects(found, redirects)
    for cookie in found.within(objects_of(content.get("cookies")), MAX_COOKIES, "cookies"):
        found.common += cookies.statements_of(cookie)
    page = page or kept_page(content)
    if page is not None:
        found.extend(_of_page(page))
    _add_defects(found, [response, *redirects], () if page is None else page.defects)
    are_many = len(found.common) > MAX_COMMON
    if are_many:
        found.put(found.common)
    return Statements(
        own=list(found.own.values()),
        common=NOTHING_COMMON if are_many else common_of(tuple(found.common)),
        latest=_latest(body.get("size"), response.get("elapsed_ms")),
    )


def with_verdicts(shown: Statements, verdicts: Common) -> Statements:
    """The same with what policies say: of fields that no snapshot states itself."""
    if not verdicts.statements or not (shown.own or shown.common.statements):
        return shown
    return Statements(own=shown.own, common=_with(shown.common, verdicts), latest=shown.latest)


@lru_cache(maxsize=256)
def _with(common: Common, verdicts: Common) -> Common:
    """One object for the same statements, as `common_of` gives."""
    return Common((*common.statements, *verdicts.statements))


def of_failure(target: Target, failure: Failure | None) -> Statements:
    """What the last collection says of a target if it failed, as far as `failure` and the parts of its URL go.

    A failure shows nothing of what the URL serves, so it ends no statement of the latest snapshot.
    """
    found = StatementList(_NONE)
    _add_target(found, target)
    if failure is not None:
        found.add("failure", failure.code)
    return Statements(own=list(found.own.values()), common=common_of(tuple(found.common)))


def _add_target(found: StatementList, target: Target) -> None:
    """The parts of the URL that is the target; none if it is no URL."""
    parts = _URL.match(target.key)
    if parts is not None:
        scheme, host, port, path = parts.groups()
        found.extend([("url", target.key), ("path", path or "/")])
        found.common += _of_origin(scheme, host, port)


@lru_cache(maxsize=256)
def common_of(statements: tuple[Statement, ...]) -> Common:
    """One object for the same statements, so that stores find its numbers at once."""
    return Common(tuple({(each.field, each.value): each for each in statements}.values()))


@lru_cache(maxsize=4_096)
def _of_origin(scheme: str, host: str, port: str | None) -> Sequence[Statement]:
    return of_fields(("host", "domain", "scheme", "port"), (host, registrable(host), scheme, port or _PORTS[scheme]))


def _add_response(found: StatementList, response: Mapping[str, Any], body: Mapping[str, Any], redirects: int) -> None:
    url, tls = response.get("final_url"), object_of(response.get("tls"))
    found.extend([("final.url", url), ("body.sha256", body.get("sha256"))])
    host = host_of(url) if isinstance(url, str) else None
    values = [host, redirects, *map(response.get, _OF_RESPONSE), *map(body.get, _OF_BODY), *map(tls.get, _OF_TLS)]
    found.fields(_COMMON_FIELDS, values)
    names = tls.get("names")
    for name in found.within(names if isinstance(names, _LISTS) else (), MAX_NAMES, "names of the certificate"):
        found.add("tls.name", name)


def _add_redirects(found: StatementList, redirects: Sequence[Mapping[str, Any]]) -> None:
    hops = found.within(redirects, MAX_REDIRECTS, "redirects")
    for hop in hops:
        found.extend([("redirect.url", hop.get("url")), ("redirect.status", hop.get("status"))])
    lines = found.lines(
        "redirect.header", [line for hop in hops for line in objects_of(hop.get("headers"))], "header lines of redirects"
    )
    found.put(lines)


def _of_page(page: Page) -> Iterator[tuple[str, Any]]:
    yield "title", page.title
    for name in page.generators:
        yield "generator", name
    for kind, hosts in page.hosts.items():
        for host in hosts:
            yield f"{kind}.host", host
    yield "script.inline", page.inline_scripts


def _add_defects(found: StatementList, responses: Sequence[Mapping[str, Any]], of_page: Sequence[str]) -> None:
    lists = [each.get("defects") for each in responses]
    defects = [one for each in lists if isinstance(each, _LISTS) for one in each]
    for defect in [*found.defects, *of_page, *defects[:MAX_DEFECTS]]:
        found.add("defect", defect)
    if len(defects) > MAX_DEFECTS:
        found.add("defect", f"the snapshot has more than {MAX_DEFECTS} defects; the first are indexed")


def _latest(size: Any, elapsed_ms: Any) -> Sequence[Statement]:
    """The bytes of a body and the milliseconds of a collection, which differ each time: they are for ranges."""
    found = []
    if isinstance(size, int):
        found.append(statement_of((LATEST_ONLY[0], str(size), False)))
    if isinstance(elapsed_ms, _NUMBERS):
        found.append(statement_of((LATEST_ONLY[1], str(round(elapsed_ms, 3)), False)))
    return found
