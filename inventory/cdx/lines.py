"""What the index says of a capture, by the names of its fields in both dialects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inventory.cdx.model import Capture
from inventory.cdx.timestamps import timestamp

Line = Mapping[str, str]
"""The values of a capture by the Wayback Machine's names of their fields."""
WAYBACK = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
PYWB = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length")
NOT_IN_FILES = ("offset", "filename")
"""Fields of pywb that say where a WARC file has a capture. No capture is in a file here."""
FIELDS: Mapping[str, str] = dict(zip((*PYWB, *WAYBACK), (*WAYBACK, *WAYBACK), strict=True)) | {
    name: name for name in NOT_IN_FILES
}
"""By its name in either dialect, the name of each field in a `Line`."""
ONLY_PYWB = frozenset((*PYWB, *NOT_IN_FILES)) - frozenset(WAYBACK)
ONLY_WAYBACK = frozenset(WAYBACK) - frozenset(PYWB)
UNKNOWN, NO_MEDIA_TYPE = "-", "unk"


def line_of(capture: Capture) -> Line:
    """What the index says of the first response of a snapshot, which is what its memento answers."""
    content = capture.snapshot.content
    redirects: Sequence[Mapping[str, Any]] = content.get("redirects") or ()
    found = _redirect(redirects[0]) if redirects else _last(content, capture.snapshot.body_sha256)
    return {
        "urlkey": capture.urlkey,
        "timestamp": timestamp(capture.snapshot.collected_at),
        "original": capture.target.key,
        "offset": UNKNOWN,
        "filename": UNKNOWN,
        **found,
    }


def _redirect(redirect: Mapping[str, Any]) -> Line:
    """Its body is not kept."""
    types = [line["value"] for line in redirect.get("headers", ()) if line["name"].lower() == "content-type"]
    return {
        "mimetype": _media_type(types[0] if types else None),
        "statuscode": str(redirect["status"]),
        "digest": UNKNOWN,
        "length": UNKNOWN,
    }


def _last(content: Mapping[str, Any], sha256: str | None) -> Line:
    body = content["body"]
    return {
        "mimetype": _media_type(body["media_type"]),
        "statuscode": str(content["response"]["status"]),
        "digest": UNKNOWN if sha256 is None else f"sha256:{sha256}",
        "length": str(body["size"]),
    }


def _media_type(declared: str | None) -> str:
    """The media type without parameters and blanks, which separate fields."""
    words = (declared or "").partition(";")[0].lower().split()
    return words[0] if words else NO_MEDIA_TYPE
