"""Styles and scripts of the pages: where they are, for how long browsers keep them, and where they come from."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from flask.testing import FlaskClient

from inventory.ui.pages import STATIC_FILES


def test_a_style_is_kept_for_a_year_under_its_own_address(client: FlaskClient) -> None:
    [address] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', client.get("/jobs").text)

    answer = client.get(address)

    assert answer.data == (STATIC_FILES / "inventory.css").read_bytes()
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_browser_keeps_nothing_for_long_under_another_address(client: FlaskClient) -> None:
    assert "Cache-Control" not in client.get("/static/inventory.css?v=0").headers


def test_it_is_compressed_for_who_takes_that(client: FlaskClient) -> None:
    answer = client.get("/static/htmx.min.js", headers={"Accept-Encoding": "br, gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data) == (STATIC_FILES / "htmx.min.js").read_bytes()


def test_nothing_else_is_answered(client: FlaskClient) -> None:
    for name in ("none.css", "licences", "..%2fpages.py", "%2e%2e", ".css", f"{300 * 'x'}.css", "%00.css"):
        assert client.get(f"/static/{name}").status_code == 404


def test_each_library_of_others_is_here_with_its_licence() -> None:
    ours = {"charts.js", "import.js", "inventory.css", "job.js", "live.js", "search.js"}
    licences = {path.name.partition("-")[0] for path in Path(STATIC_FILES, "licences").iterdir()}
    of_others = [path.name for path in STATIC_FILES.iterdir() if path.is_file() and path.name not in ours]

    assert {name.partition(".")[0] for name in of_others} == licences
