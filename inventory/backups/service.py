"""Writes backups of a store in a file and of the uploaded files beside it, while the service runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from inventory.backups import archive
from inventory.backups.model import FILES, Backup, Head, ProgressCallback
from inventory.backups.ports import StoreFile
from inventory.backups.uploads import uploads
from inventory.backups.work_folder import work_folder
from inventory.clock import Clock
from inventory.errors import InvalidRequest, StorageUnavailable
from inventory.files import sync


class BackupService:
    """Backs one installation up. `files` is the folder of uploaded files; None where they are elsewhere, at `files_url`."""

    def __init__(self, store: StoreFile, files: Path | None, *, files_url: str, program: str, clock: Clock) -> None:
        self._store = store
        self._files = files
        self._files_url = files_url
        self._program = program
        self._clock = clock

    def write(self, target: Path, *, force: bool, progress: ProgressCallback) -> Backup:
        """Write a backup as of one instant, whole and verified, or leave what `target` was.

        The store is copied first. All that its jobs need was in the file store before, and stays until they have ended.
        """
        target = target.absolute()
        if target.exists() and not force:
            raise InvalidRequest(f"{target} is there already. Name another file, or give --force to replace it.")
        with _disk(target), work_folder(target.parent, f".{target.name}.part-") as folder:
            made_at = self._clock()
            schema = self._copy(folder / "store", progress)
            files_url = None if self._files is not None else self._files_url
            head = Head.new(program=self._program, schema=schema, made_at=made_at, files_url=files_url)
            written = self._pack(folder, head, progress)
            packed = folder / "backup"
            verified = archive.verify(packed, _counted(progress, "verifying", sum(each.size for each in written.contents)))
            if verified != written:
                raise StorageUnavailable(f"The backup {target} could not be read as it was written. Check its disk.")
            packed.replace(target)
            sync(target.parent)
        return written

    def _copy(self, copy: Path, progress: ProgressCallback) -> int:
        """Copy the store and look at every part of the copy; its schema."""
        size, room = self._store.path.stat().st_size if self._store.path.exists() else 0, shutil.disk_usage(copy.parent).free
        if size > room:
            raise StorageUnavailable(
                f"There is no room for the backup: the copy of the store takes {size:,} bytes in {copy.parent.parent},"
                f" and {room:,} are free. Name a file on another disk."
            )
        self._store.copy(copy, partial(progress, "copying"))
        progress("checking", 0, None)
        return self._store.checked_schema(copy)

    def _pack(self, folder: Path, head: Head, progress: ProgressCallback) -> Backup:
        store = folder / "store"
        count = _counted(progress, "packing", None)
        with archive.writing(folder / "backup", head) as writer:
            with store.open("rb") as source:
                writer.add("store", source, count)
            store.unlink()
            for name, path in uploads(self._files):
                with suppress(FileNotFoundError), path.open("rb") as source:  # its job has ended meanwhile
                    writer.add(f"{FILES}{name}", source, count)
            return writer.end()


def _counted(progress: ProgressCallback, step: str, total: int | None) -> Callable[[int], None]:
    """What is told the bytes of each part, and tells how many these are together."""
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        progress(step, done, total)

    return count


@contextmanager
def _disk(target: Path) -> Iterator[None]:
    """An error of the disk as one of ours that names the backup."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"The backup {target} cannot be written: {error.strerror or error}.") from error
