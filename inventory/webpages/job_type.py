"""Imports of URLs: each row is looked up, after its URL was found in what lists write around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inventory.errors import InvalidUrl
from inventory.imports.lookups import FRESH_FOR, LABELS, LookupJobs, Targets
from inventory.jobs.job_type import TABLES, Completion, FileRows, LineFormat
from inventory.jobs.model import COLUMN
from inventory.records.model import Target

SCHEME, SCHEMES = "scheme", ("https", "http")
"""The option with the scheme for rows without one, and its choices."""
LISTS = {
    ".json": LineFormat.JSON,
    ".md": LineFormat.TEXT,
    ".xml": LineFormat.XML,
    ".rss": LineFormat.XML,
    ".atom": LineFormat.XML,
    ".har": LineFormat.HAR,
    ".html": LineFormat.HTML,
    ".htm": LineFormat.HTML,
    ".warc": LineFormat.WARC,
    ".cdx": LineFormat.CDX,
    ".cdxj": LineFormat.CDX,
}

INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060\u00ad"
"""Characters at the ends of a value that only a copy of a page brings along."""
FORMULA = r'=\s*(?:HYPERLINK|LIEN_HYPERTEXTE|HIPERV[ÍI]NCULO|HIPERLINK)\(\s*"'
LINKED = re.compile(rf'{FORMULA}([^"]+)".*', re.IGNORECASE | re.DOTALL)
"""A linked cell as spreadsheets write it to a CSV."""
URL = re.compile(rf"[\s{INVISIBLE}]*(?:{FORMULA}|!?\[[^][]*\]\(<?|<)?https?:", re.IGNORECASE)
BARE_HOST = re.compile(
    r"\s*(?://)?(?:(?:[\w-]+\.)+[^\W\d_][\w-]+\.?|\d{1,3}(?:\.\d{1,3}){3}|localhost|\[[\da-fA-F:.]+\])(?::\d{1,5})?(?:[/?#]\S*)?\s*"
)
"""A host, perhaps with a port, a path and a query, but without a scheme."""

COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
"""How a program that writes for a terminal changes the colour of its text."""
NO_ROW = re.compile(r"[#;]|//(?![\w[])|<!--.*-->$|[\W_]*$", re.DOTALL)
"""What is a comment from its beginning, or without a letter and a digit: rulers, and brackets around a list."""
BULLET = re.compile(
    r"""(?:(?:[^\w\s"'`<([«„‚“‘]{1,3}\s+)+(?:\[[ xX]\]\s+)?|\(?\d{1,9}[.):]?\)?\s+(?:\[[ xX]\]\s+)?|[•‣◦▪●·・]\s*
    |(?:\[[^][\s]{1,60}\]\s+(?:-\s+)?)+)?(?:(?i:sitemap|ur[li]|link|href|website|site|page)\s*[=:]\s*|--url[\s=]\s*)?""",
    re.VERBOSE,
)
"""What begins an item of a list: signs or a number, perhaps with a box to tick; what programs found, in brackets; and the
name of the value, as in robots.txt, in a shortcut to the Internet, or in the options of curl."""
WRAPPED = re.compile(
    r"""<(?:URL:)?([^<>|]*)(?:\|[^<>]*)?> | "([^"]*)" | '([^']*)' | `([^`]*)` | “([^”]*)” | ‘([^’]*)’ | «([^»]*)»
    | „([^“”"]*)[“”"] | ‚([^‘’']*)[‘’'] | ”([^”]*)” | ’([^’]*)’ | »([^«»]*)[«»] | ‹([^›]*)› | ›([^‹›]*)[‹›]
    | !?\[.*?\]\(\s*+<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)
    | \[[^\]]*\]:\s+<?([^\s<>]+)>?(?:\s+(?:"[^"]*"|'[^']*'))?
    | \((https?://[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)
    | \[\[([^][|]+)(?:(?:\||\]\[)[^][]*)?\]\] | \[(https?://[^][\s]+)(?:\s[^][]*)?\]""",
    re.VERBOSE,
)
"""A URL in quotes or brackets, the link and the reference of Markdown, and the links of wikis."""
TRAILING = ',;"'
"""What ends a line that was an element of a list, and is no part of its URL. A full stop may be one."""
BARE = re.compile(r"(\S+)")
REMARK = r"\t(?!\s*https?://).*|\s+(?:\#|//|;|\||[-–—]{1,2}(?:\s|$)|\[|\().*"
COMMENT = re.compile(rf"[,;.:]?(?:{REMARK}|\s(?:(?!https?://).)*)?", re.DOTALL)
"""What may follow a URL in quotes or brackets: a comment, or words without another URL."""
COMMENT_OF_BARE = re.compile(f"(?:{REMARK})?", re.DOTALL)
"""What may follow another one: a comment, or the brackets in which programs add what they found."""

INSIDE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff]")
PLAIN = re.compile("https?://[!#-+.-:=?-{}~-]*")
"""A URL of printable ASCII without a comma, a semicolon, a bar, a quote or angle brackets, as most are."""
SECOND = re.compile(r"[^?#]*[,;|]https?://", re.IGNORECASE)
"""A URL after another one, not in its query."""
MARKUP = re.compile(r"""[^?#]*["<>“”„«»，。；]|.*</?[a-z]\w*\s*/?>$|[^<]*>$""", re.IGNORECASE | re.DOTALL)
"""What is left of the text that was around a URL: quotes, tags, and the marks between Chinese words."""
HOW_TO_WRITE = "Write one URL in each row, with %20 for a space."


def in_text(line: str) -> str:
    """The URL in a line, without bullet, quotes, brackets and comment; empty if the line is a comment or says nothing.

    The line without blanks if it says something else.
    """
    if line[:4] == "http" and " " not in line and "\t" not in line and "\x1b" not in line:
        return line if line[-1] not in TRAILING else _without_end(line)
    line = (COLOUR.sub("", line) if "\x1b" in line else line).strip()
    if NO_ROW.match(line):
        return ""
    bullet = BULLET.match(line)
    begin = bullet.end() if bullet else 0
    found, after = WRAPPED.match(line, begin), COMMENT
    if found is None:
        found, after = BARE.match(line, begin), COMMENT_OF_BARE
    if found is None or not after.fullmatch(line, found.end()):
        return line
    value = _without_end((found[found.lastindex or 0] or "").strip())
    return value if URL.match(value) or BARE_HOST.fullmatch(value) else line


def _without_end(text: str) -> str:
    """A URL without what is after it in a list, such as a quote that does not belong to another one in it."""
    bare = text.rstrip(TRAILING)
    return bare if bare.count('"') % 2 == 0 else text.rstrip(TRAILING.replace('"', ""))


def checked(value: str, scheme: str | None) -> str:
    """The URL that a value of a list is, with `scheme` before a bare host; `InvalidUrl` if it is not a single URL."""
    if PLAIN.fullmatch(value):
        return value
    text = value.strip().strip(INVISIBLE).strip()
    if text.startswith("=") and (linked := LINKED.fullmatch(text)):
        text = linked[1].strip()
    elif text.startswith(("[", "!", "<")) and (found := WRAPPED.fullmatch(text)):
        text = (found[found.lastindex or 0] or "").strip()
    if inside := INSIDE.search(text):
        raise InvalidUrl(_why_not(text, inside[0]))
    if SECOND.match(text):
        raise InvalidUrl(f"{_shown(text)} has another URL after a delimiter. Write one URL in each row.")
    if MARKUP.match(text):
        raise InvalidUrl(
            f"{_shown(text)} has a quote, a tag or a mark in it that no URL has. Write %22 for a quote, %3C for <."
        )
    if URL.match(text) or not BARE_HOST.fullmatch(text):
        return text
    if scheme is None:
        raise InvalidUrl(
            f"{_shown(text)} has no scheme. Write https:// before it, or import the file with the parameter scheme=https."
        )
    return f"{scheme}:{text}" if text.startswith("//") else f"{scheme}://{text}"


@dataclass(frozen=True, slots=True)
class ListedUrls:
    """The targets of a list's values; a value that is not a single URL has none."""

    targets: Targets
    scheme: str | None

    def target(self, text: str) -> Target:
        """The target of a value; `InvalidUrl` or a subclass when there can be none."""
        return self.targets.target(checked(text, self.scheme))


class UrlJobs(LookupJobs):
    """The job type `urls`."""

    name = "urls"
    description = "each row is looked up"
    file = FileRows(
        suffixes=TABLES | LISTS,
        columns=(
            "url", "urls", "uri", "link", "links", "href", "website", "web site", "webpage", "web page", "site", "homepage",
            "page", "page url", "page_url", "pageurl", "pages", "top pages", "address", "web address", "loc", "endpoint",
            "landing page", "request url", "full url", "page location", "full page url",
        ),
        looks_like=URL.match,
        value="an absolute http or https URL",
        in_text=in_text,
        completion=Completion(
            option=SCHEME,
            looks_like=BARE_HOST.fullmatch,
            columns=("host", "hostname", "domain", "domains", "subdomain", "fqdn", "target"),
            vague=("domain", "domains", "target"),
            value="hosts or URLs without a scheme",
            advice="They look like hosts without a scheme; the parameter scheme=https puts it before them.",
        ),
    )  # fmt: skip
    options = (COLUMN, FRESH_FOR, SCHEME, LABELS)
    takes_limits = True
    retry_member = "url"

    def targets(self, options: Mapping[str, Any]) -> Targets:
        return ListedUrls(self._source, options.get(SCHEME))


def _why_not(text: str, inside: str) -> str:
    """Why a text with such a character is not a single URL, and what to do."""
    if not URL.match(text):
        what = "is more than a URL" if "://" in text else "is not a URL"
        return f"{_shown(text)} {what}. Write one URL in each row."
    what = "white space" if inside.isspace() else "a control character"
    return f"{_shown(text)} has {what} in the middle. {HOW_TO_WRITE}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
