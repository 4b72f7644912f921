"""`GET /api/v1/search/fields`: what can be asked for."""

from __future__ import annotations

from typing import Any

from inventory.observations.fields import CATALOGUE
from inventory.observations.queries.query import parse_field
from tests.observations.conftest import Ask, Fleet


def names(document: dict[str, Any]) -> list[str]:
    return [each["name"] for each in document["fields"]]


def test_without_a_prefix_all_fields_of_the_catalogue_are_listed_and_then_names_that_targets_show(
    fleet: Fleet, ask: Ask
) -> None:
    fleet.collect("http://a.test/", [("X-Zone", "a"), ("Server", "nginx")])

    listed = ask("/fields", limit=200)

    of_headers = [name for name in names(listed) if not name.startswith("policy.") or name == "policy.NAME"]
    assert of_headers == [*(field.name for field in CATALOGUE), "header.server", "header.x-zone"]
    assert listed["fields"][6] == {
        "name": "status",
        "values": "a number",
        "meaning": "The status code of the final response.",
    }
    assert {"policy.baseline.csp", "policy.observatory.nosniff"} <= set(names(listed))
    assert listed["has_more"] is False


def test_a_prefix_begins_a_name_or_what_stands_after_a_dot_in_any_case(fleet: Fleet, ask: Ask) -> None:
    fleet.collect("http://a.test/", [("Server", "nginx"), ("Set-Thing", "1"), ("X-Server", "2")])

    assert names(ask("/fields", prefix="HEADER.se")) == ["header.server", "header.set-thing"]
    assert names(ask("/fields", prefix="issuer")) == ["tls.issuer"]
    assert names(ask("/fields", prefix="cookie.NAME.h")) == ["cookie.NAME.httponly", "cookie.NAME.host_only"]
    assert names(ask("/fields", prefix="nothing")) == []


def test_more_than_asked_for_is_said(fleet: Fleet, ask: Ask) -> None:
    fleet.collect("http://a.test/", [(f"X-{number}", "1") for number in range(5)])

    for limit, more in ((4, True), (5, False)):
        listed = ask("/fields", prefix="header.x-", limit=limit)
        assert (len(listed["fields"]), listed["has_more"]) == (min(limit, 5), more)
    assert ask("/fields", limit=len(CATALOGUE))["has_more"] is True


def test_a_name_is_spelled_as_queries_have_it(fleet: Fleet, ask: Ask) -> None:
    odd = 'X,"a: b\\'
    fleet.collect("http://a.test/", [(odd, "1")])

    [name] = names(ask("/fields", prefix="header.x"))

    assert len(parse_field(name)) == 1
    assert ask(q=f"_exists_:{name}")["total"] == 1
    assert ask(show=name)["targets"][0]["observations"][0]["field"] == f"header.{odd.lower()}"


def test_the_first_instant_is_the_earliest_that_can_be_asked_about(fleet: Fleet, ask: Ask) -> None:
    assert ask("/fields")["known_since"] is None
    fleet.collect("http://a.test/")

    since = ask("/fields")["known_since"]

    ask(at=since)
    ask(at="2026-01-31T12:00:00.000Z", status=422)


def test_a_prefix_that_means_nothing_is_no_fault_of_ours(ask: Ask) -> None:
    for prefix in ("\0", "*", "a" * 4_000, "\U0010ffff", "é"):
        assert names(ask("/fields", prefix=prefix)) == []
    assert list(ask("/fields", status=422, prefix="a" * 4_001)["errors"]) == ["prefix"]
