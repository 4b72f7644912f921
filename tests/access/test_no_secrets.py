"""After requests of all kinds no log line, problem, RQ job, audit entry or metric has a key, a cookie, or a masked value."""

from __future__ import annotations

import io
import json
import logging
import zlib
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import fakeredis
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.masking import MASK
from inventory.records.source import Collected
from inventory.services import Services
from inventory.web_api import shortcut
from inventory.web_api.problems import MEDIA_TYPE
from tests.access.in_front import ask_in_front
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeather, FakeWeb
from tests.jobs.actions import work_to_the_end
from workers import scheduler

CANARY = "Zq9canary41x"
API = "/api/v1"
NAMES = ("token", "api_key", "X-Amz-Signature", "code", "pin", "user[password]")
QUERY = "&".join(f"{name}={CANARY}{number}" for number, name in enumerate(NAMES))


def url(path: str) -> str:
    return f"http://example.test/{path}?page=2&{QUERY}#access_token={CANARY}"


class FragileWeb(FakeWeb):
    """A web of which some pages fail, or break what collects them; errors quote the URL, as those of libraries do."""

    def usual(self, key: str) -> Collected:
        if "/fails" in key:
            raise SourceFailure("tls_failure", f"{key} was refused.", permanent=True, evidence={"at": key})
        if "/breaks" in key:
            raise ValueError(f"broken at {key}")
        return super().usual(key)


@dataclass
class Everything:
    """The service, callers of each sort, and all problems that were answered."""

    services: Services
    client: FlaskClient
    clock: FakeClock
    secrets: list[str]
    problems: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def key(self, name: str, *scopes: str) -> dict[str, str]:
        """The headers with a new key."""
        _, text = self.services.keys.create(name, scopes)
        self.secrets.append(text)
        return {"Authorization": f"Bearer {text}"}

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **how: Any) -> TestResponse:
        answer = self.client.open(f"{API}{path}", method=method, headers=headers, **how)
        self.statuses.add(answer.status_code)
        if answer.mimetype == MEDIA_TYPE:
            self.problems.append(answer.text)
        return answer


def everything_of(make_services: Build, settings: Settings, weather: FakeWeather, clock: FakeClock) -> Everything:
    settings = replace(settings, access=Mode.KEYS, masked_parameters=("pin",))
    services = make_services(settings, sources=[FragileWeb(), weather])
    return Everything(services, create_app(services=services).test_client(), clock, [CANARY])


def rq_jobs(redis: fakeredis.FakeRedis) -> str:
    """All that Redis has of RQ jobs, as text."""
    found = []
    for name in redis.keys("rq:job:*"):
        for value in redis.hgetall(name).values():
            try:
                found.append(zlib.decompress(value).decode("utf-8", "replace"))
            except zlib.error:
                found.append(value.decode("utf-8", "replace"))
    return "\n".join(found)


def look_everything_up(everything: Everything, key: dict[str, str]) -> None:
    """Lookups, in the application and in front of it, of pages that are found, fail and break."""
    ask, front = everything.ask, everything.client.application.extensions[shortcut.KEY](mounted_at="")
    for number, path in enumerate(("found", "fails", "breaks")):
        ask("GET", "/metadata", key, query_string={"url": url(path)})
        ask("POST", "/metadata", key, json={"url": url(f"{path}/now")})
        target = f"{API}/metadata?url={quote(url(f'{path}/front'), safe='')}"
        fields = {"host": "localhost", "authorization": key["Authorization"], "x-request-id": f"front-{number}"}
        front.account(front.answer_group([ask_in_front(everything.client, front, target, fields)]))
    everything.services.collector.collect_due(slots=4, stopping=lambda: False)
    for path in ("found", "fails", "breaks"):
        ask("GET", "/metadata", key, query_string={"url": url(path)})
    ask("GET", "/metadata", key, query_string={"url": f"nonsense {url('x')}"})
    ask("GET", "/metadata", key, query_string={"url": url("x"), "token": CANARY, "max_age": url("x")})
    ask("GET", "/metadata", key, query_string={"url": url("unknown"), "collect": "false"})
    ask("GET", "/metadata", key, query_string=f"url=http://h.test/&{QUERY}")


def change_everything(everything: Everything, key: dict[str, str]) -> None:
    """Requests that change something, good and bad ones."""
    ask = everything.ask
    ask("PUT", "/metadata/tags", key, json={"url": url("found"), "tags": ["a"]})
    ask("PUT", "/metadata/tags", key, json={"url": url("unknown"), "tags": ["a"]})
    ask("DELETE", "/metadata", key, query_string={"url": url("found")})
    ask("DELETE", "/metadata", key, query_string={"url": url("found")})
    ask("POST", "/metadata", key, data=f'{{"url": "{url("x")}', content_type="application/json")
    ask("POST", "/metadata", key, json={url("x"): 1})
    lines = [
        url("row"),
        f"{url('row')} and more",
        f"http://user:{CANARY}@h.test/",
        f"ftp://h.test/?{QUERY}",
        url("row/fails"),
    ]
    upload = {"file": (io.BytesIO("\n".join(["url", *lines, ""]).encode()), "urls.csv")}
    job = ask("POST", "/imports?kind=urls", key, data=upload).json["job_id"]
    work_to_the_end(everything.services, everything.clock, job)
    rows = ask("GET", f"/jobs/{job}/rows", key).json["rows"]
    details = [row["detail"] or "" for row in rows]
    assert len(rows) == 5
    assert not [each for each in details if CANARY in each]
    assert any(MASK in each for each in details)
    assert CANARY in rows[1]["input"]
    ask("POST", f"/jobs/unknown/cancel?token={CANARY}", key)
    ask("POST", "/webhooks", key, json={"url": f"http://127.0.0.1/hook?{QUERY}"})
    webhook = ask("POST", "/webhooks", key, json={"url": f"https://hooks.example.com/hook?{QUERY}"})
    everything.secrets.append(webhook.json["secret"])
    rotated = ask("POST", f"/webhooks/{webhook.json['id']}/rotate", key)
    everything.secrets.append(rotated.json["secret"])
    ask("POST", "/watches", key, json={"name": "w", "query": f'url:"{url("x")}" AND'})
    ask("POST", "/watches", key, json={"name": "w", "query": f'url:"{url("x")}"'})
    ask("GET", "/search", key, query_string={"q": f'nonsense:"{url("x")}"'})
    made = ask("POST", "/keys", key, json={"name": "made", "scopes": ["read"]})
    everything.secrets.append(made.json["key"])
    ask("DELETE", f"/keys/{made.json['id']}", key)
    ask("DELETE", f"/keys/{made.json['key']}", key)
    ask("GET", "/records", {"X-API-Key": made.json["key"]})


def be_refused(everything: Everything, number: int) -> None:
    """Callers with keys that do not allow it, wrong ones, and none."""
    ask, text = everything.ask, "inv_live_" + CANARY
    reader = everything.key(f"reader {number}", "read")
    limited = everything.key(f"limited {number}", "read:other.test", "delete:other.test")
    for headers in (reader, limited, {"Authorization": f"Bearer {text}"}, {"X-API-Key": text}, {}):
        ask("DELETE", "/metadata", headers, query_string={"url": url("found")})
        ask("POST", "/metadata", headers, json={"url": url("found")})
        ask("GET", "/metadata", headers, query_string={"url": url("found")})
        ask("GET", "/audit", headers)
    ask("GET", "/records", {"Cookie": f"inventory_session={CANARY}; other={CANARY}"})
    ask("GET", f"/nowhere?{QUERY}", reader)
    ask("DELETE", "/metadata", {"Sec-Fetch-Site": "cross-site", "Origin": f"http://evil.test/?token={CANARY}"})
    ask("GET", "/records", reader | {"Host": "other.test"})


def test_nothing_that_others_read_has_a_secret(
    make_services: Build,
    settings: Settings,
    weather: FakeWeather,
    clock: FakeClock,
    redis: fakeredis.FakeRedis,
    capsys: pytest.CaptureFixture[str],
) -> None:
    everything = everything_of(make_services, settings, weather, clock)
    admin = everything.key("admin", "admin")
    redis_seen = []
    for number in range(3):
        look_everything_up(everything, admin)
        redis_seen.append(rq_jobs(redis))
        redis.delete("rq:queue:collect", "rq:queue:jobs")  # else the queue is full, and no further job is made
        if not number:
            change_everything(everything, admin)
        be_refused(everything, number)
        scheduler.round_(everything.services)
        redis_seen.append(rq_jobs(redis))
        clock.forward(60)
    logging.getLogger("a.library").warning("GET %s?url=%s", f"{API}/metadata", quote(url("x"), safe=""))
    logging.getLogger("another.library").error("with %s", everything.secrets[1])

    metrics = everything.client.get("/metrics", headers=admin).text
    audit: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = everything.client.get(f"{API}/audit", headers=admin, query_string={"limit": 200, **cursor}).json
        audit += page["entries"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    seen = {
        "log": "".join(capsys.readouterr()),
        "problems": "\n".join(everything.problems),
        "RQ": "\n".join(redis_seen),
        "audit": json.dumps(audit),
        "metrics": metrics,
    }

    assert {200, 201, 202, 204, 401, 403, 404, 422} <= everything.statuses
    assert len(everything.problems) > 50
    assert len(everything.secrets) > 5
    for where, text in seen.items():
        found = [secret for secret in everything.secrets if secret in text]
        lines = [line for line in text.splitlines() if any(secret in line for secret in found)]
        assert not found, f"{where}: {lines[:3]}"
    for where in ("log", "problems", "RQ", "audit"):
        assert MASK in seen[where], where
    assert {"metadata.look_up", "metadata.collect", "key.create", "import.create"} <= {each["action"] for each in audit}
    assert {"a.library", "another.library"} <= {json.loads(line)["logger"] for line in seen["log"].splitlines()}
