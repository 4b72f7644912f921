"""The webhooks that the destinations of a watch name by ids or URLs; a URL that none has makes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace

from inventory.errors import InvalidUrl, InventoryError, OutOfScope, StorageUnavailable
from inventory.watches.model import Destination, SinkKind, Watch
from inventory.webhooks.service import WebhookService


@dataclass(frozen=True, slots=True)
class NamedWebhooks:
    """Finds and makes the webhooks of watches."""

    webhooks: WebhookService

    def resolved(
        self,
        watch: Watch,
        known: Sequence[Destination],
        secrets: MutableMapping[str, str],
        usable: Set[Destination] | None = None,
    ) -> Watch:
        """The watch with the ids of its webhooks; the secrets of new ones are added. Known ones are not looked up.

        None is made unless all can be: raises `InvalidUrl`, a kind of it, or `UnknownWebhook`, and `TooManyWebhooks`. Of
        those that exist only the `usable` ones may be named, None for all: `OutOfScope`.
        """
        unknown = [each for each in watch.destinations if each.kind is SinkKind.WEBHOOK and each not in known]
        for each in unknown:
            self._check(each.address)
        destinations = [
            self._made(each.address, secrets, usable) if each in unknown else each for each in watch.destinations
        ]
        return replace(watch, destinations=tuple(dict.fromkeys(destinations)))

    @contextmanager
    def removing_if_refused(self, secrets: Mapping[str, str]) -> Iterator[None]:
        """Remove the webhooks with these secrets if the watch that they were made for is refused: nobody sees them.

        Where the store went away the watch may have been kept, so they stay.
        """
        try:
            yield
        except StorageUnavailable:
            raise
        except InventoryError:
            for webhook_id in secrets:
                self.webhooks.delete(webhook_id)
            raise

    def _check(self, text: str) -> None:
        try:
            self.webhooks.url_of(text)
        except InvalidUrl as error:
            error.errors = {SinkKind.WEBHOOK.value: [str(error)]}
            raise

    def _made(self, text: str, secrets: MutableMapping[str, str], usable: Set[Destination] | None) -> Destination:
        """The webhook of an id or a URL; the secret of a new one is added."""
        webhook, secret = self.webhooks.named(text)
        made = Destination(SinkKind.WEBHOOK, webhook.id)
        if secret is not None:
            secrets[webhook.id] = secret
        elif usable is not None and made not in usable and webhook.id not in secrets:
            raise OutOfScope("watch")
        return made
