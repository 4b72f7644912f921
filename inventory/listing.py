"""Positions in listings."""

from __future__ import annotations

from datetime import datetime

Key = tuple[datetime, str]
"""A position in a listing that is ordered by (instant, id), newest first."""
