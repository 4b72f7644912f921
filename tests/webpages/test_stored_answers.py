"""What is answered of a known URL where nothing may be collected for it: the document of the API, or the promise of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from inventory.errors import NotInInventory
from inventory.services import Services
from inventory.webpages import answers
from tests.fakes import FakeClock, FakeWeb
from tests.webpages.actions import URL, look_up, work


def test_a_known_url_is_answered_as_the_api_answers_it(client: FlaskClient, services: Services) -> None:
    look_up(client)
    work(services)

    with client.application.app_context():
        assert answers.record({"url": URL}) == look_up(client).json
        assert answers.record({"url": URL, "fields_": ["cookies"]}) == look_up(client, fields="cookies").json


def test_a_stale_one_is_answered_and_not_collected(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    look_up(client)
    work(services)
    clock.forward(10)

    with client.application.app_context():
        assert answers.record({"url": URL, "max_age": timedelta(seconds=1)})["stale"]

    assert work(services) == 0
    assert web.asked[URL] == 1


def test_what_is_pending_is_answered_as_a_promise(client: FlaskClient) -> None:
    promised = look_up(client).json

    with client.application.app_context():
        assert answers.record({"url": URL}) == promised


def test_what_is_unknown_is_not_accepted(client: FlaskClient, services: Services) -> None:
    with client.application.app_context(), pytest.raises(NotInInventory):
        answers.record({"url": URL})

    assert work(services) == 0
