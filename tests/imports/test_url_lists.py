"""Lists of URLs as people have them: for each sample its shape, its encoding, its column, and what becomes of each row."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from inventory import urls
from inventory.errors import InvalidFile, InvalidRequest, UnsupportedFile
from inventory.imports.detection import detect
from inventory.imports.file_format import FileFormat
from inventory.imports.rows import read
from inventory.webpages.job_type import UrlJobs, checked, in_text

SAMPLES = Path(__file__).parents[1] / "samples" / "urls"
A, B, C = "https://example.com/a", "https://example.com/b?x=1", "http://example.org/c"
B2 = "https://example.com/b?x=1&y=2"
HTTPS = {"scheme": "https"}
HOSTS = ("http://example.com/", "http://example.org/")
LINKS = ("https://example.net/1", "https://example.net/2")
SOURCE = "https://example.com/"


@dataclass(frozen=True)
class Sample:
    """A file: what it is taken for, and its rows by number; `rejected` are those that are no URL."""

    file_name: str
    shape: str
    column: str | None
    rows: Mapping[int, str]
    rejected: tuple[int, ...] = ()
    encoding: str = "utf-8"
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join((self.file_name, *(f"{name}={value}" for name, value in self.options.items())))


def numbered(*found: str, first: int = 1) -> dict[int, str]:
    return dict(enumerate(found, first))


TWO = numbered(A, B, first=2)
TAKEN = [
    Sample("plain.txt", "text", None, numbered(A, B, C)),
    Sample("waybackurls.txt", "text", None, numbered(A, B, "http://example.org/robots.txt")),
    Sample("joined.txt", "text", None, numbered(A, B, C, "https://example.com/nbsp")),
    Sample(
        "decorated.txt",
        "text",
        None,
        numbered(
            A,
            B,
            C,
            "https://example.com/1",
            "https://example.com/2",
            "https://example.com/md_(1)",
            "https://example.com/comment",
            "https://example.com/dash",
            "https://example.com/tab",
            "https://example.com/httpx",
            "https://example.com/single",
            "https://example.com/angle",
            "https://example.com/",
            "https://example.com/done",
            "https://example.com/reference",
        ),
        rejected=(16, 17, 18, 19, 21),
    ),
    Sample("unicode_text.txt", "csv", "URL", TWO, encoding="utf-16"),
    Sample(
        "hosts.txt",
        "text",
        None,
        numbered(
            "https://example.com/",
            "https://www.example.org/path?x=1",
            "https://192.0.2.1:8080/x",
            "https://cdn.example.com/lib.js",
            "https://xn--exmple-cua.com/",
        ),
        rejected=(6,),
        options=HTTPS,
    ),
    Sample(
        "hosts.csv",
        "csv",
        "domain",
        numbered("http://example.com/", "http://example.org/", first=2),
        options={"scheme": "http"},
    ),
    Sample("screaming_frog.csv", "csv", "Address", numbered(A, B, first=3)),
    Sample("screaming_frog_inlinks.csv", "csv", "Destination", numbered(B, C, first=2), options={"column": "destination"}),
    Sample(
        "ahrefs_backlinks.csv",
        "csv",
        "Target URL",
        numbered(A, A, first=2),
        encoding="utf-16",
        options={"column": "target url"},
    ),
    Sample("semrush_positions.csv", "csv", "URL", TWO),
    Sample("moz_links.csv", "csv", "URL", numbered(A, C, first=2)),
    Sample("search_console.csv", "csv", "Top pages", TWO),
    Sample("analytics.csv", "csv", "Page location", numbered(A, B, first=8)),
    Sample("excel_semicolons.csv", "csv", "Webseite", numbered(A, B, first=3), encoding="cp1252"),
    Sample("chrome_history.csv", "csv", "url", TWO),
    Sample("burp_logger.csv", "csv", "URL", TWO),
    Sample("numbers.csv", "csv", "Link", numbered(A, B, first=3)),
    Sample("wappalyzer.csv", "csv", "Url", TWO),
    Sample("tabs.tsv", "csv", "URL", TWO),
    Sample("no_header.csv", "csv", None, numbered(A, B)),
    Sample("several.csv", "csv", "url", TWO, options={"column": "1"}),
    Sample(
        "several.csv",
        "csv",
        "link",
        numbered(*LINKS, first=2),
        options={"column": "LINK"},
    ),
    Sample("gau.jsonl", "json", "url", numbered(A, B)),
    Sample("httpx.jsonl", "json", "url", numbered(A, B)),
    Sample("httpx.jsonl", "json", "final_url", numbered(f"{A}&final", f"{B}&final"), options={"column": "final_url"}),
    Sample("katana.jsonl", "json", "request.endpoint", numbered(A, B)),
    Sample(
        "katana.jsonl",
        "json",
        "request.source",
        numbered(*["https://example.com/"] * 2),
        options={"column": "request.source"},
    ),
    Sample("nested.jsonl", "json", "item.page.URL", numbered(A, B), rejected=(3,)),
    Sample("subfinder.jsonl", "json", "host", numbered("https://a.example.com/", "https://b.example.com/"), options=HTTPS),
    Sample("sitemap.xml", "sitemap", "loc", numbered(A, B2), rejected=(3,)),
    Sample(
        "sitemap_index.xml.gz",
        "sitemap_index",
        "loc",
        numbered("https://example.com/sitemap1.xml", "https://example.com/sitemap2.xml.gz"),
    ),
    Sample("feed.rss", "rss", "link", numbered(A, B)),
    Sample("feed.atom", "atom", "link", numbered(A, B)),
    Sample("burp_items.xml", "burp", "url", numbered(A, B2)),
    Sample("browser.har", "har", "request.url", numbered(A, B), rejected=(3,)),
    Sample("bookmarks.html", "bookmarks", "href", numbered(A, B2)),
    Sample("chrome_bookmarks.json", "bookmarks", "url", {1: A, 2: B, 4: C}),
    Sample("firefox_bookmarks.json", "bookmarks", "uri", {1: A, 3: B}),
    Sample("tabs.json", "json", "url", numbered(A, B)),
    Sample("api_answer.json", "json", "page.url", numbered(A, B), rejected=(3,)),
    Sample("commented.txt", "text", None, {4: A, 7: B, 8: C}),
    Sample("nuclei_colours.txt", "text", None, {1: A, 3: B}, rejected=(2,)),
    Sample("markdown_table.md", "csv", "Link", {5: A, 6: B}),
    Sample("crawl.warc", "warc", "WARC-Target-URI", numbered(A, B, C)),
    Sample("crawl.warc.gz", "warc", "WARC-Target-URI", numbered(A, B, C)),
    Sample("index.cdx", "cdx", "original", TWO),
    Sample("wayback.cdx", "cdx", "original", numbered(A, B)),
    Sample("index.cdxj", "cdxj", "url", TWO),
    Sample("workbook.xlsx", "xlsx", "URL", {4: A, 5: B, 10: C}, rejected=(7,)),
]
REFUSED = {
    "several.csv": "'url', 'link'. Say which one is meant with the parameter column",
    "screaming_frog_inlinks.csv": "'Source', 'Destination'",
    "ahrefs_backlinks.csv": "'Referring page URL', 'Target URL'",
    "hosts.txt": "scheme=https",
    "hosts.csv": "scheme=https",
    "subfinder.jsonl": "scheme=https",
}
"""Samples that are not taken without an option, and how the refusal says so."""


def outcome(file_format: FileFormat, content: bytes, options: Mapping[str, str]) -> tuple[dict[int, str], list[int]]:
    """The URLs of the rows by number, and the numbers of those that are no URL."""
    found, rejected = {}, []
    for row, _ in read(io.BytesIO(content), file_format, UrlJobs.file.in_text):
        try:
            if row.code is not None:
                raise InvalidRequest(row.detail or "")
            found[row.row] = urls.parse(checked(row.text, options.get("scheme"))).href
        except InvalidRequest:
            rejected.append(row.row)
    return found, rejected


@pytest.mark.parametrize("sample", TAKEN, ids=str)
def test_each_sample_is_taken_for_what_it_is(sample: Sample) -> None:
    content = (SAMPLES / sample.file_name).read_bytes()

    found = detect(io.BytesIO(content), UrlJobs.file, file_name=sample.file_name, options=sample.options)

    assert (found.shape or found.line_format, found.encoding) == (sample.shape, sample.encoding)
    assert (found.column_name or found.member) == sample.column
    assert outcome(found, content, sample.options) == (sample.rows, list(sample.rejected))


@pytest.mark.parametrize(("file_name", "says"), REFUSED.items())
def test_what_is_not_certain_is_refused_with_the_way_to_say_it(file_name: str, says: str) -> None:
    with (SAMPLES / file_name).open("rb") as file, pytest.raises(InvalidFile) as raised:
        detect(file, UrlJobs.file, file_name=file_name)

    assert says in str(raised.value)


def test_every_sample_is_in_the_table() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {sample.file_name for sample in TAKEN}


HAR = {"log": {"version": "1.2", "creator": {"name": "x"}, "entries": [{"request": {"url": A}}, {"request": {"url": B}}]}}
FFUF = {
    "commandline": "ffuf -u [x]",
    "time": "t",
    "results": [{"input": {"FUZZ": "a"}, "url": A}, {"url": B}],
    "config": {"url": "x"},
}
WAYBACK = [["urlkey", "timestamp", "original"], ["com,example)/a", "20260131", A], ["com,example)/b", "20260131", B]]


@pytest.mark.parametrize(
    ("document", "shape", "column", "first"),
    [
        ([A, B], "json", "url", 1),
        ([{"url": A, "n": 1}, {"url": B, "n": 2}], "json", "url", 1),
        ([{"n": {"endpoint": A}}, {"n": {"endpoint": B}}], "json", "n.endpoint", 1),
        ({"urls": [A, B]}, "json", "url", 1),
        (HAR, "har", "request.url", 1),
        (FFUF, "json", "url", 1),
        (WAYBACK, "json", "original", 2),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("zipped", [False, True])
def test_one_json_document_is_taken(
    document: Any, shape: str, column: str, first: int, indent: int | None, zipped: bool
) -> None:
    content = json.dumps(document, indent=indent).encode()
    content, name = (gzip.compress(content), "a.json.gz") if zipped else (content, "a.json")

    found = detect(io.BytesIO(content), UrlJobs.file, file_name=name)

    assert (found.shape or found.line_format, found.column_name or found.member) == (shape, column)
    assert outcome(found, content, {}) == (numbered(A, B, first=first), [])
    assert FileFormat.from_option(json.loads(json.dumps(found.as_option()))) == found


def test_json_lines_may_be_named_json_too() -> None:
    content = f'{{"url": "{A}"}}\n{{"url": "{B}"}}\n'.encode()

    assert outcome(detect(io.BytesIO(content), UrlJobs.file, file_name="a.json"), content, {}) == (numbered(A, B), [])


def test_markdown_is_read_as_text() -> None:
    content = f"# Links\n\n- [A]({A})\n- [B]({B})\n".encode()

    assert outcome(detect(io.BytesIO(content), UrlJobs.file, file_name="a.md"), content, {}) == ({3: A, 4: B}, [])


@pytest.mark.parametrize(
    ("file_name", "way_out"),
    [("a.opml", "xmlUrl"), ("a.webloc", ".txt"), ("a.numbers", ".xlsx"), ("a.pdf", ".html"), ("a.zip", "unpack")],
)
def test_a_file_of_another_type_is_refused_with_the_way_out(file_name: str, way_out: str) -> None:
    with pytest.raises(UnsupportedFile, match=way_out):
        detect(io.BytesIO(b"x"), UrlJobs.file, file_name=file_name)


@pytest.mark.parametrize(
    "line",
    [
        "„{}“",
        "„{}”",
        "‚{}‘",
        "”{}”",
        "“{}”",
        "«{}»",
        "« {} »",
        "»{}«",
        "‹{}›",
        "{},",
        "{};",
        '"{}",',
        '{}",',
        "- {},",
        "{}, # a comment",
        "[{} A link]",
        "* [{} A link]",
        "({})",
        "- ({}),",
        "[{}]",
        "[[{}|A]]",
        "Sitemap: {}",
        "sitemap:{}",
        "URL={}",
        "url: {}",
    ],
)
def test_the_url_is_found_in_what_lists_write_around_it(line: str) -> None:
    assert in_text(line.format(B)) == B


def test_a_full_stop_and_a_bracket_may_end_a_url() -> None:
    assert in_text("https://example.com/Inc.") == "https://example.com/Inc."
    assert in_text("https://example.com/a_(b)") == "https://example.com/a_(b)"


def test_text_with_urls_within_its_lines_is_refused_with_the_way_out() -> None:
    content = f"200   1KB  {A}\n301   0B  {B}\n".encode()

    with pytest.raises(InvalidFile, match="within the lines"):
        detect(io.BytesIO(content), UrlJobs.file, file_name="found.txt")
    with pytest.raises(InvalidFile, match=r"\.cdx"):
        detect(
            io.BytesIO(f"com,example)/a 20260131120000 {A} text/html 200 AAAA 1\n".encode()), UrlJobs.file, file_name="a.txt"
        )


AMASS = '{"name":"a.example.com","domain":"example.com","addresses":[]}\n'


@pytest.mark.parametrize(
    ("content", "file_name"),
    [(AMASS, "amass.jsonl"), ("name,domain\na.example.com,example.com\nb.example.com,example.com\n", "hosts.csv")],
)
def test_two_columns_of_hosts_are_refused_until_one_is_named(content: str, file_name: str) -> None:
    with pytest.raises(InvalidFile, match=r"hosts.*'name'"):
        detect(io.BytesIO(content.encode()), UrlJobs.file, file_name=file_name, options=HTTPS)

    options = {**HTTPS, "column": "name"}
    found = detect(io.BytesIO(content.encode()), UrlJobs.file, file_name=file_name, options=options)

    assert "https://a.example.com/" in outcome(found, content.encode(), options)[0].values()


@pytest.mark.parametrize("content", ["domain,ip\nexample.com,192.0.2.1\n", "host,domain\na.example,example\n"])
def test_a_column_with_a_sure_name_or_beside_addresses_is_taken(content: str) -> None:
    found = detect(io.BytesIO(content.encode()), UrlJobs.file, file_name="a.csv", options=HTTPS)

    assert found.column == 0


@pytest.mark.parametrize(
    ("content", "file_name"),
    [
        ('"Page Authority","URL","Title"\n"12","example.com/a","x"\n', "moz.csv"),
        ('{"url": "example.com/a"}\n', "a.jsonl"),
    ],
)
def test_a_column_of_urls_without_a_scheme_is_refused_with_the_way_out(content: str, file_name: str) -> None:
    with pytest.raises(InvalidFile, match="scheme=https"):
        detect(io.BytesIO(content.encode()), UrlJobs.file, file_name=file_name)

    assert detect(io.BytesIO(content.encode()), UrlJobs.file, file_name=file_name, options=HTTPS)


@pytest.mark.parametrize("formula", ['=HYPERLINK("{}","go")', '=HYPERLINK("{}";"go")', '=hyperlink( "{}" )'])
@pytest.mark.parametrize("title", ["Link", "Somewhere"])
def test_a_linked_cell_is_the_url_that_it_leads_to(formula: str, title: str) -> None:
    cell = formula.format(B).replace('"', '""')
    content = f'Name,{title}\nx,"{cell}"\n'.encode()

    assert outcome(detect(io.BytesIO(content), UrlJobs.file, file_name="a.csv"), content, {}) == ({2: B}, [])
