"""gunicorn's entry."""

from __future__ import annotations

from inventory import create_app

app = create_app()
