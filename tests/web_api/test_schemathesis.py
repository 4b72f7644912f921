"""Generated requests against the served document find no fault of ours and no answer that is not documented."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from inventory import create_app
from inventory.config import Settings
from tests.conftest import Build
from tests.fakes import FakeClock
from tests.fuzz.documented import check, operations

if TYPE_CHECKING:
    from schemathesis.schemas import BaseSchema

VERBS = {"get", "post", "put", "delete", "patch"}


@pytest.fixture
def clock() -> FakeClock:
    """A clock that goes on, because a request may ask to wait for up to 30 seconds, and nobody collects meanwhile."""
    return FakeClock(step=5.0)


@pytest.fixture
def served(make_services: Build, settings: Settings) -> BaseSchema:
    """The document of an app with room for many downloads, because schemathesis closes no response."""
    import schemathesis  # here: every process of the suite reads this module, and it takes a second

    services = make_services(replace(settings, live_streams=1_000, api_threads=1_024))
    return schemathesis.openapi.from_wsgi("/openapi.json", create_app(services=services))


def test_every_operation_is_among_those_that_are_tried(served: BaseSchema) -> None:
    documented = [
        (path, method) for path, methods in served.raw_schema["paths"].items() for method in methods if method in VERBS
    ]

    assert sorted((operation.path, operation.method) for operation in operations(served)) == sorted(documented)
    assert len(documented) > 10


@pytest.mark.parametrize("name", ["POSITIVE", "NEGATIVE"], ids=["fitting", "unfitting"])
def test_every_answer_is_documented(served: BaseSchema, name: str) -> None:
    check(served, name)
