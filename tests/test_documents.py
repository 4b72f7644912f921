"""What the documents name is there: links and their headings, files, modules, targets of make and commands."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.commands.main import COMMANDS

ROOT = Path(__file__).parents[1]
AT_THE_ROOT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
PAGES = (*AT_THE_ROOT, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
NAMING = (*PAGES, "bench/RESULTS.md", "Makefile", "docker-compose.yml", "Dockerfile", "gunicorn.conf.py")

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
FILE = re.compile(r"(?<![\w/.{<-])(?:[a-z_]+/)+(?:[\w.-]+\.(?:py|md|lua|yaml|sh)\b)?(?![\w/…*])")
MODULE = re.compile(r"python3? -m ([a-z_]+(?:\.[a-z_]+)*)")
COMMAND = re.compile(r"(?:`|\.venv/bin/)inventory ([a-z]+)")
TARGET = re.compile(r"(?:`|\$ )(?:[A-Z_]+=\S+ )?make ([a-z-]+)")

OURS = ("inventory", "workers", "tests", "docs", "bench", "findings")
FOLDERS = {path.name for path in (ROOT / "inventory").iterdir() if path.is_dir()}

pages = pytest.mark.parametrize("page", PAGES)
naming = pytest.mark.parametrize("page", NAMING)


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def anchors(page: Path) -> set[str]:
    """What links to the headings of a page end with, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def files(page: str) -> Iterator[str]:
    """Files and folders of ours that a page names; `FEATURE` stands for any."""
    for name in FILE.findall(text(page)):
        if "FEATURE" not in name and name.partition("/")[0] in {*OURS, *FOLDERS}:
            yield name


@pages
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    for target, anchor in LINK.findall(text(page)):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


@naming
def test_every_file_that_is_named_is_there(page: str) -> None:
    """A feature's may be named without `inventory/` in front."""
    assert [name for name in files(page) if not ((ROOT / name).exists() or (ROOT / "inventory" / name).exists())] == []


@naming
def test_every_module_that_is_run_is_there(page: str) -> None:
    ours = [name for name in MODULE.findall(text(page)) if name.partition(".")[0] in OURS]

    assert [name for name in ours if importlib.util.find_spec(name) is None] == []


@pages
def test_every_command_and_every_target_of_make_that_is_named_is_there(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))

    assert set(COMMAND.findall(text(page))) <= set(COMMANDS)
    assert set(TARGET.findall(text(page))) <= targets


def test_the_pages_name_something() -> None:
    every = "\n".join(map(text, NAMING))

    assert {"inventory/config.py", "inventory/wiring/parts.py", "webpages/fast_lookup.py"} <= set(files("CONTRIBUTING.md"))
    assert {"up", "jobs", "get"} <= set(COMMAND.findall(every))
    assert {"run", "test", "lint"} <= set(TARGET.findall(every))
    assert {"workers", "tests.faults", "inventory.dashboard"} <= set(MODULE.findall(every))
