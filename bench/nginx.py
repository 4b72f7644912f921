"""The limit of the machine: one nginx process, with its defaults, that serves an answer of ours as a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.rig import answers, program
from tests.end_to_end.stack import free_port, wait_until

CONFIGURATION = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx.error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    {server}
  }}
}}
"""
FILE = """
    root {folder};
    default_type application/json;
    location / {{ try_files /answer.json =404; }}
"""


@contextmanager
def serving(folder: Path, answer: bytes) -> Iterator[str]:
    """The URL of an nginx that answers every path with the same file; `SystemExit` if nginx is not installed."""
    if installed() is None:
        raise SystemExit("This row needs nginx: install it, or name other rows.")
    own = folder / "nginx"
    own.mkdir()
    (own / "answer.json").write_bytes(answer)
    with running(own, FILE.format(folder=own)) as url:
        yield url


@contextmanager
def running(folder: Path, server: str) -> Iterator[str]:
    """The URL of an nginx process with these directives of its one server, and with its files in a folder."""
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""  # another user could not read the folder
    text = CONFIGURATION.format(folder=folder, port=port, user=user, server=server)
    (folder / "nginx.conf").write_text(text)
    command = [str(installed()), "-p", str(folder), "-e", str(folder / "nginx.error"), "-c", str(folder / "nginx.conf")]
    with program(command, dict(os.environ), folder / "nginx.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/page"), "nginx answers")
        yield url


def installed() -> str | None:
    """Its path, if it is installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
