"""Responses of Flask views."""

from __future__ import annotations

from typing import Any

from flask import Response

from inventory import json_bytes


def json_response(document: Any, status: int = 200) -> Response:
    """A JSON document."""
    return Response(json_bytes.dumps(document), status, mimetype="application/json")
