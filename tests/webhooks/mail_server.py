"""A mail server on loopback that keeps what it is handed, and answers as a test says."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack, suppress
from email import message_from_bytes
from email.message import Message
from threading import Event
from types import TracebackType
from typing import BinaryIO

from tests.upstreams.accepting import serve_each, stop_accepting


class MailServer:
    """`with MailServer() as server:` listens until the block ends.

    `answers` replaces the answer to a command, `silent_at` is a command that gets none; "CONNECT" is the beginning. At
    `drips_at` an answer never ends. With a `context` it offers STARTTLS; `commands` are what it got, passwords included.
    """

    def __init__(self, *, context: ssl.SSLContext | None = None, implicit_tls: bool = False) -> None:
        self.answers: dict[str, str] = {}
        self.silent_at = self.drips_at = ""
        self.commands: list[str] = []
        self.mails: list[Message] = []
        self.encrypted = False
        self._context, self._implicit_tls = context, implicit_tls
        self._stopped = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> MailServer:
        serve_each(self._listener, self._serve)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        stop_accepting(self._listener)

    def _serve(self, connection: socket.socket) -> None:
        with ExitStack() as opened:
            if self._hangs(connection, "CONNECT"):
                return
            if self._implicit_tls:
                connection = opened.enter_context(self._encrypted(connection))
            self._say(connection, "220 mail.test ESMTP")
            self._converse(connection, opened)

    def _hangs(self, connection: socket.socket, name: str) -> bool:
        """Whether it hung here."""
        if name == self.silent_at:
            self._stopped.wait(100)
        elif name == self.drips_at:
            with suppress(OSError):
                while not self._stopped.wait(0.05):
                    self._say(connection, "220-wait")
        return name in (self.silent_at, self.drips_at)

    def _converse(self, connection: socket.socket, opened: ExitStack) -> None:
        lines = opened.enter_context(connection.makefile("rb"))
        while line := lines.readline():
            command = line.decode().strip()
            name = command.split(" ")[0].split(":")[0].upper()
            self.commands.append(command)
            if self._hangs(connection, name):
                return
            answer = self.answers.get(name) or self._usual(name)
            self._say(connection, answer)
            if name == "STARTTLS":
                connection = opened.enter_context(self._encrypted(connection))
                lines = opened.enter_context(connection.makefile("rb"))
            if name == "DATA" and answer.startswith("354"):
                self._say(connection, self._take(lines))
            if name == "QUIT":
                return

    def _usual(self, name: str) -> str:
        if name == "EHLO":
            offers = ["250-STARTTLS\r\n"] if self._context and not self.encrypted else []
            return f"250-mail.test\r\n{''.join(offers)}250-8BITMIME\r\n250 AUTH PLAIN"
        return {"DATA": "354 go on", "QUIT": "221 bye", "STARTTLS": "220 begin", "AUTH": "235 welcome"}.get(name, "250 ok")

    def _take(self, lines: BinaryIO) -> str:
        received = b""
        while (line := lines.readline()) not in (b"", b".\r\n"):
            received += line.removeprefix(b".") if line.startswith(b"..") else line
        if answer := self.answers.get("END"):
            return answer
        self.mails.append(message_from_bytes(received))
        return "250 queued"

    def _say(self, connection: socket.socket, answer: str) -> None:
        connection.sendall(f"{answer}\r\n".encode())

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        assert self._context is not None
        encrypted = self._context.wrap_socket(connection, server_side=True)
        self.encrypted = True
        return encrypted
