"""What is posted to a receiver, and what each answer of it is taken for. The receivers are real servers on loopback."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from inventory.clock import http_date
from inventory.http_client.failures import RETRY_HERE
from inventory.webhooks.model import MAX_BODY
from inventory.webhooks.signing import new_secret
from inventory.webhooks.sink import OutgoingMessage, Reply, Verdict
from inventory.webhooks.webhook_sink import WebhookSink
from tests.upstreams import Answer
from tests.upstreams.torture import Torture
from tests.webhooks.conftest import PAYLOAD, loopback_sink
from tests.webhooks.receivers import Receiver

DEADLINE, ENDLESS = 0.5, 4.0
"""Seconds, the second for answers whose beginning is to be read first, on a slow machine, too."""
HUNG = 60.0
SECRET = new_secret()


@pytest.fixture
def sink() -> WebhookSink:
    return loopback_sink()


@pytest.fixture(scope="module")
def torture() -> Iterator[Torture]:
    with Torture() as server:
        yield server


def message(url: str, *, payload: bytes = PAYLOAD, secrets: Sequence[str] = (SECRET,)) -> OutgoingMessage:
    return OutgoingMessage(id="m1", payload=payload, address=url, secrets=secrets)


def test_a_receiver_verifies_what_it_gets(sink: WebhookSink, receiver: Receiver) -> None:
    assert sink.send(message(receiver.url("/hook?a=1"))) == Reply(verdict=Verdict.ACCEPTED, status=204)

    [(message_id, content)] = receiver.verified(SECRET)
    [sent] = receiver.requests
    assert (message_id, content["type"]) == ("m1", "watch.message")
    assert (sent.method, sent.target, sent.body) == ("POST", "/hook?a=1", PAYLOAD)
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["user-agent"].startswith("Inventory/")


def test_a_receiver_with_the_old_secret_and_one_with_the_new_verify_it(sink: WebhookSink, receiver: Receiver) -> None:
    new = new_secret()
    sink.send(message(receiver.url("/hook"), secrets=[new, SECRET]))

    assert receiver.verified(SECRET) == receiver.verified(new)


def test_the_largest_message_arrives_whole(sink: WebhookSink, receiver: Receiver) -> None:
    payload = b'"' + b"x" * (MAX_BODY - 2) + b'"'

    assert sink.send(message(receiver.url("/hook"), payload=payload)).verdict is Verdict.ACCEPTED
    assert receiver.verified(SECRET) == [("m1", "x" * (MAX_BODY - 2))]


def test_each_message_has_a_connection_of_its_own(sink: WebhookSink, receiver: Receiver) -> None:
    for _ in range(3):
        sink.send(message(receiver.url("/hook")))

    assert receiver.connections == 3


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_2xx_is_a_success_whatever_the_body_says(sink: WebhookSink, receiver: Receiver, status: int) -> None:
    receiver.script("/hook", Answer(status, body=b"an error"))

    assert sink.send(message(receiver.url("/hook"))) == Reply(verdict=Verdict.ACCEPTED, status=status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(sink: WebhookSink, receiver: Receiver, status: int) -> None:
    receiver.script("/hook", Answer(status, (("Location", receiver.url("/elsewhere")),)))

    reply = sink.send(message(receiver.url("/hook")))

    assert (reply.verdict, reply.status) == (Verdict.FAILED, status)
    assert reply.detail is not None
    assert reply.detail.endswith("which is not followed. Change the URL of the webhook.")
    assert [each.path for each in receiver.requests] == ["/hook"]


def test_a_redirect_to_a_forbidden_address_is_not_followed_either(sink: WebhookSink, receiver: Receiver) -> None:
    with Receiver("127.0.0.2") as forbidden:
        receiver.script("/hook", Answer(307, (("Location", forbidden.url("/inside")),)))
        assert sink.send(message(receiver.url("/hook"))).verdict is Verdict.FAILED

    assert forbidden.connections == 0


def test_410_says_that_the_receiver_wants_nothing_any_more(sink: WebhookSink, receiver: Receiver) -> None:
    receiver.script("/hook", Answer(410, body=b"bye"))

    reply = sink.send(message(receiver.url("/hook")))
    assert reply == Reply(verdict=Verdict.GONE, status=410, detail="The receiver answered 410: bye")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize(("asked", "seconds"), [("7", 7), ("0", 0), ("soon", None), ("", None)])
def test_a_busy_receiver_may_say_for_how_long(
    sink: WebhookSink, receiver: Receiver, status: int, asked: str, seconds: float | None
) -> None:
    receiver.script("/hook", Answer(status, (("Retry-After", asked),) if asked else ()))

    reply = sink.send(message(receiver.url("/hook")))
    assert (reply.verdict, reply.status, reply.retry_after) == (Verdict.BUSY, status, seconds)


def test_a_busy_receiver_may_say_until_when(sink: WebhookSink, receiver: Receiver) -> None:
    receiver.script("/hook", Answer(429, (("Retry-After", http_date(datetime.now(UTC) + timedelta(minutes=5))),)))

    reply = sink.send(message(receiver.url("/hook")))
    assert reply.retry_after == pytest.approx(300, abs=5)


def test_what_a_receiver_says_of_an_error_is_quoted_in_a_line(sink: WebhookSink, receiver: Receiver) -> None:
    receiver.script("/hook", Answer(500, body="  kaputt:\n\n\tZürich \0 \x1b[31m".encode() + b"\xff"))

    assert sink.send(message(receiver.url("/hook"))).detail == "The receiver answered 500: kaputt: Zürich [31m"


def test_little_is_quoted_of_a_large_error(sink: WebhookSink, receiver: Receiver) -> None:
    receiver.script("/hook", Answer(500, body=b"x" * 1_000_000))

    detail = sink.send(message(receiver.url("/hook"))).detail
    assert detail is not None
    assert len(detail) < 1_100


def test_a_coded_error_is_not_quoted(sink: WebhookSink, receiver: Receiver) -> None:
    receiver.script("/hook", Answer(500, (("Content-Encoding", "gzip"),), body=b"\x1f\x8b"))

    assert sink.send(message(receiver.url("/hook"))).detail == "The receiver answered 500."


def test_a_lost_answer_is_a_failure(sink: WebhookSink, receiver: Receiver) -> None:
    receiver.script("/hook", Answer(lost=True))

    reply = sink.send(message(receiver.url("/hook")))
    assert (reply.verdict, reply.status) == (Verdict.BUSY, None)
    assert len(receiver.verified(SECRET)) == 1


def test_nobody_who_listens_is_a_failure(sink: WebhookSink) -> None:
    with Receiver() as gone:
        url = gone.url("/hook")

    reply = sink.send(message(url))
    assert (reply.verdict, reply.status) == (Verdict.BUSY, None)
    assert reply.detail == "127.0.0.1: Connection refused"


@pytest.mark.parametrize("script", ["silent", "status-drip", "header-drip", "endless-1xx"])
def test_a_receiver_that_hangs_is_left_at_the_deadline(torture: Torture, script: str) -> None:
    begun = time.monotonic()
    reply = loopback_sink(seconds=DEADLINE).send(message(torture.url(script)))

    assert (reply.verdict, reply.status) == (Verdict.BUSY, None)
    assert reply.detail == f"The upstream did not respond in full within {DEADLINE:g} seconds"
    assert time.monotonic() - begun < HUNG


@pytest.mark.parametrize(
    ("script", "verdict", "code"),
    [
        ("endless-headers", Verdict.BUSY, "invalid_response"),
        ("garbage", Verdict.BUSY, "invalid_response"),
        ("empty", Verdict.BUSY, "invalid_response"),
        ("mail", Verdict.BUSY, "invalid_response"),
        ("http-2", Verdict.BUSY, "invalid_response"),
        ("cut-head", Verdict.BUSY, "incomplete_response"),
        ("reset", Verdict.ACCEPTED, None),
        ("endless-body", Verdict.ACCEPTED, None),
    ],
)
def test_whatever_a_receiver_sends_is_a_reply(torture: Torture, script: str, verdict: Verdict, code: str | None) -> None:
    with structlog.testing.capture_logs() as lines:
        reply = loopback_sink(seconds=ENDLESS if script == "endless-body" else 60.0).send(message(torture.url(script)))

    assert reply.verdict is verdict
    assert "10.1.2.3" not in f"{reply.detail} {lines}"
    assert [each["code"] for each in lines] == ([] if code is None else [code])


def test_an_error_whose_body_never_ends_is_quoted_at_the_deadline(receiver: Receiver) -> None:
    receiver.script("/hook", Answer(500, (("Transfer-Encoding", "chunked"),), body=b"4\r\nslow\r\n"))
    begun = time.monotonic()

    reply = loopback_sink(seconds=ENDLESS).send(message(receiver.url("/hook")))

    assert (reply.verdict, reply.detail) == (Verdict.FAILED, "The receiver answered 500: slow")
    assert time.monotonic() - begun < HUNG


@pytest.mark.parametrize("url", ["http://127.0.0.2/", "http://10.0.0.1/", "http://169.254.169.254/", "http://[::1]/"])
def test_a_forbidden_address_is_never_called(sink: WebhookSink, url: str) -> None:
    reply = sink.send(message(url))

    assert (reply.verdict, reply.status) == (Verdict.BUSY, None)
    assert reply.detail is not None
    assert reply.detail.endswith("is not a public address")


def test_a_name_that_comes_to_mean_a_forbidden_address_is_not_called(receiver: Receiver) -> None:
    addresses = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1", "10.0.0.1"], ["127.0.0.1"]]
    sink = loopback_sink(resolve=lambda _host: addresses.pop(0))
    with Receiver("127.0.0.2", receiver.port) as forbidden:
        replies = [sink.send(message(receiver.url("/hook", host="hook.test"))) for _ in range(4)]

    assert [reply.verdict for reply in replies] == [Verdict.ACCEPTED, Verdict.BUSY, Verdict.BUSY, Verdict.ACCEPTED]
    assert replies[1].detail == "hook.test does not lead to a public address"
    assert receiver.count() == 2
    assert forbidden.connections == 0


def test_a_name_that_nobody_knows_is_a_failure() -> None:
    def unknown(host: str) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    reply = loopback_sink(resolve=unknown).send(message("http://hook.test/"))
    assert (reply.verdict, reply.status) == (Verdict.BUSY, None)


def test_a_message_for_which_this_machine_lacks_something_is_sent_again_soon() -> None:
    def resolve(host: str) -> Sequence[str]:
        raise OSError(errno.EMFILE, "Too many open files")

    reply = loopback_sink(resolve=resolve).send(message("http://hook.test/"))
    assert (reply.verdict, reply.status, reply.retry_after) == (Verdict.BUSY, None, RETRY_HERE)


def test_a_port_of_another_protocol_is_not_called(sink: WebhookSink) -> None:
    reply = sink.send(message("http://127.0.0.1:25/"))

    assert reply.detail is not None
    assert "Port 25 belongs to another protocol" in reply.detail
