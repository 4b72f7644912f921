"""`archive`: how fast an API process writes a WARC file of what is stored, against a writer that has it all in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from io import BytesIO

import requests
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from bench import filling, rig
from bench.measuring import Result, RunSize, interleaved
from tests.end_to_end.stack import Stack

PAGES = 3_000
PAGE_SIZE = 20_000
PIECE = 1024 * 1024
Page = tuple[str, list[tuple[str, str]], bytes]
"""URL, header lines and body."""


def measure(store: str, size: RunSize) -> Result:
    """Downloads of the archive of everything."""
    pages = size.count(PAGES)
    sentence = (
        f"Snapshots with 20 KB pages that an API process exports a second as WARC, of {pages:,} in the store, against"
        " warcio's WARCWriter, which writes the same heads and bodies with gzip from memory to memory. Ours has a record of"
        " metadata for each besides."
    )
    with rig.ours(store, "redis", "api", api_processes=1) as (running, opened):
        filling.fill(opened, 0, pages, size=PAGE_SIZE, varied=True)
        seen = [_page(number) for number in range(pages)]
        rounds = interleaved(running, size.rounds, lambda: _downloaded(running, pages), lambda: _written(seen))
    return rounds.result("archive", store, "1/s", sentence, to_reach=0.7)


def _downloaded(running: Stack, pages: int) -> float:
    begun, count = time.perf_counter(), 0
    with requests.get(f"{running.url}/api/v1/archive.warc.gz?q=", stream=True, timeout=600) as answer:
        for piece in answer.iter_content(PIECE):
            count += len(piece)
    seconds = time.perf_counter() - begun
    if not answer.ok or count < pages * PAGE_SIZE // 10:
        raise RuntimeError(f"the archive was answered with {answer.status_code} and {count} bytes")
    return pages / seconds


def _page(number: int) -> Page:
    body = filling.body(number, PAGE_SIZE, varied=True)
    return filling.url(number), [(each["name"], each["value"]) for each in filling.content(number, body)["headers"]], body


def _written(pages: Sequence[Page]) -> float:
    begun = time.perf_counter()
    writer = WARCWriter(BytesIO(), gzip=True, warc_version="WARC/1.1")
    for url, lines, body in pages:
        head = StatusAndHeaders("200 OK", lines, protocol="HTTP/1.1")
        writer.write_record(writer.create_warc_record(url, "response", payload=BytesIO(body), http_headers=head))
    return len(pages) / (time.perf_counter() - begun)
