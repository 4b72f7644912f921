"""POST and DELETE /api/v1/metadata, snapshots, bodies and listings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from flask.testing import FlaskClient

from inventory import create_app
from inventory.errors import SourceFailure
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb, content
from tests.webpages.actions import URL, look_up, work


def test_post_collects_now_and_is_201_when_new_and_200_when_known(client: FlaskClient, web: FakeWeb) -> None:
    first = client.post("/api/v1/metadata", json={"url": URL})
    second = client.post("/api/v1/metadata", json={"url": URL})

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json["page_source"] == f"<p>{URL}</p>"
    assert second.json["snapshots"] == 2
    assert web.asked[URL] == 2
    assert client.get(first.headers["Location"]).json["id"] == first.json["id"]


def test_post_that_prefers_an_asynchronous_answer_is_accepted_only(
    client: FlaskClient, services: Services, web: FakeWeb
) -> None:
    answer = client.post("/api/v1/metadata", json={"url": URL}, headers={"Prefer": "respond-async"})

    assert (answer.status_code, answer.json["status"]) == (202, "pending")
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert not web.asked
    assert work(services) == 1


def test_post_on_a_known_url_can_be_asynchronous_too(client: FlaskClient, services: Services) -> None:
    client.post("/api/v1/metadata", json={"url": URL})

    answer = client.post("/api/v1/metadata", json={"url": URL}, headers={"Prefer": "respond-async"})

    assert (answer.status_code, answer.json["status"]) == (202, "pending")
    assert work(services) == 1


def test_post_that_fails_says_how_and_records_it(client: FlaskClient, web: FakeWeb) -> None:
    web.pages[URL] = SourceFailure("connection_refused", "127.0.0.1 refused the connection.")

    answer = client.post("/api/v1/metadata", json={"url": URL})

    assert (answer.status_code, answer.json["code"]) == (502, "collection_failed")
    assert answer.json["failure"]["code"] == "connection_refused"
    assert look_up(client).status_code == 502


def test_post_that_times_out_is_504(client: FlaskClient, web: FakeWeb) -> None:
    web.pages[URL] = SourceFailure("timeout", "No answer within 20 s.")

    assert client.post("/api/v1/metadata", json={"url": URL}).status_code == 504


def test_post_that_fails_keeps_an_earlier_snapshot_readable(client: FlaskClient, web: FakeWeb) -> None:
    client.post("/api/v1/metadata", json={"url": URL})
    web.pages[URL] = SourceFailure("connection_refused", "127.0.0.1 refused the connection.")

    assert client.post("/api/v1/metadata", json={"url": URL}).status_code == 502
    assert look_up(client).json["failure"]["code"] == "connection_refused"


def test_post_while_somebody_else_collects_is_accepted(client: FlaskClient, services: Services, web: FakeWeb) -> None:
    look_up(client)
    web.open.clear()
    with ThreadPoolExecutor(1) as pool:
        collecting = pool.submit(work, services)
        while not web.asked[URL]:
            assert not collecting.done()
        answer = client.post("/api/v1/metadata", json={"url": URL})
        web.open.set()

    assert answer.status_code == 202
    assert collecting.result() == 1
    assert web.asked[URL] == 1


def test_post_with_every_inline_slot_taken_is_accepted(services: Services, web: FakeWeb) -> None:
    app = create_app(services=services)
    web.open.clear()
    slots = services.settings.inline_slots
    with ThreadPoolExecutor(slots) as pool:
        inline = [
            pool.submit(lambda n=n: app.test_client().post("/api/v1/metadata", json={"url": f"{URL}/{n}"}).status_code)
            for n in range(slots)
        ]
        while sum(web.asked.values()) < slots:
            assert not any(answer.done() for answer in inline)
        one_more = app.test_client().post("/api/v1/metadata", json={"url": URL})
        web.open.set()

    assert one_more.status_code == 202
    assert [answer.result() for answer in inline] == [201] * slots
    assert work(services) == 1


def test_delete_forgets_everything(client: FlaskClient) -> None:
    record = client.post("/api/v1/metadata", json={"url": URL}).json
    body = sha256(record["page_source"].encode()).hexdigest()
    assert client.get(f"/api/v1/bodies/{body}").status_code == 200

    assert client.delete("/api/v1/metadata", query_string={"url": URL}).status_code == 204

    assert client.get(f"/api/v1/bodies/{body}").status_code == 404
    assert look_up(client, collect="false").status_code == 404
    assert client.delete("/api/v1/metadata", query_string={"url": URL}).json["code"] == "not_in_inventory"


def test_a_record_that_was_deleted_while_it_was_collected_stays_deleted(
    client: FlaskClient, services: Services, web: FakeWeb
) -> None:
    look_up(client)
    web.open.clear()
    with ThreadPoolExecutor(1) as pool:
        collecting = pool.submit(work, services)
        while not web.asked[URL]:
            assert not collecting.done()
        client.delete("/api/v1/metadata", query_string={"url": URL})
        web.open.set()

    assert collecting.result() == 0
    assert look_up(client, collect="false").status_code == 404


def test_snapshots_are_listed_newest_first_by_pages_and_read_whole(client: FlaskClient, clock: FakeClock) -> None:
    for _ in range(3):
        client.post("/api/v1/metadata", json={"url": URL})
        clock.forward(1)

    first = client.get("/api/v1/metadata/snapshots", query_string={"url": URL, "limit": 2}).json
    second = client.get(
        "/api/v1/metadata/snapshots", query_string={"url": URL, "limit": 2, "cursor": first["next_cursor"]}
    ).json

    shots = first["snapshots"] + second["snapshots"]
    assert [shot["collected_at"][-7:] for shot in shots] == ["02.123Z", "01.123Z", "00.123Z"]
    assert second["next_cursor"] is None
    assert "page_source" not in shots[0]
    whole = client.get(f"/api/v1/metadata/snapshots/{shots[0]['id']}").json
    assert whole["page_source"] == f"<p>{URL}</p>"
    assert whole["url"] == URL


def test_snapshots_of_an_unknown_url_and_an_unknown_snapshot_are_404(client: FlaskClient) -> None:
    assert client.get("/api/v1/metadata/snapshots", query_string={"url": URL}).json["code"] == "not_in_inventory"
    assert client.get("/api/v1/metadata/snapshots/nothing").json["code"] == "not_found"
    assert client.get("/api/v1/bodies/nothing").json["code"] == "not_found"


def test_a_body_is_served_byte_for_byte_and_never_rendered(client: FlaskClient, web: FakeWeb) -> None:
    raw = bytes(range(256))
    web.pages[URL] = Collected(content(URL), raw)
    client.post("/api/v1/metadata", json={"url": URL})

    answer = client.get(f"/api/v1/bodies/{sha256(raw).hexdigest()}")

    assert answer.data == raw
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


def test_records_are_listed_by_source_status_and_host(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    for n in range(5):
        look_up(client, f"http://h{n % 2}.test/{n}")
        clock.forward(1)
    client.post("/api/v1/metadata", json={"url": "http://h1.test/stored"})

    def listed(**query: object) -> list[str]:
        return [record["key"] for record in client.get("/api/v1/records", query_string=query).json["records"]]

    assert len(listed()) == 6
    assert listed(status="stored") == ["http://h1.test/stored"]
    assert listed(host="h0.test") == ["http://h0.test/4", "http://h0.test/2", "http://h0.test/0"]
    assert listed(source="weather") == []
    assert len(listed(status="pending", host="h1.test")) == 2


def test_a_listing_is_stable_while_records_are_added(client: FlaskClient, clock: FakeClock) -> None:
    for n in range(4):
        look_up(client, f"http://h.test/{n}")
        clock.forward(1)
    first = client.get("/api/v1/records", query_string={"limit": 2}).json
    look_up(client, "http://h.test/new")
    second = client.get("/api/v1/records", query_string={"limit": 2, "cursor": first["next_cursor"]}).json

    keys = [record["key"] for record in first["records"] + second["records"]]

    assert keys == [f"http://h.test/{n}" for n in (3, 2, 1, 0)]
    assert second["next_cursor"] is None
