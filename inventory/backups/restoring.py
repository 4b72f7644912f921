"""Puts a backup in the place of an installation that does not run, or into a new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from inventory.backups import archive
from inventory.backups.model import FILES, Backup, Head, ProgressCallback
from inventory.backups.ports import StoreFile
from inventory.backups.uploads import keep_aside, move_in
from inventory.backups.work_folder import work_folder
from inventory.clock import Clock, rfc3339
from inventory.errors import InvalidRequest, StorageUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored, and the folder with what was there before, if anything was."""

    backup: Backup
    aside: Path | None


class RestoreService:
    """Restores one installation, whose programs have ended. `files` is the folder of uploaded files; None if it has none."""

    def __init__(self, store: StoreFile, files: Path | None, *, clock: Clock) -> None:
        self._store = store
        self._files = files
        self._clock = clock

    def restore(self, source: Path, *, force: bool, progress: ProgressCallback) -> Restored:
        """Restore a backup; `InvalidRequest` if that may not be. Ended anywhere, the store is the old one or the new one.

        With `force`, what was there is set aside. The files come before the store: without a job that names them they mean
        nothing, and are swept.
        """
        self._check_place(force=force)
        with _disk(source):
            self._check_head(archive.read_head(source), source)
            self._store.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = self._files or self._store.path.parent
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (
                work_folder(self._store.path.parent, ".restoring-") as staged_store,
                work_folder(folder, ".restoring-") as staged_files,
            ):
                backup = self._unpack(source, staged_store, staged_files, progress)
                aside = self._put_in_place(staged_store / "store", staged_files)
        return Restored(backup=backup, aside=aside)

    def _check_place(self, *, force: bool) -> None:
        if self._store.is_open():
            raise InvalidRequest(f"A program has the store {self._store.path} open. Stop all programs that use it first.")
        if not force and not self._store.is_empty():
            raise InvalidRequest(
                f"The store {self._store.path} has data. Name another folder by --data-dir, or give --force: then it is set"
                " aside, and not deleted."
            )

    def _check_head(self, head: Head, source: Path) -> None:
        if head.schema > self._store.known_schema:
            raise InvalidRequest(
                f"The backup {source} was made by a newer inventory ({head.program}): its schema is version {head.schema},"
                f" and this one knows {self._store.known_schema}. Restore it with the newer one."
            )
        if self._files is None and head.files_url is None:
            raise InvalidRequest(
                f"The backup {source} has its uploaded files in it, and INVENTORY_FILES_URL is no folder. Restore it by"
                " --data-dir, and copy the folder files in there to the file store."
            )

    def _unpack(self, source: Path, store: Path, files: Path, progress: ProgressCallback) -> Backup:
        done = 0

        def count(size: int) -> None:
            nonlocal done
            done += size
            progress("unpacking", done, None)

        @contextmanager
        def sink(name: str) -> Iterator[BinaryIO]:
            target = store / name if name == "store" else files / name.removeprefix(FILES)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with archive.new_file(target) as file:
                yield file

        backup = archive.unpack(source, sink, count)
        progress("checking", 0, None)
        if not (store / "store").exists() or self._store.checked_schema(store / "store") != backup.head.schema:
            raise InvalidRequest(f"The store in the backup {source} is not what the backup says. Use another one.")
        return backup

    def _put_in_place(self, store: Path, files: Path) -> Path | None:
        stamp = rfc3339(self._clock()).replace(":", "").replace("-", "").replace(".", "")
        name = f"replaced-{stamp}"
        aside = self._store.path.parent / name
        if self._files is not None:
            keep_aside(self._files, self._files.parent / name / self._files.name)
            move_in(files, self._files)
        self._store.replace(store, aside)
        return aside if aside.exists() else None


@contextmanager
def _disk(source: Path) -> Iterator[None]:
    """An error of the disk as one of ours that names the backup."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StorageUnavailable(f"The backup {source} cannot be restored: {error.strerror or error}{where}.") from error
