"""Limits the content of a snapshot, whatever an upstream sends; `defects` says what was left out.

MongoDB takes documents of up to 16 MB, and a lookup returns a whole one. These limits add up to 4 MB of JSON, the form in
which both stores keep it, and the URLs of redirects to as much again.
"""

from __future__ import annotations

HEADER_BYTES = 2 * 1024 * 1024
"""For the header lines of all hops, the trailers, and those of a 304. Browsers take 256 KiB (Chromium) or 384 KiB (Firefox)
from one hop."""
COOKIE_BYTES = 1024 * 1024
"""A third more than 180 cookies of 4 KiB, which is what browsers keep of one domain."""
FAILURE_BYTES = 256 * 1024
"""For the header lines of the redirects of a failure."""
REQUEST_BYTES = 512 * 1024
"""For the header lines of all requests. Each may have 64 KiB of cookies."""
REFRESH_BYTES = 256 * 1024
"""For the refreshes that a page asks for."""
NAME_BYTES = 128 * 1024
MAX_NAMES = 1_000
"""Names of a certificate: authorities allow 100 (Let's Encrypt) to 250, and a few sell more."""
MAX_TEXT_CHARACTERS = 1_000
"""For what is one short line from any honest upstream: a reason phrase, a media type, a certificate's subject."""


def clipped(text: str, what: str, defects: list[str]) -> str:
    """A text, shortened to `MAX_TEXT_CHARACTERS`."""
    if len(text) <= MAX_TEXT_CHARACTERS:
        return text
    defects.append(f"the {what} has {len(text):,} characters; the first {MAX_TEXT_CHARACTERS:,} are kept")
    return text[:MAX_TEXT_CHARACTERS]
