"""What can be collected: the protocol of a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from inventory.rate_limits.calls import Calls
from inventory.records.model import Attachment, Content, Target


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collection saw.

    `body` is kept once per distinct content and named by its SHA-256. With `unchanged` it is None, and the snapshot shares
    the body of the `previous` that was given: `content["body"]["sha256"]` names it. `come_back_in` is set, in seconds, if
    the upstream asked for a pause (429, 503): what was collected is then kept only if no attempt is left. `body_sha256` is
    that of the body in hexadecimal, if it is known already. `attachments` are other bytes that the snapshot names.
    """

    content: Content
    body: bytes | None
    come_back_in: float | None = None
    unchanged: bool = False
    body_sha256: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Source(Protocol):
    """Something that the inventory can collect."""

    @property
    def name(self) -> str:
        """How records, routes and logs call it."""

    def target(self, text: str) -> Target:
        """The target that a caller's text means; `InvalidRequest` when it means none. No I/O."""

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        """Fetch what the canonical key names, within the fetch deadline; `SourceFailure` when there is nothing to keep.

        Every upstream is called through `calls`, which is given to the fetcher; without it, nothing limits the calls.

        `previous` is the content of the latest snapshot: the upstream may then be asked only whether that still holds. It is
        not given to a second attempt.
        """
