"""The same search elsewhere: as files, as a request of the API, and as a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from inventory.observations.exports import FORMATS
from inventory.services import services
from inventory.ui.elsewhere import Ways, same_elsewhere
from inventory.ui.pages import fitting

API = "/api/v1/search"
NAMES = {"csv": "CSV", "jsonl": "JSON lines"}


def exports(query: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """The files of all targets that a query means: name and address of each; none for who may not export any.

    A web archive only where there is room for its address.
    """
    limits = services().limits.of("export")
    if limits is not None and not limits.texts:
        return []
    asked = _parameters(query)
    files = [(NAMES[each], f"{request.script_root}{API}/export?{urlencode(asked | {'format': each})}") for each in FORMATS]
    archived = {"q": query["q"]} | {name: asked[name] for name in ("at",) if name in asked}
    archive = fitting(f"{request.script_root}/api/v1/archive.warc.gz?{urlencode(archived)}")
    return [*files, *([("a web archive", archive)] if archive else [])]


def ways(query: Mapping[str, Any]) -> Ways:
    """How to ask the same of the API and in a terminal."""
    asked = _parameters(query)
    return same_elsewhere(API, asked, "search", *_options(asked))


def _parameters(query: Mapping[str, Any]) -> dict[str, str]:
    return {name: query[name] for name in ("q", "at", "show") if query[name]}


def _options(asked: Mapping[str, str]) -> list[str]:
    """The arguments of `inventory search`; the query is the last one, after `--` if it would look like an option."""
    options = [part for name in ("at", "show") if name in asked for part in (f"--{name}", asked[name])]
    query = asked.get("q", "")
    return [*options, *(["--"] if query.startswith("-") else []), *([query] if query else [])]
