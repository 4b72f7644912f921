"""How pages write numbers, durations and instants: filters of all templates."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("formats", __name__)


@blueprint.app_template_filter()
def number(value: int | None) -> str:
    """A count, such as `12,345`."""
    return "?" if value is None else f"{value:,}"


@blueprint.app_template_filter()
def percent(value: float | None) -> str:
    """A share of 100."""
    return "–" if value is None else f"{value:.1f} %"


@blueprint.app_template_filter()
def rate(value: float | None) -> str:
    """Rows a second."""
    return "–" if value is None else f"{value:,g} rows/s"


@blueprint.app_template_filter()
def duration(seconds: int | None) -> str:
    """A time to wait, in its two largest units."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(seconds, 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@blueprint.app_template_filter()
def instant(text: str | None) -> str:
    """An instant to the second, in UTC."""
    return "–" if text is None else f"{text[:19].replace('T', ' ')}Z"
