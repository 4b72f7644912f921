"""Workers are soon counted again, whatever Redis has lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from rq import Worker
from rq.serializers import JSONSerializer

from inventory.notifier import TASKS
from tests.end_to_end.stack import Stack, stack_on, wait_until
from tests.real_mongo import ANY_STORE
from tests.upstreams import Upstream


@pytest.fixture(params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param, fetch_deadline=200) as running:
        running.start("redis", "worker", "api")
        wait_until(lambda: len(seen(running)) == 2, "the workers are registered")
        yield running


def seen(running: Stack) -> list[Worker]:
    """The workers as the dashboard finds them: with what was registered at their birth."""
    workers = Worker.all(connection=running.redis, serializer=JSONSerializer)
    born = [worker for worker in workers if worker.birth_date and worker.pid]
    return [worker for worker in born if worker.queue_names() == list(TASKS)]


def are_seen_again(running: Stack) -> None:
    wait_until(lambda: len(seen(running)) == 2, "the workers are registered again")
    assert Worker.count(connection=running.redis) == 2
    assert running.redis.smembers("rq:queues") == {f"rq:queue:{name}".encode() for name in TASKS}
    assert all(running.redis.ttl(worker.key) > 0 for worker in seen(running))


def test_workers_with_nothing_to_do_register_again_when_redis_was_flushed(running: Stack) -> None:
    running.redis.flushall()

    are_seen_again(running)


def test_workers_with_much_to_do_register_again_when_redis_was_flushed(running: Stack) -> None:
    with Upstream() as upstream:
        upstream.hold("/page/held")
        running.look_up(upstream.url("/page/held"))
        assert upstream.wait_for("/page/held")

        running.redis.flushall()

        are_seen_again(running)
        assert "busy" in {worker.get_state() for worker in seen(running)}
        assert upstream.count() == 1, "it is still held back"
        upstream.release("/page/held")
        running.wait_for(upstream.url("/page/held"), 200)
    wait_until(lambda: {worker.get_state() for worker in seen(running)} == {"idle"}, "both listen again")


def test_workers_whose_keys_expired_while_stopped_register_again_and_deregister_at_their_end(
    running: Stack,
) -> None:
    running.redis.delete(*running.redis.keys("rq:worker:*"))

    are_seen_again(running)

    running.end("worker", signal.SIGTERM, group=False)
    assert Worker.count(connection=running.redis) == 0
