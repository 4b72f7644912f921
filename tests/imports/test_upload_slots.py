"""Room for uploads: a few at once, and slow ones in nobody's way."""

from __future__ import annotations

import time
from contextlib import ExitStack
from threading import Event, Thread

import pytest

from inventory.client_speed import BUFFERED_BODY, CLIENT_TIMEOUT, ClientSpeed, extend, recent_bytes
from inventory.errors import InvalidRequest, TooManyUploads
from inventory.imports.upload_slots import UploadSlots
from tests.end_to_end.stack import wait_until


class Upload:
    """An upload in a thread of its own, as a request has: it reads until its client has sent all, or it is ended."""

    def __init__(self, slots: UploadSlots, speed: ClientSpeed, *, size: int = 0) -> None:
        self.speed, self.over, self._size = speed, Event(), size
        self.outcome = ""
        self._thread = Thread(target=self._run, args=(slots,), daemon=True)
        self._thread.start()

    def end(self) -> str:
        self.over.set()
        self._thread.join(60)
        return self.outcome

    def _run(self, slots: UploadSlots) -> None:
        try:
            with slots.take(self.speed):
                self.outcome = "reads"
                self._read()
            self.outcome = "done"
        except TooManyUploads:
            self.outcome = "refused"

    def _read(self) -> None:
        while not self.over.is_set():
            try:
                self.speed.wait()
            except TimeoutError as error:
                raise InvalidRequest("it did not arrive whole") from error
            time.sleep(0.01)
            self.speed.waited()
            self.speed.received(self._size)


def good_speed() -> ClientSpeed:
    """That of a client for whom nobody waits, however busy the machine is."""
    return ClientSpeed(ticks=lambda: 0.0)


@pytest.fixture
def slots() -> UploadSlots:
    return UploadSlots(2, waiting=2)


def test_an_upload_that_is_slow_gives_its_slot_to_a_faster_one(slots: UploadSlots) -> None:
    slow = [Upload(slots, ClientSpeed(100.0), size=10) for _ in range(2)]
    wait_until(lambda: [each.outcome for each in slow] == ["reads", "reads"], "they have slots")

    good = Upload(slots, good_speed(), size=BUFFERED_BODY)
    wait_until(lambda: good.outcome == "reads", "the good one has a slot")

    assert sorted(each.end() for each in slow) == ["done", "refused"]
    assert good.end() == "done"


@pytest.mark.parametrize("number", [8, 100])
def test_one_that_is_good_gets_in_however_many_slow_ones_came_before_it(slots: UploadSlots, number: int) -> None:
    slow = [Upload(slots, ClientSpeed(), size=10) for _ in range(number)]
    wait_until(lambda: all(each.outcome or each.speed in slots._waiting for each in slow), "all have come")

    good = Upload(slots, good_speed(), size=BUFFERED_BODY)
    wait_until(lambda: good.outcome == "reads", "the good one has a slot")
    time.sleep(1)

    assert good.end() == "done"
    for each in slow:
        each.end()


def test_one_that_comes_in_well_is_not_ended(slots: UploadSlots) -> None:
    good = [Upload(slots, good_speed(), size=BUFFERED_BODY) for _ in range(2)]
    wait_until(lambda: [each.outcome for each in good] == ["reads", "reads"], "they have slots")

    with pytest.raises(TooManyUploads), slots.take(None):
        pass

    assert [each.end() for each in good] == ["done", "done"]


def test_one_that_is_slow_does_not_end_another_that_is() -> None:
    slots = UploadSlots(1, waiting=1)
    first = Upload(slots, ClientSpeed(1_000.0), size=100)
    wait_until(lambda: first.outcome == "reads", "it has a slot")

    assert Upload(slots, ClientSpeed(0.0)).end() == "refused"
    assert first.end() == "done"


def test_without_room_to_wait_it_is_refused_at_once() -> None:
    slots = UploadSlots(1, waiting=0)
    with ExitStack() as taken:
        taken.enter_context(slots.take(ClientSpeed(0.0)))
        with pytest.raises(TooManyUploads), slots.take(ClientSpeed()):
            pass
    with slots.take(ClientSpeed()):
        pass


def test_a_client_is_waited_for_as_long_as_it_keeps_to_the_least_rate() -> None:
    assert extend(100.0, 90.0, 8 * 1024) == 101.0
    assert extend(100.0, 90.0, 10**9) == 90.0 + CLIENT_TIMEOUT, "however fast it was before"


def test_what_came_lately_is_the_same_however_it_was_measured() -> None:
    assert recent_bytes(1_000, 0.0) == 1_000
    assert recent_bytes(1_000_000, 100.0) == pytest.approx(10_000 / 0.6931, rel=1e-3), "half of it forgotten each second"
