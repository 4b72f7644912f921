"""A program that reads one document from its standard input and writes what it finds, one JSON value a line.

Documents come from strangers, and most libraries for them hold a whole one in memory. Here the kernel bounds memory and
time, and what kills this program costs one file. `python -m inventory.imports.documents.program FORM EXTENT`.
"""

from __future__ import annotations

import resource
import sys
from functools import partial
from importlib import import_module

import orjson

from inventory import json_bytes
from inventory.imports.documents.model import Document, Extent, UnreadableDocument

READERS = {
    "workbook": ("workbooks", 1.0),
    "xml": ("xml_lists", 0.2),
    "har": ("har", 0.2),
    "html": ("html_links", 0.5),
    "tree": ("json_trees", 0.5),
    "warc": ("warc", 0.2),
    "warc_captures": ("warc_captures", 10.0),
    "har_captures": ("har_captures", 0.5),
}
"""For each form of documents the module, the only one that is loaded, and the CPU seconds for each MiB, many times what most
take."""

MAX_MEMORY = 512 * 1024 * 1024
"""Bytes of address space."""
CPU_SECONDS = 10
"""CPU seconds that any document may take."""


def main(form: str, extent: Extent) -> None:
    """Write the kind of the document, its entries with the position in it, and at the end what kept it from being read."""
    _limit(resource.RLIMIT_AS, MAX_MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    module, cpu_seconds = READERS[form]
    document = Document(sys.stdin.buffer, extent, partial(_allow, cpu_seconds))
    reader = import_module(f"inventory.imports.documents.{module}")
    error = None
    try:
        kind, entries = reader.read(document)
        _write([kind.shape, kind.encoding, kind.column])
        for entry in entries:
            _write([document.position, entry.number, entry.cells, entry.sheet])
    except UnreadableDocument as unreadable:
        error = str(unreadable)
    except MemoryError:
        error = TOO_BIG
    _write({"error": error})
    sys.stdout.buffer.flush()


TOO_BIG = f"Reading it takes more than {MAX_MEMORY // 1024**2} MiB of memory. Save what is needed as .csv or .txt."


def _allow(cpu_seconds: float, position: int) -> None:
    """Allow the time that a document of so many bytes may take."""
    _limit(resource.RLIMIT_CPU, CPU_SECONDS + int(cpu_seconds * position / 1024**2))


def _limit(what: int, most: int) -> None:
    """Limit a resource, unless it is limited to less already."""
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _write(value: object) -> None:
    sys.stdout.buffer.write(json_bytes.dumps(value) + b"\n")


if __name__ == "__main__":
    asked = orjson.loads(sys.argv[2])
    columns = asked["columns"] and {int(sheet): numbers for sheet, numbers in asked["columns"].items()}
    main(sys.argv[1], Extent(sample=asked["sample"], columns=columns))
