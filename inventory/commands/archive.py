"""`inventory archive`: what is stored, as a WARC file, from a terminal."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import click

from inventory import wiring
from inventory.archive.warc_record import GZIP
from inventory.commands.terminal import WHEN, errors_as_lines
from inventory.config import Settings
from inventory.webpages.model import SOURCE

STANDARD_OUTPUT = "-"
LONGEST_FIRST = 65_536
"""Bytes that the first record of a file does not reach: the longest query fits."""


@click.command()
@click.argument("query", required=False)
@click.option("--at", metavar=WHEN, help="With QUERY: what was current then.  [default: now]")
@click.option("--url", metavar="URL", help="All snapshots of this webpage instead.")
@click.option("--since", metavar=WHEN, help="With --url: only those from this instant on.")
@click.option("--until", metavar=WHEN, help="With --url: only those before this instant.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", required=True,
              help="The file to write, such as site.warc.gz, or - for standard output.")  # fmt: skip
@errors_as_lines
def archive(query: str | None, at: str | None, url: str | None, since: str | None, until: str | None, output: Path) -> int:
    """Write webpages to a WARC file.

    It has the latest snapshot of each webpage that QUERY matches, or all snapshots of one URL. docs/archives.md says more.

    QUERY is one word for your shell: put it in quotes. An empty one matches all.
    """
    if (query is None) == (url is None):
        raise click.UsageError("Give a QUERY or --url: one of them.")
    if at is not None if url is not None else since is not None or until is not None:
        raise click.UsageError("--at belongs to a QUERY, --since and --until belong to --url.")
    services = wiring.build(Settings.read())
    if url is not None:
        content = services.archive.history(services.records.target(SOURCE, url), since, until)
    else:
        content = services.archive.found(services.search.question(query or "", at))
    if str(output) == STANDARD_OUTPUT:
        _print(content)
        return 0
    click.echo(f"{_write(output, content):,} bytes in {output}")
    if _has_one_record(output):
        click.echo("inventory: nothing that is stored matches, so the file has no webpage", err=True)
    return 0


def _write(output: Path, content: Iterator[bytes]) -> int:
    """Write a file whole: until it is, it has another name."""
    partial = output.with_name(f"{output.name}.part")
    try:
        with partial.open("wb") as file:
            size = sum(file.write(piece) for piece in content)
        partial.replace(output)
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from error
    finally:
        partial.unlink(missing_ok=True)
    return size


def _print(content: Iterator[bytes]) -> None:
    file = sys.stdout.buffer
    try:
        for piece in content:
            file.write(piece)
        file.flush()
    except BrokenPipeError:
        raise  # click ends quietly where nobody reads any more
    except OSError as error:
        raise click.FileError("standard output", error.strerror) from error


def _has_one_record(file: Path) -> bool:
    """Whether there is nothing after the first member of gzip, which says what wrote the file."""
    first = zlib.decompressobj(wbits=GZIP)
    with file.open("rb") as content:
        first.decompress(content.read(LONGEST_FIRST))
        return first.eof and not first.unused_data
