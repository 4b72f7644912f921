"""docs/watches.md says what is so: its recipes, tried on the fleet of the tests, answer what stands below them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import fakeredis
import pytest

from inventory import wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.webhooks.signing import signed_headers
from tests.commands.conftest import run
from tests.commands.documented import Command, commands, is_meant, printed, requested
from tests.fakes import Unlimited
from tests.fleet.fleet import TODAY, Fleet, fleet_on
from tests.fleet.sites import FIRST, RENEWED, SECOND, THIRD

PAGE = (Path(__file__).parents[2] / "docs" / "watches.md").read_text("utf-8")
EXAMPLE_ID = "5b4a392817064f3c2b1a0e5d9f8e7d6c"
MAGAZINES = {
    "name": "magazines",
    "query": "tag:magazine",
    "every": 604_800,
    "on": ["changes", "fails"],
    "webhook": "https://hooks.example.com/inventory",
}
DIFFERS = ("id", "created_at", "changed_at", "webhook_secrets")
"""Members of a watch that two of the same settings have not in common."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The sites, the watch that was there before the incident, and the secret of its webhook."""

    fleet: Fleet
    watch_id: str
    secret: str

    def said(self, environment: dict[str, str], command: Command) -> str:
        """What a command of the page says here."""
        words = [each.replace(EXAMPLE_ID, self.watch_id) for each in command.words]
        return requested(self.fleet.client, words) if command.is_request else printed(environment, words)

    def forget(self) -> None:
        """Remove all watches but the first one."""
        watches = self.fleet.services.watches
        for each in watches.listing(limit=99, after=None):
            if each.id != self.watch_id:
                watches.delete(each.id)


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def recipes() -> dict[str, list[Command]]:
    """The commands of each recipe, by its title."""
    return {each.partition("\n")[0]: commands(each) for each in section("Recipes").split("\n### ")[1:]}


def block(title: str, language: str) -> str:
    """The first block of a section in a language."""
    found = re.search(f"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("watched")


@pytest.fixture(scope="module")
def watched(folder: Path) -> Iterator[Watched]:
    """The sites on the morning after the incident, which a watch has told of."""
    settings = Settings(data_dir=folder)
    build = partial(wiring.build, redis=fakeredis.FakeRedis(), rng=random.Random(7), budgets=Unlimited())
    with closing(wiring.open_store(settings)) as store, fleet_on(store, partial(build, settings)) as fleet:
        fleet.collect(FIRST)
        fleet.collect(SECOND)
        made = fleet.client.post("/api/v1/watches", json=MAGAZINES).json
        fleet.renew(RENEWED)
        fleet.collect(THIRD)
        work = fleet.services.watch_work
        while work.looker.look():
            continue
        fleet.clock.forward(60)
        while work.composer.compose_next():
            continue
        fleet.clock.now = TODAY + timedelta(hours=9)
        yield Watched(fleet=fleet, watch_id=made["id"], secret=next(iter(made["webhook_secrets"].values())))


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {"INVENTORY_DATA_DIR": str(folder), "INVENTORY_REDIS_URL": "redis://127.0.0.1:1/0", "COLUMNS": "130"}


def are_right(watched: Watched, environment: dict[str, str], asked: Sequence[Command]) -> None:
    for command in asked:
        said = watched.said(environment, command)
        assert not command.answer.strip() or is_meant(command.answer, said), said


@pytest.mark.parametrize("title", recipes())
def test_a_recipe_answers_what_stands_below_it(watched: Watched, environment: dict[str, str], title: str) -> None:
    asked = recipes()[title]
    for is_request in (False, True):
        are_right(watched, environment, [each for each in asked if each.is_request is is_request])
        watched.forget()


@pytest.mark.parametrize("title", recipes())
def test_a_recipe_makes_the_same_watch_in_a_terminal_and_over_http(
    watched: Watched, environment: dict[str, str], title: str
) -> None:
    made = []
    for each in recipes()[title]:
        if each.is_request or "add" in each.words:
            text = watched.said(environment, each if each.is_request else Command(words=[*each.words, "--json"], answer=""))
            made.append({name: value for name, value in json.loads(text).items() if name not in DIFFERS})
            watched.forget()

    assert len(made) == 2
    assert made[0] == made[1]


def test_what_was_told_is_what_the_page_says(watched: Watched, environment: dict[str, str]) -> None:
    asked = commands(section("What was told"))

    are_right(watched, environment, asked)
    assert len(asked) == 4


def test_the_receiver_of_the_page_verifies_a_message(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    program: dict[str, Any] = {}
    exec(block("Webhooks", "python").replace("whsec_…", watched.secret), program)
    message = watched.fleet.services.watches.message(watched.watch_id, 1)

    headers = signed_headers(message.id, message.payload, [watched.secret], utc_now())
    program["received"](headers, message.payload)

    assert capsys.readouterr().out.endswith("changes script.host [] ['ads.tracker.example'] on 40 targets\n")


def test_the_file_of_the_page_is_applied_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"INVENTORY_DATA_DIR": str(tmp_path), "COLUMNS": "200"}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "watches.yaml").write_text(block("Watches as code", "yaml"), "utf-8")

    codes = []
    for command in commands(section("Watches as code")):
        done = run(environment, *command.words[1:])
        codes.append(done.exit_code)
        assert is_meant(command.answer, done.stdout), done.output
    assert codes == [3, 0, 0, 0]


def test_every_command_for_webhooks_of_the_page_is_one(watched: Watched, environment: dict[str, str]) -> None:
    asked = [each.words for each in commands(section("Webhooks"))]

    for words in asked:
        assert run(environment, *words[1:3], "--help").exit_code == 0
    assert len(asked) >= 5
    assert watched.watch_id
