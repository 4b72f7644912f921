"""Webpages whose answers a test writes byte for byte."""

from __future__ import annotations

import pytest

from tests.archive.conftest import World
from tests.conftest import Build
from tests.fakes import FakeClock


@pytest.fixture
def world(make_services: Build, clock: FakeClock) -> World:
    return World(make_services, clock)
