"""Inventory: ask for a URL, get its headers, cookies and page source at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from inventory.config import Settings
    from inventory.services import Services

__version__ = "0.1.0"


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The application for these settings, or for this process's environment; building it connects to nothing."""
    from inventory import app  # here: workers, commands and the demo start in half the time without the routes

    return app.create_app(settings, services)
