"""Whatever an upstream sends, the link of a facet finds exactly the targets that sent it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import fakeredis
from flask.testing import FlaskClient
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.observations.queries.quoting import escaped_name
from tests.fakes import FakeClock, FakeWeb, Unlimited
from tests.observations.conftest import Fleet

HARD = "\"\\:$.*?()[]{}~^/!+-&|,;='@%# \t\r\n\0\x1f\x7f\x80\xe9\xff\u0130\u2028\ufeff\ud800\U0001f980AZaz09"
"""Characters with a meaning in queries, URLs, JSON or SQL, those of invalid UTF-8 as latin-1 has them, half of a pair."""
TEXTS = st.text(st.sampled_from(HARD) | st.characters(), max_size=12) | st.sampled_from(
    ["", "AND", "OR NOT", "now", ".exact", "x.exact", "*", "true", "{date}", "$where", "a" * 2_000]
)
LINES = st.lists(st.tuples(TEXTS.map(lambda name: name or "x"), TEXTS), max_size=4)


@contextmanager
def fresh() -> Iterator[tuple[FlaskClient, Fleet]]:
    with TemporaryDirectory() as folder:
        web, clock = FakeWeb(), FakeClock()
        services = wiring.build(
            Settings(data_dir=Path(folder)),
            redis=fakeredis.FakeRedis(),
            sources=[web],
            clock=clock,
            rng=random.Random(7),
            budgets=Unlimited(),
        )
        with closing(services.store):
            yield create_app(services=services).test_client(), Fleet(services, web, clock)


COOKIE = {
    "value": "1", "domain": "h.test", "host_only": True, "path": "/", "expires": None, "max_age": 3600, "secure": True,
    "http_only": True, "same_site": "Lax", "partitioned": False, "set_by": "http://h.test/", "accepted": True,
    "reason": None,
}  # fmt: skip


@settings(max_examples=12)
@given(st.lists(TEXTS, min_size=1, max_size=4), st.booleans())
@example(["a.secure", "A.secure", "a", "a\\", "a\\.secure"], True)
@example(["a*", "ab", "a?", "a,b", "a:b"], False)
def test_every_cookie_is_found_by_the_links_of_its_facets(names: list[str], secure: bool) -> None:
    with fresh() as (client, fleet):
        for number, name in enumerate(names):
            fleet.collect(f"http://h.test/{number}", cookies=[COOKIE | {"name": name, "secure": secure}])
        shown = client.get("/api/v1/search?show=cookie.*,cookie.*.secure").json
        assert shown is not None
        wanted: dict[tuple[str, str], set[str]] = {}
        for target in shown["targets"]:
            for each in target["observations"]:
                wanted.setdefault((each["field"], each["value"]), set()).add(target["id"])
        assert len(wanted) >= 2

        for (field, value), ids in wanted.items():
            facet = client.get(f"/api/v1/search/facets?field={quote(escaped_name(field) + '.exact')}").json
            assert facet is not None
            [link] = [each["search"] for each in facet["values"] if each["value"] == value]
            found = client.get(link).json
            assert found is not None
            assert {target["id"] for target in found["targets"]} == ids, (field, value)


@settings(max_examples=40)
@given(st.lists(LINES, min_size=1, max_size=3))
@example([[("Server", 'a"b\\c:d$e.f\0\xff')], [("SERVER", 'A"b\\c:d$e.f\0\xff')]])
@example([[("x.exact", "AND")], [("x", "AND")], [("X.EXACT", "and")]])
def test_every_header_line_is_found_by_the_link_of_its_facet(lines: list[list[tuple[str, str]]]) -> None:
    with fresh() as (client, fleet):
        for number, headers in enumerate(lines):
            fleet.collect(f"http://h.test/{number}", headers)
        shown = client.get("/api/v1/search?show=header.*").json
        assert shown is not None
        wanted: dict[tuple[str, str], set[str]] = {}
        for target in shown["targets"]:
            for each in target["observations"]:
                wanted.setdefault((each["field"], each["value"]), set()).add(target["id"])
        assert len(wanted) >= (1 if any(lines) else 0)

        for field in {field for field, _ in wanted}:
            facet = client.get(f"/api/v1/search/facets?field={quote(escaped_name(field) + '.exact')}").json
            assert facet is not None
            assert facet["field"] == field
            for value in facet["values"]:
                found = client.get(value["search"])
                assert found.json is not None
                assert found.status_code == 200, found.json
                ids = {target["id"] for target in found.json["targets"]}
                assert ids == wanted[field, value["value"]], (field, value)
                assert len(ids) == value["count"]
            assert {value["value"] for value in facet["values"]} == {text for name, text in wanted if name == field}


def test_no_text_is_a_fault_of_ours() -> None:
    with fresh() as (client, fleet):
        fleet.collect("http://h.test/", [("Server", "nginx")])

        @settings(max_examples=100)
        @given(st.text(st.sampled_from(HARD) | st.characters(), max_size=40), st.text(st.sampled_from(HARD), max_size=10))
        def is_answered(text: str, name: str) -> None:
            queries = (
                {"q": text},
                {"q": f"header.server:{text}"},
                {"q": f"header.{name}:x"},
                {"show": text},
                {"cursor": text},
            )
            for query in queries:
                encoded = "&".join(f"{key}={quote(each, errors='surrogatepass')}" for key, each in query.items())
                for path in ("", "/facets", "/export"):
                    field = f"&field={quote(name, errors='surrogatepass')}" if path == "/facets" else ""
                    with client.get(f"/api/v1/search{path}?{encoded}{field}") as answer:
                        assert answer.status_code in (200, 422), answer.text
                        assert answer.status_code == 200 or answer.json["errors"]

        is_answered()
