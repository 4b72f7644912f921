"""What an element of a page makes a browser load or post to."""

from __future__ import annotations

import re
from collections.abc import Mapping

KINDS = ("script", "link", "image", "frame", "form")
"""What a page loads or posts to, as the fields of observations name it."""
MAX_IMAGES = 100
"""That one `srcset` offers."""

Attributes = Mapping[str, str | None]
"""Those of an element; None is the value of one that is only named."""

_REFERENCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "script": (("script", "src"),),
    "link": (("link", "href"), ("link", "imagesrcset")),
    "img": (("image", "src"), ("image", "srcset")),
    "source": (("image", "srcset"),),
    "video": (("image", "poster"),),
    "iframe": (("frame", "src"),),
    "embed": (("frame", "src"),),
    "object": (("frame", "data"),),
    "form": (("form", "action"),),
    "input": (("form", "formaction"), ("image", "src")),
    "button": (("form", "formaction"),),
}
"""By element: the kind of what an attribute refers to."""
_LISTS = frozenset({"srcset", "imagesrcset"})
"""Attributes with several references."""
_FETCHED_LINKS = frozenset(
    {
        *("stylesheet", "preload", "modulepreload", "prefetch", "prerender", "compression-dictionary"),
        *("icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "manifest"),
    }
)
"""Relations of a `<link>` that make a browser fetch it. Who wants to follows the others, such as `canonical`."""
_SCRIPTS = re.compile(
    r"|module|(?:application|text)/(?:x-)?(?:java|ecma)script|text/(?:javascript1\.[0-5]|jscript|livescript)", re.IGNORECASE
)
"""Types of scripts that a browser runs. Others, such as JSON, are data."""
_CANDIDATE = re.compile(r"([^\t\n\f\r ,][^\t\n\f\r ]*+)(?:(?<=,)|[^,(]*+(?:\([^)]*+\)?[^,(]*+)*+,?)")
"""A URL of a `srcset` and its descriptors (HTML, "parse a srcset attribute")."""


def is_inline_script(tag: str, attributes: Attributes) -> bool:
    """Whether it is a script that stands in the page itself, and that a browser runs."""
    return tag == "script" and "src" not in attributes and _is_run(attributes)


def references_of(tag: str, attributes: Attributes) -> list[tuple[str, str]]:
    """The references of an element, each after its kind. A form without an action posts to the page: the empty one."""
    if not _loads(tag, attributes):
        return []
    found: list[tuple[str, str]] = []
    for kind, name in _REFERENCES[tag]:
        value = attributes.get(name) or ""
        if name in _LISTS:
            found += [(kind, url.rstrip(",")) for url in _CANDIDATE.findall(value)[:MAX_IMAGES]]
        elif name == "action" or not (value == "" or value.isspace()):
            found.append((kind, value))
    return found


def _loads(tag: str, attributes: Attributes) -> bool:
    """Whether an element of this kind, with these attributes, loads or posts anything."""
    if tag == "script":
        return _is_run(attributes)
    if tag == "link":
        return not _FETCHED_LINKS.isdisjoint((attributes.get("rel") or "").lower().split())
    if tag == "form":
        return (attributes.get("method") or "").lower() != "dialog"
    return tag in _REFERENCES


def _is_run(attributes: Attributes) -> bool:
    return _SCRIPTS.fullmatch((attributes.get("type") or "").strip()) is not None
