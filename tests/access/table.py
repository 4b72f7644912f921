"""One line for each route: what it needs, how it is asked, and what a key gets that is limited to another host.

The words in braces are names of what `World` has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any

PUBLIC = ""
OUT_OF_SCOPE = 403, "out_of_scope"
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
INSIDE = "url=http%3A%2F%2Fa.test%2F"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A route: method and rule; the verb that it needs; its path and the rest of a request.

    `ok` are the statuses for who may: the first one at first, and others when the same is asked again. `limited`: a scope
    that is limited to the host of what is asked for is enough. `other` is a verb that is enough as well. `beyond` is what
    another host's is answered with.
    """

    method: str
    rule: str
    verb: str
    path: str
    how: Mapping[str, Any] = field(default_factory=dict)
    ok: Sequence[int] = (200,)
    limited: bool = False
    other: str | None = None
    beyond: tuple[int, str | None] = OUT_OF_SCOPE

    @property
    def name(self) -> str:
        return f"{self.method} {self.rule}"


def line(method: str, rule: str, verb: str, path: str | None = None, *, ok: Sequence[int] | int = 200, **more: Any) -> Line:
    """A line; `beyond` makes it one that a limited scope is enough for."""
    how = {name: more.pop(name) for name in ("json", "headers", "data") if name in more}
    oks = (ok,) if isinstance(ok, int) else ok
    limited = more.pop("limited", "beyond" in more)
    return Line(method=method, rule=rule, verb=verb, path=path or rule, how=how, ok=oks, limited=limited, **more)


NUMBERS = count()
V1 = "/api/v1"
JOB, WATCH = f"{V1}/jobs/<job_id>", f"{V1}/watches/<watch_id>"
HOOK = f"{V1}/webhooks/<webhook_id>"
NO_JOB, NO_WATCH = (404, "unknown_job"), (404, "unknown_watch")
OWN: dict[str, Any] = {"beyond": OUT_OF_SCOPE}
"""A limited scope is enough, and for another host there is 403."""
EMPTY: dict[str, Any] = {"beyond": (200, None)}
"""The same, and for another host there is an answer with nothing in it."""

WATCH_FORM = {"name": "new", "on": "changes", "persist": "1", "cooldown": "5", "expires_within": "30"}

POLICY_RULE = {"id": "r", "severity": "low", "message": "x", "require": {"header": "x", "absent": True}}
POLICY = {"version": 1, "id": "shop", "title": "x", "rules": [POLICY_RULE]}

TABLE = (
    # For everybody
    line("GET", "/", PUBLIC),
    line("GET", "/docs/", PUBLIC),
    line("GET", "/static/<name>", PUBLIC, "/static/inventory.css"),
    line("GET", "/docs/<path:path>", PUBLIC, "/docs/swagger-ui.css"),
    line("GET", "/openapi.json", PUBLIC),
    line("GET", "/healthz", PUBLIC),
    line("GET", "/readyz", PUBLIC, ok=(200, 503)),
    line("GET", "/metrics", "read"),
    # URLs
    line("GET", f"{V1}/metadata", "read", f"{V1}/metadata?{INSIDE}", **OWN),
    line("POST", f"{V1}/metadata", "collect", json={"url": "http://a.test/"}, **OWN),
    line("DELETE", f"{V1}/metadata", "delete", f"{V1}/metadata?{INSIDE}", ok=(204, 404), **OWN),
    line("PUT", f"{V1}/metadata/tags", "import", json={"url": "http://a.test/", "tags": ["x"]}, **OWN),
    line("GET", f"{V1}/metadata/snapshots", "read", f"{V1}/metadata/snapshots?{INSIDE}", **OWN),
    line("GET", f"{V1}/metadata/diff", "read", f"{V1}/metadata/diff?{INSIDE}", **OWN),
    line("GET", f"{V1}/metadata/timeline", "read", f"{V1}/metadata/timeline?{INSIDE}", **OWN),
    line(
        "GET", f"{V1}/metadata/snapshots/<snapshot_id>", "read", f"{V1}/metadata/snapshots/{{snapshot}}",
        beyond=(404, "not_found"),
    ),
    line("GET", f"{V1}/bodies/<sha256>", "read", f"{V1}/bodies/{{body}}", beyond=(404, "not_found")),
    line(
        "GET", f"{V1}/certificates/<sha256>", "read", f"{V1}/certificates/{{certificate}}", beyond=(404, "not_found"),
    ),
    # All of them
    line("GET", f"{V1}/records", "read", **EMPTY),
    line("GET", f"{V1}/search", "read", **EMPTY),
    line("GET", f"{V1}/search/facets", "read", f"{V1}/search/facets?field=host", **EMPTY),
    line("GET", f"{V1}/search/fields", "read", **EMPTY),
    line("GET", f"{V1}/search/export", "export", f"{V1}/search/export?format=jsonl", **EMPTY),
    line("GET", "/memento/timegate/<path:url>", "read", "/memento/timegate/http://a.test/", ok=302, **OWN),
    line("GET", "/memento/timemap/<stamp>/<path:url>", "read", "/memento/timemap/link/http://a.test/", **OWN),
    line(
        "GET", "/memento/<stamp>/<path:url>", "read", "/memento/20200101000000/http://a.test/", ok=302, **OWN,
    ),
    line("GET", "/cdx", "read", "/cdx?url=a.test", **EMPTY),
    line("GET", f"{V1}/archive.warc.gz", "export", f"{V1}/archive.warc.gz?q=", **EMPTY),
    line("GET", "/search", "read", **EMPTY),
    line("GET", "/search/facet", "read", "/search/facet?field=host", **EMPTY),
    line("GET", "/search/fields", "read", **EMPTY),
    line("GET", "/search/completions", "read", "/search/completions?before=host:a", **EMPTY),
    line("GET", f"{V1}/changes", "read", **EMPTY),
    line("GET", f"{V1}/changes/groups", "read", **EMPTY),
    line("GET", "/changes", "read", **EMPTY),
    line("GET", "/changes/groups", "read", **EMPTY),
    line("GET", "/changes/list", "read", **EMPTY),
    line("GET", "/graphql", "read", "/graphql?query={{record(url:\"http://a.test/\"){{id}}}}", **EMPTY),
    line("POST", "/graphql", "read", json={"query": '{record(url:"http://a.test/"){id}}'}, **EMPTY),
    # Bulk work
    line(
        "POST", f"{V1}/imports", "import", f"{V1}/imports?kind=urls", data={"file": b"http://a.test/new\n"}, ok=202,
        beyond=(202, None),
    ),
    line(
        "POST", f"{V1}/imports/preview", "import", data={"file": b"http://a.test/new\n"}, beyond=(200, None),
    ),
    line("GET", f"{V1}/jobs", "read", **EMPTY, other="import"),
    line("GET", JOB, "read", f"{V1}/jobs/{{job}}", beyond=NO_JOB, other="import"),
    line("GET", f"{JOB}/rows", "read", f"{V1}/jobs/{{job}}/rows", beyond=NO_JOB, other="import"),
    line("GET", f"{JOB}/events", "read", f"{V1}/jobs/{{finished}}/events", beyond=NO_JOB, other="import"),
    line("POST", f"{JOB}/cancel", "import", f"{V1}/jobs/{{job}}/cancel", ok=(200, 409), beyond=NO_JOB),
    line("POST", f"{JOB}/retry", "import", f"{V1}/jobs/{{finished}}/retry", ok=409, beyond=NO_JOB),
    line(
        "GET", "/ws/jobs/<job_id>", "read", "/ws/jobs/{job}", ok=422, limited=True, beyond=(422, "invalid_request"),
        other="import",
    ),
    line(
        "WS", "/ws/jobs/<job_id>", "read", "/ws/jobs/nope", headers=HANDSHAKE, ok=404, limited=True, beyond=NO_JOB,
        other="import",
    ),
    line("GET", "/jobs", "read", **EMPTY, other="import"),
    line(
        "POST", "/jobs", "import", data={"kind": "urls", "file": b"http://a.test/new\n"}, ok=303, beyond=(303, None),
    ),
    line("POST", "/jobs/<job_id>/cancel", "import", "/jobs/{job}/cancel", ok=(303, 409), beyond=NO_JOB),
    line("POST", "/jobs/<job_id>/retry", "import", "/jobs/{finished}/retry", ok=409, beyond=NO_JOB),
    line("GET", "/events", "read"),
    line("GET", "/events/chart", "read"),
    line("GET", "/jobs/<job_id>", "read", "/jobs/{job}", beyond=(404, None), other="import"),
    line("GET", "/jobs/<job_id>/rows.csv", "read", "/jobs/{job}/rows.csv", beyond=NO_JOB, other="import"),
    line("GET", "/lookup", "read", limited=True, beyond=(200, None)),
    line("GET", "/record", "read", f"/record?{INSIDE}", **OWN),
    line("GET", "/record/progress", "read", f"/record/progress?{INSIDE}", **OWN),
    line("POST", "/record/collect", "collect", data={"url": "http://a.test/"}, ok=303, **OWN),
    line("POST", "/record/tags", "import", data={"url": "http://a.test/", "tags": "x"}, ok=303, **OWN),
    line("POST", "/record/delete", "delete", data={"url": "http://a.test/"}, ok=(303, 404), **OWN),
    line("GET", "/diff", "read", f"/diff?{INSIDE}", **OWN),
    # Watches
    line("GET", f"{V1}/watches", "watch", **EMPTY),
    line(
        "POST", f"{V1}/watches", "watch", json={"name": "new", "query": "", "file": "told"}, ok=201,
        beyond=(201, None),
    ),
    line("GET", WATCH, "watch", f"{V1}/watches/{{watch}}", beyond=NO_WATCH),
    line("PATCH", WATCH, "watch", f"{V1}/watches/{{watch}}", json={"cooldown": 5}, beyond=NO_WATCH),
    line("DELETE", WATCH, "watch", f"{V1}/watches/{{watch}}", ok=(204, 404), beyond=NO_WATCH),
    line("POST", f"{WATCH}/pause", "watch", f"{V1}/watches/{{watch}}/pause", beyond=NO_WATCH),
    line("POST", f"{WATCH}/resume", "watch", f"{V1}/watches/{{watch}}/resume", beyond=NO_WATCH),
    line("POST", f"{WATCH}/test", "watch", f"{V1}/watches/{{watch}}/test", json={"days": 1}, beyond=NO_WATCH),
    line("GET", f"{WATCH}/messages", "watch", f"{V1}/watches/{{watch}}/messages", beyond=NO_WATCH),
    line("GET", f"{WATCH}/messages/<number>", "watch", f"{V1}/watches/{{watch}}/messages/1", ok=404, beyond=NO_WATCH),
    line(
        "GET", f"{WATCH}/messages/<number>/findings", "watch", f"{V1}/watches/{{watch}}/messages/1/findings", ok=404,
        beyond=NO_WATCH,
    ),
    line(
        "POST", f"{WATCH}/messages/<number>/deliveries/<delivery_id>/again", "watch",
        f"{V1}/watches/{{watch}}/messages/1/deliveries/{'0' * 32}/again", ok=404, beyond=NO_WATCH,
    ),
    line("GET", "/watches", "watch", **EMPTY),
    line("POST", "/watches", "watch", data=WATCH_FORM, ok=303, beyond=(303, None)),
    line("GET", "/watches/new", "watch", **EMPTY),
    line("GET", "/watches/export.yaml", "watch"),
    line("GET", "/watches/<watch_id>", "watch", "/watches/{watch}", beyond=NO_WATCH),
    line("GET", "/watches/<watch_id>/edit", "watch", "/watches/{watch}/edit", beyond=NO_WATCH),
    line("POST", "/watches/<watch_id>/edit", "watch", "/watches/{watch}/edit", data=WATCH_FORM, ok=303, beyond=NO_WATCH),
    line("GET", "/watches/<watch_id>/test", "watch", "/watches/{watch}/test?days=1", beyond=NO_WATCH),
    line("GET", "/watches/<watch_id>/messages/<number>", "watch", "/watches/{watch}/messages/1", ok=404, beyond=NO_WATCH),
    line(
        "POST", "/watches/<watch_id>/messages/<number>/deliveries/<delivery_id>/again", "watch",
        f"/watches/{{watch}}/messages/1/deliveries/{'0' * 32}/again", ok=404, beyond=NO_WATCH,
    ),
    line("POST", "/watches/<watch_id>/pause", "watch", "/watches/{watch}/pause", ok=303, beyond=NO_WATCH),
    line("POST", "/watches/<watch_id>/resume", "watch", "/watches/{watch}/resume", ok=303, beyond=NO_WATCH),
    line("GET", "/watches/<watch_id>/delete", "watch", "/watches/{watch}/delete", ok=(200, 404), beyond=NO_WATCH),
    line("POST", "/watches/<watch_id>/delete", "watch", "/watches/{watch}/delete", ok=(303, 404), beyond=NO_WATCH),
    # Policies
    line("GET", f"{V1}/policies", "read"),
    line("POST", f"{V1}/policies", "watch", json=POLICY, ok=(201, 200)),
    line("GET", f"{V1}/policies/<policy_id>", "read", f"{V1}/policies/baseline"),
    line("DELETE", f"{V1}/policies/<policy_id>", "watch", f"{V1}/policies/shop", ok=(204, 404)),
    line("GET", f"{V1}/policies/<policy_id>/findings", "read", f"{V1}/policies/baseline/findings", **EMPTY),
    line("GET", f"{V1}/policies/<policy_id>/replay", "read", f"{V1}/policies/baseline/replay", **EMPTY),
    # What has no host
    line("GET", "/webhooks", "watch"),
    *(
        line("POST", f"/webhooks/<webhook_id>/{action}", "watch", f"/webhooks/{{webhook}}/{action}", ok=ok)
        for action, ok in (("rotate", 200), ("test", 200), ("enable", 303), ("disable", 303))
    ),
    line("GET", f"{V1}/webhooks", "watch"),
    line("POST", f"{V1}/webhooks", "watch", json={"url": "https://new.hooks.test/"}, ok=(201, 200)),
    line("GET", HOOK, "watch", f"{V1}/webhooks/{{webhook}}"),
    line("PATCH", HOOK, "watch", f"{V1}/webhooks/{{webhook}}", json={"enabled": True}),
    line("DELETE", HOOK, "watch", f"{V1}/webhooks/{{webhook}}", ok=(204, 404)),
    line("POST", f"{HOOK}/rotate", "watch", f"{V1}/webhooks/{{webhook}}/rotate"),
    line("POST", f"{HOOK}/test", "watch", f"{V1}/webhooks/{{webhook}}/test"),
    line("GET", f"{HOOK}/deliveries", "watch", f"{V1}/webhooks/{{webhook}}/deliveries"),
    line(
        "POST", f"{HOOK}/deliveries/<delivery_id>/again", "watch", f"{V1}/webhooks/{{webhook}}/deliveries/{'0' * 32}/again",
        ok=404,
    ),
    line("GET", f"{V1}/events", "read"),
    line("GET", f"{V1}/events/stats", "read"),
    line("GET", f"{V1}/history", "read"),
    line("DELETE", f"{V1}/history", "delete", ok=204),
    line("GET", f"{V1}/activity", "read"),
    line("GET", f"{V1}/upstreams", "read"),
    line("GET", f"{V1}/upstreams/<host>", "read", f"{V1}/upstreams/a.test", ok=404),
    line("GET", "/upstreams", "read"),
    line("GET", "/upstreams/<host>", "read", "/upstreams/a.test", ok=404),
    line("GET", f"{V1}/weather", "read", f"{V1}/weather?city=bern"),
    line("GET", f"{V1}/weather/summary", "read"),
    line("POST", f"{V1}/products/runs", "collect", ok=202),
    line("GET", f"{V1}/products", "read"),
    line("GET", f"{V1}/products/summary", "read"),
    line("GET", f"{V1}/products/<record_id>/prices", "read", f"{V1}/products/{'0' * 32}/prices", ok=404),
    line("GET", "/now", "read", **EMPTY),
    line("GET", "/weather", "read"),
    line("GET", "/products", "read"),
    line("POST", "/products/runs", "collect", ok=303),
    line("GET", "/products/<record_id>", "read", f"/products/{'0' * 32}", ok=404),
    # Keys
    line("GET", f"{V1}/keys", "admin"),
    line("POST", f"{V1}/keys", "admin", json={"name": "new", "scopes": ["read"]}, ok=201),
    line("GET", f"{V1}/keys/<key_id>", "admin", f"{V1}/keys/{{key}}"),
    line("DELETE", f"{V1}/keys/<key_id>", "admin", f"{V1}/keys/{{key}}", ok=204),
    line("GET", f"{V1}/audit", "admin"),
    line("GET", "/login", PUBLIC, ok=(200, 404)),
    line("POST", "/login", PUBLIC, data={"key": "nonsense"}, ok=(401, 404)),
    line("POST", "/logout", PUBLIC, ok=(303, 401, 403, 404)),
    line("GET", "/.well-known/security.txt", PUBLIC, ok=404),
)  # fmt: skip


def request_of(line: Line, world: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of a test client's `open`, made anew because a file is read once, and a name is taken once."""
    how: dict[str, Any] = {"method": "GET" if line.method == "WS" else line.method, **line.how}
    if "file" in how.get("data", {}):
        how["data"] = how["data"] | {"file": (BytesIO(how["data"]["file"]), "urls.txt")}
    for body in ("json", "data"):
        if "name" in how.get(body, {}):
            how[body] = how[body] | {"name": f"new {next(NUMBERS)}"}
    return how | {"path": line.path.format(**world)}
