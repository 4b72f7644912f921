"""`python -m inventory.composition`: prepare the volumes of docker-compose.yml, as root, before anything else starts.

The first time this makes the credentials of the databases and of the file store. Later it changes nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

CREDENTIALS = Path("/credentials")
FILES = Path("/files")
OWNER = 10001
"""The user that the image runs as."""


def main() -> None:
    """Prepare the volumes below `/credentials` and the one at `/files`."""
    make_credentials(CREDENTIALS)
    give_away(FILES, OWNER)


def make_credentials(folder: Path) -> None:
    """Files in a folder's `redis`, `mongo` and `files`, each a volume, so that a container sees no more than it needs.

    Who mounts a volume may read it: databases run as users of their own.
    """
    make_secret(folder / "redis" / "password")
    make_secret(folder / "files" / "secret")
    password = make_secret(folder / "mongo" / "password")
    options = "/inventory?replicaSet=rs0"
    write(folder / "mongo" / "url", f"mongodb://mongo:27017{options}")
    write(folder / "mongo" / "url-with-login", f"mongodb://inventory:{password}@mongo:27017{options}&authSource=admin")


def make_secret(file: Path) -> str:
    """What the file has, after making it with 192 random bits if it is not there."""
    if not file.exists():
        write(file, secrets.token_hex(24))
    return file.read_text()


def write(file: Path, text: str) -> None:
    """Have the file say that, readable for every user; it appears whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(text)
    part.chmod(0o444)
    part.rename(file)


def give_away(folder: Path, owner: int) -> None:
    """Have a folder and what is in it belong to a user: an earlier version's file store wrote as root."""
    if folder.stat().st_uid == owner:
        return
    for path, _, names in os.walk(folder, topdown=False):
        for name in (*names, "."):
            shutil.chown(Path(path, name), owner, owner)


if __name__ == "__main__":
    main()
