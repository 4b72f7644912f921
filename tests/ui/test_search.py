"""The pages of the search, as they are without script, and the parts that htmx puts into them."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import replace
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from warcio.archiveiterator import ArchiveIterator
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.access.model import Mode
from inventory.clock import rfc3339
from inventory.config import Settings
from inventory.services import Services
from inventory.ui.search.views import ROWS
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing
from tests.observations.conftest import Fleet
from tests.ui.logging_in import make_key

NGINX, APACHE = [("Server", "nginx")], [("Server", "Apache")]
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202e"
DAY = 86_400


@pytest.fixture
def fleet(services: Services, web: FakeWeb, clock: FakeClock) -> Fleet:
    return Fleet(services, web, clock)


def ask(client: FlaskClient, path: str = "", *, status: int = 200, **query: Any) -> str:
    answer = client.get(f"/search{path}", query_string=query)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "text/html"
    return answer.text


def links(text: str, inside: str = "") -> list[str]:
    """Where the links of a page lead, those whose address has a part."""
    return [unescape(url) for url in re.findall(r'<a\b[^>]* href="([^"]*)"', text) if inside in unescape(url)]


def targets(text: str) -> list[str]:
    return [parse_qs(urlsplit(url).query)["url"][0] for url in links(text, "/record?")]


def followed(client: FlaskClient, text: str, shown: str) -> TestResponse:
    """What the link with this text leads to."""
    [url] = set(re.findall(rf'<a\b[^>]* href="([^"]*)"[^>]*>{re.escape(shown)}</a>', text))
    return client.get(unescape(url))


# Results


def test_an_empty_query_lists_all_targets_newest_first_with_examples(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/", APACHE, status=404)

    text = ask(client)

    assert targets(text) == ["http://b.test/", "http://a.test/"]
    assert "2 targets" in text
    assert "certificates that expire within 30 days" in text
    for query in re.findall(r'<a href="/search\?q=([^"&]+)"><code>', text):
        assert client.get(f"/search?q={query}").status_code == 200, query


def test_each_value_narrows_the_query_and_keeps_instant_and_shown_fields(
    client: FlaskClient, fleet: Fleet, clock: FakeClock
) -> None:
    fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/", APACHE)
    fleet.collect("http://c.test/", NGINX, status=404)
    then = rfc3339(clock())
    fleet.collect("http://a.test/", APACHE)

    text = ask(client, q="status:200", at=then, show="header.server")
    narrowed = followed(client, text, "nginx")

    assert targets(narrowed.text) == ["http://a.test/"]
    assert dict(parse_qsl(narrowed.request.query_string.decode())) == {
        "q": "status:200 header.server.exact:nginx", "at": then, "show": "header.server",
    }  # fmt: skip
    assert parse_qs(urlsplit(links(narrowed.text, "/record?")[0]).query)["at"] == [then]


def test_pages_follow_each_other_with_all_that_was_asked_for(client: FlaskClient, fleet: Fleet) -> None:
    wanted = [f"http://h.test/{number}" for number in range(ROWS + 3)]
    for url in wanted:
        fleet.collect(url, NGINX)

    first = ask(client, q="header.server:nginx", show="status")
    rest = followed(client, first, "Next page").text

    assert targets(first) + targets(rest) == wanted[::-1]
    assert f"{ROWS + 3} targets" in first
    assert 'value="header.server:nginx"' in rest
    assert "Next page" not in rest


def test_fields_are_columns_in_the_order_that_was_asked_for_and_pairs_if_they_are_many(
    client: FlaskClient, fleet: Fleet
) -> None:
    fleet.collect("http://a.test/", [*NGINX, *((f"X-{number}", f"v{number}") for number in range(9))])

    columns = re.findall(r'<th scope="col"><code>([^<]+)</code></th>', ask(client, show="status,header.server,reason"))
    pairs = re.findall(r"<dt>([^<]+)</dt><dd><a", ask(client, show="header.*"))

    assert columns == ["status", "header.server", "reason"]
    assert pairs == ["header.server", *(f"header.x-{number}" for number in range(9))]
    assert ">200</a>" not in ask(client, show="").partition("<table")[2]


def test_a_target_that_is_no_webpage_has_no_record_page(client: FlaskClient, services: Services) -> None:
    target = services.records.collectable("weather", "bern")
    services.inline.collect(target)
    services.search.tag(target, ["capital"])

    text = ask(client)

    assert "1 target" in text
    assert not targets(text)


def test_what_is_too_much_for_a_page_is_counted_and_the_page_stays_small(client: FlaskClient, fleet: Fleet) -> None:
    lines = [(f"X-{number}", "é" * 300) for number in range(60)]
    for number in range(ROWS):
        fleet.collect(f"http://h.test/{number}", lines)

    text = ask(client, q="status:200 host:h.test", show="header.*")

    assert len(text.encode()) < 100_000
    shown, more = len(re.findall("<dt>header", text)), [int(each) for each in re.findall(r"and (\d+) more values", text)]
    assert shown + sum(more) == ROWS * 60
    assert len(more) == ROWS


def test_texts_of_others_are_text_and_nothing_else(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/", [("Server", EVIL), ("X<b>\"'", EVIL)])

    texts = [
        ask(client, show="header.*"),
        ask(client, "/facet", field="header.server"),
        ask(client, "/fields", prefix="header."),
        ask(client, "/completions", before="header.server:<"),
        ask(client, q=EVIL, status=422),
        client.get("/search/facet?field=header.server", headers={"HX-Request": "true"}).text,
    ]

    for text in texts:
        assert "alert(1)</script>" not in text
        assert "<img" not in text
        assert "<b>" not in text
        assert "\u202e" not in re.sub(r"<input[^>]*>", "", text)
    assert "\\u202e" in texts[0]


# Time


def test_the_page_says_at_which_instant_it_looks_and_now_is_a_link(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/", NGINX)

    past = ask(client, at="2026-01-31T12:00:01.500Z", q="header.server:nginx")

    assert targets(past) == ["http://a.test/"]
    assert "as of <time" in past
    assert "2026-01-31 12:00:01Z" in past
    now = followed(client, past, "Now").text
    assert targets(now) == ["http://b.test/", "http://a.test/"]
    assert 'class="instant">now<' in now


def test_the_slider_has_the_days_of_the_past_whose_beginning_is_known(
    client: FlaskClient, fleet: Fleet, clock: FakeClock
) -> None:
    assert 'id="days"' not in ask(client), "of an empty inventory nothing is known"
    fleet.collect("http://a.test/", NGINX)
    assert 'id="days"' not in ask(client), "the first day began before"
    clock.forward(3 * DAY)

    text = ask(client, at="2026-02-02")

    assert 'type="date" value="2026-02-02" min="2026-02-01" max="2026-02-03"' in text
    assert 'min="0" max="3" value="1" data-first="2026-02-01"' in text
    assert 'max="3" value="3"' in ask(client), "now is after the last day"
    assert 'max="3" value="1"' in ask(client, at="36h"), "so long ago is on the day that it means"
    for day in ("2026-02-01", "2026-02-03"):
        assert targets(ask(client, at=day)) == ["http://a.test/"]


def test_an_empty_date_is_now_and_an_instant_is_kept_as_it_is_written(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/")
    fleet.collect("http://b.test/")

    assert 'class="instant">now<' in ask(client, q="", at="", show="status")
    assert 'type="text" size="26" value="1s"' in ask(client, at="1s")


# What is wrong


def test_what_is_wrong_with_a_query_is_marked_beside_the_field(client: FlaskClient) -> None:
    text = ask(client, q="status:200 AND heder.server:x", at="", show="title", status=422)

    assert '<mark>h</mark>eder.server:x</bdi>\n               <span aria-hidden="true">^</span>' in text
    assert "Did you mean header.server" in text
    assert 'value="status:200 AND heder.server:x"' in text
    assert 'aria-describedby="wrong about-q" aria-invalid="true"' in text
    assert 'value="title"' in text


def test_the_mark_of_a_long_query_stands_below_its_character(client: FlaskClient) -> None:
    query = "title:a OR " * 20 + "status:x\ny"

    text = ask(client, q=query, status=422)

    before = re.search(r'<bdi dir="ltr">(.*)<mark>(.*)</mark>', text)
    assert before is not None
    assert before[2] == "x"
    assert f"</bdi>\n{' ' * len(before[1])}<span" in text


@pytest.mark.parametrize("query", ["title:", "(", "status:200 AND"])
def test_a_query_that_ends_too_early_is_marked_after_its_end(client: FlaskClient, query: str) -> None:
    assert "<mark>" in ask(client, q=query, status=422)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"show": "stattus"}, "Did you mean status?"),
        ({"at": "yesterday"}, "is not an instant"),
        ({"at": "2020-01-01"}, "is before the first record"),
        ({"cursor": "x"}, "cursor"),
        ({"limit": "1000"}, f"1 to {ROWS}"),
        ({"query": "x"}, "Unknown field"),
    ],
)
def test_what_else_is_wrong_is_said_with_the_form(
    client: FlaskClient, fleet: Fleet, query: dict[str, str], words: str
) -> None:
    fleet.collect("http://a.test/")

    text = ask(client, status=422, **query)

    assert words in unescape(text)
    assert '<form class="search"' in text
    assert "<mark>" not in text


def test_what_nothing_shows_says_so(client: FlaskClient, fleet: Fleet) -> None:
    assert "Nothing was known yet." in ask(client)
    fleet.collect("http://a.test/")
    assert "No target shows this." in ask(client, q="header.server:x")


# Facets


def facet(client: FlaskClient, **query: Any) -> str:
    """What htmx puts beside the results."""
    answer = client.get("/search/facet", query_string=query, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return answer.text


def test_values_beside_the_results_narrow_them(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/", NGINX)
    fleet.collect("http://c.test/", APACHE)
    fleet.collect("http://d.test/", NGINX, status=404)

    text = facet(client, q="status:200", field="header.server")

    assert re.findall(r'>(\w+)</a></span> <span class="count">(\d+)<', text) == [("nginx", "2"), ("Apache", "1")]
    assert targets(followed(client, text, "nginx").text) == ["http://b.test/", "http://a.test/"]


def test_more_values_are_a_page(client: FlaskClient, fleet: Fleet) -> None:
    for number in range(9):
        fleet.collect(f"http://h{number}.test/")

    [more] = links(facet(client, q="status:200", field="host", limit=8), "/search/facet")
    text = client.get(more).text

    assert len(set(re.findall(r">(h\d\.test)</a>", text))) == 9
    assert "<h1>Values of <code>host</code></h1>" in text
    assert "host" not in facet(client, q="status:200", field="host", limit=20).partition("</ul>")[2]


def test_each_facet_of_the_page_is_a_link_to_its_values_and_is_asked_for_by_itself(
    client: FlaskClient, fleet: Fleet
) -> None:
    fleet.collect("http://a.test/", NGINX)

    text = ask(client, q="status:200")

    asked = [unescape(url) for url in re.findall(r'<div hx-get="([^"]+)"', text)]
    assert links(text, "/search/facet") == [url.removesuffix("&limit=8") for url in asked]
    assert len(asked) == 7
    for url in asked:
        assert client.get(url, headers={"HX-Request": "true"}).status_code == 200
        assert client.get(url).status_code == 200


def test_a_field_without_values_to_count_is_said_in_their_place(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/")

    assert "Did you mean" in facet(client, field="stattus")
    assert "for ranges only" in facet(client, field="body.size")
    assert "No target shows this field." in facet(client, field="tag")
    assert client.get("/search/facet?field=", headers={"Accept": "text/html"}).status_code == 422


# Completion


def completed(client: FlaskClient, before: str) -> list[str]:
    """What the text before the caret becomes with each completion."""
    found = re.findall(r'data-inserted="([^"]*)" data-replaces="(\d+)"', ask(client, "/completions", before=before))
    units = before.encode("utf-16-le")
    return [units[: len(units) - 2 * int(count)].decode("utf-16-le") + unescape(inserted) for inserted, count in found]


def test_names_of_fields_are_completed(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/", [*NGINX, ("Set-Thing", "1")])

    assert completed(client, "header.se") == ["header.server:", "header.set-thing:"]
    assert completed(client, "status:200 OR -(TLS.is") == ["status:200 OR -(tls.issuer:"]
    assert completed(client, "😀x issuer")[0] == "😀x tls.issuer:"
    assert completed(client, "_exists_:http_v") == ["_exists_:http_version "]
    assert completed(client, "head") == ["header.", "redirect.header.", "header.server:", "header.set-thing:"]
    assert completed(client, "cookie.NAME.sec") == ["cookie.*.secure:"]


def test_values_of_a_field_are_completed_the_commonest_first(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/", [("Server", "nginx/1 (a b)")])
    for name in ("b", "c"):
        fleet.collect(f"http://{name}.test/", NGINX)
    fleet.collect("http://d.test/", APACHE, status=404)

    assert completed(client, "header.server:N") == [
        "header.server.exact:nginx ", 'header.server.exact:"nginx/1 (a b)" '
    ]  # fmt: skip
    assert completed(client, 'a -header.server:"nginx/1 (') == ['a -header.server.exact:"nginx/1 (a b)" ']
    assert completed(client, "status:") == ["status:200 ", "status:404 "]
    assert completed(client, "status:4") == ["status:404 "]
    assert completed(client, "host:b") == ["host:b.test "]
    for text in completed(client, "header.server:"):
        assert client.get("/search", query_string={"q": text}).status_code == 200


@pytest.mark.parametrize(
    "before",
    ["", " ", "status:200 ", "nothing", "nothing:x", "header.*:x", "status:[1", "status:>", "header.server:n*", "a\\", '"x',
     'header.server:"nginx"', "body.size:1", "(((", ")", "header.server:\0", "x" * 3_000, "\\" * 2_001, '"' * 2_001],
)  # fmt: skip
def test_what_cannot_go_on_has_no_completions(client: FlaskClient, fleet: Fleet, before: str) -> None:
    fleet.collect("http://a.test/", NGINX)

    assert completed(client, before) == []


def test_a_value_that_takes_no_start_is_completed_as_well(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("https://a.test/", tls={"version": "TLSv1.3", "not_after": "2026-02-10T00:00:00Z"})

    assert completed(client, "tls.not_after:2026-02") == ['tls.not_after.exact:"2026-02-10T00:00:00Z" ']


# The list of fields


def test_the_list_of_fields_leads_to_the_targets_that_show_one(client: FlaskClient, fleet: Fleet) -> None:
    fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/")

    family = followed(client, ask(client, "/fields").replace("<code>", "").replace("</code>", ""), "header.NAME").text
    text = family.replace("<code>", "").replace("</code>", "")

    assert "The value of each header line of that name." in text
    assert targets(followed(client, text, "header.server").text) == ["http://a.test/"]
    assert "No field begins with this." in ask(client, "/fields", prefix="nothing")


# The same elsewhere


def elsewhere(text: str) -> dict[str, str]:
    return {name: unescape(way) for name, way in re.findall(r"<dt>(\w+)</dt><dd><pre[^>]*>([^<]*)</pre>", text)}


def test_the_same_is_asked_of_the_api_and_in_a_terminal(client: FlaskClient, fleet: Fleet, clock: FakeClock) -> None:
    fleet.collect("http://a.test/", [("Server", 'it\'s; $(rm) "x"')])
    query = {"q": '-header.server:"it\'s; $(rm) \\"y\\""', "at": rfc3339(clock()), "show": "status"}

    text = ask(client, **query)
    ways = elsewhere(text)

    assert client.get(ways["API"]).json["total"] == 1
    command = shlex.split(ways["Terminal"])
    assert command == ["inventory", "search", "--at", query["at"], "--show", "status", "--", query["q"]]
    curl = shlex.split(ways["curl"])
    assert curl[:3] == ["curl", "-G", "http://localhost/api/v1/search"]
    assert [each for each in curl[3:] if each != "--data-urlencode"] == [f"{name}={value}" for name, value in query.items()]
    assert client.get(links(text, "format=csv")[0]).text.count("\r\n") == 2
    assert client.get(links(text, "format=jsonl")[0]).text.count("\n") == 1
    archive = ArchiveIterator(BytesIO(client.get(links(text, "/archive.warc.gz")[0]).data))
    assert [each.rec_type for each in archive].count("response") == 1


def test_a_query_with_control_characters_is_no_danger_to_a_terminal(client: FlaskClient) -> None:
    ways = elsewhere(ask(client, q='title:"\x03\nid\n\u202e"'))

    assert all(way.isprintable() for way in ways.values())
    assert "$'title:\"\\x03\\x0aid" in ways["Terminal"]


# Who looks


def test_a_key_that_is_limited_finds_counts_and_completes_only_what_is_its_own(
    make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock
) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    client = create_app(services=services).test_client()
    fleet = Fleet(services, web, clock)
    fleet.collect("http://a.test/", [("Server", "ours")])
    fleet.collect("http://b.test/", [("Server", "theirs"), ("X-Theirs", "1")])
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(services, 'read:a.test')}"

    text = ask(client)

    assert targets(text) == ["http://a.test/"]
    assert not links(text, "format=csv"), "it may not export"
    assert "theirs" not in facet(client, field="header.server")
    assert completed(client, "header.server:") == ["header.server.exact:ours "]
    assert completed(client, "header.x-th") == []
    assert "theirs" not in ask(client, "/fields", prefix="header.")


def test_without_a_key_a_person_is_led_to_the_login(make_services: Build, settings: Settings) -> None:
    client = create_app(services=make_services(replace(settings, access=Mode.KEYS))).test_client()

    answer = client.get("/search?q=status:200", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/search%3Fq%3Dstatus%3A200")


# What it costs


def test_a_page_asks_the_store_the_same_number_of_times_however_many_targets_it_has(
    make_services: Build, services: Services, fleet: Fleet
) -> None:
    asked: Counter[str] = Counter()

    class Counting(Replacing):
        def __getattr__(self, name: str) -> Any:
            asked[name] += 1
            return super().__getattr__(name)

    store = Replacing(
        services.store, observations=Counting(services.store.observations), records=Counting(services.store.records)
    )
    client = create_app(services=make_services(store=store)).test_client()
    counts = []
    for number in range(19):
        fleet.collect(f"http://h.test/{number}", NGINX)
        if number in (1, 18):
            asked.clear()
            ask(client, q="header.server:nginx", limit=1, at="0s")
            ask(client, q="header.server:nginx")
            counts.append(dict(asked))

    assert counts[0] == counts[1]
    assert sum(counts[0].values()) <= 12
