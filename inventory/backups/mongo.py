"""How a MongoDB store is backed up: by MongoDB's own tools, which see its replica set's log of operations."""

from __future__ import annotations

import shlex
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from inventory.masking import MASK


def commands(url: str, file: str) -> tuple[str, str]:
    """What dumps this store to a file as of one instant, and what restores it; the password is covered.

    A dump with `--oplog` has all databases of the server, so the URL of the tools names none.
    """
    uri = shlex.quote(_for_tools(url))
    archive = shlex.quote(file)
    return (
        f"mongodump --uri={uri} --oplog --gzip --archive={archive}",
        f"mongorestore --uri={uri} --oplogReplay --drop --gzip --archive={archive}",
    )


def _for_tools(url: str) -> str:
    """The URL without its database, which is where the user is looked for unless the URL says another."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    database = parts.path.lstrip("/")
    if at and database and not any(name.lower() == "authsource" for name, _ in query):
        query.append(("authSource", database))
    masked = f"{user}{colon}{MASK if colon else ''}{at}{hosts}"
    shown = [(name, MASK if "password" in name.lower() else value) for name, value in query]
    return urlunsplit((parts.scheme, masked, "/", urlencode(shown, safe="*,:/"), ""))
