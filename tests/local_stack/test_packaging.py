"""What is shipped: the composition, the image, the pinned packages and the Makefile, as far as they can be read here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from backports.zstd import _zstd

from inventory.config import Settings
from tests.end_to_end.stack import ROOT
from tools import image_root

COMPOSITION = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSITION["services"]
OURS = ("api", "worker", "scheduler", "rq-dashboard")
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()
FINAL_STAGE = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]

services = pytest.mark.parametrize("name", SERVICES)


def test_every_service_is_there() -> None:
    assert set(SERVICES) == {*OURS, "mongo", "redis", "files"}


@services
def test_a_service_is_watched_started_again_and_bounded(name: str) -> None:
    service = SERVICES[name]

    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"]
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)


@services
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["mongo", "redis", "files"])
def test_a_database_is_reached_from_inside_alone(name: str) -> None:
    assert "ports" not in SERVICES[name]
    assert SERVICES[name]["networks"] == ["databases"]
    assert COMPOSITION["networks"]["databases"] == {"internal": True}
    assert re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+(-\w+)?", SERVICES[name]["image"])


def test_redis_asks_for_the_password_that_our_programs_send() -> None:
    redis = SERVICES["redis"]
    password = redis["command"][redis["command"].index("--requirepass") + 1]

    assert password == redis["environment"]["REDISCLI_AUTH"] == "${INVENTORY_REDIS_PASSWORD-only-inside-this-network}"
    for name in OURS:
        assert SERVICES[name]["environment"]["INVENTORY_REDIS_PASSWORD"] == password


def test_the_dashboard_finds_the_keys_where_the_api_has_them_and_is_watched_without_one() -> None:
    ours, theirs = (SERVICES[name]["environment"] for name in ("rq-dashboard", "api"))

    for name in ("STORE_URL", "ACCESS", "REDIS_URL"):
        assert ours[f"INVENTORY_{name}"] == theirs[f"INVENTORY_{name}"]
    assert "/healthz" in str(SERVICES["rq-dashboard"]["healthcheck"]["test"])


@pytest.mark.parametrize("name", ["mongo", "redis", "files"])
def test_the_program_of_a_foreign_image_is_found_by_its_path(name: str) -> None:
    """Where an image keeps its programs is its own affair: that of the file store moved them."""
    started = [*SERVICES[name].get("entrypoint", ()), *SERVICES[name].get("command", ())]

    assert started
    assert not re.search(r"(?:^|exec |&& )/\S*bin/|/app/", " ".join(started))


@pytest.mark.parametrize("name", OURS)
def test_an_image_of_an_older_checkout_is_never_what_runs(name: str) -> None:
    assert SERVICES[name]["build"] == "."
    assert SERVICES[name]["pull_policy"] == "build"
    assert "docker compose up --build" in (ROOT / "README.md").read_text()


@services
def test_what_is_published_is_published_on_loopback(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", OURS)
def test_what_needs_a_database_waits_until_it_is_healthy(name: str) -> None:
    needed = SERVICES[name]["depends_on"]

    assert needed["redis"] == {"condition": "service_healthy"}
    assert all(how == {"condition": "service_healthy"} for how in needed.values())
    assert "mongo" in needed


@pytest.mark.parametrize("name", ["api", "worker", "scheduler"])
def test_temporary_files_are_on_a_disk_and_take_no_memory(name: str) -> None:
    service = SERVICES[name]
    folder = service["environment"]["TMPDIR"]
    [volume] = [mount.partition(":")[0] for mount in service["volumes"] if mount.partition(":")[2] == folder]

    assert volume in COMPOSITION["volumes"]
    assert folder not in service["tmpfs"]


def test_every_setting_can_be_given_to_the_composition() -> None:
    given = set(SERVICES["api"]["environment"]) | {"INVENTORY_PORT"}

    assert {f"INVENTORY_{name.upper()}" for name in Settings.__dataclass_fields__} <= given


def test_the_image_has_no_shell_and_no_tools_to_build_or_install_with() -> None:
    assert FINAL_STAGE.startswith("scratch\n")
    assert "RUN" not in FINAL_STAGE
    assert {"tools/image_root.py"} == {line.removeprefix("!") for line in IGNORED if "tools" in line}


def test_symbols_are_cut_off_a_library_and_it_still_loads(tmp_path: Path) -> None:
    library = Path(_zstd.__file__)
    cut = tmp_path / library.name
    cut.write_bytes(image_root.without_symbols(library.read_bytes()))
    load = "import importlib.util as u; s = u.spec_from_file_location('_zstd', sys.argv[1]); m = u.module_from_spec(s)"

    assert cut.stat().st_size < library.stat().st_size
    subprocess.run([sys.executable, "-c", f"import sys; {load}; s.loader.exec_module(m)", str(cut)], check=True)


def test_what_is_no_library_of_64_bits_is_left_as_it_is() -> None:
    assert image_root.without_symbols(b"GROUP ( libc.so.6 )") == b"GROUP ( libc.so.6 )"


def test_the_image_runs_as_nobody_in_particular_and_is_watched() -> None:
    assert re.search(r"^USER 10001:10001$", FINAL_STAGE, re.MULTILINE)
    assert "HEALTHCHECK" in FINAL_STAGE
    assert FINAL_STAGE.rstrip().endswith('CMD ["gunicorn", "wsgi:app"]')


def test_every_folder_of_modules_is_a_package_or_it_would_not_be_in_the_image() -> None:
    folders = {path.parent for package in ("inventory", "workers") for path in (ROOT / package).rglob("*.py")}

    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"])
def test_every_package_is_pinned_with_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = re.findall(r"^(\S+)==\S+[^\\]*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)

    assert len(pins) == len(re.findall(r"^[a-z]", text, re.MULTILINE | re.IGNORECASE)) > 10
    assert not re.search(r"://|--index|--find-links|^/", text)


def test_what_is_installed_is_what_is_pinned_so_nothing_would_be_fetched() -> None:
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--require-hashes", "--dry-run", "--quiet"]
    done = subprocess.run([*pip, "-r", "requirements.txt"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, "Would install" in done.stdout) == (0, False), done.stderr


def make(folder: Path, *arguments: str) -> str:
    """What make would do."""
    done = subprocess.run(["make", "-n", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt", "requirements-bench.txt"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_first_make_installs_with_hashes(checkout: Path) -> None:
    assert "--require-hashes -r requirements.txt" in make(checkout, "install")
    assert "--require-hashes -r requirements-dev.txt" in make(checkout, "test")
    assert "requirements-dev.txt" not in make(checkout, "run")


@pytest.mark.parametrize("target", ["install", "run", "test", "lint"])
def test_a_second_make_installs_nothing(checkout: Path, target: str) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "installed").touch()
    (checkout / ".venv" / "installed-dev").touch()

    assert "pip" not in make(checkout, target)


def test_an_unfit_python_is_named(checkout: Path) -> None:
    old = checkout / "python3.9"
    old.write_text('#!/bin/sh\nexec python3 -c "import sys; sys.version_info = (3, 9)\n$2"\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "install", f"PYTHON={old}"], cwd=checkout, capture_output=True, text=True, check=False, timeout=30
    )

    assert done.returncode != 0
    assert "Inventory runs on Python 3.11, 3.12 or 3.13; this is 3.9" in done.stderr
    assert not (checkout / ".venv").exists()


def test_every_target_is_explained(checkout: Path) -> None:
    done = subprocess.run(["make"], cwd=checkout, capture_output=True, text=True, check=True)

    assert {line.split()[1] for line in done.stdout.splitlines()} >= {
        "install",
        "run",
        "test",
        "lint",
        "format",
        "lock",
        "clean",
    }
