"""`python -m tests.faults.watches --targets 500`: watched targets whose changes are planted, while everything is killed.

Every response of a target has a header that differs each time. Some headers are `off` until the rig plants a change; then
they are `on`. Receivers fail, hang, lose replies, and one is gone. At the end each planted change must be in exactly one
message and nothing else in any; each receiver must have had each message, with a signature that holds; and once the watch
is paused nothing is collected any more. It exits with 1 if not.
"""
# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import requests

from inventory.records.model import Target
from inventory.store import Store
from inventory.watches.model import Finding, Message
from inventory.webhooks.model import MAX_BODY, Delivery, DeliveryState
from tests.end_to_end.stack import wait_until
from tests.faults.claims import is_quiet, look
from tests.faults.faults import Scene, faults_for
from tests.faults.imports import at_random, kill_every_worker
from tests.faults.observed import patiently
from tests.faults.receivers import Receivers
from tests.faults.rig import Rig, rig
from tests.faults.witness import Witness
from tests.upstreams import Answer, Request, Upstream

SETTINGS = {"workers": 1, "fetch_deadline": 3, "max_attempts": 20}
"""Attempts are many, because each fault may cost one of a target that is not to blame."""
EVERY = 60
"""Seconds between two collections of a target: the shortest that a watch takes."""
FIELDS = 8
"""Headers of a target, in each of which one change can be planted."""
ENDED_AFTER, IS_SILENT_FOR = 5.0, 15.0
"""Seconds without a collection after which all that was accepted before a pause has ended, and of silence after that."""
Planted = tuple[str, str]
"""The path of a target, and the header that changed."""


class Site(Upstream):
    """The watched targets."""

    def __init__(self) -> None:
        super().__init__()
        self.planted: dict[Planted, float] = {}

    def respond(self, request: Request) -> tuple[Answer, asyncio.Event | None]:
        _, gate = super().respond(request)
        shown = [
            (f"X-F{number}", "on" if (request.path, f"header.x-f{number}") in self.planted else "off")
            for number in range(FIELDS)
        ]
        headers = (("X-Watched", "yes"), ("X-Noise", secrets.token_hex(8)), ("X-Count", str(self.count())), *shown)
        return Answer(200, headers=headers, body=b"<title>watched</title>"), gate


@dataclass
class Proof:
    """What became of the planted changes; `complaints` must be empty."""

    targets: int
    planted: int
    messages: int
    tries: int
    faults: list[str]
    seconds: float
    slowest: float
    complaints: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        verdict = "; ".join(self.complaints) or "each change in one message, and nothing else"
        return (
            f"{self.targets:,} targets, {self.planted:,} changes, {len(self.faults)} faults ({', '.join(self.faults)}),"
            f" {self.messages:,} messages in {self.tries:,} tries, {self.seconds:.0f} s, {self.slowest:.0f} s to the last"
            f" one: {verdict}"
        )


@dataclass
class Watched:
    """A rig with a watch: its targets, its receivers with the ids of their webhooks by path, and its id."""

    running: Rig
    site: Site
    receivers: Receivers
    paths: Sequence[str]
    rng: Random
    watch_id: str = ""
    webhooks: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Collect all targets, and let a watch have schedules of them."""
        for path in self.paths:
            assert self.running.post(self.site.url(path)).status_code in (200, 201)
        for path in self.receivers.PATHS:
            made = self._send("POST", "/webhooks", url=self.receivers.url(path))
            self.webhooks[path], self.receivers.secrets[path] = made["id"], made["secret"]
        watch = self._send(
            "POST", "/watches", name="planted", query="header.x-watched:yes", every=EVERY, cooldown=0,
            webhook=list(self.webhooks.values()),
        )  # fmt: skip
        self.watch_id = watch["id"]
        wait_until(lambda: self._send("GET", f"/watches/{self.watch_id}")["enrolled"], "its targets are enrolled")

    def plant(self, count: int) -> None:
        """Let some targets change, each in a header that has not changed before."""
        left = [
            (path, f"header.x-f{number}")
            for path in self.paths
            for number in range(FIELDS)
            if (path, f"header.x-f{number}") not in self.site.planted
        ]
        now = time.monotonic()
        self.site.planted |= dict.fromkeys(self.rng.sample(left, min(count, len(left))), now)

    def wait_until_told(self, store: Store, seconds: float) -> float:
        """Wait until messages tell as many changes as were planted; how many seconds that took."""
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            self.running.look_after()
            if sum(each.findings for each in self.messages(store)) >= len(self.site.planted):
                break
            time.sleep(0.5)
        return time.monotonic() - began

    def deliver_the_rest(self, store: Store, seconds: float) -> list[str]:
        """Wait until each delivery has ended, and send again what waits for minutes, as people do; those that go on still.

        So the first pause of each is that of the schedule, or the one that the receiver asked for.
        """
        until = time.monotonic() + seconds
        while waiting := list(self._going_on(store)):
            if time.monotonic() > until:
                break
            self.running.look_after()
            for each in waiting:
                if each.state is DeliveryState.PENDING and each.attempt > 1 and each.address != self.webhooks["/busy"]:
                    path = f"/webhooks/{each.address}/deliveries/{each.id}/again"
                    requests.post(f"{self.running.url}/api/v1{path}", timeout=30)
            time.sleep(2)
        return [f"the delivery {each.id} is {each.state}" for each in waiting]

    def collected_after_the_end(self, store: Store, seconds: float) -> list[str]:
        """Pause the watch, and see that its schedules collect nothing any more."""
        self._send("POST", f"/watches/{self.watch_id}/pause")
        began = moved = time.monotonic()
        count = self.site.count()
        while (now := time.monotonic()) < min(moved + ENDED_AFTER, began + seconds):
            if self.site.count() != count or not is_quiet(store):
                count, moved = self.site.count(), now
            time.sleep(0.25)
        before = self.site.count()
        time.sleep(IS_SILENT_FOR)
        more = self.site.count() - before
        return [f"{more} targets were collected after the watch was paused"] if more else []

    def messages(self, store: Store) -> Sequence[Message]:
        """All that the watch told."""
        return patiently(lambda: store.messages.listing(self.watch_id, limit=100_000, after=None))

    def complaints(self, store: Store) -> Iterator[str]:
        """What does not hold."""
        messages = self.messages(store)
        if sorted(each.number for each in messages) != list(range(1, len(messages) + 1)):
            yield f"the messages are numbered {sorted(each.number for each in messages)}"
        told = Counter(self._planted(each) for message in messages for each in self._findings(store, message))
        for one in sorted(self.site.planted.keys() - told.keys())[:5]:
            yield f"{one} was never told"
        for one, count in sorted(told.items()):
            if one not in self.site.planted:
                yield f"{one} was invented"
            elif count > 1:
                yield f"{one} was told {count} times"
        yield from self._wrongly_received({each.id for each in messages})
        yield from (f"died by itself: {name}" for name in self.running.unasked)

    def _wrongly_received(self, messages: set[str]) -> Iterator[str]:
        yield from self.receivers.complaints[:5]
        for path in self.webhooks:
            contents: dict[str, Any] = {}
            for to, message_id, content in list(self.receivers.received):
                if to == path and contents.setdefault(message_id, content) != content:
                    yield f"{path} got {message_id} with two contents"
            if path == "/gone":
                continue
            if lacking := messages - contents.keys():
                yield f"{path} never got {len(lacking)} messages"
            if invented := contents.keys() - messages:
                yield f"{path} got {len(invented)} messages that are none"
        gone = self._send("GET", f"/webhooks/{self.webhooks['/gone']}")
        if gone["disabled_because"] is None:
            yield f"the receiver that is gone is still called: {gone}"
        if large := [each for each in self.receivers.requests if len(each.body) >= MAX_BODY]:
            yield f"{len(large)} bodies are too large"

    def _going_on(self, store: Store) -> Iterator[Delivery]:
        for address in self.webhooks.values():
            for state in (DeliveryState.PENDING, DeliveryState.RUNNING):
                listing = partial(store.deliveries.listing, address=address, message_id=None, state=state)
                yield from patiently(partial(listing, limit=1_000, after=None))

    def _findings(self, store: Store, message: Message) -> Sequence[Finding]:
        return patiently(lambda: store.messages.findings(message.id, limit=100_000, after=None))

    def _planted(self, finding: Finding) -> Planted:
        known = {Target("webpage", self.site.url(path), "127.0.0.1").id: path for path in self.paths}
        return known.get(finding.record_id, finding.record_id), finding.field

    def _send(self, method: str, path: str, **body: object) -> Any:
        answer = requests.request(method, f"{self.running.url}/api/v1{path}", json=body or None, timeout=60)
        answer.raise_for_status()
        return answer.json()


def prove(
    watched: Watched, *, faults: Sequence[str] | None, waves: int, per_wave: int, away: float, quiet: float = 240.0
) -> Proof:
    """Plant changes in waves, with a fault after each, and wait until all is told and delivered."""
    running, began = watched.running, time.monotonic()
    scene = Scene(running, Witness(running.url, running.folder / "accepted"), watched.rng, away)
    known, happened = {"kill every worker": kill_every_worker, **faults_for(running)}, list[str]()
    names = iter(faults) if faults is not None else at_random(sorted(known), watched.rng)
    for _ in range(waves):
        watched.plant(per_wave)
        time.sleep(watched.rng.uniform(1, 6))
        name = next(names, "")
        if name:
            known[name](scene)
            happened.append(name)
        running.look_after()
    with look(running.store.direct) as store:
        slowest = watched.wait_until_told(store, EVERY + quiet)
        proof = Proof(
            len(watched.paths), len(watched.site.planted), 0, 0, happened, 0.0, slowest,
            complaints=watched.deliver_the_rest(store, quiet),
        )  # fmt: skip
        proof.complaints += watched.complaints(store)
        proof.complaints += watched.receivers.disturbed(allowed=len(happened))
        proof.complaints += watched.collected_after_the_end(store, quiet)
        proof.messages = len(watched.messages(store))
    proof.tries = watched.receivers.tries.total()
    proof.seconds = time.monotonic() - began
    return proof


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.faults.watches", description=__doc__)
    options.add_argument("--targets", type=int, default=500)
    options.add_argument("--waves", type=int, default=30, help="how often changes are planted, each time with a fault")
    options.add_argument("--per-wave", type=int, default=40, help="changes that are planted at once")
    options.add_argument("--faults", default="", help="names with commas between; by default all, in random order")
    options.add_argument("--away", type=float, default=5.0, help="seconds for which something is away")
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--store", choices=["sqlite", "mongo"], default="sqlite")
    chosen = options.parse_args()
    print(f"seed {chosen.seed}, store {chosen.store}", flush=True)
    with rig(chosen.store, **SETTINGS) as running, Site() as site, Receivers() as receivers:
        running.start()
        paths = [f"/watched/{number}" for number in range(chosen.targets)]
        watched = Watched(running, site, receivers, paths, Random(chosen.seed))
        watched.begin()
        faults = [name for name in chosen.faults.split(",") if name] or None
        proof = prove(watched, faults=faults, waves=chosen.waves, per_wave=chosen.per_wave, away=chosen.away)
        if proof.complaints:
            print(running.log("scheduler")[-4_000:])
    print(proof)
    return 1 if proof.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
