"""Generated requests against the served document find no fault of ours and no answer that is not documented."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.schemas import BaseSchema

from inventory import create_app
from inventory.wiring import Services

generated = schemathesis.pytest.from_fixture("served")


@pytest.fixture
def served(services: Services) -> BaseSchema:
    return schemathesis.openapi.from_wsgi("/openapi.json", create_app(services=services))


@generated.parametrize()
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@pytest.mark.timeout(300)
def test_every_answer_is_documented(case: schemathesis.Case) -> None:
    case.call_and_validate(
        checks=[
            checks.not_a_server_error,
            checks.CHECKS.get_one("status_code_conformance"),
            checks.CHECKS.get_one("content_type_conformance"),
            checks.CHECKS.get_one("response_schema_conformance"),
        ]
    )
