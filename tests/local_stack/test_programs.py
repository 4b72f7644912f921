"""supervisord reads the configuration as it was meant."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from contextlib import chdir
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from inventory.config import Settings
from inventory.errors import StartError
from inventory.local_stack.programs import supervisord_configuration
from inventory.local_stack.redis_server import command
from inventory.notifier import connect
from tests.end_to_end.stack import wait_until
from tests.rate_limits.budget_halves import answers


def read(folder: Path, text: str) -> ServerOptions:
    """supervisord's own reading of a configuration, in its folder."""
    (folder / "log").mkdir(parents=True, exist_ok=True)
    (folder / "supervisord.conf").write_text(text)
    options = ServerOptions()
    with chdir(folder):
        options.realize(["--nodaemon", "--configuration", "supervisord.conf"])
    return options


def test_a_folder_with_blanks_and_signs_is_carried_whole(tmp_path: Path) -> None:
    folder = tmp_path / "my 100% 'own'#1;"
    settings = Settings(data_dir=folder)
    redis = ["redis-server", "--unixsocket", str(folder / "redis.sock"), "--save", ""]
    groups = read(folder, supervisord_configuration(settings, redis)).process_group_configs
    programs = {program.name: program for group in groups for program in group.process_configs}

    assert set(programs) == {"api", "worker", "scheduler", "dashboard", "redis"}
    assert shlex.split(programs["redis"].command) == redis
    assert programs["api"].stdout_logfile == "log/api.log"


def test_redis_starts_first_and_stops_last(tmp_path: Path) -> None:
    groups = read(tmp_path, supervisord_configuration(Settings(data_dir=tmp_path), ["redis-server"])).process_group_configs

    assert [group.name for group in sorted(groups)] == ["redis", "inventory"]


def test_no_redis_is_started_where_one_is_given(tmp_path: Path) -> None:
    assert "[program:redis]" not in supervisord_configuration(Settings(redis_url="redis://h", data_dir=tmp_path), None)


def test_a_stop_leaves_time_for_what_is_in_flight(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, fetch_deadline=100)
    groups = read(tmp_path, supervisord_configuration(settings, None)).process_group_configs
    stop_within = {program.name: program.stopwaitsecs for group in groups for program in group.process_configs}

    assert stop_within["api"] > settings.fetch_deadline
    assert stop_within["worker"] > settings.lease


def test_a_name_that_cannot_be_carried_is_refused() -> None:
    with pytest.raises(StartError, match="cannot be used"):
        supervisord_configuration(Settings(data_dir=Path("/a ;b")), ["redis-server", "--unixsocket", "/a ;b/redis.sock"])


def test_the_path_of_the_socket_is_the_one_that_clients_use() -> None:
    settings = Settings(data_dir=Path("/with blank & 100%2F#?"))
    words = command(settings)
    clients = connect(settings.redis, socket_timeout=1).connection_pool.connection_kwargs

    assert words[words.index("--unixsocket") + 1] == clients["path"] == "/with blank & 100%2F#?/redis.sock"


def test_redis_is_bounded_and_throws_nothing_away_by_chance(tmp_path: Path) -> None:
    settings = Settings(data_dir=Path(tempfile.mkdtemp(prefix="inv-", dir="/tmp")))
    with subprocess.Popen(command(settings), stdout=subprocess.DEVNULL, cwd=settings.data_dir) as server:
        try:
            redis = connect(settings.redis, socket_timeout=1)
            wait_until(lambda: answers(redis), "Redis answers")
            assert 0 < int(redis.config_get("maxmemory")["maxmemory"]) <= 256 * 2**20
            assert redis.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
            assert (
                "pubsub 4194304 1048576 60" in redis.config_get("client-output-buffer-limit")["client-output-buffer-limit"]
            )
            redis.close()
        finally:
            server.terminate()
    shutil.rmtree(settings.data_dir)
