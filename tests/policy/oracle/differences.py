"""Where the policy `observatory` gives other points than the Observatory, and why it is left so."""

from __future__ import annotations

from collections.abc import Mapping

NOT_SHOWN = "A snapshot does not show it: the policy has no such test."
IN_META = "The policy judges header lines alone, and no `<meta>` elements."
JOINED = "Node joins lines of one name, and the Observatory reads them as one value. The policy looks at the first line."
TWO_POLICIES = "script-src 'self' 'unsafe-inline'; object-src 'none'", "script-src 'self'"
NO_NUMBER = (
    "The Observatory takes a max-age that is no whole number for one of six months or more. Browsers heed no such header."
)
REFUSED = "The Observatory asks a cookie jar, which refuses this cookie. The policy judges each line that is sent."
ONE_SERVICE = "The Observatory leaves out this cookie, which one hosting service sets. The policy knows no exception."

WHY: Mapping[tuple[str, str], str] = {
    ("content-security-policy", "Content-Security-Policy: default-src 'self'; report-uri http://r.example/"): (
        "The Observatory takes the address of reports for a source. The policy judges directives of sources."
    ),
    ("content-security-policy", "Content-Security-Policy: default-src 'self'; report-uri /r; report-uri /s"): (
        "The Observatory warns of a directive that is there twice. Browsers heed the first, and so does the policy."
    ),
    ("content-security-policy", "Content-Security-Policy: default-src 'strict-dynamic' 'nonce-abc' https:"): (
        "'strict-dynamic' is for scripts alone: plug-ins may come from anywhere. The Observatory takes it for all."
    ),
    **dict.fromkeys(
        (
            ("content-security-policy", "Content-Security-Policy: default-src 'self'; default-src 'none'"),
            ("content-security-policy", "Content-Security-Policy: default-src 'self'; img-src *; img-src 'self'"),
        ),
        "The Observatory calls a policy with a directive twice not valid. Browsers heed the first, and so does the policy.",
    ),
    **{
        ("content-security-policy", f"Content-Security-Policy in {how}"): (
            "A comma begins another policy, and all have to allow a source. The Observatory does not split policies there."
        )
        for how in (f"two lines: {' | '.join(TWO_POLICIES)}", f"one line: {', '.join(TWO_POLICIES)}")
    },
    ("cookies", "Set-Cookie: __Secure-a=1"): REFUSED,
    ("cookies", "Set-Cookie: heroku-session-affinity=1"): ONE_SERVICE,
    ("cookies", "Set-Cookie without Strict-Transport-Security: heroku-session-affinity=1"): ONE_SERVICE,
    ("cookies", "Set-Cookie of a redirect"): (
        "The Observatory looks at the cookies that the https URL leads to. The policy looks at those of all redirects, too."
    ),
    ("strict-transport-security", "Strict-Transport-Security: max-age="): NO_NUMBER,
    ("strict-transport-security", "Strict-Transport-Security: max-age=abc"): NO_NUMBER,
    ("strict-transport-security", "Strict-Transport-Security: max-age=31536000abc"): (
        "The Observatory reads the digits at the beginning. Browsers heed no such header."
    ),
    ("strict-transport-security", "Strict-Transport-Security: max-age=-1"): (
        "The Observatory reads a negative number. Browsers heed no such header."
    ),
    ("strict-transport-security", 'Strict-Transport-Security: max-age="0"'): (
        "RFC 6797 allows quotes. The Observatory takes a number in quotes for one of six months or more."
    ),
    ("strict-transport-security", "Strict-Transport-Security: max-age = 31536000"): (
        "RFC 6797 allows spaces around the equals sign. The Observatory finds no max-age then."
    ),
    ("strict-transport-security", "Strict-Transport-Security: max-age=31536000; max-age=0"): (
        "The Observatory counts the last of equal directives, the policy the first; RFC 6797 forbids a second."
    ),
    ("strict-transport-security", "Strict-Transport-Security in two lines"): f"{JOINED} So does RFC 6797.",
    ("x-content-type-options", "X-Content-Type-Options twice"): f"{JOINED} So do browsers.",
    ("x-frame-options", "X-Frame-Options twice"): f"{JOINED} Browsers heed equal lines.",
    ("cross-origin-resource-policy", "Cross-Origin-Resource-Policy twice"): f"{JOINED} Browsers heed neither of two.",
    **{
        ("subresource-integrity", f"page: <script src={each}></script>"): NOT_SHOWN
        for each in (
            "'https://cdn.example/a.js'",
            "'http://cdn.example/a.js'",
            "'https://cdn.example/a.js' integrity='sha384-x' crossorigin",
            "'/a.js' integrity='sha384-x'",
            "'//cdn.example/a.js'",
        )
    },
    ("content-security-policy", "page: <meta http-equiv=content-security-policy content=\"default-src 'none'\">"): IN_META,
    ("referrer-policy", "page: <meta name=referrer content=unsafe-url>"): IN_META,
    (
        "cross-origin-resource-sharing",
        "preflight answered by Access-Control-Allow-Origin: https://http-observatory.security.mozilla.org;"
        " Access-Control-Allow-Credentials: true",
    ): NOT_SHOWN,
}
"""By the test and the name of the case."""

ALIKE: Mapping[str, str | None] = {
    "csp-not-implemented": "fails csp-implemented",
    "csp-not-implemented-but-reporting-enabled": "fails csp-implemented",
    "csp-header-invalid": "fails csp-valid",
    "csp-implemented-with-unsafe-inline": "fails csp-no-unsafe-inline",
    "csp-implemented-with-insecure-scheme": "fails csp-secure-schemes",
    "csp-implemented-with-unsafe-eval": "fails csp-no-unsafe-eval",
    "csp-implemented-with-insecure-scheme-in-passive-content-only": "fails csp-secure-passive",
    "csp-implemented-with-unsafe-inline-in-style-src-only": "fails csp-safe-styles",
    "csp-implemented-with-no-unsafe-default-src-none": "holds csp-default-none",
    "csp-implemented-with-no-unsafe": "holds csp-implemented",
    "cookies-session-without-secure-flag": "fails session-cookies-secure",
    "cookies-session-without-httponly-flag": "fails session-cookies-http-only",
    "cookies-anticsrf-without-samesite-flag": "fails csrf-cookies-same-site",
    "cookies-session-without-secure-flag-but-protected-by-hsts": "fails session-cookies-all-secure",
    "cookies-without-secure-flag": "fails cookies-secure",
    "cookies-without-secure-flag-but-protected-by-hsts": "fails cookies-all-secure",
    "cookies-secure-with-httponly-sessions-and-samesite": "holds cookies-all-same-site",
    "redirection-missing": "fails redirected",
    "redirection-not-to-https": "fails redirected-to-https",
    "redirection-not-to-https-on-initial-redirection": "fails redirected-to-https-first",
    "redirection-off-host-from-http": "fails redirected-on-host",
    "referrer-policy-unsafe": "fails referrer-policy",
    "referrer-policy-header-invalid": "fails referrer-policy",
    "referrer-policy-private": "holds referrer-policy-sent",
    "hsts-not-implemented": "fails hsts",
    "hsts-not-implemented-no-https": "fails hsts",
    "hsts-header-invalid": "fails hsts",
    "hsts-implemented-max-age-less-than-six-months": "fails hsts-six-months",
    "x-content-type-options-not-implemented": "fails nosniff",
    "x-content-type-options-header-invalid": "fails nosniff",
    "x-frame-options-implemented-via-csp": "holds framing-by-csp",
    "x-frame-options-not-implemented": "fails framing",
    "x-frame-options-header-invalid": "fails framing",
    "corp-header-invalid": "fails resource-policy",
    "corp-implemented-with-same-origin": "holds resource-policy-strict",
    "corp-implemented-with-same-site": "holds resource-policy-strict",
}
"""What a rule of the policy comes to where the Observatory has this result; of other results the policy gives no points."""
SAME_SITE = "cookies-samesite-flag-invalid"
OF_SAME_SITE = ("fails cookies-valid-same-site", "fails cookies-known-same-site")
"""One result there, two rules here."""
