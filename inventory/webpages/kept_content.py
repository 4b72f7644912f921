"""The content of a snapshot that another inventory kept, as its archives have it: checked before it is kept here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from inventory import json_bytes, urls
from inventory.errors import InvalidRequest, SourceFailure
from inventory.records.model import Attachment, Content
from inventory.webpages import archived, kept_values
from inventory.webpages.content_schemas import ContentSchema
from inventory.webpages.cookies import READY, as_answered, cookies_of

MAX_BYTES = 10 * 1024 * 1024
"""Of the JSON of a content: what its parts may have together (`bounds`), and the URLs of redirects."""
MEMBERS = ("response", "redirects", "headers", "cookies", "body")
OF_A_NEWER_VERSION = "Unknown field."
"""What a schema says of a member that it does not know, which is no harm."""
BOOLEANS = frozenset({"truncated", "not_modified", "secure", "http_only", "host_only", "partitioned", "accepted"})
NUMBERS = frozenset({"status", "size", "max_age", "seconds", "inline_scripts"})
"""Members that schemas also take as text; whole numbers, and those that end in `_ms` are numbers, too."""

_ANY_PAGE = urls.known("http://name.invalid/")


class InvalidContent(Exception):
    """The content is not one that an inventory keeps; the text says why."""


def checked(document: object, payload: bytes) -> tuple[Content, bytes]:
    """The content in a document, and the body, if it is one of a snapshot with this payload; `InvalidContent` otherwise."""
    if not isinstance(document, dict) or any(name not in document for name in MEMBERS):
        raise InvalidContent(f"it lacks some of {', '.join(MEMBERS)}")
    content = {name: value for name, value in document.items() if name in (READY, *MEMBERS, "page")}
    try:
        if len(json_bytes.dumps(content)) > MAX_BYTES:
            raise InvalidContent(f"it has more than {MAX_BYTES:,} bytes")
        body = archived.undone(payload, content)
        _check(content, body)
    except SourceFailure as error:
        raise InvalidContent("the body in the file cannot be decoded") from error
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InvalidContent(f"a member is not what it has to be: {type(error).__name__}") from error
    return content, body


def attached(content: Content, payload: bytes, certificate: bytes | None) -> tuple[Content, tuple[Attachment, ...]]:
    """What a checked content names besides its body and the file has, and the content without what the file lacks."""
    found, body, tls = list[Attachment](), dict(content["body"]), content["response"]["tls"]
    wire = body.get("wire")
    if wire is not None and (wire["sha256"], wire["size"]) == (hashlib.sha256(payload).hexdigest(), len(payload)):
        found += [] if wire["sha256"] == body["sha256"] else [Attachment(wire["sha256"], payload)]
    elif wire is not None:
        del body["wire"]
        content = {**content, "body": body}
    if certificate is not None and tls is not None and tls.get("sha256") == hashlib.sha256(certificate).hexdigest():
        found.append(Attachment(tls["sha256"], certificate))
    elif tls is not None and "size" in tls:
        tls = {name: value for name, value in tls.items() if name != "size"}
        content = {**content, "response": {**content["response"], "tls": tls}}
    return content, tuple(found)


def _check(content: dict[str, Any], body: bytes) -> None:
    answered = {name: value for name, value in content.items() if name != READY}
    answered["cookies"] = [dict(each) for each in cookies_of(content)]
    if wrong := next(_wrong(ContentSchema().validate(answered)), None):
        raise InvalidContent(wrong)
    _check_types(content)
    if wrong := next(kept_values.wrong(content), None):
        raise InvalidContent(f"{wrong} is none that a collection finds")
    for url in (content["response"]["final_url"], *(each["url"] for each in content["redirects"])):
        _check_url(url)
    about = content["body"]
    if (about["sha256"], about["size"]) != (hashlib.sha256(body).hexdigest(), len(body)):
        raise InvalidContent("the body in the file is another one than the snapshot names")
    if READY in content and READY not in as_answered({**content, "cookies": []}):
        raise InvalidContent("its body is said to be UTF-8, and is not")


def _check_types(value: object) -> None:
    """Members that are no text are none here either."""
    if isinstance(value, list):
        for each in value:
            _check_types(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if each is not None and name.endswith("_ms") and (isinstance(each, bool) or not isinstance(each, int | float)):
                raise InvalidContent(f"{name} is not a number")
            if each is not None and name in NUMBERS and (isinstance(each, bool) or not isinstance(each, int)):
                raise InvalidContent(f"{name} is not a whole number")
            if name in BOOLEANS and not isinstance(each, bool):
                raise InvalidContent(f"{name} is neither true nor false")
            _check_types(each)


def _check_url(url: str) -> None:
    """As a redirect may lead to it: no record is named by it, so it may be long."""
    try:
        is_one = urls.follow(_ANY_PAGE, url).href == url
    except InvalidRequest as error:
        raise InvalidContent(str(error)) from error
    if not is_one:
        raise InvalidContent(f"{url[:100]!r} is not a URL as the inventory writes it")


def _wrong(errors: object, path: str = "") -> Iterator[str]:
    """What a schema finds wrong, but for members that it does not know."""
    if isinstance(errors, Mapping):
        for name, each in errors.items():
            yield from _wrong(each, f"{path}.{name}" if path else str(name))
    elif isinstance(errors, list):
        yield from (f"{path}: {each}" for each in errors if each != OF_A_NEWER_VERSION)
