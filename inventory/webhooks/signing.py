"""Signs messages for webhooks as Standard Webhooks 1.0 has it."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer

BEGINNING = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A random secret as receivers take it: 32 bytes in base64, after what tells what they are."""
    return BEGINNING + b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def signed_headers(message_id: str, payload: bytes, signing: Sequence[str], now: datetime) -> Mapping[str, str]:
    """The headers that let a receiver verify a message, sent now, with any of these secrets."""
    now = now.astimezone(UTC)  # the library takes the time of day for UTC
    signatures = [Signer(secret).sign(message_id, now, payload.decode()) for secret in signing]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
