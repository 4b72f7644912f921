"""An earlier commit as the reference: its programs run from a source tree of their own, beside ours in the same run."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from tests.end_to_end.stack import ROOT

COMMIT = "70dfa9c03b829ed4501606914ea3b7761b518b89"
"""The commit before lookups, acceptances and the start were made faster, and records smaller."""

FILL = """
import sys
from contextlib import closing
from pathlib import Path
from bench import filling
from inventory import wiring
from inventory.config import Settings

with closing(wiring.open_store(Settings(data_dir=Path(sys.argv[1])))) as store:
    filling.fill(store, 0, int(sys.argv[2]), size=int(sys.argv[3]))
"""


@contextmanager
def source_tree(commit: str = COMMIT) -> Iterator[Path]:
    """The files of a commit, in a folder that is removed at the end. Our packages must suffice for it."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory(prefix="inv-") as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def fill(root: Path, folder: Path, records: int, *, size: int) -> None:
    """Fill a store in a data folder with the code of a source tree, as `filling.fill` does."""
    subprocess.run([sys.executable, "-c", FILL, str(folder), str(records), str(size)], cwd=root, check=True)
