"""`inventory backup` and `inventory restore`: a whole installation as one file, from a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from inventory.backups import mongo
from inventory.backups.model import Backup, ProgressCallback
from inventory.backups.restoring import Restored
from inventory.commands.terminal import INVALID, as_json, errors_as_lines, print_document, print_members
from inventory.config import Settings
from inventory.errors import InvalidRequest
from inventory.local_stack import folder_lock
from inventory.wiring.backups import backup_service, restore_service


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@as_json
@errors_as_lines
def backup(file: Path, force: bool, as_json: bool) -> int:
    """Back up the store and the uploads to FILE. The service may run.

    A store on MongoDB is backed up by its own tools: the command says how, and exits with 2.
    """
    settings = Settings.read()
    if not settings.store.startswith("sqlite:"):
        return _say_how(settings, file)
    with _shown() as progress:
        written = backup_service(settings).write(file, force=force, progress=progress)
    print_document(_document(file, written), as_json=as_json, otherwise=print_members)
    if written.head.files_url is not None:
        click.echo(f"inventory: uploaded files are not in it: back up {written.head.files_url}, after this", err=True)
    return 0


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Restore to this data folder, wherever the settings keep store and files.")  # fmt: skip
@click.option("--force", is_flag=True, help="Set a store that is there aside, and its files.")
@as_json
@errors_as_lines
def restore(file: Path, data_dir: Path | None, force: bool, as_json: bool) -> int:
    """Restore the backup FILE. The installation must not run, or the data folder is new."""
    settings = Settings.read()
    if data_dir is not None:
        settings = replace(settings, data_dir=data_dir.absolute(), store_url="", files_url="")
    if not settings.store.startswith("sqlite:"):
        raise InvalidRequest(
            "The store is MongoDB, which mongorestore restores: `inventory backup` says how. Or give --data-dir."
        )
    lock = folder_lock.take(settings.data_dir.absolute())
    try:
        with _shown() as progress:
            restored = restore_service(settings).restore(file, force=force, progress=progress)
    finally:
        os.close(lock)
    told = {"data_dir": str(settings.data_dir), "set_aside": _path(restored)}
    print_document(_document(file, restored.backup) | told, as_json=as_json, otherwise=print_members)
    if restored.backup.head.files_url is not None:
        click.echo(f"inventory: uploaded files were not in it: they are in {restored.backup.head.files_url}", err=True)
    return 0


def _say_how(settings: Settings, file: Path) -> int:
    dump, load = mongo.commands(settings.store, str(file))
    click.echo("inventory: the store is MongoDB, so nothing was written. Its own tools back it up and restore it:", err=True)
    click.echo(f"{dump}\n{load}")
    click.echo("inventory: put the password in place of ***. Both are about all databases of that server. Back up the files"
               f" in {settings.files} after the dump; docs/backups.md says more", err=True)  # fmt: skip
    return INVALID


@contextmanager
def _shown() -> Iterator[ProgressCallback]:
    """Shows on standard error which step it is, and how far."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[size]}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def progress(step: str, done: int, total: int | None) -> None:
            if not bar.tasks or bar.tasks[-1].description != step:
                _end_last(bar)
                bar.add_task(step, total=total, size="")
            bar.update(bar.task_ids[-1], completed=done, size=_size(done, total))

        yield progress
        _end_last(bar)


def _end_last(bar: Progress) -> None:
    """Fill the bar of a step whose length was not known."""
    if bar.tasks and bar.tasks[-1].total is None:
        bar.update(bar.task_ids[-1], total=1, completed=1)


def _size(done: int, total: int | None) -> str:
    return f"{decimal(done)} of {decimal(total)}" if total else decimal(done) if done else ""


def _document(file: Path, backup: Backup) -> dict[str, object]:
    head = {name: value for name, value in asdict(backup.head).items() if name != "files_url"}
    size = sum(each.size for each in backup.contents)
    return {"file": str(file), "file_size": file.stat().st_size, **head, "content_size": size, "uploads": len(backup.files)}


def _path(restored: Restored) -> str | None:
    return None if restored.aside is None else str(restored.aside)
