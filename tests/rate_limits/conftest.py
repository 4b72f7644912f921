"""An upstream to call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.upstreams import Upstream


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server
