"""What stops a start is one line that says what to change, exit code 2, and no remains."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from inventory.config import Settings
from inventory.errors import StartError
from inventory.local_stack import folder_lock, free_ports, redis_server
from tests.end_to_end.stack import free_port
from tests.local_stack.stack import COMMAND, run

GUNICORN = [sys.executable, "-m", "gunicorn", "wsgi:app"]
SCHEDULER = [sys.executable, "-m", "workers", "schedule"]
WORKER = [sys.executable, "-m", "workers", "collect"]


@pytest.mark.parametrize("command", [[*COMMAND, "up"], GUNICORN, WORKER], ids=["up", "gunicorn", "workers"])
def test_a_bad_setting_is_one_line(command: list[str], tmp_path: Path) -> None:
    done = run(*command, data_dir=tmp_path, port="abc")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "inventory: INVENTORY_PORT='abc' cannot be read: it takes a port, 1 to 65535\n"


@pytest.mark.parametrize("command", [[*COMMAND, "up"], GUNICORN], ids=["up", "gunicorn"])
def test_without_a_key_no_service_starts_that_the_network_reaches(command: list[str], tmp_path: Path) -> None:
    done = run(*command, data_dir=tmp_path, host="0.0.0.0", port=free_port(), dashboard_port=free_port())

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("inventory: The host 0.0.0.0 is reached from the network, and there is no usable key")
    assert "inventory keys create NAME --scope admin`" in done.stderr
    assert "INVENTORY_ACCESS=open" in done.stderr


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()

    with pytest.raises(
        StartError, match=r"INVENTORY_DATA_DIR='.*/file/data' cannot be written: Not a directory. Grant .*, or choose"
    ):
        folder_lock.take(in_the_way / "data")


def test_others_are_kept_out_of_a_folder_that_was_open_to_them(tmp_path: Path) -> None:
    for folder in (tmp_path / "new", tmp_path / "old"):
        if folder.name == "old":
            folder.mkdir(mode=0o755)
        os.close(folder_lock.take(folder))
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_store_that_no_program_of_ours_wrote_ends_every_program_at_once(tmp_path: Path) -> None:
    (tmp_path / "inventory.sqlite3").write_bytes(b"no store at all " * 1000)
    commands = [[*COMMAND, "up"], [*COMMAND, "get", "http://example.test/"], GUNICORN, WORKER, SCHEDULER]

    for command in commands:
        done = run(*command, data_dir=tmp_path, port=free_port(), dashboard_port=free_port())
        assert done.returncode == 2
        assert done.stderr.startswith(f"inventory: The store {tmp_path}/inventory.sqlite3 is not a valid SQLite file")
        assert done.stderr.count("\n") == 1


def test_a_folder_is_taken_once(tmp_path: Path) -> None:
    lock = folder_lock.take(tmp_path)

    with pytest.raises(StartError, match="is in use by another `inventory up`"):
        folder_lock.take(tmp_path)
    os.close(lock)
    os.close(folder_lock.take(tmp_path))


def test_one_port_for_both_is_refused() -> None:
    with pytest.raises(StartError, match="INVENTORY_PORT and INVENTORY_DASHBOARD_PORT are both 9000"):
        free_ports.check(Settings(port=9000, dashboard_port=9000))


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(StartError, match=r"INVENTORY_HOST='192\.0\.2\.1' is not an address of this machine"):
        free_ports.check(Settings(host="192.0.2.1", port=free_port(), dashboard_port=free_port()))


def test_a_folder_too_deep_for_a_socket_is_named() -> None:
    with pytest.raises(StartError, match=r"INVENTORY_DATA_DIR='/d+' is too long"):
        redis_server.command(Settings(data_dir=Path("/" + "d" * 120)))


def test_a_redis_on_the_path_is_preferred(tmp_path: Path) -> None:
    server = tmp_path / "valkey-server"
    server.touch(0o755)

    assert redis_server.find_server(str(tmp_path)) == str(server)


def test_a_setting_with_a_typing_error_is_named_before_the_start_fails_without_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(*COMMAND, "up", data_dir=tmp_path, port=taken.getsockname()[1], prot=free_port())

    ignored, failed = done.stderr.splitlines()
    assert ignored == "inventory: INVENTORY_PROT is set, and is no setting, so it is ignored. Did you mean INVENTORY_PORT?"
    assert "is taken" in failed
