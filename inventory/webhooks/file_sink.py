"""The sink `file`: each message is a line of JSON at the end of a file."""

from __future__ import annotations

import errno
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import BinaryIO

from inventory.webhooks.model import FILE_NAME
from inventory.webhooks.sink import SEND_WITHIN, OutgoingMessage, Reply, Verdict

LOCK_POLL = 0.02
"""Seconds between two tries to lock a file."""


@dataclass(frozen=True, slots=True)
class FileSink:
    """Appends messages to `NAME.jsonl` in a folder, which is made when the first one comes. Programs may share the files.

    A reply that accepts a message says that it is on the disk. A file that was moved away is made again.
    """

    folder: Path
    seconds: float = SEND_WITHIN

    def send(self, message: OutgoingMessage) -> Reply:
        """Append a message to the file that its address names."""
        if not FILE_NAME.fullmatch(message.address):
            return Reply(verdict=Verdict.REJECTED, detail=f"{message.address!r} is not the name of a file of messages.")
        try:
            self._append(self.folder / f"{message.address}.jsonl", message.payload)
        except OSError as error:
            detail = f"The file {message.address}.jsonl cannot be written: {error.strerror}."
            return Reply(verdict=Verdict.FAILED, detail=detail)
        return Reply(verdict=Verdict.ACCEPTED)

    def _append(self, path: Path, line: bytes) -> None:
        is_new = not path.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        with path.open("ab+", buffering=0) as file:
            _lock(file, self.seconds)
            start = b"\n" if _is_cut(file.fileno()) else b""
            left = memoryview(start + line + b"\n")
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(self.folder)


def _lock(file: BinaryIO, seconds: float) -> None:
    """Lock a file; `TimeoutError` if another program has the lock for so long."""
    until = monotonic() + seconds
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= until:
                raise TimeoutError(errno.ETIMEDOUT, "another program has locked it") from None
        sleep(LOCK_POLL)


def _is_cut(file: int) -> bool:
    """Whether a file ends within a line, because a program died or the disk was full."""
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def _sync_folder(folder: Path) -> None:
    """Let the name of a new file survive a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
