"""Lists of URLs as programs export them and people write them: which URLs are found, or why the file is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.services import Services
from tests.imports.actions import Listed, assert_listed

LISTS = Path(__file__).parents[1] / "samples" / "lists"


def cases() -> Iterator[tuple[str, Listed]]:
    """Each line of these files is a case: a name, and the members of `Listed`."""
    for path in sorted(LISTS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            case = json.loads(line)
            yield f"{path.stem}: {case.pop('case')}", Listed(**case)


CASES = dict(cases())


@pytest.mark.parametrize("listed", CASES.values(), ids=CASES)
def test_each_list_is_taken_or_refused_as_it_should(services: Services, listed: Listed) -> None:
    assert_listed(services, listed)


def test_there_are_lists_of_each_kind() -> None:
    assert {name.partition(":")[0] for name in CASES} == {"documents", "json", "tables", "text"}
