"""Elements of a page whose content a browser does not take for tags, or not for its own, and where each of them ends."""

from __future__ import annotations

import re

_ENDS = {
    name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE)
    for name in ("style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "template")
}
_IN_SCRIPT = re.compile(r"<!--(?:-?>)?|-->|</?script(?=[\t\n\f\r />])", re.IGNORECASE)

ELEMENTS = frozenset({*_ENDS, "script", "plaintext"})


def end_of_content(text: str, name: str, position: int) -> int:
    """Where the content ends of one of the `ELEMENTS`, which begins there: at its end tag, or where the page ends."""
    if name == "script":
        return _end_of_script(text, position)
    end = _ENDS[name].search(text, position) if name in _ENDS else None
    return len(text) if end is None else end.start()


def _end_of_script(text: str, position: int) -> int:
    """Where a script ends that begins there: in `<!-- <script> </script> -->` it does not."""
    hidden = nested = False
    for mark in _IN_SCRIPT.finditer(text, position):
        found = mark[0].lower()
        if found == "</script":
            if not nested:
                return mark.start()
            nested = False
        elif found == "<script":
            nested = hidden
        else:
            hidden = hidden or found == "<!--"
            if found.endswith(">"):
                hidden = nested = False
    return len(text)
