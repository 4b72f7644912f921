"""The limit of the machine: one nginx process, with its defaults, that serves an answer of ours as a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bench.rig import program
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
    root {folder};
    default_type application/json;
    location / {{ try_files /answer.json =404; }}
  }}
}}
"""


@contextmanager
def serving(folder: Path, answer: bytes) -> Iterator[str]:
    """The URL of an nginx that answers every path with the same file; `SystemExit` if nginx is not installed."""
    nginx = installed()
    if nginx is None:
        raise SystemExit("This row needs nginx: install it, or name other rows.")
    own = folder / "nginx"
    own.mkdir()
    (own / "answer.json").write_bytes(answer)
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""  # another user could not read the folder
    (own / "nginx.conf").write_text(CONFIGURATION.format(folder=own, port=port, user=user))
    command = [nginx, "-p", str(own), "-e", str(own / "nginx.error"), "-c", str(own / "nginx.conf")]
    with program(command, dict(os.environ), own / "nginx.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url, answer), "nginx answers")
        yield url


def installed() -> str | None:
    """Its path, if it is installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def _answers(url: str, answer: bytes) -> bool:
    try:
        return requests.get(url, timeout=5).content == answer
    except requests.ConnectionError:
        return False
