"""Threads that end leave no memory in arenas of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from inventory.malloc_arenas import MAX_ARENAS
from tests.end_to_end.stack import ROOT

MANY_THREADS = """
import ctypes, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from inventory.malloc_arenas import limit_arenas
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.free.argtypes = libc.fclose.argtypes = [ctypes.c_void_p]
libc.malloc.restype = ctypes.c_void_p
if sys.argv[2] == "few":
    print(limit_arenas())
with ThreadPoolExecutor(40, initializer=Barrier(40).wait) as pool:
    for taken in pool.map(lambda n: [libc.malloc(1_000) for _ in range(2_000)], range(400)):
        for block in taken:
            libc.free(block)
file = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(file)
"""


def arenas(file: Path, how: str) -> int:
    command = [sys.executable, "-c", MANY_THREADS, str(file), how]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    return file.read_text().count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="another C library has other ways")
def test_a_worker_has_two_arenas_however_many_threads(tmp_path: Path) -> None:
    assert arenas(tmp_path / "few", "few") <= MAX_ARENAS < arenas(tmp_path / "many", "many")
