"""`inventory import`, `jobs` and `job`, as a person in a terminal uses them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from inventory import wiring
from inventory.commands.jobs import messages_of
from inventory.commands.main import main
from inventory.config import Settings
from inventory.services import Services
from tests.end_to_end.stack import Stack, free_port
from tests.jobs.actions import found, import_urls, pages
from tests.upstreams import Upstream

BAD_LINES = "not a url\nftp://example.com/\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "INVENTORY_DATA_DIR": str(tmp_path / "var"),
        "INVENTORY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "COLUMNS": "250",
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "urls.txt"
    path.write_text("https://example.com/\n" + BAD_LINES)
    return path


def run(environment: dict[str, str], *words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=environment)


def test_an_imported_file_is_a_job_that_is_listed_and_shown(environment: dict[str, str], file: Path) -> None:
    imported = run(environment, "import", file, "--kind", "urls", "--json")
    job = json.loads(imported.stdout)

    assert (imported.exit_code, job["status"], job["file_name"]) == (0, "queued", "urls.txt"), imported.output
    assert json.loads(run(environment, "jobs", "--json").stdout)[0]["job_id"] == job["job_id"]
    assert json.loads(run(environment, "job", job["job_id"], "--json").stdout)["kind"] == "urls"
    for shown in (run(environment, "jobs"), run(environment, "job", job["job_id"])):
        assert job["job_id"] in shown.stdout
        assert "urls.txt" in shown.stdout


def test_a_narrow_terminal_cuts_nothing_off(environment: dict[str, str], file: Path) -> None:
    job = json.loads(run(environment, "import", file, "--kind", "urls", "--json").stdout)

    listed = run(environment | {"COLUMNS": "80"}, "jobs").stdout

    assert job["job_id"] in listed
    assert "…" not in listed


def test_the_same_file_again_is_the_same_job_while_that_is_unfinished(environment: dict[str, str], file: Path) -> None:
    first, second = (json.loads(run(environment, "import", file, "--kind", "urls", "--json").stdout) for _ in range(2))

    assert first["job_id"] == second["job_id"]


def test_hosts_are_imported_with_a_scheme(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "hosts.txt").write_text("example.com\nexample.org/path\n")
    command = ("import", tmp_path / "hosts.txt", "--kind", "urls", "--json")

    assert "scheme=https" in run(environment, *command).output
    taken = run(environment, *command, "--scheme", "https")
    assert (taken.exit_code, json.loads(taken.stdout)["format"]["name"]) == (0, "text"), taken.output


@pytest.mark.parametrize(
    ("name", "content", "kind", "said"),
    [
        ("urls.txt", b"", "urls", "empty"),
        ("urls.pdf", b"%PDF", "urls", ".csv"),
        ("log.csv", b"a,b\n1,2\n", "events", ".jsonl"),
        ("urls.txt", b"https://example.com/\n", "cats", "urls, cities, events"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_line_that_says_why(
    environment: dict[str, str], tmp_path: Path, name: str, content: bytes, kind: str, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    done = run(environment, "import", tmp_path / name, "--kind", kind)

    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.count(said) == 1, "it is said once"
    assert json.loads(run(environment, "jobs", "--json").stdout) == []


def test_an_unknown_job_is_reported(environment: dict[str, str]) -> None:
    done = run(environment, "job", "0" * 32)

    assert (done.exit_code, done.stderr) == (
        1,
        f"inventory: There is no job {'0' * 32}; /api/v1/jobs and `inventory jobs` list all.\n",
    )


def work(environment: dict[str, str]) -> None:
    """Work on all jobs, as a worker would."""
    folder, redis = Path(environment["INVENTORY_DATA_DIR"]), environment["INVENTORY_REDIS_URL"]
    runner = wiring.build(Settings(data_dir=folder, redis_url=redis)).job_runner()
    while (batch := runner.claim()) is not None:
        while runner.step(batch):
            pass


def test_a_job_without_one_good_row_is_no_success(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "urls.csv").write_text("url\nnot a url\nftp://a.example/\n")
    imported = run(environment, "import", tmp_path / "urls.csv", "--kind", "urls", "--json")
    work(environment)

    shown = run(environment, "job", json.loads(imported.stdout)["job_id"], "--json")

    document = json.loads(shown.stdout)
    assert (document["status"], document["succeeded"], document["rejected"]) == ("completed", 0, 2)
    assert (imported.exit_code, shown.exit_code) == (0, 1)
    none = run(environment, "job", document["job_id"], "--rows", "failed")
    assert (none.exit_code, none.stdout) == (0, "No row ended as failed.\n")
    assert run(environment, "job", document["job_id"], "--rows", "failed", "--json").stdout == ""


def test_a_log_file_is_imported_with_its_own_names(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text('{"when": "2026-01-31T12:00:00Z", "text": "hello"}\nhello\n')
    refused = run(environment, "import", tmp_path / "app.log", "--kind", "events")
    imported = run(
        environment,
        "import",
        tmp_path / "app.log",
        "--kind",
        "events",
        "--map",
        "timestamp:when",
        "--service",
        "a",
        "--json",
    )
    work(environment)

    assert (refused.exit_code, imported.exit_code) == (2, 0)
    assert "map=timestamp:" in refused.stderr
    shown = run(environment, "job", json.loads(imported.stdout)["job_id"], "--json")
    assert (shown.exit_code, json.loads(shown.stdout)["succeeded"], json.loads(shown.stdout)["rejected"]) == (0, 1, 1)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path)
    try:
        stack.start("redis", "worker")
        yield stack
    finally:
        stack.stop()


def test_a_job_can_be_followed_to_its_end_and_its_rejected_rows_listed(stack: Stack, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("inventory")
    with Upstream() as upstream:
        (tmp_path / "urls.txt").write_text("".join(f"{upstream.url(f'/page?{n}')}\n" for n in range(30)) + BAD_LINES)
        followed = subprocess.run(
            [command, "import", str(tmp_path / "urls.txt"), "--kind", "urls", "--follow", "--json"],
            env=stack.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    job = json.loads(followed.stdout)
    assert followed.returncode == 0, followed.stderr
    assert (job["status"], job["total"], job["succeeded"], job["rejected"]) == ("completed", 32, 30, 2)
    listed = run(stack.environment, "job", job["job_id"], "--rows", "rejected", "--json").stdout.splitlines()
    assert [json.loads(line)["row"] for line in listed] == [31, 32]
    assert "unsupported_scheme" in run(stack.environment, "job", job["job_id"], "--rows", "rejected").stdout


def test_a_job_that_no_worker_begins_with_says_so_once(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    job = found(services, import_urls(services, pages(1)))
    messages = messages_of(services, job, hint_after=0)

    assert [next(messages) is None for _ in range(3)] == [False, True, True]
    assert capsys.readouterr().err.count("Start it with: inventory up") == 1


def test_a_job_that_has_begun_says_nothing_of_workers(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    job = found(services, import_urls(services, pages(1)))
    services.job_runner().claim()
    messages = messages_of(services, job, hint_after=0)

    assert [next(messages) is None for _ in range(3)] == [False, True, True]
    assert capsys.readouterr().err == ""
