"""What is shipped: the composition, the image, the pinned packages and the Makefile, as far as they can be read here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from backports.zstd import _zstd

from inventory import composition
from inventory.config import Settings
from tests.end_to_end.stack import ROOT
from tools import image_root

COMPOSITION = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSITION["services"]
OURS = ("api", "worker", "scheduler", "rq-dashboard")
RUN_ONCE = ("prepare", "mongo-setup")
LASTING = tuple(name for name, service in SERVICES.items() if name not in RUN_ONCE and "deploy" not in service)
RUNNING = (*LASTING, *RUN_ONCE)
FOREIGN = ("mongo", "mongo-setup", "redis", "files")
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()
FINAL_STAGE = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
PROGRAMS = {"mongo:": "mongod", "redis:": "redis-server", "versity/versitygw:": "versitygw"}
"""The program that an image is there for."""


def script_of(name: str) -> str:
    """What a service runs, without the doubled `$` of Compose."""
    return " ".join([*SERVICES[name].get("entrypoint", ()), *SERVICES[name].get("command", ())]).replace("$$", "$")


def test_every_service_is_there() -> None:
    assert set(LASTING) == {*OURS, "mongo", "redis", "files", "demo"}
    assert set(SERVICES) == {*RUNNING, "mongo-founded"}


def test_a_service_that_not_everybody_needs_has_a_profile() -> None:
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "files": ["s3"],
        "demo": ["demo"],
    }


@pytest.mark.parametrize("name", LASTING)
def test_a_service_is_watched_and_started_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", RUN_ONCE)
def test_what_runs_once_is_waited_for_until_it_ends(name: str) -> None:
    """Else `up --wait` would take its end for a failure."""
    waiting = [service["depends_on"].get(name) for service in SERVICES.values() if "depends_on" in service]

    assert {"condition": "service_completed_successfully"} in waiting
    assert SERVICES[name]["restart"] in ("no", "on-failure")


@pytest.mark.parametrize("name", RUNNING)
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["CHOWN", "DAC_OVERRIDE"] if name == "prepare" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert {"stop_grace_period", "mem_limit", "cpus", "pids_limit"} <= set(service)


@pytest.mark.parametrize("name", OURS)
def test_the_limits_of_a_program_can_be_set_without_changing_the_file(name: str) -> None:
    explained = (ROOT / ".env.example").read_text()

    for limit in ("mem_limit", "cpus"):
        [(variable, default)] = re.findall(r"^\$\{([A-Z_]+):-(.+)\}$", SERVICES[name][limit])
        assert f"#{variable}={default}\n" in explained


@pytest.mark.parametrize("name", ["mongo", "redis", "files"])
def test_a_database_is_reached_from_inside_alone(name: str) -> None:
    assert "ports" not in SERVICES[name]
    assert set(SERVICES[name]["networks"]) <= {"store-and-queue", "queue"}
    assert COMPOSITION["networks"]["store-and-queue"] == COMPOSITION["networks"]["queue"] == {"internal": True}
    assert re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+(-\w+)?", SERVICES[name]["image"])


def test_the_dashboard_reaches_redis_alone_unless_it_needs_the_keys_in_the_store() -> None:
    assert SERVICES["rq-dashboard"]["networks"] == ["${INVENTORY_ACCESS:+store-and-}queue", "dashboard"]
    assert [name for name in SERVICES if "queue" in SERVICES[name].get("networks", ())] == ["redis"]
    assert [name for name in SERVICES if "dashboard" in SERVICES[name].get("networks", ())] == ["rq-dashboard"]
    masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    assert COMPOSITION["networks"]["dashboard"] == {"driver_opts": {masquerade: "false"}}


def test_a_container_sees_the_credentials_that_it_needs() -> None:
    seen = {
        name: {mount.partition(":")[0].removeprefix("credentials-") for mount in mounts if "credentials-" in mount}
        for name in RUNNING
        if (mounts := [mount for mount in SERVICES[name].get("volumes", ()) if isinstance(mount, str)])
    }

    assert {name: found for name, found in seen.items() if found} == {
        **{name: {"redis", "mongo", "files"} for name in ("prepare", "api", "worker", "scheduler")},
        "rq-dashboard": {"redis", "mongo"},
        "mongo-setup": {"mongo"},
        "redis": {"redis"},
        "files": {"files"},
    }
    assert all(
        mount.endswith(":ro")
        for name in RUNNING
        for mount in SERVICES[name].get("volumes", ())
        if name != "prepare" and isinstance(mount, str) and mount.startswith("credentials-")
    )


def test_credentials_are_made_once_and_are_different(tmp_path: Path) -> None:
    for name in ("redis", "mongo", "files"):
        (tmp_path / name).mkdir()
    composition.make_credentials(tmp_path)
    made = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    composition.make_credentials(tmp_path)
    password = made[Path("mongo/password")]

    assert {path: (tmp_path / path).read_text() for path in made} == made
    assert all(
        re.fullmatch("[0-9a-f]{48}", made[Path(name)]) for name in ("redis/password", "mongo/password", "files/secret")
    )
    assert len(set(made.values())) == len(made) == 5
    assert made[Path("mongo/url")] == "mongodb://mongo:27017/inventory?replicaSet=rs0"
    assert f"//inventory:{password}@mongo:27017/" in made[Path("mongo/url-with-login")]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o444}


def test_files_that_belong_to_another_user_are_given_away(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "one").touch()
    owner = tmp_path.stat().st_uid
    composition.give_away(tmp_path, owner)

    if os.geteuid() == 0:
        composition.give_away(tmp_path, owner + 1)
        assert {path.stat().st_uid for path in (tmp_path, *tmp_path.rglob("*"))} == {owner + 1}


def test_databases_and_our_programs_have_the_same_credentials() -> None:
    api = SERVICES["api"]["environment"]

    assert SERVICES["redis"]["environment"]["PASSWORD"] == api["INVENTORY_REDIS_PASSWORD"] == "${INVENTORY_REDIS_PASSWORD:-}"
    assert SERVICES["files"]["environment"]["ROOT_SECRET_KEY"] == api["INVENTORY_FILES_SECRET"]
    assert SERVICES["files"]["environment"]["ROOT_ACCESS_KEY"] == api["AWS_ACCESS_KEY_ID"]
    assert api["INVENTORY_REDIS_PASSWORD_FILE"].endswith("-/credentials/redis/password}")
    assert api["INVENTORY_FILES_SECRET_FILE"].endswith("-/credentials/files/secret}")
    assert api["INVENTORY_STORE_URL_FILE"].endswith("-/credentials/mongo/url${MONGO_LOGIN:+-with-login}}")


def test_the_dashboard_finds_the_keys_where_the_api_has_them_and_is_watched_without_one() -> None:
    ours, theirs = (SERVICES[name]["environment"] for name in ("rq-dashboard", "api"))

    for name in ("STORE_URL", "STORE_URL_FILE", "ACCESS", "REDIS_URL", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE"):
        assert ours[f"INVENTORY_{name}"] == theirs[f"INVENTORY_{name}"]
    assert "/healthz" in str(SERVICES["rq-dashboard"]["healthcheck"]["test"])


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_image_runs_the_program_that_it_is_for_and_finds_it_by_its_name(name: str) -> None:
    """Where an image keeps its programs is its own affair. Whether it has them only CI's job `composition` can tell."""
    script = script_of(name)
    [program] = [program for image, program in PROGRAMS.items() if SERVICES[name]["image"].startswith(image)]

    assert not re.search(r"(?:^|exec |&& )/\S*bin/|/app/", script)
    assert re.search(r"^mongosh " if name == "mongo-setup" else rf"exec (docker-entrypoint\.sh )?{program} ", script)


@pytest.mark.parametrize("name", [name for name in FOREIGN if "sh -c" in script_of(name)])
def test_a_script_of_a_service_is_one_that_a_shell_reads(name: str) -> None:
    script = SERVICES[name].get("entrypoint", SERVICES[name].get("command"))[-1].replace("$$", "$")

    subprocess.run(["sh", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize("name", [*OURS, "prepare", "demo"])
def test_our_image_runs_programs_of_ours(name: str) -> None:
    program, *arguments = SERVICES[name].get("command", ["gunicorn", "wsgi:app"])

    assert program in ("python", "gunicorn")
    if program == "python":
        assert arguments[0] == "-m"
        assert find_spec(arguments[1]) is not None
    assert "sh" not in SERVICES[name].get("healthcheck", {}).get("test", [])[:2], "the image has no shell"


def test_the_image_is_built_by_one_service_and_is_never_one_of_an_older_checkout() -> None:
    assert {name for name, service in SERVICES.items() if "build" in service} == {"prepare"}
    assert SERVICES["prepare"]["pull_policy"] == "${PULL_POLICY:-build}"
    for name in OURS:
        assert SERVICES[name]["image"] == SERVICES["prepare"]["image"]
        assert "prepare" in SERVICES[name]["depends_on"]
    assert "docker compose up --build" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_published_is_published_on_loopback(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", LASTING)
def test_no_start_depends_on_the_health_of_another_one(name: str) -> None:
    """Each program waits for its store by itself, so a slow database leaves no stack that is half started."""
    needed = SERVICES[name].get("depends_on", {})

    assert {"condition": "service_healthy"} not in needed.values()
    assert needed.get("mongo-setup") is None
    assert name == "mongo" or needed["prepare"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", ["api", "worker", "scheduler", "mongo"])
def test_what_a_slow_database_holds_up_is_not_called_unhealthy(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["start_period"] == "30m"


def test_mongodb_does_without_what_some_kernels_break() -> None:
    assert SERVICES["mongo"]["environment"]["GLIBC_TUNABLES"] == "glibc.pthread.rseq=1"


def test_the_health_of_mongodb_is_looked_at_without_a_client() -> None:
    assert SERVICES["mongo"]["healthcheck"]["test"] == ["CMD", "grep", "-q", ":6989 00000000:0000 0A", "/proc/net/tcp"]
    assert int("6989", 16) == 27017


@pytest.mark.parametrize("name", ["api", "worker", "scheduler"])
def test_temporary_files_are_on_a_disk_and_take_no_memory(name: str) -> None:
    service = SERVICES[name]
    folder = service["environment"]["TMPDIR"]
    mounts = [mount.partition(":") for mount in service["volumes"] if isinstance(mount, str)]
    [volume] = [volume for volume, _, target in mounts if target == folder]

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
