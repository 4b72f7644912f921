"""Lookups that ask for a URL and nothing else, answered without WSGI and Flask.

These, with their environment, contexts, routing, arguments and hooks, are more than what such a lookup costs otherwise
(docs/speed.md). All other requests are left to the application, which answers lookups alike.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags
from werkzeug.wrappers import Response

from inventory.access.current import NOBODY, set_caller
from inventory.access.model import Caller
from inventory.access.service import NOT_COLLECTED, Admitted, sent_key
from inventory.errors import InvalidRequest, NotInInventory, Unstorable
from inventory.hosts import AllowedHosts
from inventory.ops import request_log
from inventory.records.lookup import LookupResult
from inventory.records.model import Target
from inventory.records.service import RecordService
from inventory.web_api import security_headers
from inventory.web_api.same_origin import BROWSER, CACHED_HOSTS
from inventory.web_api.shortcut import Answer, Groupable, Later
from inventory.webpages.lookup import PATH, LookupResponse, known, look_up, pending
from inventory.webpages.model import SOURCE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LITERAL = r"[A-Za-z0-9._~!*'(),/:?@$=-]*"
URL_ONLY = re.compile(rf"url=(?!\Z)({LITERAL}(?:%[0-7][0-9A-Fa-f]{LITERAL})*)")
"""A query that is one URL in ASCII: every way to parse a query reads the same in it."""
STATUS_LINES = {200: "200 OK", 202: "202 ACCEPTED", 304: "304 NOT MODIFIED"}
NO_ETAGS = ETags()
ASKS_MORE = frozenset({"prefer", "sec-fetch-site", "origin", "referer"})
"""Header fields by which a lookup may wait, or may come from a page of another site. One of a browser may in any case."""
SECURITY_HEADERS = security_headers.lines()
PRIVATE = f"Cache-Control: {security_headers.PRIVATE}\r\n"


@dataclass(slots=True)  # not frozen, because one of those takes three times as long to be made
class LookupRequest(Groupable):
    """A lookup: a URL in the spelling of the caller, its validators, the request's id, when it began, and who sends it.

    `peer` is the address of whoever opened the connection, and `forwarded_for` is what that says of others.
    """

    url: str
    if_none_match: ETags
    request_id: str
    began: float
    admitted: Admitted
    peer: str
    forwarded_for: str


Note = Callable[[Sequence[tuple[Caller, Target, str]]], object]
"""Keeps lookups that accepted a collection: of each the caller, the target, and the id of the request."""


class FastLookup:
    """A `Shortcut` for lookups of a URL alone.

    `app` answers the problems. `admit` tells who sends the text of a key, or none, if its lookups need no further check.
    `address_of` tells the address of a client from that of the peer and `X-Forwarded-For`. `note`, if there is one,
    is told of lookups that accepted a collection. `is_local`: a lookup reads files of this machine, so it may be answered at
    once. `mounted_at` is the path that precedes the application's own paths.
    """

    def __init__(
        self,
        app: WSGIApplication,
        records: RecordService,
        hosts: AllowedHosts,
        admit: Callable[[str | None], Admitted | None],
        address_of: Callable[[str, str], str],
        note: Note | None,
        *,
        is_local: bool,
        mounted_at: str,
    ) -> None:
        self._app, self._records, self._is_local, self._mounted_at = app, records, is_local, mounted_at
        self._admitted, self._address_of, self._note = admit, address_of, note
        self._admit = lru_cache(CACHED_HOSTS)(hosts.admit)
        self._before_query = f"{mounted_at}{PATH}?"

    def __call__(self, target: str, fields: Mapping[str, str], *, peer: str, at_once: bool) -> Later | Groupable | None:
        asked = self._read(target, fields, peer)
        return asked if asked is None or (at_once and self._is_local) else partial(self._look_up, asked)

    def answer_known(self, requests: Sequence[Groupable]) -> Generator[Answer | Later | Groupable, None, None]:
        """Misses are left to `answer_group`. They all are looked up at one moment, which is later than each of them."""
        left = deque(_lookups(requests))
        try:
            with self._records.reading():
                now = self._records.clock()
                while left:
                    asked = left[0]
                    response = known(self._records, asked.url, now=now, if_none_match=asked.if_none_match)
                    answer = asked if response is None else _answer(asked, response)
                    left.popleft()
                    yield answer
        except Exception as error:  # noqa: BLE001 - the outermost edge is the application's: it logs and answers the error
            if left:  # the others have no error yet
                yield partial(self._problem, left.popleft(), error)
        yield from map(self.later, left)

    def later(self, request: Groupable) -> Later:
        assert isinstance(request, LookupRequest)
        return partial(self._look_up, request)

    def answer_group(self, requests: Sequence[Groupable]) -> Sequence[Answer]:
        request_log.identify_none()
        set_caller(NOBODY)  # of several: each has its own, and nothing is checked any more
        asked = _lookups(requests)
        try:
            promises = self._promises(asked)
        except Unstorable:  # which of them it is is not known
            promises = [None] * len(asked)
        except Exception as error:  # noqa: BLE001 - as above
            return [self._problem(each, error) for each in asked]
        now = self._records.clock()
        return [
            self._look_up(each) if promise is None else _answer(each, pending(promise, now, self._mounted_at))
            for each, promise in zip(asked, promises, strict=True)
        ]

    def _promises(self, asked: Sequence[LookupRequest]) -> Sequence[LookupResult | None]:
        """The promises of those URLs that can and may be collected and of which nothing else is known yet."""
        targets: list[Target | None] = []
        for each in asked:
            try:
                targets.append(self._records.collectable(SOURCE, each.url) if each.admitted.collects else None)
            except InvalidRequest:
                targets.append(None)
        collected = [(target, each) for target, each in zip(targets, asked, strict=True) if target is not None]
        owners = [each.admitted.caller.owner for _, each in collected]
        note = None if self._note is None else partial(self._note_accepted, self._note, asked, targets)
        promises = self._records.promise_all([target for target, _ in collected], owners, note)
        return [None if target is None else promises.get(target.id) for target in targets]

    def _note_accepted(
        self, note: Note, asked: Sequence[LookupRequest], targets: Sequence[Target | None], accepted: Sequence[Target]
    ) -> None:
        """Note for each target that was accepted the first that asked for it; `targets` are those of `asked`."""
        first = {target.id: each for target, each in zip(targets[::-1], asked[::-1], strict=True) if target is not None}
        noted = [(first[target.id], target) for target in accepted]
        note([(self._caller(each), target, each.request_id) for each, target in noted])

    def account(self, answers: Sequence[Answer]) -> None:
        seen = [(int(each.status[:3]), each.request_id, each.seconds) for each in answers if each.seconds is not None]
        request_log.account_all("GET", PATH, PATH, seen)

    def _read(self, target: str, fields: Mapping[str, str], peer: str) -> LookupRequest | None:
        """The lookup that a request is, if a URL is all of it, and neither its page nor its sender is to be checked."""
        before = len(self._before_query)
        query = URL_ONLY.fullmatch(target, before) if target.startswith(self._before_query) else None
        if query is None or not ASKS_MORE.isdisjoint(fields) or fields.get("user-agent", "").startswith(BROWSER):
            return None
        if not self._admit(fields.get("host", "")):
            return None
        text = sent_key(fields.get("authorization"), fields.get("x-api-key"))
        admitted = self._admitted(text)
        if admitted is None or (text is None and "cookie" in fields and not admitted.collects):  # it may be of a session
            return None
        return LookupRequest(
            _unquoted(query[1]),
            parse_etags(fields["if-none-match"]) if "if-none-match" in fields else NO_ETAGS,
            request_log.valid_id(fields.get("x-request-id", "")),
            time.perf_counter(),
            admitted,
            peer,
            fields.get("x-forwarded-for", ""),
        )

    def _look_up(self, asked: LookupRequest) -> Answer:
        """The answer to a lookup that is accepted for collection if its caller may collect."""
        request_log.identify(asked.request_id)
        collects = asked.admitted.collects
        set_caller(self._caller(asked))
        try:
            target = self._records.target(SOURCE, asked.url)
            response, _ = look_up(
                self._records,
                target,
                if_none_match=asked.if_none_match,
                mounted_at=self._mounted_at,
                collect=collects,
            )
        except NotInInventory as error:
            why = NotInInventory(f"Nothing is known of {target.key}. {NOT_COLLECTED}")
            return self._problem(asked, error if collects else why)
        except Exception as error:  # noqa: BLE001 - the outermost edge is the application's: it logs and answers the error
            return self._problem(asked, error)
        return _answer(asked, response)

    def _caller(self, asked: LookupRequest) -> Caller:
        return replace(asked.admitted.caller, address=self._address_of(asked.peer, asked.forwarded_for))

    def _problem(self, asked: LookupRequest, error: Exception) -> Answer:
        """What the application answers to an error."""
        from werkzeug.test import create_environ  # here, because few processes ever need it

        at = f"http://localhost{self._mounted_at}"  # every application answers for this host
        environ = create_environ(PATH, at, {"url": asked.url}, headers={"X-Request-ID": asked.request_id})
        environ[request_log.EARLY_ERROR] = error
        response = Response.from_app(self._app, environ, buffered=True)
        fields = "".join(f"{name}: {value}\r\n" for name, value in response.headers)
        return Answer(response.status, fields + _private(asked), response.data, asked.request_id)


def _lookups(requests: Sequence[Groupable]) -> Sequence[LookupRequest]:
    return [request for request in requests if isinstance(request, LookupRequest)]


def _unquoted(text: str) -> str:
    """A text of `URL_ONLY` without escapes. Most have these two alone, and then it takes a tenth of the time."""
    text = text.replace("%3A", ":").replace("%2F", "/")
    return unquote_to_bytes(text).decode("ascii") if "%" in text else text


def _answer(asked: LookupRequest, response: LookupResponse) -> Answer:
    fields = "".join([f"{name}: {value}\r\n" for name, value in response.headers.items()])
    length = f"Content-Length: {len(response.body)}\r\n" if response.body else ""
    return Answer(
        STATUS_LINES[response.status],
        f"{fields}X-Request-ID: {asked.request_id}\r\n{length}{_private(asked)}{SECURITY_HEADERS}",
        response.body,
        asked.request_id,
        time.perf_counter() - asked.began,
    )


def _private(asked: LookupRequest) -> str:
    return "" if asked.admitted.caller.key is None else PRIVATE
