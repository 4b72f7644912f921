"""Generated requests with keys of every kind, and without: no fault of ours, and no answer that is not documented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from inventory import create_app
from inventory.access.key_text import new_key_text
from inventory.access.model import Mode, Verb
from inventory.config import Settings
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock
from tests.fuzz.documented import check

if TYPE_CHECKING:
    from schemathesis.schemas import BaseSchema


@pytest.fixture
def clock() -> FakeClock:
    """A clock that goes on, because a request may ask to wait for up to 30 seconds, and nobody collects meanwhile."""
    return FakeClock(step=5.0)


@pytest.fixture(params=[Mode.KEYS, Mode.READONLY_OPEN], ids=lambda mode: mode.value)
def services(request: pytest.FixtureRequest, make_services: Build, settings: Settings) -> Services:
    return make_services(replace(settings, access=request.param, live_streams=5_000, api_threads=8_192))


@pytest.fixture
def served(services: Services) -> BaseSchema:
    import schemathesis  # here: every process of the suite reads this module, and it takes a second

    return schemathesis.openapi.from_wsgi("/openapi.json", create_app(services=services))


@pytest.fixture
def callers(services: Services) -> Sequence[Mapping[str, str]]:
    """The headers of nobody, of wrong keys, of one that expires, of limited ones and of an admin."""

    def key(name: str, *scopes: str, **more: timedelta) -> str:
        return services.keys.create(name, scopes, **more)[1]

    verbs = [verb for verb in Verb if verb is not Verb.ADMIN]
    return (
        {},
        {"Authorization": f"Bearer {new_key_text()}"},
        {"X-API-Key": "\xe9 no key"},
        {"X-API-Key": key("soon over", "admin", expires_in=timedelta(seconds=1))},
        {"X-API-Key": key("read", "read")},
        {"Authorization": f"Bearer {key('hosts', *(f'{verb}:*.example.com' for verb in verbs))}"},
        {"X-API-Key": key("tags", *(f"{verb}:tag=shop" for verb in verbs))},
        {"X-API-Key": key("admin", "admin")},
    )


@pytest.mark.parametrize("name", ["POSITIVE", "NEGATIVE"], ids=["fitting", "unfitting"])
def test_every_answer_to_a_key_is_documented(served: BaseSchema, name: str, callers: Sequence[Mapping[str, str]]) -> None:
    assert {401, 403} <= check(served, name, callers, examples=10)
