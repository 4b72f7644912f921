"""The file of a backup: a tar, compressed by zstd, of its head, its contents, and the manifest with their digests.

The manifest comes last, so that each file is read once while it is written. A backup that is cut off anywhere lacks it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO

from zstandard import FRAME_HEADER, ZstdCompressor, ZstdDecompressor, ZstdError

from inventory.backups.model import NAME, Backup, Content, Head, head_of
from inventory.errors import InvalidRequest
from inventory.regular_files import open_regular

HEAD, MANIFEST = "inventory-backup.json", "manifest.json"
LEVEL = 3
"""Of zstd: the contents of snapshots are compressed already, so more would cost time and save little."""
CHUNK = 1024 * 1024
MAX_MANIFEST = 256 * 1024 * 1024
"""Bytes of a manifest that are read: it would be that of a million files."""

Sink = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens what the content of this name is to be written to."""


class Writer:
    """Writes a backup; each content is added once."""

    def __init__(self, tar: tarfile.TarFile, head: Head) -> None:
        self._tar = tar
        self.head = head
        self.contents: list[Content] = []
        self._add_json(HEAD, asdict(head))

    def add(self, name: str, source: BinaryIO, counted: Callable[[int], object]) -> None:
        """Add a content, as long as the file is now; `counted` is told the bytes of each read."""
        reader = _Hashing(source, counted)
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = os.fstat(source.fileno()).st_size, 0o600
        self._tar.addfile(entry, reader)
        self.contents.append(Content(name=name, size=entry.size, sha256=reader.digest.hexdigest()))

    def end(self) -> Backup:
        """Add the manifest."""
        self._add_json(MANIFEST, {"contents": [asdict(each) for each in self.contents]})
        return Backup(head=self.head, contents=self.contents)

    def _add_json(self, name: str, document: dict[str, Any]) -> None:
        encoded = json.dumps(document, indent=1).encode()
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(encoded), 0o600
        self._tar.addfile(entry, BytesIO(encoded))


class _Hashing:
    """Reads a file, and hashes what was read."""

    def __init__(self, source: BinaryIO, counted: Callable[[int], object]) -> None:
        self._source, self._counted = source, counted
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Bytes, as a file has them."""
        content = self._source.read(size)
        self.digest.update(content)
        self._counted(len(content))
        return content


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Inside, write; at the end the file is on the disk. It is private, because cookies and secrets are in it."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def writing(target: Path, head: Head) -> Iterator[Writer]:
    """Inside, add contents to a new backup, and end it."""
    with (
        new_file(target) as file,
        ZstdCompressor(level=LEVEL, write_checksum=True).stream_writer(file, closefd=False) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield Writer(tar, head)


def read_head(path: Path) -> Head:
    """How a backup begins; `InvalidRequest` if it is none."""
    with _reading(path) as tar:
        return _head(path, tar)


def unpack(path: Path, sink: Sink, counted: Callable[[int], object]) -> Backup:
    """Read a backup to its end, and write each content to its sink; `InvalidRequest` if anything of it is not as it was.

    `counted` is told the bytes of each content as they are read.
    """
    found: list[Content] = []
    with _reading(path) as tar:
        head = _head(path, tar)
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # a stream keeps each one that it has seen
            if member.name == MANIFEST:
                _compare(path, found, _manifest(path, tar, member))
                return Backup(head=head, contents=found)
            if not NAME.fullmatch(member.name) or not member.isreg():
                raise _damaged(path, f"it has an entry {member.name[:80]!r}")
            with sink(member.name) as target:
                found.append(_written(tar, member, target, counted))
    raise _damaged(path, "it is cut off")


def verify(path: Path, counted: Callable[[int], object]) -> Backup:
    """Read a backup to its end, as `unpack` does, and write nothing."""
    return unpack(path, lambda _: _Nowhere(), counted)


class _Nowhere(BytesIO):
    """A file that keeps nothing."""

    def write(self, content: Any, /) -> int:
        return len(content)


def _written(tar: tarfile.TarFile, member: tarfile.TarInfo, target: BinaryIO, counted: Callable[[int], object]) -> Content:
    source, digest, size = _file(tar, member), hashlib.sha256(), 0
    while content := source.read(CHUNK):
        digest.update(content)
        target.write(content)
        size += len(content)
        counted(len(content))
    return Content(name=member.name, size=size, sha256=digest.hexdigest())


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    with open_regular(path) as file:
        if file.read(len(FRAME_HEADER)) != FRAME_HEADER:
            raise _no_backup(path)
        file.seek(0)
        try:
            with (
                ZstdDecompressor().stream_reader(file, closefd=False) as plain,
                tarfile.open(fileobj=plain, mode="r|", bufsize=CHUNK) as tar,
            ):
                yield tar
        except (ZstdError, tarfile.TarError) as error:
            raise _damaged(path, str(error)) from error


def _head(path: Path, tar: tarfile.TarFile) -> Head:
    first = tar.next()
    if first is None or first.name != HEAD:
        raise _no_backup(path)
    return head_of(_json(path, tar, first))


def _manifest(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> list[Content]:
    try:
        return [Content(**each) for each in _json(path, tar, member)["contents"]]
    except (KeyError, TypeError) as error:
        raise _damaged(path, "its manifest cannot be read") from error


def _json(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, Any]:
    try:
        document = json.loads(_file(tar, member).read(MAX_MANIFEST))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"its {member.name} cannot be read") from error
    if not isinstance(document, dict):
        raise _damaged(path, f"its {member.name} is no object")
    return document


def _file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    if file is None:
        raise tarfile.ReadError(f"{member.name} is not a file")
    return file


def _compare(path: Path, found: list[Content], expected: list[Content]) -> None:
    for each, wanted in zip(found, expected, strict=False):
        if each != wanted:
            raise _damaged(path, f"{wanted.name} is not what the manifest says")
    if len(found) != len(expected):
        raise _damaged(path, f"it has {len(found)} files, and its manifest names {len(expected)}")


def _damaged(path: Path, why: str) -> InvalidRequest:
    return InvalidRequest(f"The backup {path} is damaged: {why}. Use another one; nothing was changed.")


def _no_backup(path: Path) -> InvalidRequest:
    return InvalidRequest(f"{path} is not a backup of `inventory backup`. Name one that is.")
