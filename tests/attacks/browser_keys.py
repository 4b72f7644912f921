"""The hostile page against a service with keys, in a browser where a person is logged in; a table of what each try got.

The page is of another site, then of another port of the same host, to which a browser sends the cookies of the first, and
then of a name that is rebound. At last it goes through a proxy that hides who asks: there the token of our pages is what is
left to keep it from changing anything.
"""
# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from inventory.access.key_text import digest_of, new_key_text
from inventory.access.model import Key, Scope, Verb
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.local_stack.demo import Demo
from inventory.wiring import open_store
from tests.attacks.browser_chromium import Chromium, Tab
from tests.attacks.browser_claims import Claims
from tests.attacks.browser_hostile import PAGE, Hostile, hostile
from tests.attacks.browser_service import CANCEL, Service
from tests.local_stack.stack import Up, ports_in_a_row, up

HOST = "127.0.0.1"
TOLD = {
    "403": "403",
    "401": "401",
    "421": "421",
    "net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin": "an answer that the browser kept from it",
}
"""What the browser says of a request that only the dashboard got, which keeps no log of requests."""
COLUMNS = ("from another site", "from another port of the host", "with nobody looking at who asks")


def run(claims: Claims, browser: Chromium, evil_name: str, rebound_name: str, pictures: Path | None) -> None:
    """Attack, and then use, a stack of our own."""
    demo = Demo(ports_in_a_row())
    with (
        up("--demo", "--demo-port", str(demo.first_port), access="keys", events_line_delay=0.2) as stack,
        ExitStack() as closing,
    ):
        stack.report(90)
        admin, theirs = make_key(stack, "Ann", Verb.ADMIN), make_key(stack, "Mallory", Verb.READ)
        service = closing.enter_context(Service(stack, demo.urls["pages"], admin))
        person = log_in(claims, browser, stack, admin, pictures)
        rows: dict[str, list[str]] = {}
        for number, name in enumerate((evil_name, HOST)):
            evil = closing.enter_context(hostile(HOST))
            it = service.addresses(HOST, f"keys-{number}") | {"key": theirs}
            tries(claims, browser, service, f"http://{name}:{evil.port}/", it, rows, may_change=False)
        rebind(claims, browser, service, rebound_name, closing.enter_context(hostile("127.0.0.2", stack.port)))
        proxy = closing.enter_context(hostile(HOST))
        proxy.leads_to, proxy.disguised = stack.port, True
        evil = closing.enter_context(hostile(HOST))
        it = service.addresses(HOST, "keys-control") | {"key": theirs, "api": f"http://{HOST}:{proxy.port}"}
        tries(claims, browser, service, f"http://{HOST}:{evil.port}/", it, rows, may_change=True)
        use(claims, person, service, pictures)
    table(rows)


def make_key(stack: Up, name: str, verb: Verb) -> str:
    """The text of a new key."""
    text, store, now = new_key_text(), open_store(Settings(data_dir=stack.data)), utc_now()
    digest = digest_of(text)
    scopes = [Scope(verb=verb)]
    expires_at = now + timedelta(hours=1)
    store.keys.add(Key(id=digest[:32], name=name, digest=digest, scopes=scopes, created_at=now, expires_at=expires_at))
    store.close()
    return text


def log_in(claims: Claims, browser: Chromium, stack: Up, key: str, pictures: Path | None) -> Tab:
    """A tab in which a person typed the key into the form."""
    tab = browser.open()
    tab.go(f"http://{HOST}:{stack.port}/jobs")
    claims.add("a person without a key is led to the login", tab.run("location.pathname") == "/login")
    if pictures is not None:
        tab.picture(pictures / "login.png")
    tab.run(f"document.getElementById('key').value = {json.dumps(key)}")
    tab.run("document.querySelector('form').submit()")
    tab.wait("location.pathname === '/jobs' && document.readyState === 'complete'")
    claims.add("and back", "Ann" in tab.run("document.body.innerText"))
    claims.add("no script sees the cookie", tab.run("document.cookie") == "")
    claims.add("and nothing is held against the pages", not (found := tab.complaints()), found)
    return tab


def tries(
    claims: Claims, browser: Chromium, service: Service, page: str, it: dict[str, str], rows: dict[str, list[str]],
    *, may_change: bool,
) -> None:  # fmt: skip
    """Each attack of the page by itself; with `may_change` lookups may be accepted, because nobody looks at who asks."""
    tab = browser.open()
    tab.go(page)
    for name in tab.run("Object.keys(attacks)"):
        before = service.state()
        service.answered()
        tab.complaints()
        seen = tab.run(f"attack({json.dumps(it | {'only': [name]})})")
        tab.run("window.seen = []")
        told = [each.split(" ") for each in service.answered()]
        answers = sorted({f"{method} {status}" for method, _, status in told}) or sorted(set(tab.answers()) & TOLD.keys())
        changed = service.changes(before)
        got = ", ".join(TOLD.get(each, each) for each in answers) or "an answer that stayed in its frame"
        rows.setdefault(name, []).append(got + ("; read" if seen else "") + ("; changed" if changed else ""))
        at = page.split("/")[2]
        if not may_change:
            claims.add(f"{name} of {at} changes nothing", not changed, changed)
            claims.add(f"and reads nothing ({got})", not seen, seen)
        elif not name.startswith(("lookUp", "weather", "follow", "read", "show", "open")):
            claims.add(f"{name} without a token changes nothing, whoever asks ({got})", not changed, changed)
    claims.add(f"nobody was logged out or in as another by {page.split('/')[2]}", service.is_logged_in(browser, "Ann"))


def rebind(claims: Claims, browser: Chromium, service: Service, name: str, rebound: Hostile) -> None:
    """A page whose name leads to the service when the page is there has no cookie and no answer."""
    before, tab = service.state(), browser.open()
    tab.go(f"http://{name}:{rebound.port}/")
    rebound.leads_to = rebound.port
    it = {
        "job": service.job,
        "read": ["/", "/login", "/api/v1/keys", "/metrics"],
        "change": [["POST", "/api/v1/keys"], ["POST", "/login"]],
    }
    statuses = [status for status, _ in tab.run(f"rebound({json.dumps(it)})")]
    claims.add("a name that is rebound has no answer of a service with keys", set(statuses) == {421}, statuses)
    claims.add("and changes nothing", service.state() == before, service.changes(before))


def use(claims: Claims, tab: Tab, service: Service, pictures: Path | None) -> None:
    """What the person who is logged in does with our own pages: a job is cancelled, Swagger UI sends, the queue is shown."""
    api, queue = f"http://{HOST}:{service.stack.port}", f"http://{HOST}:{service.stack.dashboard_port}"
    tab.complaints()
    tab.go(f"{api}/jobs/{service.job}")
    tab.run(CANCEL)
    tab.wait("document.getElementById('status').textContent === 'cancelled'")
    claims.add("a person cancels a job from its page", service.state().jobs[service.job] == "cancelled")
    tab.go(f"{api}/docs/")
    sent = "ui.getConfigs().requestInterceptor({url: '/api/v1/history', headers: {}}).headers['X-CSRFToken']"
    tab.wait("!!window.ui")
    status = tab.run(
        f"fetch('/api/v1/history', {{method: 'DELETE', headers: {{'X-CSRFToken': {sent}}}}}).then(got => got.status)"
    )
    claims.add("Swagger UI sends the token", status == 204, status)
    tab.go(f"{queue}/")
    claims.add("the queue is shown to who is logged in at the API", tab.run("!!document.querySelector('#queues')"))
    for path in ("/", "/login", "/docs/"):
        tab.go(api + path)
        if pictures is not None:
            tab.picture(pictures / f"keys-{path.strip('/') or 'home'}.png")
    claims.add("and nothing is held against these pages", not (found := tab.complaints()), found)
    tab.go(f"{api}/login")
    tab.run("document.querySelector('form').submit()")
    tab.wait("location.pathname === '/login' && !!document.getElementById('key')")
    claims.add("and logs out", tab.run("fetch('/api/v1/keys').then(got => got.status)") == 401)


def table(rows: dict[str, list[str]]) -> None:
    """What each try got: the statuses of its answers, and whether it read or changed anything. Like tries are one row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, cells in rows.items():
        alike.setdefault(tuple(cells), []).append(f"`{name}`")
    print(f"\n{PAGE.name}, with a person logged in:\n")
    print(f"| tries | {' | '.join(COLUMNS)} |")
    print(f"| --- |{' --- |' * len(COLUMNS)}")
    for cells, names in alike.items():
        print(f"| {', '.join(names)} | {' | '.join(cells)} |")
