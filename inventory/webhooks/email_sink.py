"""The sink `email`: a message by SMTP, through the operator's mail server."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as MAIL_LINES
from email.utils import format_datetime

import orjson

from inventory.clock import Clock
from inventory.webhooks.email_text import email_text
from inventory.webhooks.mail_connection import MailConnection
from inventory.webhooks.mail_server import MailServer
from inventory.webhooks.sink import SEND_WITHIN, OutgoingMessage, Reply, Verdict

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class EmailSink:
    """Hands messages to a mail server. Repeated ones have the same Message-ID. Without a server each try fails."""

    server: MailServer | None
    sender: str
    clock: Clock
    tls: ssl.SSLContext | None = None
    seconds: float = SEND_WITHIN

    def send(self, message: OutgoingMessage) -> Reply:
        """Mail a message to the address."""
        if self.server is None:
            return Reply(verdict=Verdict.FAILED, detail="There is no mail server. Set INVENTORY_SMTP_URL.")
        try:
            with self._session(self.server) as session:
                session.send_message(self._mail(message), self.sender, [message.address])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = error.recipients[message.address]
            return _refused(code, answer, permanent=code >= 500)
        except smtplib.SMTPDataError as error:
            return _refused(error.smtp_code, error.smtp_error, permanent=error.smtp_code >= 500)
        except smtplib.SMTPResponseException as error:  # of the sender or the login, which the operator can change
            return _refused(error.smtp_code, error.smtp_error, permanent=False)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return Reply(verdict=Verdict.BUSY, detail=f"The mail server could not be used: {said}")
        return Reply(verdict=Verdict.ACCEPTED, status=250)

    def _mail(self, message: OutgoingMessage) -> EmailMessage:
        text = email_text(orjson.loads(message.payload))
        mail = EmailMessage(policy=MAIL_LINES)
        mail["From"], mail["To"], mail["Subject"] = self.sender, message.address, text.subject
        mail["Date"] = format_datetime(self.clock())
        mail["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # so that no absence note comes back (RFC 3834)
        mail.set_content(text.text)
        mail.add_attachment(message.payload, maintype="application", subtype="json", filename="message.json")
        return mail

    @contextmanager
    def _session(self, server: MailServer) -> Iterator[smtplib.SMTP]:
        """A session that is ready for mail. All of it together may take `seconds`, once its name is resolved."""
        context = self.tls or ssl.create_default_context()
        with MailConnection(self.seconds) as connection:
            session = _Session(connection, server, context if server.implicit_tls else None)
            try:
                session.ehlo()
                _secure(session, server, context)
                if server.user:
                    session.login(server.user, server.password)
                yield session
                with suppress(smtplib.SMTPException, OSError):  # the message is accepted, whatever the server says to QUIT
                    session.quit()
            finally:
                session.close()


class _Session(smtplib.SMTP):
    """A session of the library (of Python 3.11 to 3.13) on a connection of ours."""

    def __init__(self, connection: MailConnection, server: MailServer, tls: ssl.SSLContext | None) -> None:
        self._connection, self._tls = connection, tls
        super().__init__(server.host, server.port, timeout=connection.seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """What the library calls to connect."""
        connected = self._connection.connect(host, port)
        return connected if self._tls is None else self._tls.wrap_socket(connected, server_hostname=host)


def _secure(session: smtplib.SMTP, server: MailServer, context: ssl.SSLContext) -> None:
    """Begin TLS where it is offered. A password is sent to a verified server alone, or on this machine."""
    if server.implicit_tls:
        return
    if not session.has_extn("starttls"):
        if server.user and server.host not in _LOOPBACK:
            raise ValueError("it offers no TLS, so the password was not sent; use smtps:// if it has that.")
        return
    session.starttls(context=context if server.user else _unverified())
    session.ehlo()


def _unverified() -> ssl.SSLContext:
    """As mail servers speak to each other: an unknown certificate is better than no encryption."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _refused(code: int, said: bytes | str, *, permanent: bool) -> Reply:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    detail = f"The mail server answered {code}: {' '.join(text.split())[:500]}"
    return Reply(verdict=Verdict.REJECTED if permanent else Verdict.FAILED, status=code, detail=detail)
