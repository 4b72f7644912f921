"""Uploaded files and the chunks of jobs, in a folder or in S3. The only module that knows obstore.

A file appears whole or not at all, and is durable when the call that wrote it returns, unless that says otherwise. Names are
paths with `/` between segments. Every method may be called by many threads at once, and raises `StorageUnavailable` if the
store does not answer.

What a killed program was writing never becomes a file. In a folder it is a hidden remnant, removed when it is a day old. In
S3 it is an unfinished multipart upload, which a lifecycle rule of the bucket has to end.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from errno import EDQUOT, EFBIG, ENOSPC
from heapq import nsmallest
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from inventory.errors import NotFound, StorageFull, StorageUnavailable

if TYPE_CHECKING:
    from obstore import ReadableFile, WritableFile
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

CHUNK_BYTES = 8 * 1024 * 1024
"""Bytes that a writer keeps before it sends them; S3 takes 10,000 such chunks, so a file may have 80 GB."""
READ_BYTES = 1024 * 1024
"""Bytes that a reader asks for at once, and keeps."""
COPY_BYTES = 256 * 1024
"""Bytes of these that are copied at once to the reader: all of them would be in memory three times."""
LIST_PAGE = 1_000
REMNANT_AGE = timedelta(days=1)
REMNANT = re.compile(r".+#[0-9]+")
"""The name under which obstore writes a file in a folder until it is whole; obstore does not list such names."""

NO_ROOM = re.compile(rf"\b(?:os error|Errno) (?P<code>{EDQUOT}|{EFBIG}|{ENOSPC})\b")
"""How obstore and Python say that a disk is full: the first has no number but in its text (obstore 0.12)."""

CLIENT: ClientConfig = {"allow_http": True, "connect_timeout": "5s", "timeout": "30s"}
RETRIES: RetryConfig = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
}


def sync(path: Path) -> None:
    """Return when the disk has a file's bytes, or a folder's entries."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_also(path: Path, also: Path) -> None:
    """Give a file a second name, so that it stays if the first one goes; a copy where the disk has no second names."""
    try:
        os.link(path, also)
    except OSError:
        shutil.copy2(path, also)


class Files:
    """The files below a URL, `file:///FOLDER` or `s3://BUCKET/PREFIX` (with the usual `AWS_*` variables).

    A `secret` that is not empty is used instead of `AWS_SECRET_ACCESS_KEY`.

    Nothing is opened before the first use. After it a forked child cannot use files, which is refused with a `RuntimeError`:
    the threads of obstore do not survive a fork, and a call would wait for them for ever.
    """

    def __init__(self, url: str, *, secret: str = "", sync: Callable[[Path], None] = sync) -> None:
        self._url = url
        self._secret = secret
        self._sync = sync
        parts = urlsplit(url)
        self._folder = Path(unquote(parts.path)) if parts.scheme == "file" else None
        self._opened: ObjectStore | None = None
        self._opening = Lock()

    @contextmanager
    def writer(self, name: str) -> Iterator[Writer]:
        """Inside, write; on a clean exit the file is there and durable, on an exception nothing of it is kept."""
        store = self._store()
        with _edge(name):
            target = obstore.open_writer(store, name, buffer_size=CHUNK_BYTES, max_concurrency=2)
        try:
            yield Writer(target, name)
            with _edge(name):
                target.close()
                self._settle(name)
        except BaseException as error:  # whatever ends the writing, nothing of the file may stay; it is raised again
            with suppress(BaseError, OSError, StorageUnavailable):
                if target.closed():
                    self.delete([name])
                else:
                    target.__exit__(type(error), error, error.__traceback__)
            raise

    def put(self, name: str, content: bytes, *, durable: bool = True) -> None:
        """Write a whole file, replacing one of that name, durably before it returns.

        One that is not `durable` may be lost or damaged if the power fails.
        """
        store = self._store()
        with _edge(name):
            obstore.put(store, name, content, use_multipart=False)
            if durable:
                self._settle(name)

    def get(self, name: str) -> bytes:
        """The bytes of a file; `NotFound` if there is none of that name."""
        store = self._store()
        with _edge(name), _existing(name):
            return bytes(obstore.get(store, name).bytes())

    def open(self, name: str) -> BinaryIO:
        """A file to be read from its start, with a bounded part of it in memory; `NotFound` if there is none."""
        store = self._store()
        with _edge(name), _existing(name):
            reader = obstore.open_reader(store, name, buffer_size=READ_BYTES)
        return cast(BinaryIO, io.BufferedReader(_Reader(reader, name), COPY_BYTES))

    def delete(self, names: Iterable[str]) -> None:
        """Remove files; one that is not there is as good as removed."""
        store = self._store()
        if self._folder is None:
            with _edge(self._url):
                obstore.delete(store, list(names))
            return
        for name in names:
            with _edge(name), suppress(FileNotFoundError):
                obstore.delete(store, name)

    def names(self, prefix: str, *, after: str = "", limit: int, before: datetime | None = None) -> Sequence[str]:
        """Up to `limit` names below the folder `prefix`, in order, those after `after`; only of files written `before`."""
        store = self._store()
        with _edge(prefix):
            listed = obstore.list(store, prefix, offset=after or None, chunk_size=LIST_PAGE)
            names = (file["path"] for chunk in listed for file in chunk if before is None or file["last_modified"] < before)
            # S3 lists in order; a folder has none.
            return list(islice(names, limit)) if self._folder is None else nsmallest(limit, names)

    def _store(self) -> ObjectStore:
        _refuse_after_fork()
        with self._opening:
            if self._opened is None:
                with _edge(self._url):
                    self._opened = self._open()
            return self._opened

    def _open(self) -> ObjectStore:
        """The bucket; or the folder, made if it is not there, from which old remnants are gone."""
        if self._folder is None:
            secret: S3Config = {"secret_access_key": self._secret} if self._secret else {}
            return S3Store.from_url(self._url, config=secret, client_options=CLIENT, retry_config=RETRIES)
        store = LocalStore(self._folder, mkdir=True, automatic_cleanup=True)
        oldest = (datetime.now(UTC) - REMNANT_AGE).timestamp()
        for path in self._folder.rglob("*#*"):
            with suppress(FileNotFoundError):
                if REMNANT.fullmatch(path.name) and path.stat().st_mtime < oldest:
                    path.unlink()
        return store

    def _settle(self, name: str) -> None:
        """Have a folder's disk keep a new file and the entries of all folders above it; S3 does by itself."""
        if self._folder is None:
            return
        path = self._folder / name
        for kept in (path, *path.parents):
            self._sync(kept)
            if kept == self._folder.parent:
                break


class Writer:
    """obstore's writer, whose errors are ours; it says how many bytes it took, which is all of them."""

    def __init__(self, target: WritableFile, name: str) -> None:
        self._target = target
        self._name = name

    def write(self, content: bytes, /) -> int:
        """Add bytes; how many."""
        with _edge(self._name):
            return self._target.write(content)


class _Reader(io.RawIOBase):
    """obstore's reader as Python has files, with our errors."""

    def __init__(self, source: ReadableFile, name: str) -> None:
        self._source = source
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        with _edge(self._name), _existing(self._name):
            content = self._source.read(len(buffer))
        buffer[: len(content)] = memoryview(content)
        return len(content)


_used_in: int | None = None


def _refuse_after_fork() -> None:
    global _used_in  # noqa: PLW0603 - obstore's threads are the process's too
    if _used_in is None:
        _used_in = os.getpid()
    elif _used_in != os.getpid():
        raise RuntimeError("The file store was used before this process was forked; use it only after the fork.")


@contextmanager
def _existing(name: str) -> Iterator[None]:
    """`NotFound` for a file that is not there; a whole bucket that is not there is left to `_edge`."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise
        raise NotFound(f"There is no file {name} in the file store.") from error


@contextmanager
def _edge(name: str) -> Iterator[None]:
    """The errors of obstore and of the disk as ours; obstore's own are followed by pages of debugging."""
    try:
        yield
    except (BaseError, OSError) as error:
        reason = str(error).partition("\n")[0]
        if found := NO_ROOM.search(reason):
            why = os.strerror(int(found["code"]))
            raise StorageFull(f"no room where uploaded files are kept ({why})") from error
        raise StorageUnavailable(f"The file store does not answer for {name}: {reason}") from error
