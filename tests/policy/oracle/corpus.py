"""The corpus: for each test of the Observatory, lines that it tells apart, and some that it stumbles over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.policy.oracle.cases import HTML, HTTP, HTTPS, Case, Line, Response

CSP, HSTS, XCTO, XFO = (
    *("Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options"),
)
REFERRER, CORP, COOKIE = "Referrer-Policy", "Cross-Origin-Resource-Policy", "Set-Cookie"
GOOD: Sequence[Line] = (
    HTML,
    (CSP, "default-src 'none'; script-src 'self'; frame-ancestors 'none'"),
    (HSTS, "max-age=63072000; includeSubDomains"),
    (XCTO, "nosniff"),
    (REFERRER, "no-referrer"),
    (CORP, "same-origin"),
)

_POLICIES = (
    "default-src 'none'", "default-src 'self'", "script-src 'self'", "default-src *", "default-src https:",
    "default-src http:", "default-src", "script-src", "script-src;object-src", "default-src 'none' 'self'",
    "DEFAULT-SRC 'NONE'", "default-src 'self'; script-src 'unsafe-inline'",
    "default-src 'self'; script-src 'unsafe-inline' 'nonce-abc'",
    "default-src 'self'; script-src 'unsafe-inline' 'sha256-abc'", "default-src 'self'; script-src data:",
    "default-src 'self'; script-src https://*", "default-src 'self'; script-src http://*.*",
    "default-src 'self'; script-src https://cdn.example", "default-src 'self'; script-src http://cdn.example",
    "default-src 'self'; script-src ftp://cdn.example", "default-src 'self'; script-src 'unsafe-eval'",
    "default-src 'self'; style-src 'unsafe-eval'", "default-src 'self'; style-src 'unsafe-inline'",
    "default-src 'self'; style-src 'unsafe-inline' 'nonce-abc'", "default-src 'self'; style-src data:",
    "default-src 'self'; style-src http://cdn.example", "default-src 'self'; style-src https:",
    "default-src 'self'; img-src http:", "default-src 'self'; img-src http://img.example",
    "default-src 'self'; img-src *", "default-src 'self'; media-src ftp://m.example",
    "default-src 'self' http://x.example; script-src 'self'", "default-src 'self'; object-src *",
    "default-src 'self'; object-src data:", "script-src 'self'; object-src 'none'",
    "default-src 'self'; connect-src http://api.example", "default-src 'self'; frame-src http://f.example",
    "default-src 'self'; worker-src http://w.example", "default-src 'self'; font-src http://f.example",
    "default-src 'self'; script-src-elem http://s.example", "default-src 'self'; style-src-attr 'unsafe-inline'",
    "default-src 'self'; base-uri http://b.example", "default-src 'self'; form-action http://f.example",
    "default-src 'self'; frame-ancestors http://f.example", "default-src 'self'; frame-ancestors *",
    "default-src 'self'; report-uri http://r.example/", "default-src 'self'; report-uri /r; report-uri /s",
    "default-src 'self'; script-src 'strict-dynamic'", "default-src 'self'; script-src 'strict-dynamic' 'nonce-abc'",
    "object-src 'none'; script-src 'strict-dynamic' 'nonce-abc' https: http: 'unsafe-inline'",
    "object-src 'none'; script-src 'strict-dynamic' 'nonce-abc' 'unsafe-eval'",
    "default-src 'strict-dynamic' 'sha384-abc'", "default-src 'strict-dynamic' 'nonce-abc' https:",
    "default-src 'self'; style-src 'unsafe-inline' 'strict-dynamic'",
    "upgrade-insecure-requests", "frame-ancestors 'self'", "sandbox",
    "default-src 'self'; default-src 'none'", "default-src 'self'; img-src *; img-src 'self'", "x", "", ";",
    "default-src 'self';;", "default-src 'self' https://a.example/foo https://a.example/foobar",
    "default-src 'self' blob: mediastream:", "script-src 'self' 'wasm-unsafe-eval'; object-src 'none'",
    "require-trusted-types-for 'script'; default-src 'self'",
)  # fmt: skip
_TWO_POLICIES = (
    ("default-src 'self'", "script-src 'none'"),
    ("default-src *", "default-src 'self'"),
    ("script-src 'self' 'unsafe-inline'; object-src 'none'", "script-src 'self'"),
)
_COOKIES = (
    ["a=1"], ["a=1; Secure"], ["a=1; Secure; SameSite=Lax"], ["a=1; Secure; SameSite=Lax", "b=2; Secure"],
    ["a=1; HttpOnly"], ["a=1; SameSite=None"], ["a=1; Secure; SameSite=None"], ["a=1; Secure; SameSite=wrong"],
    ["a=1; Secure; SameSite"], ["sessionid=1"], ["sessionid=1; Secure"], ["sessionid=1; HttpOnly"],
    ["sessionid=1; Secure; HttpOnly"], ["sessionid=1; Secure; HttpOnly; SameSite=Strict"],
    ["PHPSESSID=1; Secure; HttpOnly"], ["login=1; Secure"], ["csrftoken=1; Secure"],
    ["csrftoken=1; Secure; SameSite=Strict"], ["XSRF-TOKEN=1; Secure"], ["csrf=1; SameSite=Lax"],
    ["a=1; Secure; Domain=other.example"], ["a=1; Secure; Domain=shop.example; SameSite=Lax"],
    ["__Host-a=1; Secure; Path=/; SameSite=Lax"], ["__Secure-a=1"], ["a=1; Secure; SameSite=Lax", "a=2"],
    ["a=1; Max-Age=0"], ["a=1; Secure; SameSite=Lax; Max-Age=0", "sess=1; Max-Age=0"], ["heroku-session-affinity=1"],
    ["=1; Secure"], ["a; Secure"],
)  # fmt: skip
_HSTS = (
    "max-age=31536000", "max-age=15552000", "max-age=15551999", "max-age=0",
    "max-age=300; includeSubDomains; preload", "MAX-AGE=31536000", "includeSubDomains", "", "max-age=", "max-age=abc",
    'max-age="31536000"', 'max-age="0"', "max-age = 31536000", "max-age=31536000, max-age=0", "max-age=31536000abc",
    "; max-age=31536000", "max-age=-1", "max-age=31536000; max-age=0",
)  # fmt: skip
_REFERRERS = (
    "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin", "origin-when-cross-origin",
    "unsafe-url", "no-referrer-when-downgrade", "", "wrong", "no-referrer, wrong", "unsafe-url, no-referrer",
    "no-referrer, unsafe-url", "No-Referrer",
)  # fmt: skip
_LISTED = {
    XCTO: ("NoSniff", "sniff", "", "nosniff, nosniff", " nosniff "),
    XFO: ("DENY", "sameorigin", "ALLOW-FROM https://a.example", "wrong", "", "DENY, DENY"),
    CORP: ("same-origin", "same-site", "cross-origin", "SAME-SITE", "wrong", ""),
}
_ROUTES = (
    [HTTP], [HTTP, HTTPS], [HTTP, f"{HTTP}a", HTTPS], [HTTP, "https://other.example/", HTTPS], [HTTP, HTTPS, "http://shop.example/b"],
    [HTTP, "http://other.example/"], [HTTPS, f"{HTTPS}a"], [HTTP, HTTPS, f"{HTTPS}a", f"{HTTPS}b"], [HTTP, f"{HTTPS}a"],
)  # fmt: skip
_BODIES = (
    "<script src='https://cdn.example/a.js'></script>", "<script src='http://cdn.example/a.js'></script>",
    "<script src='https://cdn.example/a.js' integrity='sha384-x' crossorigin></script>", "<script src='/a.js'></script>",
    "<script src='/a.js' integrity='sha384-x'></script>", "<script src='//cdn.example/a.js'></script>", "<script>1</script>",
    "<meta http-equiv=content-security-policy content=\"default-src 'none'\">", "<meta name=referrer content=unsafe-url>",
)  # fmt: skip
_PREFLIGHTS: Sequence[Sequence[Line]] = (
    [("Access-Control-Allow-Origin", "*")],
    [("Access-Control-Allow-Origin", "https://other.example")],
    [
        ("Access-Control-Allow-Origin", "https://http-observatory.security.mozilla.org"),
        ("Access-Control-Allow-Credentials", "true"),
    ],
)


def corpus() -> Sequence[Case]:
    """All cases, each with a name of its own."""
    return list(_all())


def _all() -> Iterator[Case]:
    yield _case("all that is asked for", GOOD)
    yield _case("nothing", [HTML])
    yield _case("nothing, over http", [HTML], url=HTTP)
    yield _case("no page", [("Content-Type", "image/png"), *_without("Content-Type")])
    yield from _of_policies()
    yield from _of_cookies()
    for name, values in ((HSTS, _HSTS), (REFERRER, _REFERRERS)):
        for value in values:
            yield _case(f"{name}: {value}", _with(name, value))
    yield _case(f"{HSTS} in two lines", _with(HSTS, "max-age=31536000", "max-age=0"))
    yield _case(f"{HSTS} over http", GOOD, url=HTTP)
    yield _case(f"{REFERRER} in two lines", _with(REFERRER, "no-referrer", "unsafe-url"))
    yield from _of_lists()
    for urls in _ROUTES:
        route = [Response(url=each, status=302) for each in urls[:-1]]
        yield Case(name=f"route: {' '.join(urls)}", responses=[*route, Response(url=urls[-1], lines=GOOD)])
    yield from _of_pages()


def _of_policies() -> Iterator[Case]:
    for policy in _POLICIES:
        yield _case(f"{CSP}: {policy}", _with(CSP, policy))
    for policy in ("default-src 'self'; script-src http://cdn.example", "default-src 'self'; img-src http:"):
        yield _case(f"{CSP} over http: {policy}", _with(CSP, policy), url=HTTP)
    for first, second in _TWO_POLICIES:
        yield _case(f"{CSP} in two lines: {first} | {second}", _with(CSP, first, second))
        yield _case(f"{CSP} in one line: {first}, {second}", _with(CSP, f"{first}, {second}"))
    yield _case(f"{CSP}-Report-Only", [*_without(CSP), (f"{CSP}-Report-Only", "default-src 'none'")])


def _of_cookies() -> Iterator[Case]:
    for lines in _COOKIES:
        yield _case(f"{COOKIE}: {' | '.join(lines)}", [*GOOD, *((COOKIE, each) for each in lines)])
        if "Secure" not in lines[0]:
            plain = [*_without(HSTS), *((COOKIE, each) for each in lines)]
            yield _case(f"{COOKIE} without {HSTS}: {' | '.join(lines)}", plain)
    on_the_way = Response(url=HTTP, status=301, lines=[(COOKIE, "sessionid=1")])
    yield Case(name=f"{COOKIE} of a redirect", responses=[on_the_way, Response(url=HTTPS, lines=GOOD)])


def _of_pages() -> Iterator[Case]:
    for body in _BODIES:
        lines = _without(CSP) if "meta" in body else GOOD
        yield Case(name=f"page: {body}", responses=[Response(url=HTTPS, lines=lines)], body=body)
    for preflight in _PREFLIGHTS:
        answer = "; ".join(f"{name}: {value}" for name, value in preflight)
        response = Response(url=HTTPS, lines=GOOD)
        yield Case(name=f"preflight answered by {answer}", responses=[response], preflight=preflight)


def _of_lists() -> Iterator[Case]:
    for name, values in _LISTED.items():
        yield _case(f"no {name}", _without(name))
        without = _without(CSP) if name == XFO else GOOD
        for value in values:
            yield _case(f"{name}: {value}", [*(line for line in without if line[0] != name), (name, value)])
        yield _case(f"{name} twice", [*(line for line in without if line[0] != name), (name, values[0]), (name, values[0])])


def _case(name: str, lines: Sequence[Line], *, url: str = HTTPS) -> Case:
    return Case(name=name, responses=[Response(url=url, lines=lines)])


def _without(name: str) -> Sequence[Line]:
    return [line for line in GOOD if line[0] != name]


def _with(name: str, *values: str) -> Sequence[Line]:
    return [*_without(name), *((name, each) for each in values)]
