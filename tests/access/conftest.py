"""An app in the mode `keys`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inventory.access.model import Mode
from inventory.config import Settings
from tests.access.guarded import Guarded
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb


@pytest.fixture
def guarded(make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock) -> Guarded:
    return Guarded(make_services(replace(settings, access=Mode.KEYS)), web, clock)
