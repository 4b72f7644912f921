"""Which targets show what a condition on a field means, now or as of an instant, as bits."""
# ruff: noqa: S608 - nothing but our own conditions and numbers is put into a statement

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from itertools import groupby, islice
from operator import itemgetter

from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.bitmaps import BLOCK, BYTES, SHIFT
from inventory.store.sqlite.leaves import Leaf, chosen_columns
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.postings import KNOWN
from inventory.store.sqlite.query_bounds import check_time

VALUES_AT_ONCE = 500
MANY_ROWS = 100_000
"""Of which SQLite puts those of a block together in less time than each takes by itself."""

NOW = "SELECT {columns} FROM postings WHERE {chosen} LIMIT {limit}"
OFFSETS = """
    SELECT block, CAST(group_concat(targets, '') AS BLOB)
    FROM (SELECT block, targets FROM postings WHERE field_no = {field} AND length(targets) = 2 LIMIT {limit})
    GROUP BY block"""
"""The offsets of values that one target of a block shows: mostly of a field of very many values."""
AFTER = "SELECT value_no, target_no FROM observations WHERE {chosen} AND since > {at}"
BEFORE = "SELECT value_no, target_no FROM past_observations WHERE {chosen} AND first <= {at} AND gone > {at}"
LATER = "SELECT value_no, target_no, since FROM observations WHERE {chosen}"
LATER_AT = f"""
    {LATER} AND since <= {{at}} UNION ALL
    SELECT value_no, target_no, first FROM past_observations WHERE {{chosen}} AND first <= {{at}} AND gone > {{at}}"""
OF_VALUES = "field_no = {field} AND value_no IN ({values})"
KNOWN_AFTER = "SELECT no FROM observed_targets INDEXED BY observed_targets_since WHERE since > ?"
KNOWN_BEFORE = "SELECT no FROM observed_targets INDEXED BY observed_targets_since WHERE since <= ?"
ENDS = "SELECT (SELECT min(since) FROM observed_targets) + (SELECT max(since) FROM observed_targets)"
OF_LATEST = """
    SELECT target_no FROM records AS r INDEXED BY records_observed WHERE target_no IS NOT NULL AND ({chosen})
    LIMIT {limit}"""


def known(connection: Connection, at: int | None) -> int:
    """All targets that are known, or were at an instant."""
    field, value = KNOWN
    everything = of_values(connection, field, [value], None)[value]
    if at is None or not everything:
        return everything
    is_late = at * 2 > connection.execute(ENDS).fetchone()[0]
    numbers = (row[0] for row in connection.execute(KNOWN_AFTER if is_late else KNOWN_BEFORE, (at,)))
    found = bitmaps.of_numbers(numbers, everything.bit_length())
    return everything & ~found if is_late else found


def matching(connection: Connection, leaf: Leaf, at: int | None, limit: int) -> int | None:
    """The targets that satisfy a condition on a field; None if more than a number of rows would have to be read for it."""
    if leaf.test is not None:
        return None
    found: dict[int, bytearray] = {}
    for chosen in _chosen(leaf):
        check_time(connection)
        number = bitmaps.add(found, _rows(connection, chosen, at, limit))
        if (limit := limit - number) < 0:
            return None
    for field in sorted(leaf.fields):
        number = _add_field(connection, found, field, at, limit)
        if (limit := limit - number) < 0:
            return None
    latest = [] if at is not None else _of_latest(connection, leaf, limit)
    if len(latest) > limit:
        return None
    return bitmaps.joined(found) | bitmaps.of_numbers(latest, max(latest, default=0))


def _rows(connection: Connection, chosen: str, at: int | None, limit: int) -> Iterable[tuple[int, bytes]]:
    """Blocks of targets, several of the same number; more than a limit if there are more."""
    if at is None:
        return connection.execute(NOW.format(columns="block, targets", chosen=chosen, limit=limit + 1))
    blocks = _blocks(connection, chosen, at, limit)
    return ((block, bits.to_bytes(BYTES, "little")) for (_, block), bits in blocks.items())


def _add_field(connection: Connection, found: MutableMapping[int, bytearray], field: int, at: int | None, limit: int) -> int:
    """Add the blocks of all values of a field; how many there were, more than a limit if there are more."""
    chosen = f"field_no = {field}"
    if at is not None or limit < MANY_ROWS:
        return bitmaps.add(found, _rows(connection, chosen, at, limit))
    number = bitmaps.add_offsets(found, connection.execute(OFFSETS.format(field=field, limit=limit + 1)))
    return number + bitmaps.add(found, _rows(connection, f"{chosen} AND length(targets) > 2", None, limit))


def of_values(connection: Connection, field: int, values: Sequence[int], at: int | None) -> Mapping[int, int]:
    """The targets that show each of some values."""
    found: dict[int, dict[int, bytes]] = {value: {} for value in values}
    for (value, block), bits in _blocks(connection, _of_values(field, values), at).items():
        found[value][block] = bits.to_bytes(BYTES, "little")
    return {value: bitmaps.joined(blocks) for value, blocks in found.items()}


def corrections(connection: Connection, field: int, at: int) -> Iterator[tuple[int, int, int]]:
    """What a field showed at an instant besides what it shows now (1), and did not yet show (-1), by value and target."""
    chosen = f"field_no = {field}"
    yield from ((-1, value, target) for value, target in connection.execute(AFTER.format(chosen=chosen, at=at)))
    yield from ((1, value, target) for value, target in connection.execute(BEFORE.format(chosen=chosen, at=at)))


def later(
    connection: Connection, field: int, among: Mapping[int, int], at: int | None
) -> Mapping[int, tuple[int, int | None]]:
    """Those of some targets of each value that show it with a beginning of its own, and the first of these beginnings."""
    rows = connection.execute((LATER if at is None else LATER_AT).format(chosen=_of_values(field, among), at=at))
    found: dict[int, list[int]] = {value: [] for value in among}
    firsts: dict[int, int] = {}
    for value, some in groupby(rows, itemgetter(0)):
        data, numbers, first = bitmaps.to_bytes(among[value]), found[value], firsts.get(value)
        for _, target, since in some:
            if target >> 3 < len(data) and data[target >> 3] >> (target & 7) & 1:
                numbers.append(target)
                first = since if first is None or since < first else first
        if first is not None:
            firsts[value] = first
    return {value: (bitmaps.of_numbers(each, max(each, default=0)), firsts.get(value)) for value, each in found.items()}


def _of_values(field: int, values: Iterable[int]) -> str:
    return OF_VALUES.format(field=field, values=", ".join(map(str, sorted(values))))


def _chosen(leaf: Leaf) -> Iterator[str]:
    values_of: dict[int, list[int]] = defaultdict(list)
    for field, value in leaf.pairs:
        values_of[field].append(value)
    for field, values in sorted(values_of.items()):
        ordered = iter(sorted(values))
        while some := list(islice(ordered, VALUES_AT_ONCE)):
            yield _of_values(field, some)


def _blocks(connection: Connection, chosen: str, at: int | None, limit: int | None = None) -> dict[tuple[int, int], int]:
    """Blocks of targets by value and number; more than a limit if there are more."""
    rows = connection.execute(
        NOW.format(columns="value_no, block, targets", chosen=chosen, limit=-1 if limit is None else limit + 1)
    )
    blocks = {(value, block): bitmaps.bits_of(targets) for value, block, targets in rows}
    if at is not None and (limit is None or len(blocks) <= limit):
        for value, target in connection.execute(AFTER.format(chosen=chosen, at=at)):
            blocks[value, target >> SHIFT] &= ~(1 << target % BLOCK)
        for value, target in connection.execute(BEFORE.format(chosen=chosen, at=at)):
            key = value, target >> SHIFT
            blocks[key] = blocks.get(key, 0) | 1 << target % BLOCK
    return blocks


def _of_latest(connection: Connection, leaf: Leaf, limit: int) -> list[int]:
    """The targets of whose latest snapshot it holds; more than a limit if there are more."""
    if not leaf.columns:
        return []
    return [row[0] for row in connection.execute(OF_LATEST.format(chosen=chosen_columns(leaf), limit=limit + 1))]
