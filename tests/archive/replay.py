"""Replays a small site with pywb, from files and from the running inventory. pywb is no dependency: no part of CI.

Make a place for it, `python3 -m venv var/pywb && var/pywb/bin/pip install pywb`. Then run
`.venv/bin/python -m tests.archive.replay var/pywb/bin`.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from ipaddress import ip_network
from itertools import product
from pathlib import Path

import brotli
import fakeredis
import zstandard

from inventory import create_app, wiring
from inventory.clock import utc_now
from inventory.config import PerHost, Settings
from inventory.services import Services
from tests.browser.serving import served
from tests.end_to_end.stack import free_port
from tests.upstreams import Answer, Upstream

HTML = ("Content-Type", "text/html; charset=utf-8")
ODD = (("X-Word", "caf\xe9"), ("X-Word", "Gr\xc3\xbc\xc3\x9fe"), ("x-word", "third"))
LIVE = """
collections:
  by_cdx:
    index:
      type: cdx
      api_url: "{root}/cdx?url={{url}}&closest={{closest}}&sort=closest"
      replay_url: "{root}/memento/{{timestamp}}/{{url}}"
  by_memento:
    index:
      type: memento
      timegate_url: "{root}/memento/timegate/{{url}}"
      timemap_url: "{root}/memento/timemap/link/{{url}}"
      replay_url: "{root}/memento/{{timestamp}}/{{url}}"
"""
"""What docs/archives.md tells to configure."""
STARTS_WITHIN = 60.0
TAG = ("ETag", '"1"')
PAGES = {
    "/plain": Answer(200, (HTML, *ODD), b"<p>plain"),
    "/gzip": Answer(200, (HTML, ("Content-Encoding", "gzip")), gzip.compress(b"<p>gzip")),
    "/br": Answer(200, (HTML, ("Content-Encoding", "br")), brotli.compress(b"<p>brotli")),
    "/zstd": Answer(200, (HTML, ("Content-Encoding", "zstd")), zstandard.compress(b"<p>zstd")),
    "/gone": Answer(404, (HTML,), b"<p>gone"),
    "/moved": Answer(302, (HTML, ("Location", "/plain")), b"<p>over there"),
}
SEEN = {
    "/plain": (200, b"<p>plain"),
    "/gzip": (200, b"<p>gzip"),
    "/br": (200, b"<p>brotli"),
    "/zstd": (200, b"<p>zstd"),
    "/gone": (404, b"<p>gone"),
}


def main(programs: Path) -> None:
    """Collect, archive, replay, and say what was seen; an `AssertionError` tells what is not as it should be."""
    with tempfile.TemporaryDirectory() as name, Upstream() as upstream:
        folder = Path(name)
        services, confirmed_at = _archive(upstream, folder)
        for step in (("init", "site"), ("add", "site", "query.warc.gz", "history.warc.gz")):
            subprocess.run([programs / "wb-manager", *step], cwd=folder, check=True)
        with _pywb(programs, folder) as port:
            _look(port, upstream, confirmed_at)
        _replay_live(programs, folder / "live", services, upstream)
        services.store.close()


def _archive(upstream: Upstream, folder: Path) -> tuple[Services, datetime]:
    """Write two archives into a folder; what made them, and when the page of the second was found unchanged."""
    settings = Settings(
        data_dir=folder / "data", allow_networks=(ip_network("127.0.0.1/32"),), upstream_rate=PerHost(1_000.0)
    )
    services = wiring.build(settings, redis=fakeredis.FakeRedis())
    for path, answer in PAGES.items():
        upstream.script(path, answer, answer)  # twice, as a redirect leads to one of them
        services.inline.collect(services.records.collectable("webpage", upstream.url(path)))
    (folder / "query.warc.gz").write_bytes(b"".join(services.archive.found(services.search.question(""))))
    return services, _history(upstream, services, folder)


def _history(upstream: Upstream, services: Services, folder: Path) -> datetime:
    """A page that was collected, and a day later found unchanged; pywb tells captures by the second."""
    upstream.script("/same", Answer(200, (HTML, TAG, ("X-Seen", "1")), b"<p>same"), Answer(304, (TAG, ("X-Seen", "2"))))
    target = services.records.collectable("webpage", upstream.url("/same"))
    services.inline.collect(target)
    time.sleep(1.1)
    services.records.look_up(target, max_age=timedelta(0))
    services.collector.collect_due(slots=1, stopping=lambda: False)
    (folder / "history.warc.gz").write_bytes(b"".join(services.archive.history(target, None, None)))
    found = services.records.find(target)
    assert found is not None
    assert found.snapshot is not None
    assert found.snapshot.content["response"]["not_modified"]
    return found.snapshot.collected_at


@contextmanager
def _pywb(programs: Path, folder: Path) -> Iterator[int]:
    port = free_port()
    with subprocess.Popen([programs / "wayback", "-b", "127.0.0.1", "-p", str(port)], cwd=folder) as server:
        try:
            until = time.monotonic() + STARTS_WITHIN
            while not _answers(port):
                assert time.monotonic() < until, "pywb did not start"
                time.sleep(0.1)
            yield port
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        return _ask(port, "/")[0].status == 200
    except OSError:
        return False


def _ask(port: int, path: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def _look(port: int, upstream: Upstream, confirmed_at: datetime) -> None:
    """Ask for each page as it was sent (`id_`), and in the frame of a replay (`mp_`)."""
    for path, (status, body) in SEEN.items():
        raw, found = _ask(port, f"/site/{confirmed_at:%Y}id_/{upstream.url(path)}")
        assert (raw.status, found) == (status, body), (path, raw.status, found)
        _, shown = _ask(port, f"/site/{confirmed_at:%Y}mp_/{upstream.url(path)}")
        assert body in shown, (path, shown)
        _say(
            f"{path}: {raw.status}, {found!r}, {[line for line in raw.headers.items() if line[0].lower().startswith('x-')]}"
        )
    plain, _ = _ask(port, f"/site/{confirmed_at:%Y}id_/{upstream.url('/plain')}")
    # pywb reads header lines as UTF-8 if they are, and sends latin-1: so the second value is not as in the file.
    assert plain.headers.get_all("X-Word") == ["caf\xe9", "Gr\xfc\xdfe", "third"]
    moved, found = _ask(port, f"/site/{confirmed_at:%Y}id_/{upstream.url('/moved')}")
    assert (moved.status, found) == (302, b"")
    assert moved.headers["Location"].endswith("/plain")
    _say(f"/moved: {moved.status} to {moved.headers['Location']}")
    same, found = _ask(port, f"/site/{confirmed_at:%Y%m%d%H%M%S}id_/{upstream.url('/same')}")
    assert (same.status, found, same.headers["X-Seen"]) == (200, b"<p>same", "2")
    _say(f"/same, found unchanged: {same.status}, {found!r}, {same.headers['Memento-Datetime']}")


def _replay_live(programs: Path, folder: Path, services: Services, upstream: Upstream) -> None:
    """Replay without files: pywb asks `/cdx`, or the TimeGate, and fetches mementos."""
    folder.mkdir()
    with served(create_app(services=services)) as root:
        (folder / "config.yaml").write_text(LIVE.format(root=root))
        with _pywb(programs, folder) as port:
            for collection, (path, (status, body)) in product(("by_cdx", "by_memento"), SEEN.items()):
                raw, found = _ask(port, f"/{collection}/{utc_now():%Y}id_/{upstream.url(path)}")
                assert (raw.status, found) == (status, body), (collection, path, raw.status, found)
                _say(f"{path}, live {collection}: {raw.status}, {found!r}, {raw.headers['Memento-Datetime']}")
            moved, _ = _ask(port, f"/by_cdx/{utc_now():%Y}id_/{upstream.url('/moved')}")
            assert (moved.status, moved.headers["Location"]) == (302, upstream.url("/plain"))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
