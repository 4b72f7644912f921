"""Lets scripts of pages of the origins that are named use the API (CORS), with a key that they send in a header.

No cookie counts for them: their requests carry none as far as a browser can tell, and `access.credentials` leaves out one
that comes along all the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from flask import Flask
from flask_cors import CORS

from inventory.web_api.needs import METHODS

SENT = (
    "Authorization", "X-API-Key", "Content-Type", "Accept", "If-None-Match", "Prefer", "Idempotency-Key", "Last-Event-ID",
    "X-Request-ID",
)  # fmt: skip
"""Headers of requests that routes read."""
READ = (
    "ETag", "Age", "Location", "Retry-After", "X-Request-ID", "RateLimit", "RateLimit-Policy", "WWW-Authenticate",
    "Content-Disposition", "Preference-Applied",
)  # fmt: skip
"""Headers of answers that scripts may read, besides those that they always may."""
PREFLIGHT_HOLDS_FOR = timedelta(minutes=10)


def register(app: Flask, origins: Sequence[str]) -> None:
    """Allow it to these origins; without any, no answer has a header of CORS.

    They are given as patterns of the whole origin, because flask-cors 6 takes a text for a pattern that has a bracket, as
    an IPv6 address does, and is content with a beginning.
    """
    if origins:
        CORS(
            app,
            origins=[re.compile(rf"{re.escape(origin)}\Z") for origin in origins],
            methods=METHODS,
            allow_headers=SENT,
            expose_headers=READ,
            max_age=PREFLIGHT_HOLDS_FOR,
            supports_credentials=False,
            always_send=False,
        )
