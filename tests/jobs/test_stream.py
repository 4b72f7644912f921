"""Following a job: which messages there are, when, to whom, and how it ends."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from select import select
from threading import Event, Thread
from typing import Any

import pytest

from inventory.errors import StorageUnavailable, TooManyStreams
from inventory.jobs.model import Counts, Job, JobStatus
from inventory.jobs.stream import HEARTBEAT, MIN_INTERVAL, JobStream, Message, StreamPosition, seen_to_the_end
from inventory.jobs.stream_slots import FOLLOWING, Bounds, Client, StreamSlots
from tests.end_to_end.stack import wait_until

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
QUEUED = Job("0" * 32, "urls", NOW, file_name="urls.csv", file_size=1_000)
NOBODY = Client(None)


def running(processed: int, **changes: Any) -> Job:
    """The job with so many of its 100 rows done."""
    known: dict[str, Any] = {"status": JobStatus.RUNNING, "started_at": NOW, "total": 100, "counts": Counts(processed)}
    return replace(QUEUED, **known | changes)


DONE = running(100, status=JobStatus.COMPLETED, finished_at=NOW)
AWAY = StorageUnavailable("away")


class World:
    """A store that shows one state after the other, announcements that come every `every` seconds, and the time."""

    def __init__(self, *states: Job | StorageUnavailable | None, every: float = 60.0) -> None:
        self._states = list(states)
        self._every = every
        self.time = 0.0
        self.looked: list[float] = []
        self.listening = 0
        self.heard_first: list[bool] = []
        self.live = JobStream(
            self,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            slots=2,
            clock=lambda: NOW + timedelta(seconds=self.time),
            monotonic=lambda: self.time,
            sleep=self._forward,
        )

    @property
    def jobs(self) -> World:
        return self

    def find(self, job_id: str) -> Job | None:
        """The next state; the last one stays."""
        self.looked.append(self.time)
        self.heard_first.append(self.listening > 0)
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if isinstance(state, StorageUnavailable):
            raise state
        return state

    @contextmanager
    def changes_of(self, job_id: str) -> Iterator[Callable[[float], None]]:
        self.listening += 1
        try:
            yield lambda seconds: self._forward(min(seconds, self._every))
        finally:
            self.listening -= 1

    def _forward(self, seconds: float) -> None:
        self.time += seconds

    def told(self, job: Job = QUEUED, last: str = "", *, looks: int = 50) -> list[tuple[str, int, str]]:
        """The event, the rows done and the status of each message within so many polls."""
        messages = self.live.messages(job, StreamPosition.read(last))
        heard = [message for message, _ in zip(messages, range(looks), strict=False) if message]
        messages.close()
        return [(message.event, message.document["processed"], message.document["status"]) for message in heard]


def test_first_the_state_as_it_is_then_progress_then_the_end() -> None:
    world = World(QUEUED, running(0), running(30), running(30), running(60), DONE, every=0.1)

    assert world.told() == [
        ("progress", 0, "queued"),
        ("progress", 0, "running"),
        ("progress", 30, "running"),
        ("progress", 60, "running"),
        ("end", 100, "completed"),
    ]
    assert world.listening == 0


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_who_comes_after_the_end_is_told_the_end_alone(status: JobStatus) -> None:
    assert World(replace(DONE, status=status)).told(DONE) == [("end", 100, status.value)]


def test_announcements_are_listened_to_before_the_first_read() -> None:
    world = World(QUEUED, DONE)
    world.told()

    assert all(world.heard_first)


def test_there_are_at_most_four_messages_a_second_however_many_announcements() -> None:
    world = World(*map(running, range(40)), DONE, every=0.01)
    told_at = [world.time for message in world.live.messages(QUEUED, None) if message]

    assert len(told_at) == 41
    assert all(later - earlier >= MIN_INTERVAL for earlier, later in pairwise(told_at))


def test_a_client_that_is_served_slowly_does_not_make_the_next_message_come_sooner() -> None:
    world = World(*map(running, range(5)), DONE, every=0.01)
    told_at = []
    for message in world.live.messages(QUEUED, None):
        world.time += 0.2  # that is how long sending takes
        if message:
            told_at.append(world.time)

    assert all(later - earlier >= MIN_INTERVAL for earlier, later in pairwise(told_at))


def test_without_announcements_it_reads_once_a_second() -> None:
    world = World(*map(running, range(5)), DONE)
    world.told()

    assert world.looked == [0, 1, 2, 3, 4, 5]


def test_what_did_not_change_is_told_once() -> None:
    assert World(running(30)).told() == [("progress", 30, "running")]


def test_neither_rows_nor_percent_go_back() -> None:
    reading = running(30, total=None, counts=Counts(30, bytes_read=400))
    world = World(reading, running(20), running(35), DONE)

    messages = [message for message in world.live.messages(QUEUED, None) if message]

    assert [message.document["processed"] for message in messages] == [30, 35, 100]
    assert [message.document["percent"] for message in messages] == [40.0, 40.0, 100.0]


def test_a_job_of_which_no_share_is_known_has_no_percent() -> None:
    [message, *_] = World(running(3, total=None, file_size=None), DONE).live.messages(QUEUED, None)

    assert message is not None
    assert message.document["percent"] is None


def test_a_client_that_comes_back_is_told_what_is_new_to_it() -> None:
    last = str(StreamPosition.of(running(30)))

    assert World(running(30), running(60), DONE).told(last=last) == [("progress", 60, "running"), ("end", 100, "completed")]
    assert World(running(20), running(60), DONE).told(last=last) == [("progress", 60, "running"), ("end", 100, "completed")]
    assert World(running(30, total=120), DONE).told(last=last)[0] == ("progress", 30, "running")


def test_the_id_of_each_message_resumes_after_it() -> None:
    states = [QUEUED, running(0), running(30), DONE]
    messages = [message for message in World(*states).live.messages(QUEUED, None) if message]

    for state, message in zip(states, messages, strict=True):
        assert StreamPosition.read(message.id) == StreamPosition.of(state)
        assert message.document["processed"] == state.counts.processed


@pytest.mark.parametrize(
    "last",
    ["", "7", "x", "-1-0-0-running", "1-1-1-flying", "9" * 19 + "-0-0-running", "٣-0-0-running", "30-0-100-running\n"],
)
def test_an_id_that_is_none_of_ours_is_as_good_as_none(last: str) -> None:
    assert StreamPosition.read(last) is None
    assert World(running(30)).told(last=last) == [("progress", 30, "running")]


def test_a_client_that_has_seen_the_end_gets_nothing() -> None:
    last = str(StreamPosition.of(DONE))

    assert World(DONE).told(DONE, last) == []
    assert seen_to_the_end(DONE, last)
    assert not seen_to_the_end(DONE, str(StreamPosition.of(running(99))))
    assert not seen_to_the_end(running(100), last)


def test_a_store_that_is_away_costs_no_client_its_stream() -> None:
    world = World(AWAY, AWAY, running(30), AWAY, DONE)

    assert world.told(running(10)) == [("progress", 10, "running"), ("progress", 30, "running"), ("end", 100, "completed")]


def test_a_job_that_is_removed_ends_as_it_was_last_known() -> None:
    assert World(running(30), None).told() == [("progress", 30, "running"), ("end", 30, "running")]
    assert World(None).told(running(30), str(StreamPosition.of(running(30)))) == [("end", 30, "running")]


class TestFollowing:
    """What a client gets, as long as it is there."""

    def followed(self, world: World, client: Client = NOBODY, *, seconds: float = 100.0) -> list[Message | None]:
        heard = []
        stream = world.live.follow(QUEUED, "", client)
        for message in stream:
            heard.append(message)
            if world.time >= seconds:
                stream.close()
        assert world.listening == 0
        return heard

    def test_a_sign_of_life_is_due_after_fifteen_silent_seconds(self) -> None:
        world = World(running(30))
        heard = self.followed(world, seconds=61)

        assert [bool(message) for message in heard] == [True, False, False, False, False, False]
        assert world.time == pytest.approx(5 * HEARTBEAT)

    def test_messages_are_signs_of_life(self) -> None:
        assert None not in self.followed(World(*map(running, range(40)), DONE))

    def test_it_ends_when_the_program_is_to_stop(self) -> None:
        world = World(running(30))
        world.live.serving = lambda: world.time < 3

        assert [bool(message) for message in self.followed(world)] == [True]
        assert world.time == 3

    def test_it_ends_when_the_client_hangs_up(self) -> None:
        with connection() as (ours, theirs):
            world = World(running(30))

            def hang_up() -> bool:
                theirs.close()
                return bool(select([ours], [], [], 60))

            world.live.serving = lambda: world.time < 3 or hang_up()

            with pytest.raises(BrokenPipeError):
                self.followed(world, Client(ours))
        assert (world.time, world.listening) == (3, 0)


@contextmanager
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection over loopback; the far end takes little that is not read."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        theirs.connect(server.getsockname())
        ours, _ = server.accept()
        with ours:
            yield ours, theirs


class TestClients:
    """Connections on which nothing waits for ever."""

    def test_a_client_that_is_there_is_not_gone_and_is_ready(self) -> None:
        with connection() as (ours, theirs):
            client = Client(ours)
            theirs.sendall(b"what nobody reads")

            assert not client.gone()
            assert client.ready(at_once=True)

    def test_a_client_that_hangs_up_is_gone(self) -> None:
        with connection() as (ours, theirs):
            client = Client(ours)
            theirs.shutdown(socket.SHUT_WR)

            wait_until(client.gone, "it is gone")

    def test_a_client_whose_program_died_is_gone_and_not_ready(self) -> None:
        with connection() as (ours, theirs):
            client = Client(ours)
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            theirs.close()

            wait_until(client.gone, "it is gone")
            assert not client.ready(at_once=True)

    def test_a_client_that_does_not_read_is_not_ready_and_costs_little_memory(self) -> None:
        with connection() as (ours, _):
            client, sent = Client(ours), 0
            while client.ready(at_once=True):
                sent += client.send(b"x" * 600)

            assert sent < 300_000
            assert not client.gone()

    def test_sending_to_a_client_that_does_not_read_ends_with_an_error(self) -> None:
        with connection() as (ours, _), pytest.raises((BlockingIOError, TimeoutError)):
            Client(ours, Bounds(timeout=1, buffer=4_096)).send(b"x" * 10_000_000)

    def test_so_does_sending_to_one_that_reads_a_little_now_and_then(self) -> None:
        with connection() as (ours, theirs):
            over = Event()

            def read_slowly() -> None:
                while not over.wait(0.01):
                    theirs.recv(10_000)

            reader = Thread(target=read_slowly)
            reader.start()
            try:
                with pytest.raises((BlockingIOError, TimeoutError)):
                    Client(ours, Bounds(timeout=1, buffer=4_096)).send(b"x" * 5_000_000)
            finally:
                over.set()
                reader.join(60)

    def test_a_network_that_acknowledges_nothing_is_given_up(self) -> None:
        with connection() as (ours, _):
            Client(ours)

            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == FOLLOWING.timeout * 1_000

    def test_slots_are_few_and_free_again_when_they_are_closed_however_often(self) -> None:
        slots = StreamSlots(1)
        with connection() as (ours, theirs):
            slot = slots.take(ours)
            with pytest.raises(TooManyStreams):
                slots.take(None)
            slot.close()
            slot.close()

            assert theirs.recv(1) == b""
            slots.take(None)
            with pytest.raises(TooManyStreams):
                slots.take(None)

    def test_a_connection_that_is_closed_already_takes_no_slot(self) -> None:
        slots = StreamSlots(1)
        with connection() as (ours, _):
            ours.close()
            with pytest.raises(OSError, match="Bad file descriptor"):
                slots.take(ours)

        slots.take(None)
