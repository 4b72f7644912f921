"""All pages: what `create_app` registers of them."""

from __future__ import annotations

from inventory.ui import (
    api_docs,
    changes,
    events,
    formats,
    home,
    jobs,
    login,
    pages,
    products,
    security_txt,
    upstreams,
    weather,
)
from inventory.ui.records import diffs
from inventory.ui.records import views as records
from inventory.ui.search import views as search
from inventory.ui.watches import form_views as watch_forms
from inventory.ui.watches import views as watches
from inventory.ui.watches import webhooks

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
