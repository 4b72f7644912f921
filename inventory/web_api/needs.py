"""What a view needs: each says which verb of `access` it is, so that a request can be refused before the view is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = ""
"""In place of a verb: everybody may, also without a key."""
COUNTED_AS = {"read": "lookups", "export": "lookups", "collect": "collections"}
"""What quotas count requests of a verb as, where the view says nothing else; the others are not counted."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""What is not among these no view answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one method of one view needs.

    `limited`: a scope that is limited to hosts or tags is enough, because the view itself asks for these limits.
    `effect` is the verb of what the view does besides if the caller may, and otherwise leaves. `action` names what is done,
    for the audit, where it does not follow from method and route. `counted` says what quotas count a request as where that
    does not follow from the verb. `other` is a verb that is enough in place of the first one.
    """

    verb: str
    limited: bool = False
    other: str | None = None
    effect: str | None = None
    action: str | None = None
    counted: str | None = None

    @property
    def counted_as(self) -> str | None:
        """What quotas count a request as; None if they do not."""
        return self.counted or COUNTED_AS.get(self.verb)


ADMIN = Need(verb="admin")
"""What a view needs that does not say it."""


def needs(
    verb: str,
    *,
    limited: bool = False,
    other: str | None = None,
    effect: str | None = None,
    action: str | None = None,
    counted: str | None = None,
) -> Callable[[View], View]:
    """Say what a view needs; see `Need`. It stands directly above the view, because other decorators document it."""

    def mark(view: View) -> View:
        need = Need(verb=verb, limited=limited, other=other, effect=effect, action=action, counted=counted)
        view.need = need  # type: ignore[attr-defined]
        return view

    return mark


def need_of(view: Any) -> Need | None:
    """What a function says that it needs, None if it does not say it."""
    found = getattr(view, "need", None)
    return found if isinstance(found, Need) else None


def all_needs(app: Flask) -> dict[tuple[str, str], Need | None]:
    """What the views of an app say that they need, by endpoint and method; None where one does not say it."""
    found: dict[tuple[str, str], Need | None] = {}
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        of_methods = getattr(view, "view_class", None)
        for method in (rule.methods or set()).intersection(METHODS):
            name = "get" if method == "HEAD" else method.lower()
            found[rule.endpoint, method] = need_of(view if of_methods is None else getattr(of_methods, name, None))
    return found
