"""`python -m tests.attacks.browser`: a hostile page in a real browser has no effect, and our own pages work.

Needs Chromium (Debian's package `chromium`). Exits with 1 if any claim does not hold.
"""
# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

from inventory.local_stack.demo import Demo
from tests.attacks import browser_keys
from tests.attacks.browser_chromium import Chromium, Tab, chromium
from tests.attacks.browser_claims import Claims
from tests.attacks.browser_hostile import Hostile, hostile
from tests.attacks.browser_service import CANCEL, JOB, QUEUE, Service
from tests.browser import find_chromium
from tests.local_stack.stack import ports_in_a_row, up

EVIL, REBOUND, LISTED = "evil.example", "rebound.example", "inventory.example"
LOOK_UPS = ("picture", "quiet-picture", "script", "frame", "fetched", "quietly-fetched")
"""What the page looks up in ways that work in any browser where nobody looks at who asks."""


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.attacks.browser", description=__doc__)
    options.add_argument("--pictures", type=Path, help="a folder for pictures of the pages")
    pictures: Path | None = options.parse_args().pictures
    if find_chromium() is None:
        options.error("there is no Chromium: install the package chromium")
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    demo, claims = Demo(ports_in_a_row()), Claims()
    names = [(EVIL, "127.0.0.1"), (LISTED, "127.0.0.1"), (REBOUND, "127.0.0.2")]
    arguments = ("--demo", "--demo-port", str(demo.first_port))
    with up(*arguments, allowed_hosts=LISTED, events_line_delay=0.2) as stack, chromium(names) as browser:
        stack.report(90)
        with ExitStack() as closing:
            service = closing.enter_context(Service(stack, demo.urls["pages"]))
            evil = closing.enter_context(hostile("127.0.0.1"))
            attack(claims, browser, service, evil)
            for port, what in ((stack.port, "the API"), (stack.dashboard_port, "the dashboard")):
                rebind(claims, browser, service, closing.enter_context(hostile("127.0.0.2", port)), what)
            control(claims, browser, service, evil, closing.enter_context(hostile("127.0.0.1")))
            use(claims, browser, service, pictures)
    with chromium(names) as browser:
        browser_keys.run(claims, browser, EVIL, REBOUND, pictures)
    print(f"\n{len(claims.broken)} claims are broken" if claims.broken else "\nevery claim holds")
    return 1 if claims.broken else 0


def attack(claims: Claims, browser: Chromium, service: Service, evil: Hostile) -> None:
    """Everything that the page can try, on each name that leads to the service."""
    for number, host in enumerate(("127.0.0.1", "localhost", LISTED)):
        before, tab = service.state(), browser.open()
        tab.go(f"http://{EVIL}:{evil.port}/")
        it = service.addresses(host, f"attack-{number}")
        seen = tab.run(f"attack({json.dumps(it)})")
        complaints = " ".join(tab.complaints())
        claims.add(f"a page of another site changes nothing at {host}", service.state() == before, service.changes(before))
        claims.add(f"it reads nothing at {host}", seen == [], seen)
        claims.add(f"it shows no page of ours inside of its own at {host}", "frame-ancestors" in complaints, complaints)
        tab.run(f"location.href = {json.dumps(it['api'] + '/api/v1/metadata?url=' + it['target'] + '/led-to')}")
        tab.wait(f"location.hostname === {json.dumps(host)} && document.readyState === 'complete'")
        claims.add(f"nor does a link at {host}", service.state() == before, service.changes(before))


def rebind(claims: Claims, browser: Chromium, service: Service, rebound: Hostile, what: str) -> None:
    """A page whose name leads to the service when the page is there: first as it is, then through the proxy."""
    it = {
        "job": service.job,
        "read": ["/", "/api/v1/records", "/api/v1/metadata?url=" + service.kept, "/metrics", "/0/data/queues.json"],
        "change": [
            ["DELETE", "/api/v1/metadata?url=" + service.kept],
            ["POST", "/api/v1/products/runs"],
            ["POST", f"/api/v1/jobs/{service.job}/retry"],
            ["POST", f"/job/{JOB}/delete"],
            ["POST", f"/queue/{QUEUE}/failed/empty"],
            ["GET", f"/requeue/{QUEUE}"],
        ],
    }
    before, tab = service.state(), browser.open()
    tab.go(f"http://{REBOUND}:{rebound.port}/")
    rebound.leads_to = rebound.port
    told = tab.run(f"rebound({json.dumps(it)})")
    statuses = [status for status, _ in told]
    claims.add(f"a name that is rebound has no answer of {what}", set(statuses) == {421}, statuses)
    claims.add(f"and changes nothing of {what}", service.state() == before, service.changes(before))

    rebound.leads_to, rebound.disguised = rebound.port, True
    statuses = [status for status, _ in tab.run(f"rebound({json.dumps(it | {'change': []})})")]
    claims.add(f"(without a look at the name {what} would answer it)", 200 in statuses, statuses)


def control(claims: Claims, browser: Chromium, service: Service, evil: Hostile, proxy: Hostile) -> None:
    """The same attacks through a proxy that hides who asks: they are real."""
    service.import_slowly()
    before, tab = service.state(), browser.open()
    proxy.leads_to, proxy.disguised = service.stack.port, True
    it = service.addresses("127.0.0.1", "control") | {"api": f"http://127.0.0.1:{proxy.port}"}
    tab.go(f"http://{EVIL}:{evil.port}/")
    seen = tab.run(f"attack({json.dumps(it)})")
    proxy.leads_to = service.stack.dashboard_port
    buttons = {"only": ["emptyQueueByForm"], "queue": f"http://127.0.0.1:{proxy.port}"}
    tab.run(f"attack({json.dumps(it | buttons)})")
    after = service.state()
    missing = [name for name in LOOK_UPS if f"{it['target']}/{name}" not in after.records]
    claims.add("(without a look at who asks its lookups would be accepted)", not missing, missing)
    claims.add("(and its uploads and runs)", len(after.jobs) >= len(before.jobs) + 2, after.jobs)
    claims.add("(and its cancelling)", after.jobs[service.job] == "cancelled", after.jobs)
    claims.add("(and it would follow jobs)", bool(seen), seen)
    claims.add("(and empty queues)", before.failed != after.failed, after.failed)


def use(claims: Claims, browser: Chromium, service: Service, pictures: Path | None) -> None:
    """What a person does with our own pages, by a name of loopback and by one that is listed."""
    for host in ("localhost", LISTED):
        service.import_slowly()
        service.fail_a_job()
        tab, at = browser.open(), service.addresses(host, f"own-{host}")
        for name, step in {"home": _home, "docs": _docs, "jobs": _jobs, "job": _job, "dashboard": _dashboard}.items():
            try:
                step(tab, at)
                worked = ""
            except AssertionError as error:
                worked = str(error)[:500]
            if pictures is not None:
                tab.picture(pictures / f"{name}-{host}.png")
            complaints = tab.complaints()
            claims.add(f"the page {name} works at {host}", not worked, worked)
            claims.add("and nothing is held against it", not complaints, complaints)
        claims.add(f"what it did at {host} was done", *service.was_used())


def _home(tab: Tab, at: dict[str, str]) -> None:
    tab.go(at["api"] + "/")
    tab.wait("document.querySelector('h1').textContent === 'Inventory'")
    assert tab.run("getComputedStyle(document.querySelector('nav a')).display") == "inline-block"  # the style is worn


def _docs(tab: Tab, at: dict[str, str]) -> None:
    tab.go(at["api"] + "/docs/")
    _try_out(tab, "/healthz", "200")
    _try_out(tab, "/api/v1/products/runs", "202")
    looked_up = tab.run(f"fetch('/api/v1/metadata?url={at['target']}/own').then(got => got.status)")
    assert looked_up == 202, f"a lookup of our own page was answered with {looked_up}"


def _try_out(tab: Tab, path: str, status: str) -> None:
    block = (
        f"[...document.querySelectorAll('.opblock')].find(b => b.querySelector('[data-path]')?.dataset.path === '{path}')"
    )
    tab.wait(f"!!({block})")
    tab.run(f"({block}).querySelector('.opblock-summary-control').click()")
    for button in (".try-out__btn", ".execute"):
        tab.wait(f"!!({block}).querySelector('{button}')")
        tab.run(f"({block}).querySelector('{button}').click()")
    tab.wait(
        f"({block}).querySelector('.live-responses-table tbody .response-col_status')?.innerText.startsWith('{status}')"
    )


def _jobs(tab: Tab, at: dict[str, str]) -> None:
    tab.go(at["api"] + "/jobs")
    tab.wait(f"!!document.querySelector('a[href=\"/jobs/{at['job']}\"]')")


def _job(tab: Tab, at: dict[str, str]) -> None:
    tab.go(f"{at['api']}/jobs/{at['job']}")
    tab.run("window.here = true")
    first = tab.run("document.getElementById('rows').textContent")
    tab.wait(f"window.here && document.getElementById('rows').textContent !== {json.dumps(first)}")  # it is told
    tab.run(CANCEL)
    tab.wait("document.getElementById('status').textContent === 'cancelled'")


def _dashboard(tab: Tab, at: dict[str, str]) -> None:
    # Not its page of workers: rq-dashboard 0.9 answers 500 for it while one is busy, because it cannot read our jobs there.
    tab.go(at["queue"] + "/")
    tab.wait(f"document.querySelector('#queues tbody')?.innerText.includes('{QUEUE}')")
    tab.go(f"{at['queue']}/0/view/jobs/{QUEUE}/failed/8/asc/1")
    tab.wait(f"document.querySelector('#jobs tbody').innerText.includes('{JOB}')")
    tab.run("document.getElementById('empty-btn').click()")
    tab.wait("document.getElementById('confirmation-modal').classList.contains('show')")
    tab.run("document.getElementById('confirmation-modal-yes').click()")
    tab.wait(f"!document.querySelector('#jobs tbody').innerText.includes('{JOB}')")


if __name__ == "__main__":
    sys.exit(main())
