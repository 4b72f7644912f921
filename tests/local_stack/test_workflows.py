"""What CI does elsewhere, as far as it can be read here: actions that cannot change, and the images of the composition."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from inventory import __version__
from tests.end_to_end.stack import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
COMPOSITION = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def jobs(workflow: Path) -> dict[str, Any]:
    """The jobs of a workflow."""
    found: dict[str, Any] = yaml.safe_load(workflow.read_text())["jobs"]
    return found


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_an_action_is_pinned_by_its_hash_with_its_version_beside_it(workflow: Path) -> None:
    used = re.findall(r"uses: (.+)$", workflow.read_text(), re.MULTILINE)
    pinned = r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/workflows/ci\.yml"

    assert used
    assert [action for action in used if not re.fullmatch(pinned, action)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_has_a_time_limit_and_may_read_alone_unless_it_says_so(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job or "uses" in job for job in jobs(workflow).values())


def test_ci_tests_on_the_mongodb_of_the_composition_as_a_replica_set() -> None:
    script = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    mongo = COMPOSITION["services"]["mongo"]

    assert set(re.findall(r"mongo:\d[\d.]+", script)) == {mongo["image"]}
    assert set(re.findall(r"GLIBC_TUNABLES=(\S+)", script)) == {mongo["environment"]["GLIBC_TUNABLES"]}
    assert "--replSet rs0" in script


def test_the_image_is_built_checked_and_scanned_for_both_processors() -> None:
    composition = jobs(ROOT / ".github" / "workflows" / "ci.yml")["composition"]
    steps = str(composition["steps"])
    released = jobs(ROOT / ".github" / "workflows" / "release.yml")
    built = {each["processor"]: each["runner"] for each in released["processor"]["strategy"]["matrix"]["include"]}

    assert composition["strategy"]["matrix"]["runner"] == ["ubuntu-24.04", "ubuntu-24.04-arm"]
    assert ".ci/smoke" in steps
    assert "trivy-action" in steps
    assert built == {"amd64": "ubuntu-24.04", "arm64": "ubuntu-24.04-arm"}
    assert all(f'"$IMAGE-{processor}"' in str(released["image"]["steps"]) for processor in built)


@pytest.mark.parametrize(
    "file", ["docker-compose.yml", "Dockerfile", ".ci/smoke", ".github/workflows/ci.yml", "pyproject.toml"]
)
def test_the_version_is_the_same_everywhere(file: str) -> None:
    text = (ROOT / file).read_text()
    named = re.findall(r'inventory:(\d+\.\d+\.\d+)|image\.version="(.+?)"|^version = "(.+?)"', text, re.MULTILINE)

    assert {"".join(version) for version in named} <= {__version__}


def test_every_kind_of_dependency_is_kept_up_to_date() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]

    assert {update["package-ecosystem"] for update in updates} == {"pip", "github-actions", "docker", "docker-compose"}
