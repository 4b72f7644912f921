"""The house rules of imports, walked with `ast`; and that importing any module does no I/O."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory import queue

ROOT = Path(__file__).parents[1]
OURS = sorted(path for package in ("inventory", "workers") for path in (ROOT / package).rglob("*.py"))

ONLY_IN = {
    "flask": (
        "inventory/__init__.py",
        "inventory/api.py",
        "inventory/arguments.py",
        "inventory/problems.py",
        "inventory/ops/",
        "pages.py",
        "routes.py",
        "sockets.py",
    ),
    "pymongo": ("inventory/store/mongo/",),
    "bson": ("inventory/store/mongo/",),
    "sqlite3": ("inventory/store/sqlite/",),
    "rq": ("inventory/queue.py", "workers/"),
    "redis": (
        "inventory/queue.py",
        "inventory/upstream/budgets/fallback.py",
        "inventory/upstream/budgets/shared.py",
        "inventory/wiring.py",
        "workers/",
    ),
    "requests": ("inventory/upstream/",),
    "urllib3": ("inventory/upstream/",),
    "obstore": ("inventory/store/files.py",),
    "gunicorn": (
        "inventory/arguments.py",
        "inventory/gunicorn_worker/",
        "inventory/imports/multipart.py",
        "inventory/ops/dashboard.py",
        "inventory/ops/unparsed.py",
    ),
    "rq_dashboard": ("inventory/ops/dashboard.py",),
    "inventory.gunicorn_worker": ("inventory/gunicorn_worker/", "inventory/ops/dashboard.py"),
    "inventory.wiring": (
        "inventory/__init__.py",
        "inventory/cli.py",
        "commands.py",
        "inventory/embedded/",
        "inventory/ops/health.py",
        "inventory/ops/metrics.py",
        "workers/",
    ),
    "inventory.store.mongo": ("inventory/store/mongo/", "inventory/wiring.py"),
    "inventory.store.sqlite": ("inventory/store/sqlite/", "inventory/wiring.py"),
    "inventory.demo": ("inventory/demo/", "inventory/embedded/"),
    "inventory.upstream.fetcher": ("inventory/upstream/", "inventory/sources/", "inventory/wiring.py"),
    "workers": ("workers/",),
}
"""Who may import what: a module, and the places that may."""

ROUTES_MAY_NOT = ("inventory.store.sqlite", "inventory.store.mongo", "inventory.upstream", "inventory.queue")
"""Rooms that routes do not enter, but that of their own feature."""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_it_may(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    room = ".".join(path.relative_to(ROOT).parent.parts)
    for name in imports(path):
        for module, places in ONLY_IN.items():
            allowed = any(place.startswith(start) or place.endswith(f"/{start}") for start in places)
            assert allowed or not within(name, module), f"{place} imports {name}"
        if path.name in ("pages.py", "routes.py", "sockets.py"):
            assert not any(within(name, module) for module in ROUTES_MAY_NOT if module != room), f"{place} imports {name}"


def test_the_rules_are_about_something() -> None:
    seen = {name for path in OURS for name in imports(path)}

    assert {module for module in ONLY_IN if not any(within(name, module) for name in seen)} <= {"workers", "bson"}


@pytest.mark.parametrize("task", queue.TASKS.values())
def test_the_name_of_what_a_bell_calls_is_a_function(task: str) -> None:
    module, _, name = task.rpartition(".")

    assert callable(getattr(importlib.import_module(module), name))


def test_importing_any_module_does_no_io() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in OURS if path.stem not in ("__main__", "leash")
    ]
    script = (
        "import importlib, sys\n"
        "def watch(event, arguments):\n"
        "    if event.startswith(('socket.connect', 'sqlite3.connect', 'subprocess.Popen', 'os.mkdir')):\n"
        "        raise SystemExit(f'{event} {arguments}')\n"
        "sys.addaudithook(watch)\n"
        f"for name in {names!r}: importlib.import_module(name.removesuffix('.__init__'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
