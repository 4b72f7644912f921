"""`python -m tests.access.timing [KEYS]`: whether the time that a check takes tells keys apart, in a store of so many keys.

Each round asks once for a key of each kind, in another order, when nothing of it is remembered. The medians of all kinds are
to be within the noise between two halves of the same kind.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

from inventory.access.key_text import ALPHABET, RANDOM, is_key_text, new_key_text
from inventory.access.model import Key, Mode, Scope, Verb
from inventory.access.service import AccessService
from inventory.clock import utc_now
from inventory.errors import Unauthenticated
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite.keys import INSERT, values_of
from tests.access.fakes import new_key
from tests.contract.actions import NOW

ROUNDS = 4_000
READ = Scope(verb=Verb.READ)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, closing(SqliteStore(Path(folder, "store.sqlite3"))) as store:
        store.prepare()
        texts = _filled(Path(folder, "store.sqlite3"), count)
        now = [0.0]
        access = AccessService(store.keys, mode=Mode.KEYS, clock=utc_now, ticks=lambda: now[0], start=lambda _: None)
        times: dict[str, list[int]] = {kind: [] for kind in texts}
        kinds, rng = list(texts), random.Random(7)
        for _ in range(ROUNDS):
            now[0] += 3.0  # what is remembered is over
            rng.shuffle(kinds)
            for kind in kinds:
                times[kind].append(_time(access, texts[kind]))
    for kind, taken in times.items():
        halves = median(taken[: ROUNDS // 2]) / 1_000, median(taken[ROUNDS // 2 :]) / 1_000
        print(f"{kind:<22} {median(taken) / 1_000:8.2f} µs   halves {halves[0]:.2f} and {halves[1]:.2f} µs")  # noqa: T201


def _filled(path: Path, count: int) -> Mapping[str, str]:
    """Texts of keys of each kind in a store with so many others."""
    kinds = {
        "usable": new_key(READ),
        "expired": new_key(READ, expires_at=NOW),
        "revoked": new_key(READ, revoked_at=NOW),
    }
    usable = kinds["usable"][1]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(INSERT, (values_of(key) for key in _others(count)))
        connection.executemany(INSERT, [values_of(key) for key, _ in kinds.values()])
    texts = {kind: text for kind, (_, text) in kinds.items()}
    return texts | {"unknown": new_key_text(), "one character off": _beside(usable)}


def _others(count: int) -> Iterator[Key]:
    template, rng = new_key(READ)[0], random.Random(7)
    for number in range(count):
        yield replace(
            template, id=f"{rng.getrandbits(128):032x}", name=f"other {number}", digest=f"{rng.getrandbits(256):064x}"
        )


def _beside(text: str) -> str:
    """A text with a valid checksum whose random characters differ from another one's in the last."""
    chance = text[9 : 9 + RANDOM]
    letters = iter(chance[:-1] + next(each for each in ALPHABET if each != chance[-1]))
    other = new_key_text(lambda _: next(letters))
    assert is_key_text(other)
    return other


def _time(access: AccessService, text: str) -> int:
    began = time.perf_counter_ns()
    with suppress(Unauthenticated):
        access.authenticate(None, text)
    return time.perf_counter_ns() - began


if __name__ == "__main__":
    main()
