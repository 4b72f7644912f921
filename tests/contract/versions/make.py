"""Makes the stores of this folder: `python -m tests.contract.versions.make [VERSION...]` in a clone with the whole history.

For each version of SQLite's schema, the last commit that had it, or one before that can start, runs as real programs from a
work tree, with the packages of now. It collects, imports, watches and whatever else it could. Then workers and scheduler
end, and more is accepted, so that something is owed. `N.sqlite3.xz` is the store. `N.json.xz` has what that version answered
about it, and the files of its jobs.
"""

from __future__ import annotations

import ast
import base64
import json
import lzma
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from tests.contract.versions.asked import GETS, URLS_CSV
from tests.end_to_end.stack import ROOT, Stack, free_port, wait_until
from tests.upstreams import Answer, Upstream

HERE = Path(__file__).parent
SCHEMAS = ("inventory/store/sqlite/migrations.py", "inventory/store/sqlite/schema.py")
LOG = (
    '{"timestamp": "2026-01-01T00:00:0%d.000Z", "level": "error", "service": "shop", "message": "No stock of %d",'
    ' "trace_id": "%032x"}\n'
)
FEED = """\
- name: acme
  url: %s
  paginator: {kind: page, parameter: page, first: 1, pages: pages}
  items: items
  fields: {id: id, title: title, price: price, currency: {value: EUR}, category: {value: toys}}
  rate: 50
"""


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def schema_of(commit: str) -> int:
    """The version of SQLite's schema in a commit."""
    for path in SCHEMAS:
        found = subprocess.run(["git", "show", f"{commit}:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
        for node in ast.walk(ast.parse(found.stdout)):
            if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Tuple):
                names = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
                if "MIGRATIONS" in [getattr(name, "id", "") for name in names]:
                    return len(node.value.elts)
    return 0


def last_commits() -> dict[int, str]:
    """The last commit of each version."""
    last: dict[int, str] = {}
    before = ""
    for commit in git("log", "--first-parent", "--reverse", "--format=%H", "--", *SCHEMAS).split():
        if before and schema_of(commit) != schema_of(before):
            last[schema_of(before)] = git("rev-parse", f"{commit}^").strip()
        before = commit
    last[schema_of("HEAD")] = "HEAD"
    return {version: commit for version, commit in last.items() if version}


@contextmanager
def work_tree(commit: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
    git("worktree", "add", "--force", "--detach", str(folder / "tree"), commit)
    try:
        while not starts(folder / "tree"):  # that commit was a step on the way to the next version
            git("-C", str(folder / "tree"), "checkout", "--detach", "HEAD^")
        yield folder / "tree"
    finally:
        git("worktree", "remove", "--force", str(folder / "tree"))
        shutil.rmtree(folder, ignore_errors=True)


def starts(tree: Path) -> bool:
    """Whether the API of a work tree can be imported."""
    done = subprocess.run([sys.executable, "-c", "import wsgi"], cwd=tree, capture_output=True, timeout=60, check=False)
    return done.returncode == 0


@contextmanager
def weather() -> Iterator[str]:
    """The URL of a weather service."""
    command = [sys.executable, "-m", "inventory.demo", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["weather"]
        finally:
            process.terminate()


class Site(Upstream):
    """Pages that differ each time, a feed of two products, and a receiver that accepts messages."""

    def respond(self, request: Any) -> Any:
        answer, gate = super().respond(request)
        count = self.count(request.path.partition("?")[0])
        if request.path.startswith("/site/"):
            body = f"<!doctype html><title>Visit {count}</title><script src=//cdn.test/a.js></script>".encode()
            headers = [("Content-Type", "text/html"), ("X-Visit", str(count)), ("Set-Cookie", "sid=1; Secure")]
            answer = Answer(200, headers=headers, body=body)
        elif request.path.startswith("/feed"):
            items = [{"id": str(n), "title": f"Ball {n}", "price": n + 0.5 + count} for n in (1, 2)]
            body = json.dumps({"pages": 1, "items": items}).encode()
            answer = Answer(200, headers=[("Content-Type", "application/json")], body=body)
        elif request.path.startswith("/hook"):
            answer = Answer(204)
        return answer, gate


class Maker:
    """Has an older version do all that it can."""

    def __init__(self, running: Stack, site: Site) -> None:
        self._running, self._site = running, site

    def send(self, method: str, path: str, **kept: Any) -> requests.Response:
        return requests.request(method, f"{self._running.url}{path}", timeout=60, **kept)

    def can(self, path: str) -> bool:
        """Whether this version has the route."""
        return self.send("GET", path).status_code != 404

    def upload(self, kind: str, name: str, content: str) -> None:
        if not self.can("/api/v1/imports"):
            return
        answer = self.send("POST", f"/api/v1/imports?kind={kind}", files={"file": (name, content)})
        assert answer.status_code == 202, answer.text

    def fill(self) -> None:
        site = self._site.url
        if self.can("/api/v1/watches"):
            chosen = {"name": "visits", "query": "title:visit*", "fields": "header.x-visit", "cooldown": 0}
            answer = self.send("POST", "/api/v1/watches", json=chosen | {"webhook": site("/hook")})
            assert answer.status_code == 201, answer.text
        for path in ("/site/twice", "/site/twice", "/site/once"):
            assert self.send("POST", "/api/v1/metadata", json={"url": site(path)}).status_code in (200, 201)
        self.send("POST", "/api/v1/metadata", json={"url": f"http://127.0.0.1:{free_port()}/refused"})
        self.send("GET", "/api/v1/metadata", params={"url": site("/site/looked-up")})
        if self.can("/api/v1/jobs"):
            self.upload("urls", "urls.csv", URLS_CSV.replace("SITE", site("")))
            self.upload("events", "shop.jsonl", "".join(LOG % (n, n, n) for n in range(5)))
        if self.can("/api/v1/weather?city=Paris"):
            self.send("GET", "/api/v1/weather", params={"city": "Paris"})
        if self.can("/api/v1/products"):
            assert self.send("POST", "/api/v1/products/runs").status_code == 202
        if self.can("/api/v1/keys"):
            body = {"name": "reader", "scopes": ["read"]}
            assert self.send("POST", "/api/v1/keys", json=body).status_code == 201
        if self.can("/api/v1/policies"):
            rule = {"id": "visit", "severity": "low", "message": "Visits are not counted."}
            rule["require"] = {"header": "x-visit", "present": True}
            policy = {"version": 1, "id": "ours", "title": "Ours", "rules": [rule]}
            assert self.send("POST", "/api/v1/policies", json=policy).status_code == 201
        wait_until(self._is_done, "everything is done", 60)
        if self.can("/api/v1/watches"):
            with suppress(AssertionError):  # not each version with watches looks for them already
                wait_until(self._has_told, "a message", 15)

    def _is_done(self) -> bool:
        if self._running.any_pending():
            return False
        jobs = self.send("GET", "/api/v1/jobs").json().get("jobs", []) if self.can("/api/v1/jobs") else []
        return not any(job["finished_at"] is None for job in jobs)

    def _has_told(self) -> bool:
        """Whether its watch has sent a message."""
        [watch] = self.send("GET", "/api/v1/watches").json()["watches"]
        return bool(self.send("GET", f"/api/v1/watches/{watch['id']}/messages").json().get("messages"))

    def answers(self) -> dict[str, Any]:
        """What this version says of all that it has, by path."""
        found: dict[str, Any] = {}
        for path in GETS:
            answer = self.send("GET", path.replace("SITE", self._site.url("")))
            if answer.status_code == 200:
                found[path.replace("SITE", self._site.url(""))] = answer.json()
        return found

    def owe(self) -> None:
        """Accept what nobody does any more."""
        self.send("GET", "/api/v1/metadata", params={"url": self._site.url("/site/owed")})
        if self.can("/api/v1/jobs"):
            self.upload("urls", "owed.csv", f"url\n{self._site.url('/site/row')}\n")


def make(version: int, commit: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp"))
    with work_tree(commit) as tree, weather() as forecasts, Site() as site:
        feeds = folder / "feeds.yaml"
        feeds.write_text(FEED % site.url("/feed"))
        named = {"weather_url": f"{forecasts}/v1/forecast", "weather_geocoding_url": f"{forecasts}/v1/search"}
        running = Stack(folder, root=tree, product_feeds=feeds, retry_base=0.1, workers=1, api_processes=1, **named)
        try:
            running.start()
            maker = Maker(running, site)
            maker.fill()
            for name in ("scheduler", "worker"):
                running.end(name, signal.SIGTERM, group=False)
            maker.owe()
            found = maker.answers()
            running.end("api", signal.SIGTERM, group=False)
        finally:
            running.stop()
    path = folder / "inventory.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        assert store.execute("PRAGMA user_version").fetchone()[0] == version
        store.execute("PRAGMA journal_mode = DELETE")
        store.execute("VACUUM")
    uploads = {file.name: base64.b64encode(file.read_bytes()).decode() for file in (folder / "files").glob("uploads/*")}
    (HERE / f"{version}.sqlite3.xz").write_bytes(lzma.compress(path.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
    document = {"site": site.url(""), "answers": found, "uploads": uploads}
    (HERE / f"{version}.json.xz").write_bytes(lzma.compress(json.dumps(document, sort_keys=True).encode()))
    shutil.rmtree(folder)


if __name__ == "__main__":
    wanted = [int(word) for word in sys.argv[1:]]
    for version, commit in last_commits().items():
        if not wanted or version in wanted:
            make(version, commit)
            sizes = [(HERE / f"{version}.{kind}.xz").stat().st_size for kind in ("sqlite3", "json")]
            sys.stdout.write(f"{version} {commit[:10]} {sizes}\n")
            sys.stdout.flush()
