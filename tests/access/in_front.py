"""Asking the shortcut in front of the application."""

from __future__ import annotations

from collections.abc import Mapping

from flask.testing import FlaskClient

from inventory.web_api.shortcut import Groupable, Shortcut


def ask_in_front(client: FlaskClient, front: Shortcut, target: str, fields: Mapping[str, str]) -> Groupable:
    """A lookup that the shortcut is to answer, which knows a key for two seconds after the application has seen it."""
    for _ in range(20):
        client.get("/api/v1/records", headers=dict(fields))
        asked = front(target, fields, peer="203.0.113.7", at_once=True)
        if isinstance(asked, Groupable):
            return asked
    raise AssertionError("the shortcut does not answer this")
