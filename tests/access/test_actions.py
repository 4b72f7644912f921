"""What the audit calls a request."""

from __future__ import annotations

import pytest

from inventory import create_app
from inventory.access.actions import READ, action_of
from inventory.services import Services
from inventory.web_api import needs
from inventory.web_api.same_origin import SAFE

ACTIONS = {
    "POST /api/v1/metadata": "metadata.collect",
    "DELETE /api/v1/metadata": "metadata.delete",
    "PUT /api/v1/metadata/tags": "metadata.tag",
    "POST /api/v1/imports": "import.create",
    "POST /api/v1/imports/preview": "import.preview",
    "POST /api/v1/jobs/<job_id>/cancel": "job.cancel",
    "POST /api/v1/jobs/<job_id>/retry": "job.retry",
    "DELETE /api/v1/history": "history.delete",
    "POST /api/v1/products/runs": "product.run",
    "POST /products/runs": "product.run",
    "POST /api/v1/watches": "watch.create",
    "PATCH /api/v1/watches/<watch_id>": "watch.change",
    "DELETE /api/v1/watches/<watch_id>": "watch.delete",
    "POST /api/v1/watches/<watch_id>/pause": "watch.pause",
    "POST /api/v1/watches/<watch_id>/resume": "watch.resume",
    "POST /api/v1/watches/<watch_id>/test": "watch.test",
    "POST /api/v1/watches/<watch_id>/messages/<number>/deliveries/<delivery_id>/again": "delivery.again",
    "POST /watches": "watch.create",
    "POST /watches/<watch_id>/edit": "watch.change",
    "POST /watches/<watch_id>/delete": "watch.delete",
    "POST /watches/<watch_id>/pause": "watch.pause",
    "POST /watches/<watch_id>/resume": "watch.resume",
    "POST /watches/<watch_id>/messages/<number>/deliveries/<delivery_id>/again": "delivery.again",
    "POST /webhooks/<webhook_id>/rotate": "webhook.rotate",
    "POST /webhooks/<webhook_id>/test": "webhook.test",
    "POST /webhooks/<webhook_id>/enable": "webhook.change",
    "POST /webhooks/<webhook_id>/disable": "webhook.change",
    "POST /api/v1/policies": "policy.create",
    "DELETE /api/v1/policies/<policy_id>": "policy.delete",
    "POST /api/v1/webhooks": "webhook.create",
    "PATCH /api/v1/webhooks/<webhook_id>": "webhook.change",
    "DELETE /api/v1/webhooks/<webhook_id>": "webhook.delete",
    "POST /api/v1/webhooks/<webhook_id>/rotate": "webhook.rotate",
    "POST /api/v1/webhooks/<webhook_id>/test": "webhook.test",
    "POST /api/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/again": "delivery.again",
    "POST /api/v1/keys": "key.create",
    "DELETE /api/v1/keys/<key_id>": "key.revoke",
    "POST /record/collect": "metadata.collect",
    "POST /record/tags": "metadata.tag",
    "POST /record/delete": "metadata.delete",
    "POST /jobs": "import.create",
    "POST /jobs/<job_id>/cancel": "job.cancel",
    "POST /jobs/<job_id>/retry": "job.retry",
    "POST /login": "session.create",
    "POST /logout": "session.delete",
}
"""Every request that changes something: a new one has to be named here."""


def test_each_request_that_changes_something_has_the_name_that_is_documented(services: Services) -> None:
    app = create_app(services=services)
    rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}
    found = {
        f"{method} {rules[endpoint]}": need.action or action_of(method, rules[endpoint])
        for (endpoint, method), need in needs.all_needs(app).items()
        if need is not None and method not in SAFE and need.verb != READ and (need.verb or need.action)
    }

    assert {rule: action for rule, action in found.items() if ACTIONS.get(rule) != action} == {}
    assert len(found) > 20


@pytest.mark.parametrize(
    ("method", "rule", "action"),
    [
        ("GET", "/api/v1/metadata", "metadata.read"),
        ("GET", "/api/v1/watches/<watch_id>", "watch.read"),
        ("GET", "/api/v1/jobs/<job_id>/rows", "row.read"),
        ("GET", "/api/v1/search/export", "export.read"),
        ("GET", "/api/v1/bodies/<sha256>", "body.read"),
        ("GET", "/jobs/<job_id>", "job.read"),
        ("GET", "/", "page.read"),
        ("GET", "/.well-known/security.txt", "security_txt.read"),
    ],
)
def test_what_is_only_read_is_named_by_what_it_is(method: str, rule: str, action: str) -> None:
    assert action_of(method, rule) == action
