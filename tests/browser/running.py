"""A real stack with its demo, and a site of our own that a test changes: what journeys through the pages need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from inventory.local_stack.demo import Demo
from tests.end_to_end.stack import wait_until
from tests.local_stack.stack import ports_in_a_row, up
from tests.upstreams import Answer, Request, Upstream


class Site(Upstream):
    """Each of its pages shows the mode of the site in a header."""

    mode = "on"

    def respond(self, request: Request) -> tuple[Answer, asyncio.Event | None]:
        _, gate = super().respond(request)
        headers = (("Content-Type", "text/html"), ("Server", "site"), ("X-Mode", self.mode))
        body = f"<!doctype html><title>Page {request.path}</title><p>The mode is {self.mode}.\n".encode()
        return Answer(headers=headers, body=body), gate


@dataclass(frozen=True, kw_only=True)
class Running:
    """The stack, the demo's upstreams and the site; `url` is where the pages are."""

    url: str
    demo: Demo
    site: Site

    def send(self, method: str, path: str, **how: Any) -> Any:
        """What the API answers."""
        answer = requests.request(method, f"{self.url}/api/v1{path}", timeout=60, **how)
        answer.raise_for_status()
        return answer.json()

    def collect(self, *urls: str) -> None:
        """Collect these now."""
        for url in urls:
            self.send("POST", "/metadata", json={"url": url})

    def import_file(self, kind: str, name: str, content: bytes, **options: object) -> str:
        """A job of this file that is over; its id."""
        job = self.send("POST", "/imports", params={"kind": kind, **options}, files={"file": (name, content)})["job_id"]
        wait_until(lambda: self.send("GET", f"/jobs/{job}")["status"] == "completed", f"the job of {name} ends")
        return str(job)


@contextmanager
def running(**settings: object) -> Iterator[Running]:
    """A stack that is ready, until the block ends."""
    demo = Demo(ports_in_a_row())
    with Site() as site, up("--demo", "--demo-port", str(demo.first_port), **settings) as stack:
        stack.report()
        stack.wait_until_ready()
        yield Running(url=f"http://127.0.0.1:{stack.port}", demo=demo, site=site)
