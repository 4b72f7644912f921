"""What the HTML of a page says of itself: its title, its generators, and the hosts that it loads from or posts to.

It is read as by a browser that runs scripts: comments, templates and `noscript` load nothing. What scripts and style sheets
load is not known here, nor what a page connects to without loading anything (`preconnect`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from inventory import web_encodings
from inventory.html_pages.loading import KINDS, is_inline_script, references_of
from inventory.html_pages.reference_hosts import Base
from inventory.html_pages.tags import Tag, tags_in
from inventory.json_members import is_object
from inventory.records.model import Content
from inventory.size_budget import SizeBudget

MAX_TAGS = 10_000
"""That load something, of one page."""
MAX_HOSTS = 1_000
"""Of one kind."""
MAX_GENERATORS = 20
MAX_CHARACTERS = 1_000
"""Of a title or a generator."""
PAGE_BYTES = 128 * 1024
"""For the generators of a page and the hosts that it loads from, as JSON."""
MAX_READ = 4_000
"""Characters of them as they stand in the page. Python reads no number of more than 4,300 digits, as in `&#999…`."""

_OF_OTHERS = ("the title of ", "the generator of ")
"""How defects begin that are not about hosts. Snapshots keep defects as sentences alone."""
_NO_HOSTS: Mapping[str, tuple[str, ...]] = dict.fromkeys(KINDS, ())
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_WHITE_SPACE = re.compile(r"[\t\n\f\r ]+")
_NEEDED = {
    "meta": re.compile("generator", re.IGNORECASE),
    "input": re.compile("formaction|image", re.IGNORECASE),
    "button": re.compile("formaction", re.IGNORECASE),
}
"""What must stand among the attributes of a tag for it to matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says. `hosts` has those of each of the `KINDS`, in the order of the page.

    `inline_scripts` is the number of scripts that stand in the page itself. `defects` says what was not looked at.
    """

    title: str | None = None
    generators: tuple[str, ...] = ()
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inline_scripts: int = 0
    defects: tuple[str, ...] = ()

    @property
    def has_all_hosts(self) -> bool:
        """Whether `hosts` are all that the text names."""
        return all(each.startswith(_OF_OTHERS) or " generators " in each for each in self.defects)


def page_of(body: bytes, content: Content) -> Page | None:
    """The page that a snapshot's body is; None if it is not HTML. `content` is that of the snapshot."""
    described = content["body"]
    media_type, charset = described["media_type"], described["charset"]
    if media_type not in _HTML or charset is None or described.get("undecoded") is not None:
        return None
    text = web_encodings.decode(body, charset)
    return read(text, content["response"]["final_url"], is_xml=media_type != "text/html")


def document_of(page: Page) -> dict[str, Any]:
    """The member `page` of a snapshot's content. Of the hosts it has the kinds of which there are any."""
    hosts = {kind: list(hosts) for kind, hosts in page.hosts.items() if hosts}
    return {
        "title": page.title,
        "generators": list(page.generators),
        "hosts": hosts,
        "inline_scripts": page.inline_scripts,
        "defects": list(page.defects),
    }


def kept_page(content: Content) -> Page | None:
    """The page that a snapshot has as its member `page`; None if it has none, as old ones."""
    kept = content.get("page")
    if not is_object(kept):
        return None
    title, inline = kept.get("title"), kept.get("inline_scripts")
    return Page(
        title=title if isinstance(title, str) else None,
        generators=_texts(kept.get("generators")),
        hosts=_hosts(kept.get("hosts")),
        inline_scripts=inline if isinstance(inline, int) else 0,
        defects=_texts(kept.get("defects")),
    )


def _hosts(hosts: Any) -> Mapping[str, tuple[str, ...]]:
    if not is_object(hosts):
        return {}
    return {kind: _texts(hosts.get(kind)) for kind in KINDS} if hosts else _NO_HOSTS


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if value and isinstance(value, list | tuple) else ()


def read(text: str, url: str, *, is_xml: bool = False) -> Page:
    """The page with this text at this URL. The time is linear in the text, however deep it nests."""
    tags = (tag for tag in tags_in(text, is_xml=is_xml) if _matters(tag))
    taken = list(islice(tags, MAX_TAGS))
    title = next((tag.content for tag in taken if tag.name == "title"), "")
    reader = _Reader(url)
    reader.read([tag for tag in taken if tag.name != "title"])
    if next(tags, None) is not None:
        reader.defects.append(f"the page has more than {MAX_TAGS:,} elements that load something; the first are looked at")
    budget = SizeBudget(PAGE_BYTES, reader.defects)
    return Page(
        title=reader.one_line(html.unescape(title[:MAX_READ]), "title"),
        generators=tuple(budget.fitting(list(reader.generators), "generators")),
        hosts={kind: tuple(budget.fitting(list(hosts), f"hosts of {kind}s")) for kind, hosts in reader.hosts.items()},
        inline_scripts=reader.inline_scripts,
        defects=tuple(reader.defects),
    )


def _matters(tag: Tag) -> bool:
    needed = _NEEDED.get(tag.name)
    return needed is None or needed.search(tag.attributes) is not None


class _Reader:
    """Goes through the elements of a page in their order, because a `<base>` holds for those after it."""

    def __init__(self, url: str) -> None:
        self._base = Base(url)
        self._has_base = False
        self.generators: dict[str, None] = {}
        self.hosts: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
        self.inline_scripts = 0
        self.defects: list[str] = []

    def read(self, tags: list[Tag]) -> None:
        """Read these tags. The parser gets them alone, each closed at once: so nothing nests, and nothing is text."""
        if not tags:
            return
        extract = "".join(
            f"<{name} {tag.attributes.replace('<', '&lt;')}></{name}>"
            for tag in tags
            for name in ["iframe" if tag.name == "frame" else tag.name]  # which a parser ignores outside of a frameset
        )
        try:
            root = LexborHTMLParser(extract).root
        except SelectolaxError as error:
            self.defects.append(f"the page cannot be read: {error}")
            return
        for node in root.traverse() if root is not None else ():
            self._element(node)

    def one_line(self, text: str, what: str) -> str | None:
        """The first characters of a text, with single spaces; None if there are none."""
        line = _WHITE_SPACE.sub(" ", text).strip(" ")
        if len(line) > MAX_CHARACTERS:
            self._tell(f"the {what} of the page has more than {MAX_CHARACTERS:,} characters; the first are kept")
        return line[:MAX_CHARACTERS] or None

    def _element(self, node: LexborNode) -> None:
        tag, attributes = node.tag or "", node.attributes
        if tag == "base":
            if "href" in attributes and not self._has_base:
                self._base, self._has_base = self._base.joined(attributes["href"] or ""), True
        elif tag == "meta":
            is_generator = (attributes.get("name") or "").lower() == "generator"
            name = self.one_line((attributes.get("content") or "")[:MAX_READ], "generator") if is_generator else None
            if name is not None and len(self.generators) < MAX_GENERATORS:
                self.generators[name] = None
        elif is_inline_script(tag, attributes):
            self.inline_scripts += 1
        else:
            for kind, reference in references_of(tag, attributes):
                host, hosts = self._base.host_of(reference), self.hosts[kind]
                if host is not None and host not in hosts:
                    self._add(kind, host)

    def _add(self, kind: str, host: str) -> None:
        if len(self.hosts[kind]) < MAX_HOSTS:
            self.hosts[kind][host] = None
        else:
            self._tell(f"the page has more than {MAX_HOSTS:,} hosts of {kind}s; the first are kept")

    def _tell(self, defect: str) -> None:
        if defect not in self.defects:
            self.defects.append(defect)
