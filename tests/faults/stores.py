"""The stores of the rig, and how each is taken away: a SQLite file, or a server of its own."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.contract.one_at_a_time import OneAtATime
from tests.end_to_end.stack import free_port
from tests.faults.proxy import Proxy

MONGO_COMMAND = "INVENTORY_TEST_MONGO_COMMAND"
"""The variable with the command that runs a server: `{port}` and `{folder}` in it are filled in.

One without `{folder}` keeps all in memory, so it is not killed.
"""


class KeptStore(Protocol):
    """`url` is for the inventory, `direct` for the rig itself; `proxy` is between the inventory and a server.

    `lasting` is whether what it has been told outlives the program that keeps it.
    """

    kind: str
    lasting: bool
    url: str
    direct: str
    command: list[str] | None
    proxy: Proxy | None

    def answers(self) -> bool: ...

    def take_away(self) -> None: ...

    def bring_back(self) -> None: ...


class SqliteFile:
    """A file in a folder that is reached through a link: it goes and comes back at once with all that belongs to it.

    A mount does that, too. Moving the file and its log one after the other would be another fault: a program that starts in
    between makes a new file, for which SQLite deletes the log of the old one.
    """

    kind = "sqlite"
    lasting = True
    command: list[str] | None = None
    proxy: Proxy | None = None

    def __init__(self, folder: Path) -> None:
        self._link, self._kept = folder / "store", folder / "kept"
        self._kept.mkdir()
        self._link.symlink_to(self._kept)
        self.url = self.direct = f"sqlite:///{self._link / 'inventory.sqlite3'}"

    def answers(self) -> bool:
        return self._link.exists()

    def take_away(self) -> None:
        self._point_to(self._kept.with_name("nowhere"))

    def bring_back(self) -> None:
        self._point_to(self._kept)

    def _point_to(self, folder: Path) -> None:
        new = self._link.with_name("store.new")
        new.symlink_to(folder)
        new.replace(self._link)


class MongoServer:
    """A server that the rig starts, behind a proxy."""

    kind = "mongo"

    def __init__(self, command: list[str], port: int, direct_port: int, proxy: Proxy, *, lasting: bool) -> None:
        self.lasting = lasting
        self.command: list[str] | None = command
        self.proxy: Proxy | None = proxy
        self.direct = f"mongodb://127.0.0.1:{direct_port}/inventory"
        self.url = f"mongodb://127.0.0.1:{proxy.port}/inventory"
        self._client: MongoClient[dict[str, object]] = MongoClient(
            f"mongodb://127.0.0.1:{port}", serverSelectionTimeoutMS=500
        )

    def answers(self) -> bool:
        try:
            self._client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def take_away(self) -> None:
        assert self.proxy is not None
        self.proxy.behave("refuse")

    def bring_back(self) -> None:
        assert self.proxy is not None
        self.proxy.behave("pass")

    def close(self) -> None:
        self._client.close()


def mongo_is_there() -> bool:
    """Whether this machine says how a server is run."""
    return MONGO_COMMAND in os.environ


@contextmanager
def store_of(kind: str, folder: Path) -> Iterator[KeptStore]:
    """A store of this kind. FerretDB 1 gets its commands one at a time (see `OneAtATime`)."""
    if kind == "sqlite":
        yield SqliteFile(folder)
        return
    with ExitStack() as undo:
        port, kept = free_port(), folder / "store"
        kept.mkdir()
        told = os.environ[MONGO_COMMAND]
        command = [part.format(port=port, folder=kept) for part in shlex.split(told)]
        between = undo.enter_context(OneAtATime(f"mongodb://127.0.0.1:{port}"))
        direct_port = int(between.url.rpartition(":")[2])
        proxy = undo.enter_context(Proxy(("127.0.0.1", direct_port)))
        found = MongoServer(command, port, direct_port, proxy, lasting="{folder}" in told)
        undo.callback(found.close)
        yield found
