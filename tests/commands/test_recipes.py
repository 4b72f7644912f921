"""docs/search.md says what is so: its recipes, asked of the fleet of the tests, answer what stands below them.

The README's commands do so, too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import fakeredis
import pytest

from inventory import wiring
from inventory.config import Settings
from tests.commands.documented import Command, commands, is_meant, printed, requested
from tests.fakes import Unlimited
from tests.fleet.fleet import TODAY, Fleet, fleet_on
from tests.fleet.sites import FIRST, RENEWED, SECOND, THIRD

ROOT = Path(__file__).parents[2]
RECIPES = (ROOT / "docs" / "search.md").read_text("utf-8").partition("\n## Recipes\n")[2].partition("\n## ")[0]
README = (ROOT / "README.md").read_text("utf-8").partition("\n## Ask the whole inventory\n")[2].partition("\n## ")[0]


def recipes() -> dict[str, list[Command]]:
    """The commands of each recipe, by its question."""
    return {each.partition("\n")[0]: commands(each) for each in RECIPES.split("\n### ")[1:]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fleet")


@pytest.fixture(scope="module")
def fleet(folder: Path) -> Iterator[Fleet]:
    """The sites after the three weeks, on the morning after the incident."""
    settings = Settings(data_dir=folder)
    build = partial(wiring.build, redis=fakeredis.FakeRedis(), rng=random.Random(7), budgets=Unlimited())
    with closing(wiring.open_store(settings)) as store, fleet_on(store, partial(build, settings)) as fleet:
        fleet.collect(FIRST)
        fleet.collect(SECOND)
        fleet.renew(RENEWED)
        fleet.collect(THIRD)
        fleet.clock.now = TODAY + timedelta(hours=9)
        yield fleet


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return {"INVENTORY_DATA_DIR": str(folder), "INVENTORY_REDIS_URL": "redis://127.0.0.1:1/0", "COLUMNS": "150"}


@pytest.mark.parametrize("question", recipes())
def test_a_recipe_answers_what_stands_below_it(fleet: Fleet, environment: dict[str, str], question: str) -> None:
    for command in recipes()[question]:
        said = requested(fleet.client, command.words) if command.is_request else printed(environment, command.words)
        assert not command.answer.strip() or is_meant(command.answer, said), said


@pytest.mark.usefixtures("fleet")
def test_the_commands_of_the_readme_answer_what_stands_below_them(environment: dict[str, str]) -> None:
    asked = commands(README)

    for command in asked:
        assert is_meant(command.answer, said := printed(environment, command.words)), said
    assert len(asked) >= 3


@pytest.mark.parametrize("question", recipes())
def test_a_recipe_answers_the_same_over_http_and_in_a_terminal(
    fleet: Fleet, environment: dict[str, str], question: str
) -> None:
    asked = recipes()[question]
    over_http = [requested(fleet.client, each.words) for each in asked if each.is_request and "/export" not in each.words[2]]
    in_terminal = [printed(environment, each.words, "--json") for each in asked if not each.is_request]

    assert [told(each) for each in over_http] == [told(each) for each in in_terminal] != []


def told(document: str) -> dict[str, Any]:
    """A document without what depends on when it was asked for."""
    return {name: value for name, value in json.loads(document).items() if name not in ("since", "until", "next_cursor")}


def test_the_page_has_a_recipe_for_each_question_that_people_ask() -> None:
    assert len(recipes()) >= 9
    assert all(any(each.answer.strip() for each in asked) for asked in recipes().values())


@pytest.mark.parametrize(
    ("answer", "said", "meant"),
    [
        ("a b", "a\n b", True),
        ("a", "ab", False),
        ("a…", "ab", True),
        ("…b", "ab", True),
        ("a…c…e", "abcde", True),
        ("a…c…e", "abde", False),
        ("a…c…e", "abcd", False),
        ("b…", "ab", False),
    ],
)
def test_what_is_shortened_is_compared_all_the_same(answer: str, said: str, meant: bool) -> None:
    assert is_meant(answer, said) is meant
