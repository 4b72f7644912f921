"""What a file is: found out from its name and its beginning, or refused with the way out."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile

import pytest

from inventory.errors import InvalidFile, UnsupportedFile
from inventory.imports.file_format import FileFormat
from inventory.imports.rows import read
from inventory.imports.signatures import GZIPPED
from inventory.imports.sniffing import HEAD_BYTES, sniff
from inventory.jobs.job_type import LineFormat
from inventory.jobs.model import InputRow
from tests.imports.actions import FILE_ROWS, outcomes, texts

URLS = ["https://example.com/a", "http://example.com/b?x=1,2;3", "HTTPS://EXAMPLE.COM/c"]


def refused(content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None) -> str:
    with pytest.raises(InvalidFile) as raised:
        sniff(content[:HEAD_BYTES], FILE_ROWS[kind], file_name=file_name, options={"column": column})
    return str(raised.value)


@pytest.mark.parametrize("kind", FILE_ROWS)
def test_a_suffix_that_a_kind_does_not_take_is_refused_with_those_that_it_takes(kind: str) -> None:
    for file_name in ("a.docx", "a", "", "csv", "a.csv.zip", ".gz", "a.gz", "a.csv.gz.gz", "a.jsonl.bak"):
        with pytest.raises(UnsupportedFile, match=r"\.jsonl") as raised:
            sniff(b"x", FILE_ROWS[kind], file_name=file_name)
        assert all(suffix in str(raised.value) for suffix in FILE_ROWS[kind].suffixes)


@pytest.mark.parametrize("file_name", ["log.csv", "log.txt", "log.csv.gz"])
def test_log_events_are_not_taken_from_tables_or_text(file_name: str) -> None:
    with pytest.raises(UnsupportedFile):
        sniff(b"x", FILE_ROWS["events"], file_name=file_name)


@pytest.mark.parametrize("file_name", ["A.CSV", "a.Csv", "some.thing.csv", "ü.csv"])
def test_the_case_of_a_suffix_does_not_matter(file_name: str) -> None:
    assert texts(b"url\nhttps://a/\n", file_name) == ["https://a/"]


@pytest.mark.parametrize("file_name", ["a.csv", "a.txt", "a.jsonl", "a.ndjson"])
@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t\n\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_refused(content: bytes, file_name: str) -> None:
    refused(content, file_name)
    refused(gzip.compress(content), f"{file_name}.gz")


@pytest.mark.parametrize("content", [b"url", b"url\n", b"\n\nURL;note\n\n", b"\xef\xbb\xbflink\n"])
def test_a_header_and_nothing_else_is_refused(content: bytes) -> None:
    assert "header" in refused(content, "a.csv")


@pytest.mark.parametrize("file_name", ["a.csv", "a.txt", "a.jsonl"])
def test_a_binary_file_is_refused_whatever_its_name(file_name: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("xl/workbook.xml", "https://a/")
    noise = random.Random(1).randbytes(5_000)

    assert "Excel" in refused(archive.getvalue(), file_name)
    assert refused(gzip.compress(b"https://a/\n"), file_name) == GZIPPED
    refused(b"\x89PNG\r\n\x1a\n" + noise, file_name)
    refused(noise, file_name)
    refused(noise.replace(b"\0", b""), file_name)
    refused(b"\1\2\3\4https://a/\n\5\6", file_name)


@pytest.mark.parametrize(
    "content", [b"", b"https://a/\n", b"\x1f\x8b", b"\x1f\x8bxxxxxxxxxxxxxxxxxx", gzip.compress(b"x", mtime=0)[:10]]
)
def test_a_gz_that_is_none_is_refused(content: bytes) -> None:
    refused(content, "a.txt.gz")


def test_a_gz_with_something_else_inside_is_refused_as_that_would_be() -> None:
    refused(gzip.compress(b"url\n"), "a.csv.gz")
    refused(gzip.compress(gzip.compress(b"https://a/\n")), "a.txt.gz")


def test_a_table_without_a_usable_column_is_refused_with_what_it_has() -> None:
    said = refused(b"id,name\n1,one\n2,two\n", "a.csv")

    assert "'id', 'name'" in said
    assert "column" in said


@pytest.mark.parametrize("column", ["link", "3", "0", "99999999999999999999", "-1", "²"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(column: str) -> None:
    assert "'id', 'url'" in refused(b"id,url\n1,https://a/\n", "a.csv", column=column)


@pytest.mark.parametrize("kind", ["urls", "events"])
@pytest.mark.parametrize("content", [b"url\nhttps://a/\n", b"[\n{},\n]\n"[:2], b"GET / HTTP/1.1 200\n" * 20_000])
def test_a_file_without_a_line_of_json_is_refused(content: bytes, kind: str) -> None:
    assert "JSON" in refused(content, "a.jsonl", kind=kind)


def test_json_lines_without_the_member_are_refused_with_those_they_have() -> None:
    assert "'id', 'site'" in refused(b'{"id": 1, "site": "https://a/"}\n', "a.jsonl", kind="cities")
    assert "'id'" in refused(b'{"id": 1}\n', "a.jsonl", column="url")


def test_text_without_any_url_is_refused_for_urls_only() -> None:
    assert "URL" in refused(b"Paris\nRome\n", "a.txt")
    assert texts(b"Paris\nRome\n", "a.txt", kind="cities") == ["Paris", "Rome"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    lines = [["id", "URL", "note"], ["1", "https://a/?x", "some, note; or | what"], ["2", "https://b/", ""]]
    content = "".join(delimiter.join(f'"{cell}"' if " " in cell else cell for cell in line) + "\r\n" for line in lines)

    assert texts(content.encode(), "a.csv") == ["https://a/?x", "https://b/"]


def test_a_table_of_one_column_is_not_split_at_what_urls_contain() -> None:
    assert texts("\n".join(["url", *URLS]).encode(), "a.csv") == URLS
    assert texts("\n".join(URLS).encode(), "a.csv") == URLS


@pytest.mark.parametrize(
    ("head", "url_at"),
    [
        ("url,name", 0),
        ("id,Link", 1),
        ("id, HREF ,x", 1),
        ("address,website", 1),  # the address of a street
        ("name,address", 1),
        ("a,b,c,d", 2),  # what has URLs in it
        ('"web site";other', 0),
    ],
)
def test_the_column_is_found_by_its_name_or_by_what_it_has(head: str, url_at: int) -> None:
    delimiter = ";" if ";" in head else ","
    width = head.count(delimiter) + 1
    rows = [delimiter.join(f"https://{n}/" if at == url_at else f"cell {n}" for at in range(width)) for n in range(3)]

    assert texts("\n".join([head, *rows]).encode(), "a.csv") == ["https://0/", "https://1/", "https://2/"]


def test_without_a_header_the_first_row_counts() -> None:
    assert outcomes(b"1,https://a/\n2,https://b/\n", "a.csv") == [(1, "https://a/"), (2, "https://b/")]


@pytest.mark.parametrize("column", ["2", "home", "HOME", " Home "])
def test_a_column_is_named_by_its_name_or_counted_from_one(column: str) -> None:
    assert texts(b"url,home\nhttps://a/,https://b/\n", "a.csv", column=column) == ["https://b/"]


def test_a_column_that_is_asked_for_decides_on_a_delimiter_that_rows_do_not_agree_on() -> None:
    content = b"id;url\n1;https://a/;x;y\n2;https://b/;x\n3;https://c/;;;;\n"

    assert texts(content, "a.csv", column="url") == ["https://a/", "https://b/", "https://c/"]


def test_cities_are_found_by_name_alone() -> None:
    assert texts(b"id;Town\n1;Paris\n", "a.csv", kind="cities") == ["Paris"]
    assert texts(b"Paris\nRome\n", "a.csv", kind="cities") == ["Paris", "Rome"]
    refused(b"1;Paris\n2;Rome\n", "a.csv", kind="cities")


NAMES = {
    "cp1251": ["Москва", "Киев", "Рига", "Казань", "Самара", "Омск", "Пермь", "София"],
    "cp932": ["東京都", "大阪府", "京都府", "名古屋市", "横浜市", "札幌市", "福岡市", "神戸市"],
    "gb18030": ["北京", "上海", "广州", "深圳", "成都", "杭州", "武汉", "西安"],
}
WESTERN = ["Zürich", "München", "Köln", "Málaga", "Besançon", "Orléans", "Malmö", "Genève"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", *NAMES]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("gzipped", [False, True])
def test_the_encoding_is_found(encoding: str, gzipped: bool) -> None:
    names = NAMES.get(encoding, WESTERN)
    content = "\r\n".join(["city;url", *(f"{name};https://{n}/" for n, name in enumerate(names))]).encode(encoding)
    if gzipped:
        content = gzip.compress(content)
    file_name = "a.csv.gz" if gzipped else "a.csv"

    assert texts(content, file_name, kind="cities") == names
    assert texts(content, file_name) == [f"https://{n}/" for n in range(8)]


def test_a_few_broken_lines_do_not_make_it_another_encoding() -> None:
    lines = [b"https://%d/" % n for n in range(100)]
    lines[50] = b"https://50/\xff\xfe"

    assert sniff(b"\n".join(lines), FILE_ROWS["urls"], file_name="a.csv").encoding == "utf-8"
    assert sniff("https://ü/\n".encode() + b"\xe4\n" * 9, FILE_ROWS["urls"], file_name="a.txt").encoding == "utf-8"


@pytest.mark.parametrize(
    "content",
    [
        "Name;URL\nMüller;https://a/\nx;https://b/\n",
        "Name;URL\n" + "x;https://a/\n" * 50 + "Müller;https://a/\n",
        "https://a/\nhttps://b/ä\n",
        "https://example.com/ä",
        "https://example.com/ä\nhttps://example.com/ß?x=é\n",
    ],
)
def test_a_small_list_with_few_accents_is_read_as_a_western_spreadsheet_writes_it(content: str) -> None:
    file_name = "a.csv" if ";" in content else "a.txt"
    rows = [line.rpartition(";")[2] for line in content.split() if "http" in line]

    assert sniff(content.encode("cp1252"), FILE_ROWS["urls"], file_name=file_name).encoding == "cp1252"
    assert texts(content.encode("cp1252"), file_name) == rows


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1255", ["שלום", "ירושלים"]),
        ("gb18030", ["测试页面", "中国上海市人民政府"]),
        ("big5", ["測試頁面", "產品列表"]),
        ("euc_jp", ["東京", "お問い合わせ"]),
        ("cp949", ["주소", "회사 이름"]),
        ("cp1253", ["Αθήνα", "Εταιρεία"]),
        ("cp1250", ["Łódź", "Wrocław Kraków Gdańsk"]),
        ("cp1254", ["İstanbul", "Iğdır Şanlıurfa Muş"]),
    ],
)
def test_two_words_tell_an_alphabet(encoding: str, names: list[str]) -> None:
    content = "\n".join(["city,url", *(f"{name},https://a/" for name in names)]).encode(encoding)

    assert sniff(content, FILE_ROWS["urls"], file_name="a.csv").encoding == encoding
    assert texts(content, "a.csv", kind="cities") == names


def test_czech_is_told_by_a_letter_that_cp1252_does_not_have() -> None:
    content = "Název;city\nx;Žluťoučký Kůň\n".encode("cp1250")

    assert texts(content, "a.csv", kind="cities") == ["Žluťoučký Kůň"]


def test_one_broken_line_beside_text_in_utf_8_costs_itself() -> None:
    content = "Name;URL\nMüller;https://a/\n".encode() + "Maß;https://b/\n".encode("cp1252")

    assert outcomes(content, "a.csv") == [(2, "https://a/"), (3, "invalid_encoding")]


def test_a_legacy_encoding_is_decoded_as_browsers_do() -> None:
    names = "\r\n".join(["city;url", *(f"{name}\u2460;https://a/" for name in NAMES["cp932"])]).encode("cp932")

    assert texts(names, "a.csv", kind="cities") == [f"{name}\u2460" for name in NAMES["cp932"]]
    assert texts(b"city\nK\xf6ln \x81\nZ\xfcrich\n", "a.csv", kind="cities") == ["Köln \x81", "Zürich"]


def test_a_character_split_by_the_end_of_the_head_breaks_nothing() -> None:
    content = "Zürich\n".encode() * HEAD_BYTES

    for size in range(HEAD_BYTES - 8, HEAD_BYTES + 1):
        assert sniff(content[:size], FILE_ROWS["cities"], file_name="a.txt").encoding == "utf-8"


def test_a_big_file_is_told_from_its_head_alone() -> None:
    content = b"url\n" + b"https://a/\n" * 100_000

    file_format = sniff(content[:HEAD_BYTES], FILE_ROWS["urls"], file_name="a.csv")

    assert (file_format.line_format, file_format.header, file_format.column) == (LineFormat.CSV, True, 0)


def test_a_table_whose_first_line_is_endless_is_refused() -> None:
    assert "first line" in refused(b"x" * HEAD_BYTES, "a.csv")


def test_a_text_whose_first_line_is_endless_may_go_on_with_good_ones() -> None:
    assert sniff(b"x" * HEAD_BYTES, FILE_ROWS["urls"], file_name="a.txt").line_format is LineFormat.TEXT
    assert sniff(b"x" * HEAD_BYTES, FILE_ROWS["events"], file_name="a.jsonl").line_format is LineFormat.JSON


def test_lines_may_end_as_they_did_on_old_macs() -> None:
    assert outcomes(b"url\rhttps://a/\r\rhttps://b/\r", "a.csv") == [(2, "https://a/"), (4, "https://b/")]


@pytest.mark.parametrize(
    ("content", "file_name", "kind"),
    [
        (b"url\rhttps://a/\r", "a.csv", "urls"),
        (gzip.compress("id;city;country\n1;Zürich;CH\n".encode("cp1252"), mtime=0), "a.csv.gz", "cities"),
        ('{"city": "Bern", "country": "CH"}\n'.encode("utf-16"), "a.ndjson", "cities"),
        (b'{"time": "2026-01-31T12:00:00Z", "msg": "x"}\n', "a.jsonl", "events"),
        (b'[{"time": "2026-01-31T12:00:00Z", "msg": "x"}]', "a.json", "events"),
    ],
)
def test_a_format_is_the_same_after_it_was_kept_as_json(content: bytes, file_name: str, kind: str) -> None:
    found = sniff(content, FILE_ROWS[kind], file_name=file_name)

    assert FileFormat.from_option(json.loads(json.dumps(found.as_option()))) == found


def test_the_format_that_an_earlier_version_kept_is_read() -> None:
    kept = {
        "line_format": "csv", "gzipped": False, "encoding": "utf-8", "newline": "\r", "delimiter": ";", "header": True,
        "column": 1, "member": None, "qualifier": 2,
    }  # fmt: skip
    content = b"id;city;country\r1;Paris;FR\r"

    assert list(read(io.BytesIO(content), FileFormat.from_option(kept))) == [(InputRow(2, "Paris, FR"), len(content))]
    kept |= {"qualifier": None}
    assert FileFormat.from_option(kept).qualifiers == ()


A, B = "https://example.com/a", "https://example.com/b"


@pytest.mark.parametrize(
    ("content", "file_name", "column", "found"),
    [
        (f"Site,https://x.example\nDate,2026\n\nPage,Clicks\n{A},1\n{B},2\n", "a.csv", "Page", {5: A, 6: B}),
        (f"Site,https://x.example\n\nPage,Clicks,Views\n{A},1,1\n{B},2,2\n", "a.csv", "Page", {4: A, 5: B}),
        (f"# a, b\n# c\n#\n# id,added,url,state\n1,x,{A},on\n2,x,{B},on\n", "a.csv", "url", {5: A, 6: B}),
        (f"My list\nURL\n{A}\n{B}\n", "a.csv", "URL", {3: A, 4: B}),
        (f"My list\n{A}?x,y\n{B}?x,y\n", "a.csv", "My list", {2: f"{A}?x,y", 3: f"{B}?x,y"}),
        (f"url\n{A}?x,y\n{B}?x,y\n", "a.csv", "url", {2: f"{A}?x,y", 3: f"{B}?x,y"}),
        (f"id;url\n1;{A};x\n2;{B};y;z\n", "a.csv", "url", {2: A, 3: B}),
        (f",name\n{A},x\n{B},y\n", "a.csv", "", {2: A, 3: B}),
        (f"sep=\t\r\nid\turl\r\n1\t{A}\r\n", "a.csv", "url", {3: A}),
        (f'"sep=|"\nid|url\n1|{A}\n', "a.csv", "url", {3: A}),
        (f"id\turl\r1\t{A}\r\n2\t{B}\n", "a.csv", "url", {2: A, 3: B}),
        (f"\ufeffid,url\n1,{A}\n\ufeff2,{B}\n", "a.csv", "url", {2: A, 3: B}),
        (f'url,id\n"{A}",1\n\ufeff"{B}",2\n', "a.csv", "url", {2: A, 3: B}),
        (f"url,title\n{A},One\n{B},Two\n", "a.txt", "url", {2: A, 3: B}),
        (f"url,link\n{A},{A}\n{B},{B}\n", "a.csv", "url", {2: A, 3: B}),
        (f"url,author\n{A},https://x.example\n{B},https://y.example\n", "a.csv", "url", {2: A, 3: B}),
        (f"site,notes\n{A},\n{B},https://x.example\n{B},\n", "a.csv", "site", {2: A, 3: B, 4: B}),
        (f'{{"id": 1}}\n\ufeff{{"URL": "{A}"}}\n', "a.jsonl", "URL", {2: A}),
        (f'{{"page.url": "{A}"}}\n', "a.jsonl", "page.url", {1: A}),
        (f'{{"url": "{A}", "by": {{"url": "{B}"}}}}\n', "a.jsonl", "url", {1: A}),
    ],
)
def test_a_table_is_found_below_what_exports_write_above_it(
    content: str, file_name: str, column: str, found: dict[int, str]
) -> None:
    file_format = sniff(content.encode(), FILE_ROWS["urls"], file_name=file_name)

    assert (file_format.column_name if file_format.member is None else file_format.member) == column
    assert {row: text for row, text in outcomes(content.encode(), file_name) if text != "missing_value"} == found


@pytest.mark.parametrize(
    ("content", "file_name", "names"),
    [
        (f"url,link\n{A},{B}\n", "a.csv", "'url', 'link'"),
        (f"from,to\n{A},{B}\n", "a.csv", "'from', 'to'"),
        (f"{A},{B}\n", "a.csv", "'1', '2'"),
        (f"url,url\n{A},{B}\n", "a.csv", "'1', '2'"),
        (f'{{"page": {{"url": "{A}"}}, "by": {{"url": "{B}"}}}}\n', "a.jsonl", "'page.url', 'by.url'"),
    ],
)
def test_several_columns_of_urls_are_refused_with_their_names(content: str, file_name: str, names: str) -> None:
    said = refused(content.encode(), file_name)

    assert sorted(names.split(", ")) == sorted(said.partition(": ")[2].partition(". ")[0].split(", "))
    assert "the parameter column" in said


@pytest.mark.parametrize(
    ("content", "column", "says"),
    [
        (b" CDX N b m\ncom,a)/ 2026 text/html\n", None, "original URL"),
        (b"hello\nworld\n", None, "CDX or CDXJ"),
        (b"com,a)/ 2026 https://a/ text/html\n", "url", "Leave out"),
    ],
)
def test_an_index_without_urls_is_refused(content: bytes, column: str | None, says: str) -> None:
    assert says in refused(content, "a.cdx", column=column)
