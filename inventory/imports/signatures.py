"""How files of some types begin, whatever their names say."""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson

from inventory.errors import InvalidFile
from inventory.jobs.job_type import LineFormat

BLANKS = "\ufeff \t\r\n"
GZIP = b"\x1f\x8b"
GZIPPED = "This file is gzipped. Give it a name that ends with .gz."
JSON_DOCUMENTS = {
    rb'"log"\s*:\s*\{\s*"(?:version|creator|browser|pages|entries|comment)"': LineFormat.HAR,
    rb'[^{]{0,200}"roots"\s*:\s*\{\s*"(?:bookmark_bar|other|synced)"': LineFormat.TREE,
    rb'[^{]{0,500}"type"\s*:\s*"text/x-moz-place-container"': LineFormat.TREE,
}
"""What the object of a document of JSON begins with."""
MARKUP = re.compile(
    r"<(?:!doctype|\?xml|html|head|body|table|[uod]l|urlset|sitemapindex|rss|feed|opml|a)[\s>]", re.IGNORECASE
)
JSON_OBJECT = re.compile(r'\[?\s*\{\s*"[^"\n]*"\s*:')
ACCESS_LOG = re.compile(r'\S+ \S+ \S+ \[[^\]]+\] "')


def json_document(content: bytes) -> LineFormat | None:
    """The form of a document of JSON that is not a list, by its beginning; None if it is another one."""
    begins = rb"(?:\xef\xbb\xbf)?\s*\{\s*"
    return next((each for pattern, each in JSON_DOCUMENTS.items() if re.match(begins + pattern, content)), None)


def refuse_others(text: str, line_format: LineFormat) -> None:
    """`InvalidFile` if a file of lines, whose text begins without blanks, is of another type than its name says."""
    if line_format is LineFormat.JSON:
        if text.startswith(("//", "/*", "#")):
            raise InvalidFile("The file begins with a comment, which JSON does not have. Take the comments out.")
    elif MARKUP.match(text):
        raise InvalidFile("This is HTML or XML. Name it .html to import its links, or .xml if it is a sitemap or a feed.")
    elif text.startswith(("[", "{")) and (JSON_OBJECT.match(text) or _is_json(text.partition("\n")[0])):
        raise InvalidFile("This is JSON. Name the file .json, or .jsonl if it has one value a line.")


def refuse_access_log(lines: Sequence[str]) -> None:
    """`InvalidFile` if a line is that of a web server's log, which begins with an address that is not meant."""
    if any(map(ACCESS_LOG.match, lines)):
        raise InvalidFile("This is an access log. Name it .log and import it with kind=events, or save its URLs as .txt.")


def _is_json(line: str) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True
