"""`record_bytes`: the bytes on disk of a record of the benchmark's page, against an earlier commit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import earlier
from bench.measuring import Result, RunSize
from tests.end_to_end.stack import ROOT

RECORDS = 3_000
PAGE = 20_000


def measure(store: str, size: RunSize) -> Result:
    """Records with observations, in closed files."""
    records = size.count(RECORDS)
    with earlier.source_tree() as root:
        ours, reference = (_bytes_a_record(tree, records) for tree in (ROOT, root))
    sentence = f"Bytes on disk of a record of a 20 KB page, against commit {earlier.COMMIT[:8]}."
    return Result("record_bytes", store, ours / reference, ours, reference, "bytes", 1, 0, 0, sentence, at_most=0.4)


def _bytes_a_record(root: Path, records: int) -> float:
    with tempfile.TemporaryDirectory(prefix="inv-") as folder:
        earlier.fill(root, Path(folder), records, size=PAGE)
        return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / records
