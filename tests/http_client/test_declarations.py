"""Where a page declares its encoding: a body without `<meta` in its first bytes is not looked through, and loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.http_client.declarations import DECLARED_BYTES, meta_labels

PARTS = st.sampled_from(
    [
        b"<html>",
        b"<head>",
        b"</head>",
        b"<p>",
        b"</p>",
        b"<title>a</title>",
        b"<script>'<meta charset=a>'</script>",
        b"text ",
        b"<!-- <meta charset=b> -->",
        b"<META CharSet=c>",
        b"<meta http-equiv=content-type content='charset=d'>",
        b"<br title='<meta'>",
    ]
)


@given(st.lists(PARTS, max_size=12))
def test_a_body_is_looked_through_only_where_that_can_find_something(parts: list[bytes]) -> None:
    page = b"".join(parts)

    assert list(meta_labels(page)) == list(meta_labels(page + b"<meta name=x>"))


@pytest.mark.parametrize("start", [DECLARED_BYTES - 1, DECLARED_BYTES])
@pytest.mark.parametrize("meta", [b"<meta charset=koi8-r>", b"<META CHARSET=koi8-r>"])
def test_a_body_declares_it_in_the_bytes_that_browsers_look_at(start: int, meta: bytes) -> None:
    page = b"<p>".ljust(start) + meta

    assert list(meta_labels(page)) == (["koi8-r"] if start < DECLARED_BYTES else [])
