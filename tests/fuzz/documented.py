"""Generated requests against the served document of an app: every answer has to be documented, and none a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given
from hypothesis import settings as profile

if TYPE_CHECKING:
    import schemathesis
    from schemathesis.schemas import APIOperation, BaseSchema


def operations(served: BaseSchema) -> Iterator[APIOperation]:
    """All of the document."""
    for result in served.get_all_operations():
        yield result.ok()


def check(served: BaseSchema, mode: str, callers: Sequence[Mapping[str, str]] = ({},), *, examples: int = 40) -> set[int]:
    """Send each operation so many requests that fit (POSITIVE) or do not (NEGATIVE), each with these headers in turn.

    The statuses that were answered.
    """
    from schemathesis import GenerationMode, checks  # here: it takes a second, and each process of the suite reads this
    from schemathesis.specs.openapi import checks as openapi

    all_checks = [
        checks.not_a_server_error,
        openapi.status_code_conformance,
        openapi.content_type_conformance,
        openapi.response_schema_conformance,
    ]
    generation, seen = GenerationMode[mode], set[int]()
    for operation in operations(served):
        tried = 0

        @given(case=operation.as_strategy(generation_mode=generation))
        @profile(
            max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        def answers_as_documented(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            for headers in callers:
                seen.add(case.call_and_validate(checks=all_checks, headers=dict(headers)).status_code)

        if generation is GenerationMode.NEGATIVE and not operation.query and not operation.body:
            continue  # there is nothing about it that could be unfitting
        answers_as_documented()
        assert tried
    return seen
