"""What an answer is as a page of a feed: its JSON, or why there is none."""

from __future__ import annotations

from decimal import Decimal
from math import inf

import pytest

from inventory.http_client.body import Body
from inventory.products.pages import MAX_FRACTIONS, Malformed, PageResponse, Pages


def answer(body: Body) -> PageResponse:
    return PageResponse(200, body, (), None, 0)


def test_a_page_whose_end_nothing_tells_is_read_if_it_is_whole_in_itself() -> None:
    assert Pages.read(answer(Body(b'{"items": [1]}', truncated=True, abrupt_end=True))) == {"items": [1]}


@pytest.mark.parametrize(
    ("body", "said", "permanent"),
    [
        (Body(b'{"items": [1', truncated=True, abrupt_end=True), "not valid JSON", False),
        (Body(b'{"items": [1]}', truncated=True), "has more than", True),
    ],
)
def test_a_page_that_was_cut_is_malformed(body: Body, said: str, permanent: bool) -> None:
    with pytest.raises(Malformed, match=said) as caught:
        Pages.read(answer(body))

    assert caught.value.permanent is permanent


@pytest.mark.parametrize("number", [f"{'9' * 20}", "999", f"-{'9' * 20}"])
def test_a_number_of_any_exponent_is_infinite_or_0_and_no_fault(number: str) -> None:
    read = Pages.read(answer(Body(f"[1e{number}, 1.50, 1e2]".encode())))

    assert read == [0.0 if number.startswith("-") else inf, Decimal("1.50"), 100]


def test_a_page_of_too_many_fractions_is_malformed_and_one_of_as_many_points_in_texts_is_not() -> None:
    points = "." * (MAX_FRACTIONS + 1)

    assert Pages.read(answer(Body(f'["{points}", 1.50]'.encode()))) == [points, Decimal("1.50")]
    with pytest.raises(Malformed, match="more than 500,000 fractions"):
        Pages.read(answer(Body(b"[" + b",".join([b"1.5"] * (MAX_FRACTIONS + 1)) + b"]")))
