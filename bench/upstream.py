"""A fast upstream in a program of its own: nginx if it is installed, else the one of the tests.

Every path is a page of 20 KB of its own, with 15 header lines, 3 of them cookies.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bench.rig import program
from tests.end_to_end.stack import free_port, wait_until

PAGE = 20_000
QUARTER = "<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.</p> " * 40

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      default_type text/html;
      {headers}
      set $quarter "{quarter}";
      return 200 "<!doctype html><title>$uri</title>$quarter$quarter$quarter$quarter$quarter$quarter";
    }}
  }}
}}
"""
HEADERS = [f"X-Header-{n} 'value of header {n}, of a usual length'" for n in range(7)] + [
    f"Set-Cookie 'cookie{n}=0123456789abcdef; Path=/; HttpOnly; SameSite=Lax'" for n in range(3)
]
"""Besides Server, Date, Content-Type, Content-Length and Connection."""


@contextmanager
def upstream(folder: Path) -> Iterator[str]:
    """The upstream's URL, without a path."""
    port = free_port()
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx:
        headers = "\n".join(f"add_header {header};" for header in HEADERS)
        text = NGINX.format(folder=folder, port=port, headers=headers, quarter=QUARTER[: PAGE // 6])
        (folder / "nginx.conf").write_text(text)
        command = [nginx, "-p", str(folder), "-e", str(folder / "nginx.error"), "-c", str(folder / "nginx.conf")]
        path = "/page"
    else:
        command, path = [sys.executable, "-m", "tests.upstreams", "--port", str(port)], "/page"
    with program(command, dict(os.environ), folder / "upstream.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url + path), "the upstream answers")
        yield url


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
