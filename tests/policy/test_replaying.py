"""What a policy would have found over snapshots that are stored: when rules failed, and how often that changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory.clock import rfc3339
from inventory.policy.judgement import Judge
from inventory.policy.model import Judgement, State, TargetStatus, Verdict
from inventory.policy.reading import of_document
from inventory.policy.replaying import MAX_SNAPSHOTS, histories
from inventory.policy.schemas import PolicyReplayPage
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb
from tests.observations.conftest import Fleet
from tests.policy.snapshots import AT, document

API = "/api/v1/policies"
NOSNIFF = document({"header": "x-content-type-options", "equals": "nosniff"})
GOOD, BAD = [("X-Content-Type-Options", "nosniff")], [("X-Content-Type-Options", "no")]


def day(number: int) -> datetime:
    return AT + timedelta(days=number)


def verdict(number: int, state: State) -> Verdict:
    judgement = Judgement(states={"r": state}, findings=[])
    return Verdict(
        url="x", status=TargetStatus.CLEAN, snapshot_id=f"s{number}", collected_at=day(number), judgement=judgement
    )


@pytest.mark.parametrize(
    ("states", "periods", "flaps"),
    [
        ("hh", [], 0),
        ("ff", [(0, None)], 0),
        ("hfh", [(1, 2)], 2),
        ("fh", [(0, 1)], 1),
        ("hf", [(1, None)], 1),
        ("fhfhf", [(0, 1), (2, 3), (4, None)], 4),
        ("fwf", [(0, 1), (2, None)], 2),
        ("hunh", [], 0),
    ],
)
def test_a_rule_fails_from_the_first_collection_that_showed_it_to_the_first_that_did_not(
    states: str, periods: Sequence[tuple[int, int | None]], flaps: int
) -> None:
    named = {"h": State.HOLDS, "f": State.FAILS, "w": State.WAIVED, "u": State.UNKNOWN, "n": State.NOT_IN_SCOPE}
    verdicts = [verdict(number, named[each]) for number, each in enumerate(states)]

    found = histories(Judge(of_document(NOSNIFF)), verdicts)

    assert [[(each.began, each.ended) for each in one.periods] for one in found] == (
        [[(day(began), None if ended is None else day(ended)) for began, ended in periods]] if periods else []
    )
    assert [(one.flaps, one.failing) for one in found] == ([(flaps, states[-1] == "f")] if periods else [])


@pytest.fixture
def fleet(services: Services, web: FakeWeb, clock: FakeClock) -> Fleet:
    return Fleet(services, web, clock)


def replayed(client: FlaskClient, **query: Any) -> Any:
    response = client.get(f"{API}/own/replay", query_string=query)
    assert response.status_code == 200, response.text
    PolicyReplayPage().load(response.json or {})
    return response.json


def test_a_replay_begins_with_what_was_current_then_and_ends_where_it_is_told(
    client: FlaskClient, fleet: Fleet, clock: FakeClock
) -> None:
    client.post(API, json=NOSNIFF)
    instants = []
    for headers in (BAD, GOOD, BAD, GOOD):
        fleet.collect("http://a.test/", headers)
        instants.append(rfc3339(clock()))
        clock.forward(3_600)

    whole = replayed(client)["targets"][0]
    part = replayed(client, since=instants[1], until=instants[2])["targets"][0]

    [rule] = whole["rules"]
    assert [(each["began"], each["ended"]) for each in rule["periods"]] == [tuple(instants[:2]), tuple(instants[2:])]
    assert (rule["flaps"], rule["failing"], whole["snapshots"], whole["complete"]) == (3, False, 4, True)
    [rule] = part["rules"]
    assert [(each["began"], each["ended"]) for each in rule["periods"]] == [(instants[2], None)]
    assert (rule["flaps"], rule["failing"], part["snapshots"]) == (1, True, 2)


def test_waivers_count_as_of_each_collection(client: FlaskClient, fleet: Fleet, clock: FakeClock) -> None:
    expires = rfc3339(clock() + timedelta(minutes=30))
    client.post(API, json=NOSNIFF | {"waivers": [{"rules": "r", "owner": "x", "reason": "y", "expires": expires}]})
    fleet.collect("http://a.test/", BAD)
    clock.forward(3_600)
    fleet.collect("http://a.test/", BAD)

    [target] = replayed(client)["targets"]

    assert target["snapshots"] == 2
    assert [each["began"] for each in target["rules"][0]["periods"]] == [rfc3339(clock())]


def test_a_replay_is_paged_over_targets_and_shows_those_that_failed(
    client: FlaskClient, fleet: Fleet, clock: FakeClock
) -> None:
    client.post(API, json=NOSNIFF)
    for number in range(3):
        fleet.collect(f"http://h{number}.test/", GOOD if number == 1 else BAD)

    first = replayed(client, limit=2)
    clock.forward(60)
    second = replayed(client, limit=2, cursor=first["next_cursor"])

    assert [each["url"] for each in first["targets"]] == ["http://h2.test/"]
    assert [each["url"] for each in second["targets"]] == ["http://h0.test/"]
    assert (first["since"], first["until"], first["checked"]) == (second["since"], second["until"], 2)
    assert second["next_cursor"] is None


def test_a_replay_looks_at_a_bounded_number_of_snapshots(client: FlaskClient, fleet: Fleet) -> None:
    client.post(API, json=NOSNIFF)
    for _ in range(MAX_SNAPSHOTS + 5):
        fleet.collect("http://a.test/", BAD)

    [target] = replayed(client)["targets"]

    assert (target["snapshots"], target["complete"]) == (MAX_SNAPSHOTS, False)
    assert replayed(client)["unchecked"] == 1


@pytest.mark.parametrize(
    ("require", "unchecked"), [({"hosts": "any", "absent": True}, 1), ({"header": "y", "absent": True}, 0)]
)
def test_a_replay_counts_targets_of_which_it_cannot_be_told(
    client: FlaskClient, fleet: Fleet, require: Any, unchecked: int
) -> None:
    client.post(API, json=document(require))
    fleet.collect("http://page-unknown.test/", GOOD)

    replay = replayed(client)

    assert (replay["checked"], replay["snapshots"], replay["targets"]) == (1, 1, [])
    assert replay["unchecked"] == unchecked


@pytest.mark.parametrize("query", [{"since": "soon"}, {"since": "1d", "until": "2d"}, {"cursor": "x"}, {"q": "statu:1"}])
def test_a_replay_that_is_not_valid_is_refused(client: FlaskClient, query: dict[str, str]) -> None:
    assert client.get(f"{API}/baseline/replay", query_string=query).status_code == 422
