"""Elements of a page whose content a browser does not take for tags, or not for its own, and where each of them ends."""

from __future__ import annotations

import re

_NAMES = ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "template")
_ENDS = {name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE) for name in _NAMES}
_IN_SCRIPT = re.compile(r"<!--(?:-?>)?|-->|</?script(?=[\t\n\f\r />])", re.IGNORECASE)

ELEMENTS = frozenset({*_ENDS, "plaintext"})


def end_of_content(text: str, name: str, position: int) -> int:
    """Where the content ends of one of the `ELEMENTS`, which begins there: at its end tag, or where the page ends."""
    end = _ENDS[name].search(text, position) if name in _ENDS else None
    ends = len(text) if end is None else end.start()
    return _end_of_script(text, position) if name == "script" and text.find("<!--", position, ends) >= 0 else ends


def _end_of_script(text: str, position: int) -> int:
    """The same for a script that has a comment: in `<!-- <script> </script> -->` it does not end."""
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
