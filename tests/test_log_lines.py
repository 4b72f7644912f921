"""Lines that are written together: the same as one by one, whole in each write, and with the context of the thread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from inventory.log_lines import ATOMIC, write_infos
from inventory.ops import log_config


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    before = structlog.get_config()
    log_config.configure()
    yield
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


def read(output: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines()]
    for line in lines:
        del line["timestamp"]
    return lines


def test_lines_are_the_same_together_and_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1")
    lines = [{"event": "collected", "host": host, "failure": None, "n": n} for n, host in enumerate(("a.test", "zürich"))]

    write_infos("some.module", lines)
    together = read(capsys.readouterr().out)
    for line in lines:
        structlog.get_logger("some.module").info(**line)

    assert together == read(capsys.readouterr().out)
    assert together[0]["request_id"] == "r-1"


class Writes:
    """Notes what is written at once."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def msg(self, text: str) -> None:
        self.texts.append(text)


def test_no_write_is_larger_than_a_pipe_keeps_together_unless_one_line_is() -> None:
    writes = Writes()
    structlog.configure(logger_factory=lambda _name: writes)
    lines = [{"event": "e", "text": "x" * size} for size in [*range(0, 4_000, 37), 10_000, 5, 5]]

    write_infos("some.module", lines)

    written = [json.loads(line)["text"] for text in writes.texts for line in text.split("\n")]
    assert written == [line["text"] for line in lines]
    assert len(writes.texts) < len(lines)
    assert all(len(text) < ATOMIC or "\n" not in text for text in writes.texts)


def test_nothing_is_written_without_lines(capsys: pytest.CaptureFixture[str]) -> None:
    write_infos("some.module", [])

    assert capsys.readouterr().out == ""
