"""Chunks: where a file is split depends on its rows alone, and a chunk that was lost or damaged is read again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inventory.errors import UnreadableFile
from inventory.files import Files
from inventory.jobs.chunks import FILE_LOST, Chunk, Chunks, chunk_name
from inventory.jobs.model import Batch, InputRow, Job, NewBatch, ReadPosition
from inventory.jobs.splitting import MAX_SKIPPED, split
from tests.jobs.reading import Read

NOW = datetime(2026, 1, 31, tzinfo=UTC)
JOB = Job("0" * 32, "urls", NOW)
START = ReadPosition()


def numbered(count: int, *, every: int = 1) -> list[tuple[InputRow, int]]:
    """Lines `every` so many rows, each of ten bytes of the file."""
    return [(InputRow(n * every, f"line {n}"), n * 10) for n in range(1, count + 1)]


def chunks_of(lines: list[tuple[InputRow, int]], position: ReadPosition = START, **most: int) -> list[Chunk]:
    return [chunk for chunk in split(lines, position, **{"rows": 10, **most}) if chunk is not None]


def test_each_chunk_has_so_many_rows_and_the_last_one_the_rest() -> None:
    batches = [chunk.batch for chunk in chunks_of(numbered(25, every=3))]

    assert batches == [NewBatch(1, 3, 30, 10, 100), NewBatch(2, 33, 60, 10, 100), NewBatch(3, 63, 75, 5, 50)]


def test_a_chunk_is_not_larger_than_it_may_be_except_for_a_single_larger_row() -> None:
    lines = [(InputRow(n, "x" * size), n) for n, size in enumerate([10, 10, 500, 10, 10], 1)]

    assert [chunk.batch.rows for chunk in chunks_of(lines, max_bytes=100)] == [2, 1, 2]
    assert all(len(chunk.content) <= 100 for chunk in chunks_of(lines, max_bytes=100) if chunk.batch.rows > 1)


@pytest.mark.parametrize("seed", range(5))
def test_a_reader_that_resumes_splits_the_rest_as_the_first_one_would_have(seed: int) -> None:
    rng = random.Random(seed)
    lines = [(InputRow(row, "y" * rng.randrange(60)), row * 7) for row in sorted(rng.sample(range(1, 900), 200))]
    whole = chunks_of(lines, max_bytes=400)

    position = ReadPosition()
    for done, chunk in enumerate(whole):
        assert chunks_of(lines, position, max_bytes=400) == whole[done:]
        position = ReadPosition.of(position.after(chunk.batch).checkpoint)
    assert (position.rows, position.last_row) == (200, lines[-1][0].row)
    assert position.bytes == lines[-1][1]


def test_a_reader_that_skips_many_rows_gives_a_sign_of_life() -> None:
    signs = list(split(numbered(3 * MAX_SKIPPED), ReadPosition(last_row=3 * MAX_SKIPPED), rows=10))

    assert signs == [None, None, None]


def test_a_reader_that_skips_long_rows_gives_a_sign_of_life_after_fewer() -> None:
    lines = [(InputRow(n, "x" * 100_000), n) for n in range(1, 101)]

    assert list(split(lines, ReadPosition(last_row=100), rows=10)) == [None, None]


def test_what_was_read_before_the_file_broke_comes_before_the_error() -> None:
    def broken() -> Iterator[tuple[InputRow, int]]:
        yield from numbered(13)
        raise UnreadableFile("it is incomplete")

    chunks = split(broken(), ReadPosition(), rows=10)

    assert [chunk.batch.rows for chunk in (next(chunks), next(chunks)) if chunk] == [10, 3]
    with pytest.raises(UnreadableFile):
        next(chunks)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(f"file://{tmp_path}/files")


def batch_of(new: NewBatch) -> Batch:
    return Batch(JOB.id, new.number, new.first_row, new.last_row, new.rows, new.bytes, NOW, "", 1, 1)


def test_a_chunk_returns_its_rows_to_every_character(files: Files) -> None:
    texts = ["plain", "ümläut 🎈", "half \ud83d", "nul \0 and \r\n ends \u2028 of \x85 lines", "", '"quoted" \\ '] + [""] * 4
    lines = [InputRow(n, text, "code" if n % 2 else None, "detail" if n % 2 else None) for n, text in enumerate(texts, 1)]
    [chunk] = chunks_of([(line, line.row) for line in lines])
    chunks = Chunks(files)

    chunks.write(JOB.id, chunk)

    assert chunks.input_rows(JOB, batch_of(chunk.batch), Read(None)) == lines


def test_a_chunk_of_an_earlier_version_returns_its_rows(files: Files) -> None:
    batch = NewBatch(1, 3, 5, 2, 20)
    files.put(chunk_name(JOB.id, 1), b'[3,"a \\ud83d",null,null,1]\n[5,"b","code","detail",1]\n')

    assert Chunks(files).input_rows(JOB, batch_of(batch), Read(None)) == [
        InputRow(3, "a \ud83d"),
        InputRow(5, "b", "code", "detail"),
    ]


@pytest.mark.parametrize(
    "content", [None, b"", b"[1, 2", b'[1,"line 1",null,null]', b"{}", b'{"rows":[1],"texts":3}', b"\0" * 4096]
)
def test_a_lost_or_damaged_chunk_is_read_again_from_the_file(files: Files, content: bytes | None) -> None:
    lines = numbered(25)
    chunk = chunks_of(lines)[1]
    if content is not None:
        files.put(chunk_name(JOB.id, 2), content)

    assert Chunks(files).input_rows(JOB, batch_of(chunk.batch), Read(lines)) == [line for line, _ in lines[10:20]]


@pytest.mark.parametrize("left", [None, numbered(15)])
def test_rows_whose_chunk_and_file_are_gone_say_so(files: Files, left: list[tuple[InputRow, int]] | None) -> None:
    chunk = chunks_of(numbered(25))[1]

    lines = Chunks(files).input_rows(JOB, batch_of(chunk.batch), Read(left))

    assert [line.row for line in lines] == list(range(11, 21))
    assert {line.code for line in lines} == {FILE_LOST}


def test_a_row_that_may_become_many_reserves_their_numbers_and_their_count_is_unknown() -> None:
    lines = [(InputRow(n * 100, f"feed {n}", reserved_rows=100), 0) for n in (1, 2)]
    chunks = chunks_of(lines, rows=1)

    assert [chunk.batch for chunk in chunks] == [NewBatch(1, 100, 199, 1, 0, True), NewBatch(2, 200, 299, 1, 0, True)]
    position = ReadPosition.of(START.after(chunks[0].batch).checkpoint)
    assert (position.rows, position.last_row) == (None, 199)
    assert chunks_of(lines, position, rows=1) == chunks[1:]
    assert position.after(NewBatch(2, 200, 200, 1, 0)).rows is None
