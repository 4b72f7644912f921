"""What other features know webpages by."""

from __future__ import annotations

SOURCE = "webpage"
"""The name of the source, whose snapshots are of HTTP."""
