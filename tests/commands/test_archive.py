"""`inventory archive`, on a real store and a real upstream."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.commands.conftest import run
from tests.upstreams import Answer, Upstream


@pytest.fixture
def page(environment: dict[str, str], upstream: Upstream) -> str:
    url = upstream.url("/a")
    upstream.script("/a", Answer(200, (), b"one"), Answer(200, (), b"two"))
    for _ in range(2):
        assert run(environment, "collect", url).exit_code == 0
    return url


def bodies(file: Path) -> list[bytes]:
    return bodies_in(file.read_bytes())


def bodies_in(content: bytes) -> list[bytes]:
    found = ArchiveIterator(io.BytesIO(content))
    return [each.content_stream().read() for each in found if each.rec_type == "response"]


def test_it_writes_what_a_query_means(environment: dict[str, str], page: str, tmp_path: Path) -> None:
    file = tmp_path / "query.warc.gz"

    done = run(environment, "archive", "status:200", "-o", str(file))

    assert done.exit_code == 0, done.output
    assert (done.stdout, done.stderr) == (f"{file.stat().st_size:,} bytes in {file}\n", "")
    assert bodies(file) == [b"two"]


def test_it_writes_to_a_pipe(environment: dict[str, str], page: str, tmp_path: Path) -> None:
    done = run(environment, "archive", "status:200", "-o", "-")

    assert (done.exit_code, done.stderr) == (0, "")
    assert bodies_in(done.stdout_bytes) == [b"two"]


def test_a_file_without_a_webpage_is_told(environment: dict[str, str], page: str, tmp_path: Path) -> None:
    done = run(environment, "archive", "tag:nobody", "-o", str(tmp_path / "query.warc.gz"))

    assert done.exit_code == 0
    assert done.stderr == "inventory: nothing that is stored matches, so the file has no webpage\n"


def test_it_writes_the_history_of_a_url(environment: dict[str, str], page: str, tmp_path: Path) -> None:
    file = tmp_path / "history.warc.gz"

    assert run(environment, "archive", "--url", page, "-o", str(file)).exit_code == 0
    assert bodies(file) == [b"one", b"two"]
    assert run(environment, "archive", "--url", page, "--until", "1d", "-o", str(file)).exit_code == 0
    assert bodies(file) == []
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    "words",
    [[], ["a", "--url", "http://a.test/"], ["a", "--since", "7d"], ["--url", "http://a.test/", "--at", "7d"], ["a:b"]],
)
def test_what_cannot_be_meant_is_said_and_nothing_is_written(
    environment: dict[str, str], tmp_path: Path, words: list[str]
) -> None:
    done = run(environment, "archive", *words, "-o", str(tmp_path / "x.warc.gz"))

    assert done.exit_code == 2
    assert not list(tmp_path.glob("x.*"))


def test_a_webpage_that_is_not_known_is_a_line(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(environment, "archive", "--url", "http://a.test/", "-o", str(tmp_path / "x.warc.gz"))

    assert done.exit_code == 1
    assert done.stderr.startswith("inventory: Nothing is known of http://a.test/.")


def test_a_file_that_cannot_be_written_is_a_line(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(environment, "archive", "", "-o", str(tmp_path / "none" / "x.warc.gz"))

    assert done.exit_code == 1
    assert "No such file or directory" in done.stderr
