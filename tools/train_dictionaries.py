"""Trains the dictionaries of `inventory/store/dictionaries/`, with which snapshots and page sources are compressed.

    python -m tools.train_dictionaries

It collects made-up sites (`usual_web`), each with the headers, cookies and pages that are usual on the web. So what is
compressed well is what a snapshot says of any page, and what most pages begin with. The result is the same each time.

A dictionary that was released is never changed: stored frames need it. A better one gets the next number, here and in
`inventory/store/compression.py`, and a migration without statements, so that older versions refuse the store.
"""

from __future__ import annotations

import random
import sys

import orjson
import zstandard

from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.json_bytes import text_of
from inventory.store.compression import FOLDER, LEVEL, PAGES, SNAPSHOTS
from inventory.webpages.source import Webpage
from tests.http_client.scripted import ScriptedTransport
from tools.usual_web import ENDS, WORDS, certificate, page, responses

SITES = 1_500
SIZES = {SNAPSHOTS: 16 * 1024, PAGES: 16 * 1024}
"""Bytes of each dictionary."""


def main() -> None:
    """Write both dictionaries."""
    snapshots, pages = zip(*(sample(number) for number in range(SITES)), strict=True)
    for number, samples in ((SNAPSHOTS, snapshots), (PAGES, pages)):
        trained = zstandard.train_dictionary(SIZES[number], list(samples), dict_id=number, level=LEVEL)
        (FOLDER / f"{number}.zdict").write_bytes(trained.as_bytes())
        sys.stdout.write(f"{number}: {len(trained)} bytes from {sum(map(len, samples))}\n")


def sample(number: int) -> tuple[bytes, bytes]:
    """The content and the page source of a site, as they are compressed."""
    rng = random.Random(number)
    host = f"{rng.choice(('www.', 'www.', '', 'shop.'))}{rng.choice(WORDS)}-{rng.choice(WORDS)}.{rng.choice(ENDS)}"
    source = page(rng, host).encode()
    webpage = Webpage(Fetcher(ScriptedTransport.of(*responses(rng, host, source)), deadline=60, body_limit=1 << 22), Guard())
    content, text = dict(webpage.collect(f"https://{host}/").content), text_of(source)
    assert text is not None
    seen = {"remote_address": f"{rng.randint(1, 223)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.1", **_timing(rng)}
    content["response"] |= seen | {"tls": certificate(rng, host)}
    return orjson.dumps(content), text


def _timing(rng: random.Random) -> dict[str, float]:
    parts = {
        name: round(rng.expovariate(0.02), 1) for name in ("dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "body_ms")
    }
    return {"elapsed_ms": round(sum(parts.values()), 1), **parts}


if __name__ == "__main__":
    main()
