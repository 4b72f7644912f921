"""What an answer is as a page of a feed: its JSON, or why there is none."""

from __future__ import annotations

import pytest

from inventory.http_client.body import Body
from inventory.products.pages import Malformed, PageResponse, Pages


def answer(body: Body) -> PageResponse:
    return PageResponse(200, body, (), None, 0)


def test_a_page_whose_end_nothing_tells_is_read_if_it_is_whole_in_itself() -> None:
    assert Pages.read(answer(Body(b'{"items": [1]}', truncated=True, cut=True))) == {"items": [1]}


@pytest.mark.parametrize(
    ("body", "said", "permanent"),
    [
        (Body(b'{"items": [1', truncated=True, cut=True), "not valid JSON", False),
        (Body(b'{"items": [1]}', truncated=True), "has more than", True),
    ],
)
def test_a_page_that_was_cut_is_malformed(body: Body, said: str, permanent: bool) -> None:
    with pytest.raises(Malformed, match=said) as caught:
        Pages.read(answer(body))

    assert caught.value.permanent is permanent
