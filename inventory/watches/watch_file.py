"""The file of watches, in YAML:

watches:
- name: prod headers              # watches are told apart by their names
  query: tag:prod
  every: 3600                     # seconds; this and all after it are optional, as in the API
  on: [changes, fails]
  fields: [header.*, script.host]
  persist: 2
  webhook: https://hooks.example.com/inventory   # one text or a list, as with email and file
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from marshmallow import ValidationError

from inventory import yaml_text
from inventory.errors import InvalidRequest
from inventory.watches.members import chosen_members, settings_from
from inventory.watches.model import MAX_WATCHES
from inventory.watches.schemas import WatchRequest
from inventory.watches.settings import WatchSettings
from inventory.web_api.arguments import errors_of
from inventory.yaml_text import Loader

WATCHES = "watches"
NOT_THAT = "It is not a file of watches: write `watches:`, and below it a list with the members of each watch."


def read(text: str) -> Sequence[WatchSettings]:
    """The watches of a file; `InvalidRequest` says which one is not valid, and why."""
    try:
        document = yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidRequest(f"It is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or set(document) != {WATCHES} or not isinstance(document[WATCHES], list):
        raise InvalidRequest(NOT_THAT)
    if len(document[WATCHES]) > MAX_WATCHES:
        raise InvalidRequest(f"It has {len(document[WATCHES]):,} watches. There may be {MAX_WATCHES:,}.")
    return list(_settings(document[WATCHES]))


def written(watches: Sequence[WatchSettings]) -> str:
    """The file of these watches. Reading it gives the same ones."""
    return yaml_text.written({WATCHES: [chosen_members(each) for each in watches]})


def _settings(watches: Sequence[Any]) -> Iterator[WatchSettings]:
    schema, seen = WatchRequest(), set[str]()
    for number, each in enumerate(watches, 1):
        name = each.get("name") if isinstance(each, dict) else None
        named = f" ({name})" if isinstance(name, str) else ""
        try:
            settings = settings_from(schema.load(each))
        except ValidationError as error:
            reasons = "; ".join(f"{member}: {' '.join(found)}" for member, found in errors_of(error).items())
            raise InvalidRequest(f"Watch {number}{named} is not valid: {reasons}") from error
        if settings.name.strip() in seen:
            raise InvalidRequest(f"Watch {number}{named} has the name of one before it. Give it another one.")
        seen.add(settings.name.strip())
        yield settings
