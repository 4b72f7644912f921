"""Values of parameters that may be secrets are covered wherever a text quotes a URL, and nothing else is."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from inventory.masking import UNCONFIGURED, Masking, is_secret
from inventory.ops import log_config
from tests.growth import assert_linear

SECRET = "Zq9-canary.41x_Q~"
NAMES = (
    "token", "TOKEN", "key", "api_key", "apikey", "ApiKey", "api-key", "access_token", "accessToken",
    "accesstoken", "password", "passwd", "pwd", "secret", "client_secret", "signature", "sig", "code", "session",
    "PHPSESSID", "sid", "auth", "oauth", "credential", "credentials", "X-Amz-Signature", "X-Amz-Credential",
    "X-Amz-Security-Token", "X-Goog-Signature", "X-Goog-Credential", "subscription-key", "user[password]",
    "user.token", "id_token", "jwt", "ticket", "token2",
)  # fmt: skip
OTHERS = (
    "q", "page", "monkey", "keyword", "author", "status_code", "postcode", "design", "tokens_used", "zip-code", "encoding",
    "sessions", "keys", "signed", "X-Amz-Date", "X-Amz-Expires", "utm_source", "a", "",
)  # fmt: skip
mask = UNCONFIGURED


@pytest.mark.parametrize("name", NAMES)
def test_the_value_of_a_parameter_that_may_be_a_secret_is_covered(name: str) -> None:
    url = f"https://h.test/p?a=1&{name}={SECRET}&b=2#x"

    assert is_secret(name)
    assert mask(url) == f"https://h.test/p?a=1&{name}=***&b=2#x"


@pytest.mark.parametrize("name", OTHERS)
def test_other_values_stay(name: str) -> None:
    url = f"https://h.test/p?a=1&{name}={SECRET}&b=2"

    assert mask(url) is url


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Nothing is known of https://h/?token=abc. Look it up.", "Nothing is known of https://h/?token=***. Look it up."),
        ("'https://h/?token=abc' has no scheme.", "'https://h/?token=***' has no scheme."),
        ('{"url": "https://h/?token=abc", "n": 1}', '{"url": "https://h/?token=***", "n": 1}'),
        ("(https://h/?token=abc)", "(https://h/?token=***)"),
        ("('GET', 'https://h/?token=abc')", "('GET', 'https://h/?token=***')"),
        ("<a href=https://h/?token=abc>", "<a href=https://h/?token=***>"),
        ("https://h/?token=abc&amp;sig=def&amp;a=1", "https://h/?token=***&amp;sig=***&amp;a=1"),
        ("token=abc", "token=***"),
        ("Webhook(id='w', secret='abc def', n=1)", "Webhook(id='w', secret=***, n=1)"),
        ("Cookie: inventory_session=abc; Path=/", "Cookie: inventory_session=***; Path=/"),
        ("https://h/?token=ab%26cd%3Def&a=1", "https://h/?token=***&a=1"),
        ("https://h/?token=a=b==&a=1", "https://h/?token=***&a=1"),
        ("https://h/?token=&a=1", "https://h/?token=&a=1"),
        ("https://h/?a=1;token=abc", "https://h/?a=1;token=***"),
        ("https://h/#access_token=abc&a=1", "https://h/#access_token=***&a=1"),
        ("https://h/?to%6Ben=abc", "https://h/?to%6Ben=***"),
        ("https://h/?user%5Bpassword%5D=abc", "https://h/?user%5Bpassword%5D=***"),
        ("redis://:abc@redis:6379/0", "redis://***@redis:6379/0"),
        ("https://me:abc@h.test/?a=b@c", "https://***@h.test/?a=b@c"),
        ("/api/v1/keys/inv_live_0123456789abcdefABCDEF0123456789xyz123", "/api/v1/keys/inv_live_***"),
        ("the secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "the secret whsec_***"),
        ("line one token=abc\nline two", "line one token=***\nline two"),
    ],
)
def test_a_secret_is_covered_wherever_a_text_quotes_it(text: str, masked: str) -> None:
    assert mask(text) == masked
    assert mask(masked) == masked


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_secret_is_covered_in_a_url_that_is_a_parameter_itself(times: int) -> None:
    inner = f"https://h.test/?token={SECRET}/a b&c=d"
    for _ in range(times):
        inner = quote(inner, safe="")

    masked = mask(f"GET /api/v1/metadata?url={inner}&fields=headers HTTP/1.1")

    assert "canary" not in masked
    assert masked.endswith("&fields=headers HTTP/1.1")
    assert quote("&c=d", safe="") in masked or times > 1


def test_more_names_are_covered_where_they_are_set() -> None:
    more = Masking(("pin", "X-Customer"))

    assert more("https://h/?pin=1&x-customer=2&my_pin=3&spin=4&a[pin]=5&token=6") == (
        "https://h/?pin=***&x-customer=***&my_pin=***&spin=4&a[pin]=***&token=***"
    )
    assert mask("https://h/?pin=1") == "https://h/?pin=1"


def test_all_texts_of_a_value_are_masked_and_the_rest_stays_as_it_is() -> None:
    class Odd:
        def __repr__(self) -> str:
            return "Odd(token=abc)"

    value = {"token=abc": ["sig=abc", ("key=abc", 1, None, True, 2.5)], "odd": Odd()}

    assert mask.value(value) == {"token=***": ["sig=***", ["key=***", 1, None, True, 2.5]], "odd": "Odd(token=***)"}
    plain = object()
    assert mask.value(plain) is plain


@given(st.text(), st.sampled_from(NAMES), st.text(st.characters(codec="ascii"), min_size=1), st.text())
def test_no_encoded_secret_is_left_whatever_is_around_it(before: str, name: str, secret: str, after: str) -> None:
    value = f"canary{quote(secret, safe='')}canary"
    masked = mask(f"{before} https://h/?{name}={value}&x={after}")

    assert "canary" not in masked


@given(st.text(alphabet="token=&%3D26'\"\\ ?;@:/inv_live_"))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)

    assert mask(once) == once


@pytest.mark.parametrize(
    "piece",
    ["=", "token=", "token='", 'token="', "token=a&", "%26", "%3D", "://", "://a@", "a", "%25253Dtoken", "\\", "token=\\",
     "inv_live_", "token=)"],
)  # fmt: skip
def test_it_takes_linear_time_whatever_the_text_is(piece: str) -> None:
    assert_linear(mask, lambda size: "x token=" + piece * (size // len(piece)), small=25_000)


def test_every_line_of_the_log_is_masked_ours_and_those_of_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    log_config.configure(masking=Masking(("pin",)))
    url = f"https://h.test/?token={SECRET}&pin={SECRET}"
    log = structlog.get_logger("ours")
    log.info("collected", url=url, nested={"urls": [url]}, error=str(ValueError(url)))
    try:
        raise ValueError(url)
    except ValueError as error:
        log.error("unforeseen_error", exc_info=error)
        logging.getLogger("theirs").exception("while %s", url)
    logging.getLogger("theirs").warning("GET /api/v1/metadata?url=%s", quote(url, safe=""))

    lines = capsys.readouterr().out
    assert "canary" not in lines
    events = [json.loads(line) for line in lines.splitlines()]
    assert [event["event"] for event in events][:2] == ["collected", "unforeseen_error"]
    assert len(events) == 4
    assert "ValueError: https://h.test/?token=***&pin=***" in events[2]["exception"]
