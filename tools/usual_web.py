"""Sites as they are usual on the web, made up: heads of responses and pages with what most of them have in common."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

_WORDS = (
    "about account article author baby black blog book business buy car care cart category city class cloud color comment"
    " community company contact content country course culture customer data day delivery design details digital discover"
    " download drive education email energy event experience family fashion find follow food free garden gift global good"
    " green group guide health help history home hotel house image industry information international job kitchen language"
    " latest learn library life light line link list local login market media member menu mobile money more music nature"
    " network new news office online open order page paper partner people phone photo place plan policy popular post press"
    " price privacy product program project public quality question read recipe release report research resource review"
    " sale school science search season security service shipping shop simple site social software solution sport start"
    " store story style subscribe summer support system team technology terms time topic tour travel update user video view"
    " water weather web week welcome women work world year the of and to in for is on that with as are from your this our"
)
WORDS = _WORDS.split()
ENDS = ("com", "com", "com", "org", "net", "de", "co.uk", "fr", "io", "nl", "it", "ch", "com.br", "jp", "eu")
SERVERS: Sequence[Sequence[tuple[str, str]]] = (
    (("Server", "nginx"), ("Connection", "keep-alive"), ("Keep-Alive", "timeout=5")),
    (("Server", "nginx/1.24.0"), ("Connection", "keep-alive"), ("X-Powered-By", "PHP/8.2.12")),
    (
        ("Server", "Apache"),
        ("Upgrade", "h2,h2c"),
        ("Connection", "Upgrade, Keep-Alive"),
        ("Keep-Alive", "timeout=5, max=100"),
    ),
    (("Server", "Apache/2.4.57 (Ubuntu)"), ("X-Powered-By", "PHP/8.1.2"), ("Connection", "Keep-Alive")),
    (
        ("Server", "cloudflare"),
        ("Connection", "keep-alive"),
        ("CF-Cache-Status", "DYNAMIC"),
        ("alt-svc", 'h3=":443"; ma=86400'),
    ),
    (("Server", "LiteSpeed"), ("Connection", "Keep-Alive"), ("alt-svc", 'h3=":443"; ma=2592000, h3-29=":443"; ma=2592000')),
    (("Server", "Microsoft-IIS/10.0"), ("X-AspNet-Version", "4.0.30319"), ("X-Powered-By", "ASP.NET")),
    (("Server", "AmazonS3"), ("Via", "1.1 edge.cloudfront.net (CloudFront)"), ("X-Cache", "Hit from cloudfront")),
    (("Server", "Vercel"), ("x-vercel-cache", "HIT"), ("X-Matched-Path", "/"), ("Access-Control-Allow-Origin", "*")),
    (("Server", "openresty"), ("Connection", "keep-alive"), ("X-Served-By", "cache-fra-1"), ("X-Cache", "MISS, HIT")),
    (("Server", "Varnish"), ("Via", "1.1 varnish"), ("Accept-Ranges", "bytes"), ("X-Timer", "S1767225600.123456,VS0,VE1")),
    (("Server", "gunicorn"), ("Connection", "close")),
)
POLICIES = (
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
    ("Strict-Transport-Security", "max-age=63072000"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Referrer-Policy", "no-referrer-when-downgrade"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ("Content-Security-Policy", "upgrade-insecure-requests"),
    ("Content-Security-Policy", "default-src 'self'; script-src 'self' 'unsafe-inline' https:; frame-ancestors 'self'"),
    ("Content-Security-Policy-Report-Only", "default-src https:; report-uri /csp-report"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Access-Control-Allow-Origin", "*"),
    ("Vary", "Accept-Encoding"),
    ("Vary", "Accept-Encoding, Cookie, User-Agent"),
    ("Cache-Control", "no-store, no-cache, must-revalidate"),
    ("Cache-Control", "public, max-age=3600, s-maxage=86400, stale-while-revalidate=60"),
    ("Cache-Control", "private, max-age=0"),
    ("Pragma", "no-cache"),
    ("Expires", "Thu, 19 Nov 1981 08:52:00 GMT"),
    ("Content-Language", "en"),
    ("Accept-Ranges", "bytes"),
    ("Age", "1234"),
    ("P3P", 'CP="NOI DSP COR NID"'),
)
COOKIES = (
    "PHPSESSID={}; path=/; secure; HttpOnly; SameSite=Lax",
    "JSESSIONID={}; Path=/; Secure; HttpOnly",
    "ASP.NET_SessionId={}; path=/; HttpOnly; SameSite=Lax",
    "session={}; Expires={date}; HttpOnly; Path=/; SameSite=Lax",
    "csrftoken={}; expires={date}; Max-Age=31449600; Path=/; SameSite=Lax; Secure",
    "XSRF-TOKEN={}; expires={date}; Max-Age=7200; path=/; samesite=lax",
    "laravel_session={}; expires={date}; Max-Age=7200; path=/; httponly; samesite=lax",
    "__cf_bm={}; path=/; expires={date}; domain=.{host}; HttpOnly; Secure; SameSite=None",
    "lang=en; Path=/; Max-Age=31536000; Domain={host}; Secure; SameSite=None; Partitioned",
    "visitor_id={}; Path=/; Expires={date}; Domain=.{host}",
)
CIPHERS = ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256")
ISSUERS = ("CN=R11,O=Let's Encrypt,C=US", "CN=E5,O=Let's Encrypt,C=US", "CN=WE1,O=Google Trust Services,C=US")
SCRIPTS = (
    "https://www.googletagmanager.com/gtag/js?id=G-{}",
    "https://www.google-analytics.com/analytics.js",
    "https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/js/bootstrap.bundle.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/jquery/3.7.1/jquery.min.js",
    "https://code.jquery.com/jquery-3.7.1.min.js",
    "https://unpkg.com/swiper/swiper-bundle.min.js",
    "https://{host}/wp-includes/js/jquery/jquery.min.js?ver=3.7.1",
    "/_next/static/chunks/main-{}.js",
    "/assets/js/app.{}.js",
)
STYLES = (
    "https://fonts.googleapis.com/css2?family=Roboto:wght@400;500;700&display=swap",
    "https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/css/bootstrap.min.css",
    "https://{host}/wp-content/themes/{word}/style.css?ver=6.4.3",
    "/_next/static/css/{}.css",
    "/assets/css/main.{}.css",
)
DATES = tuple(f"{day:02} {month} 20{year} {day:02}:{day + 20}:0{day % 10} GMT" for day in (1, 7, 14, 28)
              for month in ("Jan", "Apr", "Jul", "Oct", "Dec") for year in (26, 27))  # fmt: skip
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def responses(rng: random.Random, host: str, source: bytes) -> list[bytes]:
    """What a collection of the page receives: redirects, as many as there are, and the page."""
    hops = [_head(rng, host, 301, "Moved Permanently", b"", ("Location", f"https://{host}/{n}")) for n in range(_few(rng))]
    return [*hops, _head(rng, host, 200, "OK", source, ("Content-Type", "text/html; charset=utf-8"))]


def certificate(rng: random.Random, host: str) -> dict[str, Any]:
    """The member `tls` of a response."""
    return {
        "version": rng.choice(("TLSv1.3", "TLSv1.3", "TLSv1.2")),
        "cipher": rng.choice(CIPHERS),
        "subject": f"CN={host}",
        "issuer": rng.choice(ISSUERS),
        "names": [host, f"*.{host}"],
        "sha256": _digits(rng, 64),
        "not_before": f"2026-0{rng.randint(1, 9)}-{rng.randint(10, 28)}T0{rng.randint(0, 9)}:00:00.000Z",
        "not_after": f"2027-0{rng.randint(1, 9)}-{rng.randint(10, 28)}T0{rng.randint(0, 9)}:00:00.000Z",
    }


def page(rng: random.Random, host: str) -> str:
    """A page of some kilobytes: its head, and a body of the elements that most pages are made of."""
    title = _words(rng, 5).title()
    about, styles = _words(rng, 14).capitalize(), "\n".join(_style(rng, host) for _ in range(_few(rng)))
    scripts = "\n".join(_script(rng, host) for _ in range(1 + _few(rng)))
    head = f"""<!DOCTYPE html>
<html lang="en-US">
<head>
<meta charset="UTF-8">
<meta http-equiv="X-UA-Compatible" content="IE=edge">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="{about}">
<meta name="robots" content="index, follow, max-image-preview:large, max-snippet:-1">
<link rel="canonical" href="https://{host}/">
<meta property="og:locale" content="en_US">
<meta property="og:type" content="website">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{about}">
<meta property="og:url" content="https://{host}/">
<meta property="og:site_name" content="{title}">
<meta property="og:image" content="https://{host}/images/{_words(rng, 1)}.jpg">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta name="twitter:card" content="summary_large_image">
<meta name="theme-color" content="#ffffff">
<meta name="generator" content="{rng.choice(("WordPress 6.4.3", "Drupal 10 (https://www.drupal.org)", "Hugo 0.125.4"))}">
<link rel="icon" type="image/png" sizes="32x32" href="/favicon-32x32.png">
<link rel="apple-touch-icon" sizes="180x180" href="/apple-touch-icon.png">
<link rel="manifest" href="/site.webmanifest">
<link rel="preconnect" href="https://fonts.gstatic.com" crossorigin>
<link rel="dns-prefetch" href="//fonts.googleapis.com">
<link rel="alternate" type="application/rss+xml" title="{title} &raquo; Feed" href="https://{host}/feed/">
<link rel="alternate" hreflang="de" href="https://{host}/de/">
{styles}
{scripts}
<script type="application/ld+json">{{"@context":"https://schema.org","@type":"Organization","url":"https://{host}/"}}</script>
</head>
"""
    parts = "\n".join(rng.choice(PARTS)(rng, host) for _ in range(rng.randint(4, 16)))
    foot = f'<footer class="footer" id="footer"><div class="container"><p>&copy; 2026 {title}</p></div></footer>'
    return f'{head}<body class="home page-template-default page">\n{parts}\n{foot}\n</body>\n</html>\n'


def _navigation(rng: random.Random, host: str) -> str:
    links = "".join(
        f'<li class="nav-item menu-item"><a class="nav-link" href="/{w}/">{w.title()}</a></li>' for w in _some(rng)
    )
    return f'<nav class="navbar navbar-expand-lg" aria-label="Main" role="navigation"><ul class="nav">{links}</ul></nav>'


def _text(rng: random.Random, host: str) -> str:
    paragraphs = "".join(f"<p>{_words(rng, 30).capitalize()}.</p>\n" for _ in range(rng.randint(1, 4)))
    title = _words(rng, 4).title()
    return f'<section class="section"><div class="container"><h2 class="title">{title}</h2>\n{paragraphs}</div></section>'


def _cards(rng: random.Random, host: str) -> str:
    return "\n".join(
        f'<div class="col-md-4"><div class="card"><a href="https://{host}/{word}/{number}" title="{word}"><img'
        f' src="https://{host}/wp-content/uploads/2026/01/{word}-300x200.jpg" alt="{word}" width="300" height="200"'
        f' loading="lazy" decoding="async" class="img-fluid"></a><div class="card-body"><h3 class="card-title">'
        f'{word.title()}</h3><span class="price">${number}.99</span></div></div></div>'
        for number, word in enumerate(_some(rng), 10)
    )


def _form(rng: random.Random, host: str) -> str:
    return (
        f'<form action="/search" method="get" class="search-form" role="search"><input type="search" name="q" value=""'
        f' placeholder="{_words(rng, 2).title()}" aria-label="Search">'
        f'<input type="hidden" name="csrf" value="{_digits(rng, 32)}">'
        f'<button type="submit" class="btn btn-primary">Search</button></form>'
    )


def _inline(rng: random.Random, host: str) -> str:
    return f'<script>window.{_words(rng, 1)} = {{"id":"{_digits(rng, 12)}","locale":"en","debug":false}};</script>'


PARTS = (_navigation, _text, _text, _text, _cards, _form, _inline)


def _head(rng: random.Random, host: str, status: int, reason: str, body: bytes, *more: tuple[str, str]) -> bytes:
    fields = [("Date", _date(rng)), *more, ("Content-Length", str(len(body))), *rng.choice(SERVERS)]
    fields += rng.sample(POLICIES, rng.randint(0, 9))
    if rng.random() < 0.4:
        fields += [("Last-Modified", _date(rng)), ("ETag", f'W/"{_digits(rng, 16)}"')]
    cookies = [each.format(_digits(rng, 26), host=host, date=_date(rng)) for each in rng.sample(COOKIES, _few(rng))]
    fields += [("Set-Cookie", each) for each in cookies]
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"HTTP/1.1 {status} {reason}\r\n{lines}\r\n".encode() + body


def _style(rng: random.Random, host: str) -> str:
    url = rng.choice(STYLES).format(_digits(rng, 8), host=host, word=_words(rng, 1))
    return f'<link rel="stylesheet" href="{url}" type="text/css" media="all">'


def _script(rng: random.Random, host: str) -> str:
    return f'<script async src="{rng.choice(SCRIPTS).format(_digits(rng, 10), host=host)}"></script>'


def _date(rng: random.Random) -> str:
    return f"{rng.choice(DAYS)}, {rng.choice(DATES)}"


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choices(WORDS, k=count))


def _some(rng: random.Random) -> list[str]:
    return rng.sample(WORDS, rng.randint(3, 8))


def _few(rng: random.Random) -> int:
    """None to four, most often none or one."""
    return rng.choice((0, 0, 0, 1, 1, 2, 4))


def _digits(rng: random.Random, count: int) -> str:
    return f"{rng.getrandbits(4 * count):0{count}x}"
