"""Messages as lines of a file."""

from __future__ import annotations

import fcntl
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inventory.webhooks.file_sink import FileSink
from inventory.webhooks.sink import OutgoingMessage, Reply, Verdict

ACCEPTED = Reply(verdict=Verdict.ACCEPTED)


def message(number: int, address: str = "changes", *, filler: str = "") -> OutgoingMessage:
    payload = json.dumps({"number": number, "filler": filler}).encode()
    return OutgoingMessage(id=f"m{number}", payload=payload, address=address)


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["number"] for line in path.read_text().splitlines()]


def test_each_message_is_a_line(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "messages")

    assert [sink.send(message(number)) for number in range(3)] == [ACCEPTED] * 3
    assert numbers(tmp_path / "messages" / "changes.jsonl") == [0, 1, 2]


def test_each_name_is_a_file(tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    for name in ("a", "b.c", "0-x_y"):
        sink.send(message(1, name))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["0-x_y.jsonl", "a.jsonl", "b.c.jsonl"]


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "/etc/passwd", "a/b", "A", "a b", "a\0", "é", "a" * 65, "a\n"])
def test_a_name_leads_to_no_other_folder(tmp_path: Path, name: str) -> None:
    reply = FileSink(tmp_path / "messages").send(message(1, name))

    assert reply.verdict is Verdict.REJECTED
    assert list(tmp_path.rglob("*")) == []


def test_a_line_that_was_cut_is_ended_first(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    path.write_text('{"number": 0}\n{"numb')

    FileSink(tmp_path).send(message(1))

    assert path.read_text().splitlines()[1:] == ['{"numb', '{"number": 1, "filler": ""}']


def test_lines_of_several_threads_are_whole(tmp_path: Path) -> None:
    sinks = [FileSink(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda number: sinks[number % 4].send(message(number, filler="x" * 15_000)), range(200)))

    assert replies == [ACCEPTED] * 200
    assert sorted(numbers(tmp_path / "changes.jsonl")) == list(range(200))


def test_a_file_that_was_moved_away_is_made_again(tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    sink.send(message(0))
    (tmp_path / "changes.jsonl").rename(tmp_path / "changes.1")
    sink.send(message(1))

    assert numbers(tmp_path / "changes.jsonl") == [1]


def test_a_file_that_another_program_has_locked_is_not_waited_for_without_end(tmp_path: Path) -> None:
    sink = FileSink(tmp_path, seconds=0.1)
    with (tmp_path / "changes.jsonl").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        reply = sink.send(message(0))

    assert reply.verdict is Verdict.FAILED
    assert reply.detail == "The file changes.jsonl cannot be written: another program has locked it."
    assert sink.send(message(1)) == ACCEPTED
    assert numbers(tmp_path / "changes.jsonl") == [1]


def test_a_folder_that_cannot_be_written_is_a_failure_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "messages").write_text("not a folder")

    reply = FileSink(tmp_path / "messages").send(message(0))

    assert reply.verdict is Verdict.FAILED
    assert reply.detail == f"The file changes.jsonl cannot be written: {os.strerror(17)}."
