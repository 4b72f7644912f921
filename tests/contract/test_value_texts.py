"""On SQLite, a part of a value is found by texts that were put together as by a look at each value."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.observations.conditions import Everything, Has, Matcher, Wildcard, Word, matcher
from inventory.store.sqlite import SqliteStore, value_texts
from inventory.store.sqlite.leaves import resolve
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.query_bounds import Bounds
from tests.contract.backends import SqliteBackend
from tests.contract.observed import World
from tests.observations.algebra import exactly, has
from tests.observations.naive import means

CHUNK = 1 << value_texts.SHIFT
SOME = 700
"""Titles of one target."""
TITLES = """
    SELECT v.no, coalesce(v.value, v.folded) FROM fields AS f CROSS JOIN field_values AS v ON v.field_no = f.no
    WHERE f.name = 'title'"""
ODD = ("Straße Über", "a\uffffb needle c", "new\nline needle", "nul\0needle", "ÜBER 12 Needle", "needle needle", "Needl")
CONDITIONS = (
    *(
        has("title", text)
        for text in ("*needle*", "*über*", "*1234*", "*ab needle*", "*\uffffb needle*", "t*34*5", "*none*")
    ),
    *(exactly("title", text) for text in ("*Needle*", "*needle", "T*123*")),
    has("url", "*/1*"),
    has("tit*", "*needle*"),
)
LETTERS = [
    *"aAbé\u0301Éİiıß\u1e9eΣσςK\u212a1 %_*?[\\\0\n\x1f\u2028\ufffe\uffff\ue000😀",
    "ss",
    "\U00010400",
    "\U00010428",
    "\U0010ffff",
]
"""Of which texts are made: those that differ in case or form alone, and those that something could take for an end."""


@st.composite
def patterns(draw: st.DrawFn) -> Matcher:
    """Pieces of such letters with wildcards between, before and after them; at times with half of a surrogate pair."""
    pieces = draw(st.lists(st.sampled_from([*LETTERS, *Wildcard, Wildcard.ANY, "\ud83d"]), min_size=1, max_size=6))
    return matcher([Wildcard.ANY, *pieces, *draw(st.sampled_from([[], [Wildcard.ANY]]))], exact=draw(st.booleans()))


@pytest.fixture
def world(sqlite: SqliteBackend) -> Iterator[World]:
    """A store that looks at no more than ten values one by one."""
    with closing(SqliteStore(sqlite.path, bounds=Bounds(scanned=10, page_seconds=60, total_seconds=60))) as store:
        store.prepare()
        yield World(store)


@pytest.fixture
def rows(sqlite: SqliteBackend) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(sqlite.path, isolation_level=None)) as connection:
        yield connection


def fill(world: World) -> None:
    """More values than two chunks have, the odd ones in all of them and after them."""
    for n in range(2 * CHUNK // SOME + 1):
        titles = [f"T {n * SOME + number}" for number in range(SOME)]
        world.collect(n, [("title", each) for each in (*titles, *(f"{each} {n}" for each in ODD), *ODD)])


def below(rows: sqlite3.Connection) -> int:
    return int(rows.execute(value_texts.GATHERED).fetchone()[0])


def found_there(rows: sqlite3.Connection, text: str) -> bool:
    return bool(rows.execute("SELECT 1 FROM value_texts WHERE instr(texts, CAST(? AS BLOB))", (text,)).fetchall())


def test_each_part_is_found_whether_its_values_were_gathered_or_not(world: World, rows: sqlite3.Connection) -> None:
    fill(world)

    assert below(rows) == 2
    last = rows.execute("SELECT max(no) FROM field_values").fetchone()[0]
    assert last > 2 * CHUNK, "some are not gathered"
    for condition in CONDITIONS:
        world.check(condition, None, ["url"])


def test_the_texts_are_those_that_are_read_if_there_are_many_values(world: World, rows: sqlite3.Connection) -> None:
    fill(world)
    rows.execute("UPDATE value_texts SET texts = CAST(replace(CAST(texts AS TEXT), 'needle', '') AS BLOB)")

    assert len(world.store.observations.search(has("title", "*needle*"), at=None, limit=9, after=None)) == 1


def test_what_an_older_version_left_is_gathered_bit_by_bit(world: World, rows: sqlite3.Connection) -> None:
    fill(world)
    gathered = rows.execute("SELECT chunk, field_no, numbers, texts FROM value_texts ORDER BY 1, 2").fetchall()
    rows.execute("DELETE FROM value_texts")
    rows.execute("UPDATE gathered_values SET below = 0")
    world.check(CONDITIONS[0], None, ["url"])

    world.store.observations.prune(after=0, limit=1)

    assert rows.execute("SELECT chunk, field_no, numbers, texts FROM value_texts ORDER BY 1, 2").fetchall() == gathered
    assert below(rows) == 2
    world.store.observations.prune(after=0, limit=1)
    assert below(rows) == 2


def test_values_that_are_removed_go_and_their_numbers_are_not_given_again(world: World, rows: sqlite3.Connection) -> None:
    fill(world)
    last = max(world.events)
    for n in range(last + 1):
        world.delete(n)
    assert found_there(rows, "needle")

    position = world.store.observations.prune(after=0, limit=1_000)
    while position:
        position = world.store.observations.prune(after=position, limit=1_000)

    assert not found_there(rows, "needle")
    world.collect(0, [("title", "a new needle")])
    assert rows.execute("SELECT min(no) FROM field_values").fetchone()[0] == 2 * CHUNK
    world.check(CONDITIONS[0], None, ["url"])
    world.check(Everything(), None, ["title"])


def test_any_part_is_found_as_by_a_look_at_each_value(world: World, sqlite: SqliteBackend) -> None:
    chance = Random(7)
    for n in range(2 * CHUNK // SOME + 1):
        texts = {"".join(chance.choices(LETTERS, k=chance.randint(1, 6))) for _ in range(SOME)}
        world.collect(n, [("title", text) for text in texts] + [("title", f"T {n * SOME + each}") for each in range(SOME)])

    with closing(sqlite3.connect(sqlite.path, factory=Connection)) as connection:
        assert below(connection) >= 2
        titles = connection.execute(TITLES).fetchall()

        @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(value=patterns())
        def look(value: Matcher) -> None:
            condition = Has(Word("title", exact=True), value)
            by_texts, one_by_one = (
                resolve(connection, condition, len(titles), scanned).pairs for scanned in (0, len(titles))
            )

            assert by_texts == one_by_one
            numbers = {number for _, number in one_by_one}
            for number, title in titles[::97]:
                assert (number in numbers) == means(value, title)

        look()
