"""What cannot be written is lost, and nothing else: neither the writer nor what it does."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from supervisor import loggers

from inventory.local_stack.foreground import Log
from tests.end_to_end.stack import ROOT

SAYS = """
import contextlib, logging, sys
import structlog
from inventory.ops import log_config as ours
ours.configure()
def say():
    structlog.get_logger("ours").info("line")
    logging.getLogger("theirs").warning("line %d", 1)
say()
with contextlib.suppress(OSError):  # what is in the buffer cannot be written either
    sys.stdout.close()
say()
sys.stdout = None
say()
sys.stderr.write("done\\n")
import os
os._exit(0)
"""


@pytest.mark.parametrize("buffered", [[], ["-u"]], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("output", ["/dev/full", "/dev/null"])
def test_a_program_goes_on_whose_output_cannot_be_written(output: str, buffered: list[str]) -> None:
    command, environment = [sys.executable, *buffered, "-c", SAYS], {**os.environ, "PYTHONUNBUFFERED": ""}
    with Path(output).open("wb") as stdout:
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=stdout, stderr=subprocess.PIPE, timeout=60, check=False
        )

    assert (ended.returncode, ended.stderr) == (0, b"done\n")


def test_a_mistake_in_a_line_is_still_shown() -> None:
    script = "from inventory.ops import log_config as ours; ours.configure(); import logging; logging.warning('%d', 'x')"
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, timeout=60, check=False)

    assert b"Logging error" in ended.stderr


def logger(path: Path, size: int = 0) -> loggers.Logger:
    handler = Log(str(path), maxBytes=size, backupCount=1)
    handler.setFormat("%(message)s\n")
    return loggers.Logger(handlers=[handler])


def test_a_log_on_a_full_disk_loses_lines_and_raises_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    log = logger(Path("/dev/full"), 1)

    for _ in range(9):
        log.info("a line " * 10_000)
    log.close()

    assert capfd.readouterr() == ("", "")


def test_a_log_is_written_when_there_is_room_again(tmp_path: Path) -> None:
    log = logger(tmp_path / "log", 1_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        for n in range(999):
            log.info(f"lost {n}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    for _ in range(999):
        log.info("kept")
    log.close()

    assert "kept" in (tmp_path / "log").read_text()
    assert (tmp_path / "log").stat().st_size <= 1_000


def test_a_log_whose_folder_is_not_there_is_written_when_it_is(tmp_path: Path) -> None:
    log = logger(tmp_path / "folder" / "log")
    log.info("lost")
    (tmp_path / "folder").mkdir()
    log.info("kept")
    log.close()

    assert (tmp_path / "folder" / "log").read_text() == "kept\n"
    assert logging.raiseExceptions
