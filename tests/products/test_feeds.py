"""The file of feeds: what it may say, and the one line that says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.config import Settings
from inventory.errors import SettingError
from inventory.products.feed_file import default, read
from inventory.products.feeds import MARGIN, Feed, FieldPath, limits
from inventory.products.paginators import Cursor, LinkHeader, Numbered, Offset
from inventory.rate_limits.limits import Limit

FIELDS = "fields: {id: id, title: title, price: price}"
GOOD = f"- {{name: acme, url: 'https://acme.example/items', {FIELDS}}}"


def feeds(tmp_path: Path, text: str, **environment: str) -> tuple[Feed, ...]:
    file = tmp_path / "feeds.yaml"
    file.write_text(text)
    return read(file, environment)


def test_three_public_demonstration_apis_are_described_by_default() -> None:
    assert [feed.host for feed in default()] == ["dummyjson.com", "api.escuelajs.co", "fakestoreapi.com"]
    assert [type(feed.paginator) for feed in default()] == [Offset, Offset, LinkHeader]
    assert Settings().product_feeds == default()


def test_a_feed_says_how_it_is_paged_and_read(tmp_path: Path) -> None:
    [feed] = feeds(
        tmp_path,
        """
- name: acme
  url: http://127.0.0.1:8101/v1?x=1
  items: data.items
  paginator: {kind: page, parameter: p, first: 0, pages: meta.pages}
  fields:
    id: sku
    title: name
    price: {path: cents, scale: 0.01}
    category: {path: kind, names: {A: home}}
    currency: {value: EUR}
  rate: 2.5
  retries: 0
  headers: {X-Key: secret}
""",
    )

    assert feed.paginator == Numbered("p", 0, "meta.pages")
    assert (feed.host, feed.limit) == ("127.0.0.1:8101", Limit(2.5 * MARGIN, 1, 1))
    assert (feed.retries, feed.headers) == (0, {"X-Key": "secret"})
    assert (feed.paths["price"].scale, feed.paths["category"].names) == (0.01, {"A": "home"})


def test_feeds_of_one_upstream_share_the_strictest_limit(tmp_path: Path) -> None:
    two = feeds(tmp_path, GOOD + f"\n- {{name: b, url: 'https://acme.example/b', rate: 2, {FIELDS}}}")

    assert limits(two) == {"acme.example": Limit(2 * MARGIN, 1, 1)}
    assert limits(two[::-1]) == limits(two)


def test_a_cursor_needs_to_know_where_the_next_one_is(tmp_path: Path) -> None:
    [feed] = feeds(tmp_path, GOOD.replace("{name", "{paginator: {kind: cursor, next: a.b}, name"))

    assert feed.paginator == Cursor("a.b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {", "line 1"),
        ("\x00", "special characters"),
        ("", "Invalid input type"),
        ("name: acme", "Invalid input type"),
        ("- acme", "Invalid input type"),
        (GOOD.replace("acme,", "'a b',"), "letters, digits"),
        (GOOD.replace("https", "ftp"), "http"),
        (GOOD.replace("price: price", "cost: price"), "Missing: price; unknown: cost"),
        (GOOD.replace("id: id", "id: {path: 3}"), "Not a path"),
        (GOOD.replace("id: id", "id: []"), "Not a path"),
        (GOOD.replace("id: id", "id: [[id]]"), "Not a path"),
        (GOOD.replace("id: id", "id: {path: id, decimal: ';'}"), "Not a path"),
        (GOOD.replace("{name", "{paginator: {kind: page, total: n}, name"), "needs its size"),
        (GOOD.replace("{name", '{headers: {"X Key": a}, name'), "Not the name of a header"),
        (GOOD.replace("{name", '{headers: {X-Key: "a\\nb"}, name'), "headers.X-Key of the feed 'acme' has a line break"),
        (GOOD.replace("{name", "{headers: {Square-Version: 2026-01-18}, name"), "Put it in quotes"),
        (GOOD.replace("{name", "{rate: 0, name"), "rate"),
        (GOOD.replace("{name", "{rat: 5, name"), "Unknown field"),
        (GOOD.replace("{name", "{paginator: {kind: pages}, name"), "Choose from: page, offset"),
        (GOOD.replace("{name", "{paginator: {kind: cursor}, name"), "cursor"),
        (GOOD.replace("{name", "{paginator: {kind: link, parameter: x}, name"), "link takes: parameter"),
        (GOOD + "\n" + GOOD, "two of these have the same name"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(text)
    monkeypatch.setenv("INVENTORY_PRODUCT_FEEDS", str(file))

    with pytest.raises(SettingError) as caught:
        Settings.read()

    assert str(caught.value).startswith(f"INVENTORY_PRODUCT_FEEDS='{file}' cannot be read: it takes ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_field_may_be_at_one_of_several_places(tmp_path: Path) -> None:
    text = GOOD.replace("id: id", "id: [sku, slug]").replace("price: price", "price: [{path: sale, decimal: ','}, price]")
    [feed] = feeds(tmp_path, text)

    assert feed.paths["id"] == FieldPath("sku", fallbacks=(FieldPath("slug"),))
    assert feed.paths["price"] == FieldPath("sale", decimal=",", fallbacks=(FieldPath("price"),))


def test_variables_of_the_environment_fill_headers_and_the_url(tmp_path: Path) -> None:
    text = GOOD.replace("'https://acme.example/items'", "'https://${HOST}/${SHOP}/items?api_key=${KEY}&page=1'")
    text = text.replace("{name", "{headers: {Authorization: 'Bearer ${KEY}', Accept: text/json}, name")
    [feed] = feeds(tmp_path, text, HOST="acme.example:8443", SHOP="shop-7", KEY=" s3/cr&t 1 ")

    assert feed.url == "https://acme.example:8443/shop-7/items?api_key=s3%2Fcr%26t%201&page=1"
    assert feed.headers == {"Authorization": "Bearer s3/cr&t 1", "Accept": "text/json"}
    assert feed.secrets == ("s3/cr&t 1", "shop-7")
    assert "cr" not in repr(feed).replace("acme", "")
    assert feed.mask.url(f"{feed.url}#s3/cr&t 1") == "https://acme.example:8443/***/items?api_key=***&page=1#***"


@pytest.mark.parametrize(
    ("where", "variable", "said"),
    [
        (
            "header",
            "${ACME_KEY}",
            "headers.X-Key of the feed 'acme' needs the environment variable ACME_KEY, which is not set",
        ),
        ("url", "${ACME_KEY}", "url of the feed 'acme' needs the environment variable ACME_KEY, which is not set"),
        ("url", "${EMPTY}", "url of the feed 'acme' needs the environment variable EMPTY, which is not set"),
        ("header", "${A-B}", "headers.X-Key of the feed 'acme' has '${A-B}', which is not the name of a variable"),
        ("header", "${", "headers.X-Key of the feed 'acme' has `${` without a name and `}` after it"),
        ("header", "${LINES}", "headers.X-Key of the feed 'acme' has a line break"),
        ("url", "${SET}://", "url of the feed 'acme': "),
    ],
)
def test_a_variable_that_cannot_be_used_is_told_with_its_feed_and_without_any_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, variable: str, said: str
) -> None:
    text = GOOD.replace("{name", f"{{headers: {{X-Key: '${{SET}} {variable}'}}, name")
    if where == "url":
        text = GOOD.replace(
            "https://acme.example/items", f"{'' if '://' in variable else 'https://acme.example/${SET}/'}{variable}"
        )
    file = tmp_path / "feeds.yaml"
    file.write_text(text)
    for name, value in {"INVENTORY_PRODUCT_FEEDS": str(file), "SET": "s3cret", "EMPTY": "", "LINES": "a\nb"}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingError) as caught:
        Settings.read()

    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_what_is_wrong_with_the_yaml_is_told_without_the_line(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="in line 2, column") as caught:
        feeds(tmp_path, "- name: acme\n  headers: {X-Key: 's3cret, b: [}")

    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_not_there_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVENTORY_PRODUCT_FEEDS", "/nowhere/feeds.yaml")

    with pytest.raises(SettingError, match=r"/nowhere/feeds\.yaml' cannot be read: .*No such file"):
        Settings.read()


def test_a_feed_at_a_port_of_another_protocol_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="Port 25 belongs to another protocol than HTTP"):
        feeds(tmp_path, f"- {{name: acme, url: 'https://acme.example:25/items', {FIELDS}}}")


@pytest.mark.parametrize(
    ("paginator", "url", "first", "second"),
    [
        (Offset(), "https://a.example/?limit=100", "limit=100&offset=0", "limit=100&offset=100"),
        (Offset(), "https://a.example/", "limit=20&offset=0", "limit=20&offset=20"),
        (Offset(size=50), "https://a.example/?limit=100", "limit=50&offset=0", "limit=50&offset=50"),
        (Offset("from", "n"), "https://a.example/?n=7&q=a", "q=a&n=7&from=0", "q=a&n=7&from=7"),
    ],
)
def test_a_page_has_the_size_that_is_given_else_that_in_the_url(
    paginator: Offset, url: str, first: str, second: str
) -> None:
    begun = paginator.first(url)

    assert begun.partition("?")[2] == first
    assert paginator.skip(begun).partition("?")[2] == second
