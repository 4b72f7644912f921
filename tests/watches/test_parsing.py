"""Which queries and fields a watch may have, and what is said of others."""

from __future__ import annotations

import pytest

from inventory.errors import InvalidQuery
from tests.watches.histories import watch


@pytest.mark.parametrize(
    ("query", "position", "sentence"),
    [
        ("sever:nginx", 1, "'sever' is not a field"),
        ("status:200 body.size:>1000", 12, "known of the latest snapshot only, and a watch compares collections"),
        ("elapsed_ms:>10", 1, "Leave this condition out"),
        ("status:[200", 8, "TO"),
    ],
)
def test_a_query_that_cannot_be_watched_is_refused_where_it_is_wrong(query: str, position: int, sentence: str) -> None:
    with pytest.raises(InvalidQuery, match=sentence) as refused:
        watch(query=query)

    assert (refused.value.position, list(refused.value.errors)) == (position, ["query"])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [("sever", "'sever' is not a field"), ("body.size", "ranges only"), ("failure", "Put `fails` into `on`")],
)
def test_fields_without_changes_are_refused(fields: str, sentence: str) -> None:
    with pytest.raises(InvalidQuery, match=sentence) as refused:
        watch(fields=fields)

    assert list(refused.value.errors) == ["fields"]


def test_a_watch_with_a_query_of_an_instant_that_is_over_is_still_read() -> None:
    """Once it was made; the instant in its range is later than `now` then."""
    assert watch(query="tls.not_after:[now TO 2026-05-01]", since=-10_000).timed
    assert not watch(query="status:200").timed
