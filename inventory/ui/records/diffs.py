"""`/diff`: two snapshots of a webpage side by side."""

from __future__ import annotations

from typing import Any

from flask import Response

from inventory.changes import answers, schemas
from inventory.errors import InvalidRequest, NoSuchSnapshot
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.forms import load_query
from inventory.ui.page_errors import page_blueprint, page_with
from inventory.ui.pages import page
from inventory.ui.records import diff_view
from inventory.ui.records.searched import HEADERS, searched
from inventory.ui.records.views import address_again
from inventory.web_api import needs
from inventory.webpages import answers as webpages

blueprint = page_blueprint("diff_pages")

DIFF_QUERY = schemas.DiffQuery()
MAX_CHOICES = 20
"""Snapshots among which the form lets one choose."""
SHOWN = f"{HEADERS},title,generator,ip,reason,final.url,redirect.url,tls.*,*.host,script.inline,body.sha256,defect"
"""The fields that may be volatile by their history."""


@blueprint.get("/diff")
@needs.needs("read", limited=True)
def diff() -> Response:
    """All that differs between two snapshots, the latest two by default, and the form that chooses others."""
    try:
        query = load_query(DIFF_QUERY)
        url = webpages.target("read", query["url"]).key
    except InvalidRequest as error:
        return address_again(error)
    choices = webpages.snapshots({"url": url, "limit": MAX_CHOICES, "cursor": None})
    try:
        document = answers.diff(query)
    except (NoSuchSnapshot, InvalidRequest) as error:
        return page_with("diff.html", error, url=url, choices=choices["snapshots"])
    return _page(url, document, choices)


def _page(url: str, document: dict[str, Any], choices: dict[str, Any]) -> Response:
    volatile = searched(url, SHOWN).volatile
    for_changes, for_text = diff_view.rooms(url)
    older, newer = document["from"]["id"], document["to"]["id"]
    groups, left_out = diff_view.groups(document, volatile, for_changes)
    listed = {each["id"]: each for each in (document["to"], document["from"], *choices["snapshots"])}
    return page(
        "diff.html",
        url=url,
        document=document,
        choices=sorted(listed.values(), key=lambda each: str(each["collected_at"]), reverse=True),
        groups=groups,
        left_out=left_out,
        lines=diff_view.text_lines(document, for_text),
        ways=same_elsewhere(
            "/api/v1/metadata/diff",
            {"url": url, "from": older, "to": newer},
            *("diff", url, "--from", older, "--to", newer),
        ),
    )
