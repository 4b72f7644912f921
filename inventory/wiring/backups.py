"""What backs an installation up and restores it."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

from inventory.backups.restoring import RestoreService
from inventory.backups.service import BackupService
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.store.sqlite.file import SqliteFile
from inventory.wiring.parts import sqlite_path


def backup_service(settings: Settings) -> BackupService:
    """Of a store on SQLite."""
    return BackupService(
        SqliteFile(sqlite_path(settings)),
        files_folder(settings),
        files_url=settings.files,
        program=version("inventory"),
        clock=utc_now,
    )


def restore_service(settings: Settings) -> RestoreService:
    """Of a store on SQLite."""
    return RestoreService(SqliteFile(sqlite_path(settings)), files_folder(settings), clock=utc_now)


def files_folder(settings: Settings) -> Path | None:
    """The folder of uploaded files; None where they are in S3."""
    parts = urlsplit(settings.files)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
