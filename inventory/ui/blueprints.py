"""All pages: what `create_app` registers of them."""

from __future__ import annotations

from inventory.ui import (
    api_docs,
    changes,
    diffs,
    events,
    formats,
    home,
    jobs,
    login,
    pages,
    products,
    records,
    search,
    security_txt,
    upstreams,
    watch_forms,
    watches,
    weather,
    webhooks,
)  # fmt: skip

PAGES = (
    pages.blueprint,
    formats.blueprint,
    home.blueprint,
    search.blueprint,
    records.blueprint,
    diffs.blueprint,
    changes.blueprint,
    jobs.blueprint,
    watches.blueprint,
    watch_forms.blueprint,
    webhooks.blueprint,
    upstreams.blueprint,
    weather.blueprint,
    products.blueprint,
    events.blueprint,
    api_docs.blueprint,
    login.blueprint,
    security_txt.blueprint,
)
