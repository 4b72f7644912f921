"""The names of cipher suites in the registry of IANA, which archives use; a snapshot has those of OpenSSL."""

from __future__ import annotations

import re

_TLS_12 = re.compile(
    r"(?:ECDHE-(?P<key>RSA|ECDSA)-)?(?:AES(?P<bits>128|256)(?P<gcm>-GCM)?-(?P<hash>SHA\d*)|(?P<chacha>CHACHA20-POLY1305))"
)
"""Those that our client offers to servers without TLS 1.3."""


def registered_name(name: str) -> str | None:
    """The registered name of a suite; None of one that our client does not offer."""
    if name.startswith("TLS_"):  # those of TLS 1.3 have one name
        return name
    found = _TLS_12.fullmatch(name)
    if found is None:
        return None
    exchange = f"ECDHE_{found['key']}" if found["key"] else "RSA"
    if found["chacha"]:
        return f"TLS_{exchange}_WITH_CHACHA20_POLY1305_SHA256"
    return f"TLS_{exchange}_WITH_AES_{found['bits']}_{'GCM' if found['gcm'] else 'CBC'}_{found['hash']}"
