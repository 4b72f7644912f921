"""The house rules of imports, walked with `ast`; and that importing any module does no I/O."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from inventory import notifier

ROOT = Path(__file__).parents[1]
OURS = sorted(path for package in ("inventory", "workers") for path in (ROOT / package).rglob("*.py"))

ONLY_IN = {
    "flask": (
        "inventory/app.py",
        "inventory/services.py",
        "inventory/web_api/",
        "inventory/ops/",
        "inventory/ui/",
        "/routes.py",
        "/sockets.py",
        "inventory/access/audit_routes.py",
        "inventory/access/request_audit.py",
        "inventory/access/quota_check.py",
        "inventory/access/request_check.py",
        "inventory/imports/receiving.py",
        "inventory/jobs/responses.py",
    ),
    "pymongo": ("inventory/store/mongo/",),
    "bson": ("inventory/store/mongo/",),
    "sqlite3": ("inventory/store/sqlite/",),
    "rq": ("inventory/doctor/queue.py", "inventory/notifier.py", "workers/"),
    "redis": (
        "inventory/access/shared_counters.py",
        "inventory/doctor/queue.py",
        "inventory/notifier.py",
        "inventory/rate_limits/",
        "inventory/redis_outage.py",
        "inventory/wiring/",
        "workers/",
    ),
    "limits": ("inventory/access/shared_counters.py",),
    "requests": ("inventory/http_client/requests_transport.py",),
    "urllib3": ("inventory/http_client/requests_transport.py",),
    "python_calamine": ("inventory/imports/documents/",),
    "protego": ("inventory/robots/rules.py",),
    "ijson": ("inventory/imports/documents/",),
    "warcio": ("inventory/imports/documents/",),
    "obstore": ("inventory/files.py",),
    "gunicorn": (
        "inventory/gunicorn_worker/",
        "inventory/dashboard.py",
        "inventory/web_api/arguments.py",
    ),
    "flask_cors": ("inventory/web_api/cross_origin.py",),
    "itsdangerous": ("inventory/access/sessions.py",),
    "flask_wtf": ("inventory/ui/visitors.py",),
    "wtforms": ("inventory/ui/visitors.py",),
    "endec": ("inventory/web_encodings.py",),
    "luqum": ("inventory/observations/",),
    "luqum.parser": ("inventory/observations/queries/luqum_parser.py",),
    "ply": ("inventory/observations/queries/luqum_parser.py", "inventory/observations/queries/tokens.py"),
    "webencodings": ("inventory/web_encodings.py",),
    "graphql": ("inventory/graphql_api/",),
    "rq_dashboard": ("inventory/ops/dashboard.py",),
    "inventory.gunicorn_worker": ("inventory/gunicorn_worker/", "inventory/dashboard.py"),
    "inventory.wiring": (
        "inventory/app.py",
        "inventory/dashboard.py",
        "inventory/wiring/",
        "inventory/commands/",
        "workers/",
    ),
    "inventory.store.mongo": ("inventory/store/mongo/", "inventory/wiring/"),
    "inventory.store.sqlite": ("inventory/store/sqlite/", "inventory/wiring/"),
    "inventory.demo": ("inventory/commands/", "inventory/demo/", "inventory/local_stack/"),
    "workers": ("workers/",),
}
"""Who may import what: a module, and the modules that may, as the start of a path or, after a slash, as its end."""

CORE = "records"
FEATURES = frozenset(
    path.parent.name for name in ("service", "source", "routes") for path in (ROOT / "inventory").glob(f"*/{name}.py")
) - {"graphql_api"}
"""GraphQL is another entrance to them, as the pages are: it has their schemas."""
PRIVATE = ("ports", "routes", "schemas")
"""Modules of a feature that other features do not import, but for the shapes of the core."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in OURS}


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, but for what only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield node
            yield from nodes(node)


def imports(path: Path) -> Iterator[str]:
    for node in nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_imported(path: Path) -> set[str]:
    """The modules of ours that a file imports, each of them not the package that it is in."""
    names = set(imports(path))
    packages = {name.rpartition(".")[0] for name in names if name in MODULES}
    return {name for name in names if name in MODULES and name not in packages} - {name_of(path)}


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def feature_of(name: str) -> str | None:
    """The feature that a module is in."""
    parts = name.split(".")
    return parts[1] if parts[0] == "inventory" and len(parts) > 2 and parts[1] in FEATURES else None


def package_of(name: str) -> str:
    """A folder of `inventory`, a module beside them, or a top level package."""
    return ".".join(name.split(".")[:2]) if name.startswith("inventory.") else name.partition(".")[0]


def cycle(graph: Mapping[str, set[str]]) -> Sequence[str]:
    """What is in cycles, one of them at least."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return ()


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_it_may(path: Path) -> None:
    module_path = str(path.relative_to(ROOT))
    for name in imports(path):
        for module, modules in ONLY_IN.items():
            allowed = any(module_path.endswith(each) if each[0] == "/" else module_path.startswith(each) for each in modules)
            assert allowed or not within(name, module), f"{module_path} imports {name}"


@pytest.mark.parametrize("name", [name for name in MODULES if feature_of(name)])
def test_a_feature_uses_no_port_route_or_schema_of_another_and_no_adapter(name: str) -> None:
    feature = feature_of(name)
    for imported in modules_imported(MODULES[name]):
        other, end = feature_of(imported), imported.rpartition(".")[2]
        if other not in (None, feature):
            assert end.rpartition("_")[2] not in PRIVATE or (other == CORE and end == "schemas"), (
                f"{name} imports {imported}"
            )
        assert not within(imported, "inventory.store"), f"{name} imports {imported}"


@pytest.mark.parametrize("name", [name for name in MODULES if feature_of(name) == CORE])
def test_the_core_imports_no_feature(name: str) -> None:
    assert {feature_of(each) for each in modules_imported(MODULES[name])} <= {CORE, "rate_limits", None}


@pytest.mark.parametrize("name", [name for name in MODULES if within(name, "inventory.store")])
def test_a_store_imports_models_and_ports_of_features_and_nothing_else(name: str) -> None:
    for imported in modules_imported(MODULES[name]):
        assert feature_of(imported) is None or imported.endswith((".model", ".ports")), f"{name} imports {imported}"


@pytest.mark.parametrize("name", [name for name in MODULES if name.endswith((".service", ".model", ".ports"))])
def test_a_service_knows_no_view(name: str) -> None:
    for imported in modules_imported(MODULES[name]):
        assert not within(imported, "inventory.web_api"), f"{name} imports {imported}"
        assert not imported.endswith((".routes", ".schemas", "_schemas", ".sockets")), f"{name} imports {imported}"


def test_no_files_import_each_other_in_a_circle() -> None:
    assert not cycle({name: modules_imported(path) for name, path in MODULES.items()})


def test_no_packages_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        if name != "inventory":
            packages = {package_of(each) for each in modules_imported(path) - {"inventory"}}
            graph.setdefault(package_of(name), set()).update(packages - {package_of(name)})

    assert not cycle(graph)


def test_nothing_imports_from_a_test_module() -> None:
    """Neither a module nor a program that a test has in a string."""
    from_a_test = re.compile(r"^\s*(?:from|import) tests\.[\w.]*\btest_", re.MULTILINE)

    assert not [path for path in (ROOT / "tests").rglob("*.py") if from_a_test.search(path.read_text())]


def test_the_rules_are_about_something() -> None:
    seen = {name for path in OURS for name in imports(path)}

    assert {module for module in ONLY_IN if not any(within(name, module) for name in seen)} <= {"workers", "bson"}


@pytest.mark.parametrize("task", notifier.TASKS.values())
def test_the_name_of_what_a_job_calls_is_a_function(task: str) -> None:
    module, _, name = task.rpartition(".")

    assert callable(getattr(importlib.import_module(module), name))


def test_importing_any_module_does_no_io() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in OURS
        if path.stem not in ("__main__", "parent_death")
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


@pytest.mark.parametrize("program", ["workers.__main__", "inventory.commands.up"])
def test_what_answers_no_requests_starts_without_flask(program: str) -> None:
    """It would take each worker, scheduler and command a tenth of its start, and some megabytes."""
    seen = "{'flask', 'werkzeug'} & set(sys.modules)"
    script = f"import importlib, sys; importlib.import_module({program!r}); sys.exit(str({seen}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.stderr.strip() == "set()"
