"""Receivers of messages."""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inventory.listing import Key
from inventory.store.codecs import from_millis, read_text, text_bytes, to_millis, to_millis_or_none
from inventory.store.sqlite import deliveries, rows
from inventory.store.sqlite.connections import Adapter, Row
from inventory.store.watch_codecs import key_of, read_secrets, secrets_content
from inventory.webhooks.model import HOLD_AHEAD, Webhook

WEBHOOK = "id, url, created_at, secrets, disabled_because, not_before, failing_since, version"
FIND = f"SELECT {WEBHOOK} FROM webhooks WHERE id = ?"
OF_URL = f"SELECT {WEBHOOK} FROM webhooks WHERE url_key = ?"
LISTING = f"""
    SELECT {WEBHOOK} FROM webhooks WHERE (created_at, id) < (:instant, :id)
    ORDER BY created_at DESC, id DESC LIMIT :limit"""
INSERT = f"""
    INSERT INTO webhooks ({WEBHOOK}, url_key)
    SELECT :id, :url, :created_at, :secrets, :disabled_because, :not_before, :failing_since, :version, :url_key
    WHERE (SELECT count(*) FROM webhooks) < :at_most"""
REPLACE = """
    UPDATE OR IGNORE webhooks SET url = :url, url_key = :url_key, secrets = :secrets, disabled_because = :disabled_because,
    not_before = iif(:ends_hold, NULL, not_before), failing_since = iif(:ends_failing, NULL, failing_since),
    version = version + 1 WHERE id = :id AND version = :seen_version"""
HOLD = "iif(not_before <= :latest, not_before, NULL)"
NOTE = f"""
    UPDATE webhooks SET not_before = coalesce(max({HOLD}, :hold_until), {HOLD}, :hold_until),
    failing_since = iif(:failed_at IS NULL, NULL, coalesce(failing_since, :failed_at)),
    disabled_because = coalesce(disabled_because, :disabled),
    version = version + (:disabled IS NOT NULL AND disabled_because IS NULL) WHERE id = :id"""


class SqliteWebhooks(Adapter):
    def add(self, webhook: Webhook, *, at_most: int) -> Webhook | None:
        values = _values(webhook) | {"at_most": at_most}
        with self._connections.writing() as connection:
            found = connection.execute(OF_URL, (values["url_key"],)).fetchall()
            if found:
                return _read(found[0])
            if connection.execute(INSERT, values).rowcount == 0:
                return None
            return _read(connection.execute(FIND, (webhook.id,)).fetchone())

    def find(self, webhook_id: str) -> Webhook | None:
        found = self._connections.rows(FIND, (webhook_id,))
        return _read(found[0]) if found else None

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Webhook]:
        return [_read(row) for row in self._connections.rows(LISTING, rows.page(limit, after))]

    def replace(self, seen: Webhook, webhook: Webhook) -> bool:
        ends = {
            "ends_hold": seen.not_before is not None and webhook.not_before is None,
            "ends_failing": seen.failing_since is not None and webhook.failing_since is None,
        }
        values = _values(webhook) | ends | {"id": seen.id, "seen_version": seen.version}
        with self._connections.writing() as connection:
            return connection.execute(REPLACE, values).rowcount == 1

    def note(
        self,
        webhook_id: str,
        *,
        failed_at: datetime | None,
        hold_until: datetime | None,
        disabled: str | None,
        now: datetime,
    ) -> None:
        values = {
            "id": webhook_id,
            "failed_at": to_millis_or_none(failed_at),
            "hold_until": to_millis_or_none(hold_until),
            "latest": to_millis(now + HOLD_AHEAD),
            "disabled": text_bytes(disabled),
        }
        with self._connections.writing() as connection:
            connection.execute(NOTE, values)

    def delete(self, webhook_id: str, *, now: datetime) -> bool:
        with self._connections.writing() as connection:
            deleted = connection.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount == 1
            deliveries.cancel(connection, webhook_id, now)
        return deleted


def _values(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": text_bytes(webhook.url),
        "url_key": key_of(webhook.url),
        "created_at": to_millis(webhook.created_at),
        "secrets": secrets_content(webhook.secrets),
        "disabled_because": text_bytes(webhook.disabled_because),
        "not_before": to_millis_or_none(webhook.not_before),
        "failing_since": to_millis_or_none(webhook.failing_since),
        "version": webhook.version,
    }


def _read(row: Row) -> Webhook:
    """The webhook in a row of the columns `WEBHOOK`."""
    return Webhook(
        id=row[0],
        url=read_text(row[1]) or "",
        created_at=from_millis(row[2]),
        secrets=read_secrets(row[3]),
        disabled_because=read_text(row[4]),
        not_before=None if row[5] is None else from_millis(row[5]),
        failing_since=None if row[6] is None else from_millis(row[6]),
        version=row[7],
    )
