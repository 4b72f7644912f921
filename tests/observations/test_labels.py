"""Labels: by `PUT /api/v1/metadata/tags`, and of the rows of an import."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory.errors import InvalidRequest
from inventory.imports.lookups import LABELS
from inventory.labels import read_labels
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb
from tests.jobs.actions import Worker, import_urls, work_to_the_end
from tests.observations.conftest import Ask, Fleet, urls

URL = "http://a.test/"


def put(client: FlaskClient, body: object) -> TestResponse:
    return client.put("/api/v1/metadata/tags", json=body)


def labels(ask: Ask, url: str = URL, **query: Any) -> list[str]:
    [target] = ask(q=f'url:"{url}"', show="tag", **query)["targets"]
    return [each["value"] for each in target["observations"]]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], []),
        (["prod"], ["prod"]),
        (["Prod", "prod", "PROD", "b"], ["Prod", "b"]),
        (["  team: payments "], ["team: payments"]),
        (["e\u0301", "é"], ["é"]),
        (['a"b\\c:d$*?', "日本"], ['a"b\\c:d$*?', "日本"]),
        (["a" * 100], ["a" * 100]),
        (["x"] * 1_000, ["x"]),
        ([f"label {n}" for n in range(50)], [f"label {n}" for n in range(50)]),
    ],
)
def test_labels_are_kept_as_people_write_them(given: list[str], kept: list[str]) -> None:
    assert read_labels("tags", given) == kept


@pytest.mark.parametrize(
    "given",
    [
        [""],
        ["  "],
        ["a" * 101],
        ["a" * 10**6],
        ["a\0"],
        ["a\nb"],
        ["\ud800"],
        ["\u202e"],
        ["a\tb"],
        [f"{n}" for n in range(51)],
    ],
)
def test_what_is_no_label_is_refused_with_what_to_do(given: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="Send") as raised:
        read_labels("tags", given)
    assert list(raised.value.errors or ()) == ["tags"]
    assert len(str(raised.value)) < 300


def test_labels_of_a_url_are_replaced_and_found(fleet: Fleet, client: FlaskClient, ask: Ask, clock: FakeClock) -> None:
    record_id = fleet.collect(URL)
    fleet.collect("http://b.test/")

    answer = put(client, {"url": "HTTP://A.test", "tags": ["prod", "eu west"]})

    assert answer.json == {"id": record_id, "url": URL, "tags": ["prod", "eu west"]}
    assert urls(ask(q="tag:PROD")) == urls(ask(q='tag:"eu west"')) == [URL]
    assert labels(ask) == ["eu west", "prod"]
    clock.forward(60)
    assert put(client, {"url": URL, "tags": []}).status_code == 200
    assert labels(ask) == []
    assert labels(ask, at="30s") == ["eu west", "prod"], "what was is still known"


@pytest.mark.parametrize(
    "query", ["tag:cafe\u0301", 'tag:"CAFE\u0301"', "tag.exact:cafe\u0301", "tag:e\u0301* OR tag:cafe\u0301*"]
)
def test_a_label_is_found_as_it_was_given_although_it_is_kept_composed(
    query: str, fleet: Fleet, client: FlaskClient, ask: Ask
) -> None:
    fleet.collect(URL)

    put(client, {"url": URL, "tags": ["cafe\u0301"]})

    assert labels(ask) == ["caf\u00e9"]
    assert urls(ask(q=query)) == [URL]


def test_labels_outlive_collections_and_failures(fleet: Fleet, client: FlaskClient, ask: Ask) -> None:
    fleet.collect(URL)
    put(client, {"url": URL, "tags": ["prod"]})

    fleet.collect(URL, [("Server", "nginx")])

    assert labels(ask) == ["prod"]


def test_a_url_that_is_not_collected_yet_can_have_labels(client: FlaskClient, ask: Ask) -> None:
    client.get("/api/v1/metadata", query_string={"url": URL})

    assert put(client, {"url": URL, "tags": ["prod"]}).status_code == 200
    [target] = ask(q="tag:prod")["targets"]
    assert (target["url"], target["status"], target["collected_at"]) == (URL, "pending", None)


@pytest.mark.parametrize(
    ("body", "status", "code", "named"),
    [
        ({"url": "http://unknown.test/", "tags": ["a"]}, 404, "not_in_inventory", None),
        ({"url": URL}, 422, "invalid_request", "tags"),
        ({"tags": []}, 422, "invalid_request", "url"),
        ({"url": URL, "tags": "prod"}, 422, "invalid_request", "tags"),
        ({"url": URL, "tags": None}, 422, "invalid_request", "tags"),
        ({"url": URL, "tags": [1]}, 422, "invalid_request", "tags"),
        ({"url": URL, "tags": [None]}, 422, "invalid_request", "tags"),
        ({"url": URL, "tags": [[]]}, 422, "invalid_request", "tags"),
        ({"url": URL, "tags": ["a\0"]}, 422, "invalid_request", "tags"),
        ({"url": URL, "tags": ["\ud800"]}, 422, "invalid_request", "tags"),
        ({"url": URL, "tags": [], "other": 1}, 422, "invalid_request", "other"),
        ({"url": "nonsense", "tags": []}, 422, "invalid_url", "url"),
        ([], 422, "invalid_request", "body"),
    ],
)
def test_a_body_that_is_not_valid_is_a_problem_and_changes_nothing(
    client: FlaskClient, fleet: Fleet, ask: Ask, body: object, status: int, code: str, named: str | None
) -> None:
    fleet.collect(URL)
    put(client, {"url": URL, "tags": ["kept"]})

    answer = put(client, body)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert named is None or list(answer.json["errors"]) == [named]
    assert labels(ask) == ["kept"]


def test_a_single_label_that_is_no_list_is_told_to_be_one(client: FlaskClient) -> None:
    answer = put(client, {"url": URL, "tags": "prod"})

    assert answer.json["errors"]["tags"] == ['Send a list of labels, such as ["prod"]; an empty list for none.']


# Imports


def test_each_record_of_an_import_gets_its_labels_besides_those_it_has(
    client: FlaskClient, services: Services, clock: FakeClock, fleet: Fleet, ask: Ask, web: FakeWeb
) -> None:
    fleet.collect(URL)
    put(client, {"url": URL, "tags": ["old"]})
    lines = f"{URL}\nhttp://b.test/\nnonsense\n{URL}\n".encode()

    answer = client.post(
        "/api/v1/imports?kind=urls&tag=prod&tag=batch+7&tag=Prod", data={"file": (io.BytesIO(lines), "urls.txt")}
    )
    assert answer.status_code == 202, answer.json
    work_to_the_end(services, clock, answer.json["job_id"])

    assert urls(ask(q='tag:prod tag:"batch 7"')) == ["http://b.test/", URL]
    assert labels(ask) == ["batch 7", "old", "prod"]
    assert labels(ask, "http://b.test/") == ["batch 7", "prod"]


def test_records_are_labelled_before_they_are_collected(services: Services, ask: Ask) -> None:
    import_urls(services, [URL], **{LABELS: ["prod"]})
    Worker(services).round()
    Worker(services).round()

    assert [(target["url"], target["status"]) for target in ask(q="tag:prod")["targets"]] == [(URL, "pending")]


def test_a_batch_that_is_done_again_changes_nothing(services: Services, clock: FakeClock, ask: Ask) -> None:
    shown = []
    for _ in range(2):
        work_to_the_end(services, clock, import_urls(services, [URL], **{LABELS: ["prod"]}))
        shown.append(ask(q=f'url:"{URL}"', show="tag")["targets"][0]["observations"])

    assert shown[0] == shown[1]
    assert len(shown[0]) == 1


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("kind=urls&tag=", "tag"),
        ("kind=urls&tag=%00", "tag"),
        ("kind=urls&" + "&".join(f"tag={n}" for n in range(51)), "tag"),
        ("kind=cities&tag=a", "tag"),
        ("kind=events&tag=a", "tag"),
        ("kind=urls&kind=urls&tag=a", "kind"),
    ],
)
def test_labels_that_cannot_be_given_are_refused(client: FlaskClient, query: str, named: str) -> None:
    answer = client.post(f"/api/v1/imports?{query}", data={"file": (io.BytesIO(b"http://a.test/\n"), "urls.txt")})

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [named]
