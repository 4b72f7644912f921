"""Messages as mail: what is handed to the mail server, and what its answers are taken for."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from inventory.webhooks.email_sink import EmailSink
from inventory.webhooks.email_text import MAX_SUBJECT, email_text
from inventory.webhooks.mail_server import MailServer as ServerUrl
from inventory.webhooks.model import EMAIL_ADDRESS
from inventory.webhooks.sink import OutgoingMessage, Reply, Verdict
from tests.fakes import FakeClock
from tests.webhooks.mail_server import MailServer

SENDER, RECIPIENT = "inventory@example.test", "ops@example.test"
GROUP = {
    "on": "changes",
    "field": "header.server",
    "old": ["nginx/1.24"],
    "new": ["nginx/1.26"],
    "count": 2,
    "samples": [{"url": "https://a.example/", "at": "2026-01-31T12:00:00.123Z"}],
    "link": "https://inventory.example/api/v1/changes/groups?q=x",
}
PAYLOAD: dict[str, Any] = {
    "type": "watch.message",
    "timestamp": "2026-01-31T12:00:00.123Z",
    "data": {
        "id": "m1",
        "watch": {"id": "w1", "name": "Servers in Zürich", "query": "header.server:nginx"},
        "findings": 2,
        "targets": 2,
        "groups": [GROUP],
        "more_groups": 0,
        "link": "https://inventory.example/api/v1/watches/w1/messages/1",
    },
}


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def sink_to(mail: MailServer, *, scheme: str = "smtp", user: str = "", host: str = "127.0.0.1", **changes: Any) -> EmailSink:
    server = ServerUrl.of(f"{scheme}://{user}{host}:{mail.port}")
    return EmailSink(server, SENDER, FakeClock(), **changes)


def message(payload: dict[str, Any] | None = None) -> OutgoingMessage:
    return OutgoingMessage(id="m1", payload=json.dumps(payload or PAYLOAD).encode(), address=RECIPIENT)


def test_a_message_is_a_mail_with_its_text_and_its_json(mail: MailServer) -> None:
    assert sink_to(mail).send(message()) == Reply(verdict=Verdict.ACCEPTED, status=250)

    [received] = mail.mails
    text, attached = received.get_payload()
    assert (received["From"], received["To"]) == (SENDER, RECIPIENT)
    assert received["Message-ID"] == "<m1@example.test>"
    assert received["Date"] == "Sat, 31 Jan 2026 12:00:00 +0000"
    assert "header.server nginx/1.24 → nginx/1.26" in text.get_payload(decode=True).decode()
    assert json.loads(attached.get_payload(decode=True)) == PAYLOAD
    assert attached.get_filename() == "message.json"


def test_a_repeated_message_has_the_same_message_id(mail: MailServer) -> None:
    sink = sink_to(mail)
    sink.send(message())
    sink.send(message())

    assert [each["Message-ID"] for each in mail.mails] == ["<m1@example.test>"] * 2


def test_a_message_of_a_test_is_a_mail_too(mail: MailServer) -> None:
    payload = {"type": "webhook.test", "data": {"detail": "A test."}}

    assert sink_to(mail).send(message(payload)).verdict is Verdict.ACCEPTED
    assert mail.mails[0]["Subject"] == "[Inventory] webhook.test"


@pytest.mark.parametrize(
    ("command", "answer", "verdict", "status"),
    [
        ("RCPT", "550 no such user", Verdict.REJECTED, 550),
        ("RCPT", "451 greylisted", Verdict.FAILED, 451),
        ("MAIL", "550 not from you", Verdict.FAILED, 550),
        ("END", "552 too large", Verdict.REJECTED, 552),
        ("END", "452 disk full", Verdict.FAILED, 452),
        ("DATA", "554 no", Verdict.REJECTED, 554),
    ],
)
def test_only_what_the_operator_cannot_change_is_final(
    mail: MailServer, command: str, answer: str, verdict: Verdict, status: int
) -> None:
    mail.answers[command] = answer

    reply = sink_to(mail).send(message())
    assert (reply.verdict, reply.status, reply.detail) == (
        verdict,
        status,
        f"The mail server answered {answer[:3]}: {answer[4:]}",
    )


def test_a_refused_login_is_tried_again(mail: MailServer) -> None:
    mail.answers["AUTH"] = "535 wrong password"

    reply = sink_to(mail, user="u:secret@").send(message())
    assert (reply.verdict, reply.status) == (Verdict.FAILED, 535)
    assert "secret" not in (reply.detail or "")


def test_a_mail_that_is_accepted_is_delivered_however_the_server_takes_its_leave(mail: MailServer) -> None:
    mail.answers["QUIT"] = "500 what"

    assert sink_to(mail).send(message()).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("how", ["silent_at", "drips_at"])
@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "MAIL", "DATA"])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_that_hangs_is_left_at_the_deadline(
    context: ssl.SSLContext, trusting: ssl.SSLContext, how: str, command: str, scheme: str
) -> None:
    with MailServer(context=context, implicit_tls=scheme == "smtps") as hanging:
        setattr(hanging, how, command)
        begun = time.monotonic()

        reply = sink_to(hanging, scheme=scheme, tls=trusting, seconds=0.5).send(message())

        assert reply.verdict is Verdict.BUSY
        assert time.monotonic() - begun < 60, "it would hang for 100 s, or for ever"


def test_a_mail_in_which_control_characters_are_has_none_of_them(mail: MailServer) -> None:
    group = {
        **GROUP,
        "old": ["a\0b"],
        "new": ["c\x1b[31m\x85d"],
        "samples": [{"url": None, "record_id": "r1", "at": "2026"}],
    }
    sink_to(mail).send(message({**PAYLOAD, "data": {**PAYLOAD["data"], "groups": [group]}}))

    [received] = mail.mails
    text = received.get_payload()[0].get_payload(decode=True).decode()
    assert "a\N{REPLACEMENT CHARACTER}b → c\N{REPLACEMENT CHARACTER}[31m d" in text
    assert "r1 at 2026" in text


def test_nobody_who_listens_is_a_failure() -> None:
    with MailServer() as gone:
        pass

    reply = sink_to(gone).send(message())
    assert reply == Reply(verdict=Verdict.BUSY, detail="The mail server could not be used: Connection refused")


def test_without_a_server_each_try_says_which_setting_is_missing() -> None:
    reply = EmailSink(None, SENDER, FakeClock()).send(message())

    assert reply == Reply(verdict=Verdict.FAILED, detail="There is no mail server. Set INVENTORY_SMTP_URL.")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_smtps_speaks_tls_from_the_start(context: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    with MailServer(context=context, implicit_tls=True) as mail:
        assert sink_to(mail, scheme="smtps", tls=trusting).send(message()).verdict is Verdict.ACCEPTED


def test_smtps_verifies_the_server(context: ssl.SSLContext) -> None:
    with MailServer(context=context, implicit_tls=True) as mail:
        assert sink_to(mail, scheme="smtps").send(message()).verdict is Verdict.BUSY


def test_smtp_begins_tls_where_it_is_offered(context: ssl.SSLContext) -> None:
    with MailServer(context=context) as mail:
        assert sink_to(mail).send(message()).verdict is Verdict.ACCEPTED
        assert mail.encrypted


def test_a_password_is_sent_to_a_verified_server_alone(context: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    with MailServer(context=context) as mail:
        assert sink_to(mail, user="u:p@").send(message()).verdict is Verdict.BUSY
        assert not [each for each in mail.commands if each.startswith("AUTH")]
        mail.encrypted = False
        assert sink_to(mail, user="u:p@", tls=trusting).send(message()).verdict is Verdict.ACCEPTED
        assert [each for each in mail.commands if each.startswith("AUTH")]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.test", ServerUrl(host="mail.test", port=587, implicit_tls=False)),
        ("smtp://mail.test:25/", ServerUrl(host="mail.test", port=25, implicit_tls=False)),
        ("smtps://mail.test", ServerUrl(host="mail.test", port=465, implicit_tls=True)),
        (
            "smtps://u%40x:p%3Aw@mail.test:1",
            ServerUrl(host="mail.test", port=1, implicit_tls=True, user="u@x", password="p:w"),
        ),
    ],
)
def test_a_url_names_a_mail_server(url: str, server: ServerUrl) -> None:
    assert ServerUrl.of(url) == server
    assert "p:w" not in repr(ServerUrl.of(url))


@pytest.mark.parametrize("url", ["", "mail.test", "http://mail.test", "smtp://", "smtp://mail.test/x", "smtp://mail.test:x"])
def test_another_url_names_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ServerUrl.of(url)


@pytest.mark.parametrize("address", ["a@b.test", "first.last+tag@mail.example.com", "a@localhost", "o'neil@b-c.test"])
def test_an_address_is_taken(address: str) -> None:
    assert EMAIL_ADDRESS.fullmatch(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@b", "a@", "a b@c", "a@b c", "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b>", "é@b", "a@é", "a@-",
        f"{'a' * 65}@b", "a@" + "b" * 260,
    ],
)  # fmt: skip
def test_another_address_is_not(address: str) -> None:
    assert not EMAIL_ADDRESS.fullmatch(address)


def test_a_subject_is_one_short_line_whatever_the_watch_is_called() -> None:
    watch = {"id": "w1", "name": "a\r\nBcc: all@example.test\n" + "x" * 500, "query": ""}
    subject = email_text({**PAYLOAD, "data": {**PAYLOAD["data"], "watch": watch}}).subject

    assert len(subject) == MAX_SUBJECT
    assert subject.startswith("[Inventory] a Bcc: all@example.test xxx")


def test_a_subject_says_what_one_group_says_and_counts_the_targets_of_several() -> None:
    one, several = PAYLOAD, {**PAYLOAD, "data": {**PAYLOAD["data"], "groups": [GROUP, GROUP], "targets": 1_234}}

    assert email_text(one).subject == (
        "[Inventory] Servers in Zürich: 2 targets changed: header.server nginx/1.24 → nginx/1.26"
    )
    assert email_text(several).subject == "[Inventory] Servers in Zürich: 1,234 targets"


def test_a_flapping_target_is_one_and_one_that_is_deleted_has_its_id() -> None:
    sample = {"url": None, "record_id": "7" * 32, "at": "2026-01-31T12:00:00.123Z"}
    group = {**GROUP, "count": 12, "targets": 1, "samples": [sample]}

    found = email_text({**PAYLOAD, "data": {**PAYLOAD["data"], "groups": [group]}})

    assert "1 target changed" in found.subject
    assert f"{'7' * 32} at 2026-01-31T12:00:00.123Z" in found.text
    assert "None" not in found.text


def test_what_is_not_printable_is_replaced() -> None:
    watch = {"id": "w1", "name": "a\0b", "query": "title:\x1b[2J"}
    group = {**GROUP, "field": "cookie.\x07", "old": ["\0\x1b[31m"], "new": ["a\tb\x9f\x7f"]}

    found = email_text({**PAYLOAD, "data": {**PAYLOAD["data"], "watch": watch, "groups": [group]}})

    assert "cookie.\ufffd \ufffd\ufffd[31m → a b\ufffd\ufffd" in found.subject
    assert found.subject.isprintable()
    assert all(line.isprintable() for line in found.text.splitlines())


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ({"on": "enters", "count": 1}, "1 target entered the query"),
        ({"on": "leaves", "count": 3}, "3 targets left the query"),
        (
            {"on": "fails", "field": "failure", "old": [], "new": ["timeout"], "count": 1},
            "1 target failed: failure (none) → timeout",
        ),
        (
            {"on": "changes", "field": "title", "old": ["x" * 500], "new": [], "count": 1},
            f"title {'x' * 199}… → (none)",
        ),
        (
            {"on": "expires", "field": "tls.not_after", "new": ["2026-02-01"], "count": 1},
            "the certificate of 1 target ends soon: tls.not_after (none) → 2026-02-01",
        ),
    ],
)
def test_the_text_says_what_each_group_says(group: dict[str, Any], said: str) -> None:
    text = email_text({**PAYLOAD, "data": {**PAYLOAD["data"], "groups": [group], "more_groups": 7}}).text

    assert said in text
    assert "and 7 more groups" in text
    assert "https://inventory.example/api/v1/watches/w1/messages/1" in text
