"""The demo's web site: linked pages with headers and cookies of many kinds, redirects, a slow page, and some that fail."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from inventory.demo.exchange import Headers, Request, Response, seeded

ARTICLES = 60
HTML = ("Content-Type", "text/html; charset=utf-8")
ETAG = '"edition-7"'
LAST_MODIFIED = "Wed, 07 Jan 2026 08:30:00 GMT"
MAX_WAIT = 60.0
"""Seconds that `/slow` takes at most."""

SECURE: Headers = (
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
)
LOGIN_COOKIES: Headers = (
    ("Set-Cookie", "session=8f14e45fceea; Path=/; HttpOnly; SameSite=Lax"),
    ("Set-Cookie", "csrf=c9f0f895fb98; Path=/account; Secure; SameSite=Strict"),
    ("Set-Cookie", "language=fr; Max-Age=31536000; Path=/"),
)
TRACKING_COOKIES: Headers = (
    ("Set-Cookie", "visitor=45c48cce2e2d; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Path=/"),
    ("Set-Cookie", "visitor=d3d9446802a4; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Path=/news"),
    ("Set-Cookie", "partner=elsewhere; Domain=partner.example; Path=/"),
    ("Set-Cookie", "gone=; Max-Age=0"),
)
REPEATED: Headers = (("X-Served-By", "cache-1"), ("Via", "1.1 front"), ("X-Served-By", "cache-2"), ("Via", "1.1 back"))

LINKS = {
    "/login": "three cookies of differing strictness, all security headers",
    "/news": "cookies that overwrite each other, one that a browser refuses, repeated headers",
    "/redirect": "two redirects, each of which sets a cookie",
    "/cached": "validators: a repeated request is answered 304",
    "/gzip": "a compressed page",
    "/latin1": "a page in ISO 8859-1",
    "/slow": "takes three seconds; /slow?seconds=10 takes ten",
    "/flaky": "fails one time in three",
    "/missing": "404",
    "/articles/1": f"the first of {ARTICLES} articles, each of which links to the next",
}


class Pages:
    """Serves the site, and `GET /urls.txt`, a file of all its addresses to import."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def respond(self, request: Request, rng: random.Random) -> Response:
        if request.path in FIXED:
            return FIXED[request.path]
        if request.path in ROUTES:
            return ROUTES[request.path](request, rng)
        number = request.path.removeprefix("/articles/")
        if number.isascii() and number.isdecimal() and len(number) < 4 and 1 <= int(number) <= ARTICLES:
            return self._article(int(number))
        return _page("Not found", "<p>There is no such page.</p>", status=404)

    def about(self) -> Mapping[str, Any]:
        return {"pages": len(LINKS) + ARTICLES}

    def _article(self, number: int) -> Response:
        """One of many pages, some with security headers, some with a cookie."""
        rng = seeded(self._seed, "article", number)
        headers = tuple(rng.sample(SECURE, rng.randint(0, len(SECURE))))
        if rng.random() < 0.5:
            headers += (("Set-Cookie", f"read={number}; Path=/articles; Max-Age={rng.randint(60, 9_999)}"),)
        text = f"<p>{'All work and no play. ' * rng.randint(5, 400)}</p>"
        return _page(f"Article {number}", f"{text}<a href=/articles/{number % ARTICLES + 1}>Next</a>", headers)


def _page(title: str, body: str, headers: Headers = (), status: int = 200) -> Response:
    text = f"<!doctype html><html lang=en><title>{escape(title)}</title><h1>{escape(title)}</h1>{body}</html>\n"
    return Response(status, (("Server", "demo"), HTML, *headers), text.encode())


def _links() -> str:
    lines = (f"<li><a href={path}>{path}</a>: {escape(what)}" for path, what in LINKS.items())
    return f"<ul>{''.join(lines)}</ul>"


def _redirect(to: str, cookie: str) -> Response:
    return Response(302, (("Server", "demo"), ("Location", to), ("Set-Cookie", cookie)), b"Elsewhere.\n")


def _cached(request: Request) -> Response:
    known = request.headers.get("if-none-match") == ETAG or request.headers.get("if-modified-since") == LAST_MODIFIED
    validators = (("ETag", ETAG), ("Last-Modified", LAST_MODIFIED), ("Cache-Control", "max-age=60"))
    return Response(304, validators) if known else _page("Cached", "<p>This stays as it is.</p>", validators)


def _gzip() -> Response:
    packed = gzip.compress(b"<!doctype html><title>Compressed</title>" + b"<p>Over and over again.</p>\n" * 200, mtime=0)
    return Response(headers=(("Server", "demo"), HTML, ("Content-Encoding", "gzip")), body=packed)


def _latin1() -> Response:
    body = "<!doctype html><title>Café</title><p>Größe, naïveté, señor.</p>\n".encode("latin-1")
    return Response(headers=(("Server", "demo"), ("Content-Type", "text/html; charset=iso-8859-1")), body=body)


def _slow(request: Request) -> Response:
    try:
        seconds = float(request.query("seconds", "3"))
    except ValueError:
        return _page("Seconds?", "<p>/slow?seconds=3</p>", status=400)
    page = _page("Slow", "<p>It took a while.</p>")
    return Response(page.status, page.headers, page.body, wait=max(0.0, min(seconds, MAX_WAIT)))


def _flaky(rng: random.Random) -> Response:
    if rng.random() < 1 / 3:
        return _page("Internal server error", "<p>Try again.</p>", status=500)
    return _page("Flaky", "<p>It worked this time.</p>")


def _urls(request: Request) -> Response:
    paths = ["/", *LINKS, *(f"/articles/{number}" for number in range(2, ARTICLES + 1))]
    text = "".join(f"http://{request.authority}{path}\n" for path in paths)
    return Response(headers=(("Content-Type", "text/plain; charset=utf-8"),), body=text.encode())


FIXED: Mapping[str, Response] = {
    "/": _page("Demo", _links()),
    "/login": _page("Log in", "<form><input name=user></form>", SECURE + LOGIN_COOKIES),
    "/news": _page("News", "<p>Nothing happened.</p>", TRACKING_COOKIES + REPEATED),
    "/redirect": _redirect("/redirect/on", "campaign=spring; Path=/; HttpOnly"),
    "/redirect/on": _redirect("/login", "came_from=redirect; Max-Age=600"),
    "/gzip": _gzip(),
    "/latin1": _latin1(),
}
ROUTES: Mapping[str, Callable[[Request, random.Random], Response]] = {
    "/cached": lambda request, _: _cached(request),
    "/slow": lambda request, _: _slow(request),
    "/flaky": lambda _, rng: _flaky(rng),
    "/urls.txt": lambda request, _: _urls(request),
}
