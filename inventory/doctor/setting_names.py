"""Environment variables that look like settings and are none, and settings that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from inventory.config import DECLARATIONS, Settings
from inventory.doctor.model import Finding, ok, problem, warning
from inventory.errors import SettingError
from inventory.setting_texts import PREFIX

NAMES = frozenset(f"{PREFIX}{name.upper()}{end}" for name in DECLARATIONS for end in ("", "_FILE"))
FOR_TESTS = f"{PREFIX}TEST_"
ALIKE = 0.85
"""How alike a name has to be to that of a setting to be taken for it; the prefix alone makes any two alike by half."""


def check(environ: Mapping[str, str]) -> Iterator[Finding]:
    """A finding for each name that is ignored, and for what cannot be read."""
    wrong = [*unknown(environ), *_unreadable()]
    yield from wrong
    if not wrong:
        yield ok("settings", f"Settings that are set: {len(NAMES & environ.keys())}. Each is known and can be read.")


def unknown(environ: Mapping[str, str]) -> Iterator[Finding]:
    """A warning for each name that looks like a setting and is none."""
    feeds = environ.get(f"{PREFIX}PRODUCT_FEEDS", "")
    for name in sorted(environ.keys() - NAMES):
        ours = name.startswith(PREFIX)
        nearest = get_close_matches(name.upper(), NAMES, n=1, cutoff=ALIKE)
        if name.startswith(FOR_TESTS) or not (nearest or ours) or (ours and _is_in(feeds, name)):
            continue
        advice = f"Did you mean {nearest[0]}?" if nearest else "README.md lists all settings."
        yield warning("settings", f"{name} is set, and is no setting, so it is ignored.", advice)


def _is_in(feeds: str, name: str) -> bool:
    """Whether the file of product feeds asks for this variable."""
    try:
        return f"${{{name}}}" in Path(feeds).read_text(encoding="utf-8")
    except (OSError, ValueError):  # to read the setting says what is wrong with the file
        return False


def _unreadable() -> Iterator[Finding]:
    try:
        Settings.read()
    except SettingError as error:
        yield problem("settings", f"{error}.", "Change it, or unset it for its default. Nothing starts before.")
