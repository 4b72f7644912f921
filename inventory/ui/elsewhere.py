"""How to get what a page shows without it: for the macro `same_as`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from flask import request

from inventory.ui.visitors import keys_count

KEY = "-H 'Authorization: Bearer inv_live_…' "


def same_elsewhere(path: str, command: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The request of the API below `/api/v1` with curl, and the arguments of the `inventory` command, if there is one."""
    url = f"{request.scheme}://{request.headers['Host']}{request.script_root}/api/v1{path}"
    ways = [("curl", f"curl {KEY if keys_count() else ''}{shlex.quote(url)}")]
    return ways + ([("Command", shlex.join(["inventory", *command]))] if command else [])
