"""A fast upstream in a program of its own: nginx if it is installed, else the one of the tests.

Every path is a page of 20 KB of its own, with 15 header lines, 3 of them cookies.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import nginx
from bench.rig import answers, program
from tests.end_to_end.stack import free_port, wait_until

PAGE = 20_000
QUARTER = "<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.</p> " * 40

NGINX = """
    location / {{
      default_type text/html;
      {headers}
      set $quarter "{quarter}";
      return 200 "<!doctype html><title>$uri</title>$quarter$quarter$quarter$quarter$quarter$quarter";
    }}
"""
HEADERS = [f"X-Header-{n} 'value of header {n}, of a usual length'" for n in range(7)] + [
    f"Set-Cookie 'cookie{n}=0123456789abcdef; Path=/; HttpOnly; SameSite=Lax'" for n in range(3)
]
"""Besides Server, Date, Content-Type, Content-Length and Connection."""


@contextmanager
def upstream(folder: Path) -> Iterator[str]:
    """The upstream's URL, without a path."""
    if nginx.installed():
        headers = "\n".join(f"add_header {header};" for header in HEADERS)
        with nginx.running(folder, NGINX.format(headers=headers, quarter=QUARTER[: PAGE // 6])) as url:
            yield url
        return
    port = free_port()
    command = [sys.executable, "-m", "tests.upstreams", "--port", str(port)]
    with program(command, dict(os.environ), folder / "upstream.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/page"), "the upstream answers")
        yield url
