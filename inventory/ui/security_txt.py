"""`/.well-known/security.txt` (RFC 9116): where to report a vulnerability of this service, if its operator has said so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Blueprint, Response

from inventory.errors import NotFound
from inventory.services import services
from inventory.web_api import needs
from inventory.web_api.needs import PUBLIC

PATH = "/.well-known/security.txt"
VALID_FOR = timedelta(days=180)
"""How long a copy of the file may be trusted; RFC 9116 recommends less than a year."""

blueprint = Blueprint("security_txt", __name__)


@blueprint.get(PATH)
@needs.needs(PUBLIC)
def security_txt() -> Response:
    """The contacts from the settings; 404 without one."""
    settings = services().settings
    if not settings.security_contact:
        raise NotFound("The operator of this service has named no security contact (INVENTORY_SECURITY_CONTACT).")
    now = services().jobs.clock()
    text = document(settings.security_contact, settings.security_policy, settings.public_url, now)
    return Response(text, mimetype="text/plain")


def document(contacts: Sequence[str], policy: str, public_url: str, now: datetime) -> str:
    """The file, which is the same for a whole day. A URL without TLS is not named in it (RFC 9116, 2.5.2)."""
    expires = (now + VALID_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [f"Contact: {contact}" for contact in contacts]
    lines.append(f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}")
    if public_url.startswith("https://"):
        lines.append(f"Canonical: {public_url.rstrip('/')}{PATH}")
    if policy:
        lines.append(f"Policy: {policy}")
    return "\n".join([*lines, ""])
