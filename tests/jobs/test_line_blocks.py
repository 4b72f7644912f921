"""Lines in blocks are the same rows as lines that are read one by one, wherever a reader or a file breaks off."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.files import Files
from inventory.imports.file_format import FileFormat
from inventory.imports.rows import read, read_in_blocks
from inventory.jobs.chunks import Chunk, Chunks, chunk_name
from inventory.jobs.job_type import LineFormat
from inventory.jobs.line_blocks import LineBlock, Pairs, each_row
from inventory.jobs.model import Batch, InputRow, Job, ReadPosition
from inventory.jobs.splitting import split
from tests.jobs.reading import Read

JOB = Job("0" * 32, "events", datetime(2026, 1, 31, tzinfo=UTC))
PIECE = 64
"""Bytes that a reader takes at once here, so that short files have many pieces."""

GOOD = st.sampled_from([b"{}", b'{"a": 1}', '{"ä": "\u2028\x85 🎈"}'.encode(), b'{"long": "' + b"x" * 90 + b'"}', b"{}{}"])
ODD = st.sampled_from(
    [
        b"",
        b" ",
        b" {}",
        b"{} ",
        b"{}\xa0",
        b"{\xe9}",
        b"{\0}",
        b"{}\0{}",
        b"{}\r",
        b"\xef\xbb\xbf{}",
        b"[1]",
        b"{",
        b"}",
        b"text",
    ]
)
CONTENTS = st.lists(st.one_of(*[GOOD] * 12, ODD), max_size=60).map(b"\n".join) | st.binary(max_size=200)
FORMATS = st.sampled_from(
    [FileFormat(LineFormat.JSON), FileFormat(LineFormat.TEXT), FileFormat(LineFormat.JSON, gzipped=True)]
)


class Pieces(BytesIO):
    """A file that is read in short pieces."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(PIECE if size is None or size < 0 else min(size, PIECE))


def file_of(content: bytes, file_format: FileFormat) -> Pieces:
    return Pieces(gzip.compress(content) if file_format.gzipped else content)


def test_lines_of_objects_are_read_in_blocks() -> None:
    content = b'{"a": 1}\n' * 100

    found = list(read_in_blocks(Pieces(content), FileFormat(LineFormat.JSON)))

    assert all(isinstance(each, LineBlock) for each, _ in found)
    assert found[-1][1] == len(content)


@given(CONTENTS, FORMATS)
def test_blocks_have_the_rows_that_lines_have(content: bytes, file_format: FileFormat) -> None:
    whole = read(file_of(content, file_format), file_format, str)
    blocks = list(read_in_blocks(file_of(content, file_format), file_format, str))

    expected = list(whole)
    assert list(each_row(blocks)) == [row for row, _ in expected]
    assert blocks[-1:] == [] or blocks[-1][1] == expected[-1][1]


@given(CONTENTS, st.integers(1, 12), st.integers(60, 400))
def test_chunks_of_blocks_have_these_rows_and_a_reader_that_resumes_writes_the_same(
    content: bytes, rows: int, max_bytes: int
) -> None:
    file_format = FileFormat(LineFormat.JSON)
    pairs = list(read_in_blocks(Pieces(content), file_format))

    whole = chunks_of(pairs, ReadPosition(), rows, max_bytes)

    position = ReadPosition()
    for done, chunk in enumerate(whole):
        assert chunks_of(pairs, position, rows, max_bytes) == whole[done:]
        position = position.after(chunk.batch)
        assert chunk.batch.rows <= rows
    expected = [row for row, _ in read(BytesIO(content), file_format)]
    assert [row for chunk in whole for row in rows_of(chunk)] == expected
    assert position.rows == len(expected)


def chunks_of(pairs: Pairs, position: ReadPosition, rows: int, max_bytes: int) -> list[Chunk]:
    return [chunk for chunk in split(pairs, position, rows=rows, max_bytes=max_bytes) if chunk is not None]


def rows_of(chunk: Chunk) -> list[InputRow]:
    """The rows of a chunk as a worker reads them."""
    return list(chunks_with(chunk.content).input_rows(JOB, batch_of(chunk), Read(None)))


class Kept:
    """Files of which each has the same content."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def get(self, name: str) -> bytes:
        return self._content


def chunks_with(content: bytes) -> Chunks:
    return Chunks(Kept(content))  # type: ignore[arg-type]


def batch_of(chunk: Chunk) -> Batch:
    new = chunk.batch
    return Batch(JOB.id, new.number, new.first_row, new.last_row, new.rows, new.bytes, JOB.created_at, "", 1, 1)


def test_a_position_within_a_block_is_gone_on_from() -> None:
    pairs = [(LineBlock(1, b'{"a": 1}\n{"b": 2}\n{"c": 3}\n', 3), 27), (LineBlock(4, b"{}\n", 1), 30)]

    [chunk] = chunks_of(pairs, ReadPosition(1, 2, 2, 18), 10, 1_000)

    assert (chunk.batch.first_row, chunk.batch.last_row, chunk.batch.rows, chunk.batch.bytes) == (3, 4, 2, 12)
    assert rows_of(chunk) == [InputRow(3, '{"c": 3}'), InputRow(4, "{}")]


@pytest.mark.parametrize("damage", [lambda kept: kept[:-1], lambda kept: kept[:20], lambda kept: kept[:20] + bytes(30)])
def test_a_damaged_chunk_of_lines_is_read_again(tmp_path: Path, damage: object) -> None:
    files = Files(f"file://{tmp_path}/files")
    lines = [(InputRow(n, f'{{"n": {n}}}'), n * 9) for n in range(1, 6)]
    content = b"".join(row.text.encode() + b"\n" for row, _ in lines)
    [chunk] = chunks_of([(LineBlock(1, content, content.count(b"\n")), len(content))], ReadPosition(), 10, 1_000)
    files.put(chunk_name(JOB.id, 1), damage(chunk.content))  # type: ignore[operator]

    assert Chunks(files).input_rows(JOB, batch_of(chunk), Read(lines)) == [row for row, _ in lines]
