"""What tests read of a page: its texts and its links."""

from __future__ import annotations

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[dict[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def texts(page: str) -> str:
    """All texts of a page as a person reads them, with single spaces."""
    return " ".join(" ".join(_Reader(page).texts).split())


def addresses(page: str, attribute: str = "href") -> list[str]:
    """The addresses that links of a page lead to, or those in another attribute."""
    return [found for tag in _Reader(page).tags if (found := tag.get(attribute))]
