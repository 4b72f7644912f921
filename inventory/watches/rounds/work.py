"""All that is done for watches besides what people ask for: the scheduler does it, a portion at a time."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.clock import Clock
from inventory.watches.rounds.collecting import DueCollections
from inventory.watches.rounds.composing import Composer
from inventory.watches.rounds.enrolling import Enroller
from inventory.watches.rounds.looking import Looker


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchWork:
    """The kinds of that work; for one thread."""

    looker: Looker
    enroller: Enroller
    collections: DueCollections
    composer: Composer
    clock: Clock
