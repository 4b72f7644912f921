"""Documents from strangers: a broken one keeps the rows before the break, and a hostile one is refused within limits."""

from __future__ import annotations

import gzip
import io
import json
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.errors import InvalidFile, StorageUnavailable, UnreadableFile
from inventory.imports.detection import detect
from inventory.imports.documents import har, html_links, warc, workbooks, xml_lists
from inventory.imports.documents.model import MAX_TEXT, Document, Extent, UnreadableDocument
from inventory.imports.documents.reader import PROGRAM, DocumentReader
from inventory.imports.file_format import FileFormat
from inventory.imports.rows import read
from inventory.jobs.job_type import LineFormat
from tests.imports.actions import FILE_ROWS, outcomes, positions, texts
from tests.imports.workbooks import workbook

GOOD = b"<urlset><url><loc>https://a/</loc></url>"
REQUEST = b'{"log":{"entries":[{"request":{"url":"https://a/"}},'
FAR_CELL = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def refused(content: bytes, file_name: str, **options: str) -> str:
    with pytest.raises(InvalidFile) as raised:
        detect(io.BytesIO(content), FILE_ROWS["urls"], file_name=file_name, options=options)
    return str(raised.value)


def read_until_broken(content: bytes, file_name: str) -> tuple[list[str], str]:
    """The rows before the break, and why the rest cannot be read."""
    file_format = detect(io.BytesIO(content), FILE_ROWS["urls"], file_name=file_name)
    found: list[str] = []
    with pytest.raises(UnreadableFile) as raised:
        found.extend(row.text for row, _ in read(io.BytesIO(content), file_format))
    return found, str(raised.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<urlset>" + b"<a>" * 100_000, "200 elements"),
        (b"<urlset>" + b"".join(b"<a%d/>" % n for n in range(20_000)), "10,000 names"),
        (b"<urlset a='" + b"x" * 5_000_000, "2,097,152 bytes"),
        (b"<html><body/></html>", "'html'"),
        (b"hello", "not well-formed"),
        (b"", "not well-formed"),
        (b"<urlset><url><loc>/a</loc></url></urlset>", "read as sitemap"),
        (b'<!DOCTYPE urlset [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>' + GOOD, "entities"),
        (b'<!DOCTYPE urlset [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + GOOD, "entities"),
    ],
)
def test_xml_that_is_no_list_or_costs_too_much_is_refused(content: bytes, says: str) -> None:
    assert says in refused(content, "a.xml")


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        (b"<url><loc>https://b/?x=1&y=2</loc></url></urlset>", "not well-formed"),
        (b"<url><loc>https://b/", "not well-formed"),
        (b" " * 300_000 + b"<!--" + b"x" * 5_000_000, "2,097,152 bytes"),
        (b" " * 300_000 + b"<a>" * 1_000, "200 elements"),
    ],
)
def test_of_broken_xml_the_rows_before_the_break_count(rest: bytes, says: str) -> None:
    found, error = read_until_broken(GOOD + rest, "a.xml")

    assert found == ["https://a/"]
    assert says in error


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_xml_says_its_encoding_itself(encoding: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><urlset><url><loc>https://a/ü</loc></url></urlset>'

    assert texts(content.encode(encoding), "a.xml") == ["https://a/ü"]
    assert detect(io.BytesIO(content.encode(encoding)), FILE_ROWS["urls"], file_name="a.xml").encoding == encoding


@pytest.mark.parametrize("before", [b"\n  ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_blanks_before_the_declaration_do_no_harm(before: bytes) -> None:
    assert texts(before + b'<?xml version="1.0"?>' + GOOD + b"</urlset>", "a.xml") == ["https://a/"]


def test_a_long_sitemap_is_read_to_its_end_and_says_how_far() -> None:
    urls = [f"https://example.com/{number}" for number in range(30_000)]
    content = b"<urlset>" + "".join(f"<url><loc>{url}</loc></url>\n" for url in urls).encode() + b"</urlset>"
    packed = gzip.compress(content)

    found, again = positions(content, "a.xml"), positions(packed, "a.xml.gz")

    assert [(row.row, row.text) for row, _ in found] == list(enumerate(urls, 1))
    assert [row for row, _ in again] == [row for row, _ in found]
    for ends, size in (([end for _, end in found], len(content)), ([end for _, end in again], len(packed))):
        assert ends == sorted(ends)
        assert ends[0] < ends[-1] <= size


def test_a_workbook_that_would_need_too_much_memory_is_refused() -> None:
    content = workbook({"a": {1: ["https://a/"]}}, more=FAR_CELL)

    assert len(content) < 2_000
    assert "memory" in refused(content, "a.xlsx")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"x" * 1_000, b"url\nhttps://a/\n"])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    assert "not a workbook" in refused(content, "a.xlsx")


@pytest.mark.parametrize(
    ("sheets", "says"),
    [
        ({"a": {}}, "no rows"),
        ({"a": {1: ["URL"]}}, "header and nothing else"),
        ({"a": {1: ["id", "name"], 2: [1, "x"]}}, "'id', 'name'"),
        ({"a": {1: ["url", "link"], 2: ["https://a/", "https://b/"]}}, "column=url"),
        ({str(n): {1: ["https://a/"]} for n in range(101)}, "100 sheets"),
    ],
)
def test_a_workbook_without_a_certain_column_is_refused(sheets: dict[str, dict[int, list[str]]], says: str) -> None:
    assert says in refused(workbook(sheets), "a.xlsx")


def test_the_cities_of_a_workbook_have_their_countries() -> None:
    content = workbook({"a": {1: ["City", "Country"], 2: ["Paris", "FR"], 3: ["Bern, CH", "CH"], 5: ["Rome", None]}})

    assert outcomes(content, "a.xlsx", kind="cities") == [(2, "Paris, FR"), (3, "Bern, CH"), (5, "Rome")]


def test_a_column_may_be_asked_for_on_the_sheets_that_have_it() -> None:
    content = workbook({"a": {1: ["url", "home"], 2: ["https://a/", "https://b/"]}, "b": {1: ["url"], 2: ["https://c/"]}})

    assert texts(content, "a.xlsx", column="HOME") == ["https://b/"]


def test_a_har_may_have_long_texts_and_requests_without_a_url() -> None:
    entries = [
        {"request": {"url": "https://a/"}, "response": {"content": {"text": "x" * 10_000_000}}},
        {"request": {"url": None}},
        {"request": {"url": "https://b/" + "y" * 20_000}},
        {"request": {"url": "https://c/\ud800"}},
    ]
    content = json.dumps({"log": {"entries": entries}}).encode()

    found = outcomes(content, "a.har")

    assert found[:3] == [(1, "https://a/"), (2, "missing_value"), (3, "line_too_long")]
    assert found[3][1].startswith("https://c/")


@pytest.mark.parametrize(("rest", "says"), [(b"[" * 2_000_000, "memory"), (b"{]", "not JSON"), (b"", "not JSON")])
def test_of_a_broken_har_the_requests_before_the_break_count(rest: bytes, says: str) -> None:
    found, error = read_until_broken(REQUEST + rest, "a.har")

    assert found == ["https://a/"]
    assert says in error


def test_of_a_broken_warc_the_records_before_the_break_count() -> None:
    record = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a/\r\nContent-Length: 0\r\n\r\n\r\n\r\n"

    found, error = read_until_broken(record + b"something else\r\n", "a.warc")

    assert found == ["https://a/"]
    assert "not a WARC file" in error
    assert "not a WARC file" in refused(b"hello\n", "a.warc")


def test_a_broken_gzip_is_told_as_such() -> None:
    content = gzip.compress(GOOD + b" " * 2_000_000 + b"</urlset>")[:-10]

    assert "incomplete" in read_until_broken(content, "a.xml.gz")[1]
    assert "gzip" in refused(b"hello", "a.xml.gz")


@pytest.mark.parametrize("content", [b"<p>no links</p>", b"<a name=x>x</a>", b"<a href=/relative>x</a>"])
def test_a_page_without_absolute_links_is_refused(content: bytes) -> None:
    assert "read as html" in refused(content, "a.html")


def test_a_page_in_another_encoding_is_read_in_it() -> None:
    page = '<meta charset="windows-1251"><a href="https://a/привет">x</a>'.encode("cp1251")

    assert texts(page, "a.htm") == ["https://a/привет"]


def test_a_list_has_no_columns_to_ask_for() -> None:
    assert "column" in refused(GOOD + b"</urlset>", "a.xml", column="loc")


def test_who_wants_no_more_rows_leaves_no_program_behind() -> None:
    content = b"<urlset>" + b"<url><loc>https://a/</loc></url>" * 200_000
    reader = DocumentReader(io.BytesIO(content), FileFormat(LineFormat.XML), Extent())
    with closing(reader.entries()) as entries:
        assert len(list(islice(entries, 3))) == 3
        assert programs()

    assert not programs()


def programs() -> list[str]:
    """The programs that this one runs to read documents."""
    children = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in children]
    return [line for line in lines if PROGRAM in line]


def test_a_file_store_that_goes_away_meanwhile_is_told_as_such() -> None:
    class Gone(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise StorageUnavailable("gone")
            return super().read(1_000)

    content = GOOD + b" " * 10_000 + b"</urlset>"
    with pytest.raises(StorageUnavailable):
        list(read(Gone(content), FileFormat(LineFormat.XML)))


READERS = {
    "xml": xml_lists.read,
    "har": har.read,
    "html": html_links.read,
    "warc": warc.read,
    "workbook": workbooks.read,
}
WORDS = (
    b"<urlset> </urlset> <url> <loc> </loc> </url> https://a/ &amp; &x; <!DOCTYPE <!ENTITY <![CDATA[ ]]> <?xml version='1.0'"
    b' encoding=\'utf-16\'?> \xff\xfe \xef\xbb\xbf \0 {"log":{"entries":[ {"request":{"url": } ] "\\ud800" -1e999 \n'
    b" <a href=' charset=utf-7 > WARC/1.0\r\n WARC-Type: response \r\n Content-Length: 99 \r\n\r\n"
    b" PK\x03\x04 \xd0\xcf\x11\xe0"
).split(b" ")


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(list(READERS)),
    st.lists(st.sampled_from(WORDS) | st.binary(max_size=20), max_size=40).map(b"".join),
)
def test_no_document_raises_anything_but_what_is_promised(form: str, content: bytes) -> None:
    document = Document(io.BytesIO(content), Extent(), lambda position: None)
    found = []
    with suppress(UnreadableDocument):
        found.extend(READERS[form](document)[1])
    assert [entry.number for entry in found] == sorted({entry.number for entry in found})
    assert all(len(cell) <= MAX_TEXT + 1 for entry in found for cell in entry.cells)


@pytest.mark.parametrize("file_name", ["a.xml", "a.har", "a.html", "a.xlsx"])
def test_a_document_that_is_gzipped_without_its_name_saying_so_is_refused(file_name: str) -> None:
    assert ".gz" in refused(gzip.compress(GOOD), file_name)


def test_a_cell_that_only_links_to_a_url_is_refused_with_that() -> None:
    assert "not as what that links to" in refused(workbook({"a": {1: ["Link"], 2: ["click here"]}}), "a.xlsx")


def test_relative_links_of_a_page_begin_at_its_base() -> None:
    page = b'<base href="https://example.com/x/"><a href="/a">1</a><a href="b?x=1">2</a><a href="//e.example/c">3</a>'

    assert texts(page, "a.html") == ["https://example.com/a", "https://example.com/x/b?x=1", "https://e.example/c"]
    assert texts(b'<base href="https://[x/"><a href="b">1</a><a href="https://a/">2</a>', "a.html") == ["b", "https://a/"]


def test_links_that_lead_to_no_page_are_no_rows() -> None:
    page = b'<a href="place:sort=8"></a><a href="JavaScript:x()"></a><a href="#t"></a><a href="mailto:a@b"></a><a href="https://a/"></a>'

    assert outcomes(page, "a.html") == [(5, "https://a/")]


def test_what_programs_note_in_a_warc_is_no_row() -> None:
    record = "WARC/1.0\r\nWARC-Type: {}\r\nWARC-Target-URI: {}\r\nContent-Length: 1\r\n\r\nx\r\n\r\n"
    noted = [("resource", "urn:pageinfo:https://a/"), ("response", "dns:a"), ("resource", "metadata://gnu.org/x")]
    content = "".join(
        record.format(*each) for each in [*noted, ("resource", "https://a/"), ("resource", "urn:text:https://a/")]
    )

    assert outcomes(content.encode(), "a.warc") == [(4, "https://a/")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<table><tr><td>URL</td></tr></table>", r"HTML.*\.xlsx"),
        (b"\xef\xbb\xbf\r\n<html>", r"HTML.*\.xlsx"),
        (b"URL;N\nhttps://a/;1\n", r"\.csv"),
        ("URL\tN\n".encode("utf-16"), r"\.csv"),
        (b"\x00\x01\x02", "not a workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
    ],
)
def test_what_is_only_named_like_a_workbook_is_refused_with_what_it_is(content: bytes, says: str) -> None:
    with pytest.raises(InvalidFile, match=says):
        outcomes(content, "a.xls")
