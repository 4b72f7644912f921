"""Texts that would run, break or disguise something if a page did not show them as the texts that they are.

What runs calls the function `hacked` of the page's window.
"""

from __future__ import annotations

PAYLOADS = (
    "<script>hacked()</script>",
    '"><img src=x onerror=hacked()><svg onload=hacked()>',
    "' onfocus=hacked() autofocus tabindex=1 x='",
    "javascript:hacked()",
    "</title></textarea></style></script><script>hacked()</script><!--",
    "{{7*7}} ${hacked()} {% raw %}{% include 'x' %} %s %(x)s",
    "\u202egnp.exe\u2066 \u200f\u200bend",
    "W" * 900,
    "a\0b\x1b[31mred\x7f\u2028\u2029\ufeff",
    "]]>&lt;script&gt;hacked()&lt;/script&gt;&#x3c;b&#x3e;",
    "${self.constructor.constructor('hacked()')()} `hacked()` \\\"-hacked()-\\\"",
    "<a href=//evil.test/ hx-get=//evil.test/ hx-trigger=load hx-on::load=hacked()>x</a><base href=//evil.test/>",
)


def hostile(number: int) -> str:
    """One of them, and what tells it from others."""
    return f"{PAYLOADS[number % len(PAYLOADS)]} {number}"
