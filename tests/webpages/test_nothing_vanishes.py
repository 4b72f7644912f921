"""Each word that a server sends around its bodies is in the record: of redirects, interim answers, conditions, trailers."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

import pytest

from inventory import json_bytes
from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.webpages.cookies import cookies_of
from inventory.webpages.source import Webpage
from tests.http_client.scripted import ScriptedTransport

URL = "http://name.test/a"
ODD_HEAD = b"""word: word\r
word\r
\tword\r
word: word\r
  word\0\r
Set-Cookie: word=word; Path=/word\r
word : word\rword\r
: word\r
\xe9word: \xffword\r
"""
INTERIM = b"HTTP/1.1 103 word\r\n" + ODD_HEAD + b"\r\n"
MOVED = INTERIM + b"http/1.1  302  word\r\nLocation: /word\r\n" + ODD_HEAD + b"\r\n"
REFUSAL = b"HTTP/1.1 412 word\r\nContent-Length: 0\r\n" + ODD_HEAD + b"\r\n"
PAGE = INTERIM + b'HTTP/1.0 200 word\r\nETag: "word"\r\nTransfer-Encoding: chunked\r\n' + ODD_HEAD + b"\r\n"
LAST_CHUNK = b"0\r\n" + ODD_HEAD + b"word"
CACHED = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 2\r\n\r\nok'


def numbered(*answers: bytes) -> tuple[list[bytes], int]:
    """The answers with each `word` told from the others, and how many there are."""
    numbers = count()
    told = [re.sub(b"word", lambda _: b"<%d>" % next(numbers), answer) for answer in answers]
    return told, next(numbers)


def missing(document: Any, words: int) -> list[int]:
    text = json_bytes.dumps(document).decode()
    return [number for number in range(words) if f"<{number}>" not in text]


def test_every_word_of_a_chain_is_in_its_record() -> None:
    answers, words = numbered(MOVED, MOVED, PAGE + LAST_CHUNK)
    webpage = Webpage(Fetcher(ScriptedTransport.of(*answers), deadline=60, body_limit=1_000), Guard())

    content = webpage.collect(URL).content

    assert missing({**content, "cookies": []}, words) == []
    assert len(cookies_of(content)) == 6


def test_every_word_of_an_answer_that_refused_conditions_is_in_the_record() -> None:
    answers, words = numbered(REFUSAL, PAGE + LAST_CHUNK)
    webpage = Webpage(Fetcher(ScriptedTransport.of(CACHED, *answers), deadline=60, body_limit=1_000), Guard())

    content = webpage.collect(URL, webpage.collect(URL).content).content

    assert missing({**content, "cookies": []}, words) == []


def test_every_word_of_redirects_is_in_a_failure() -> None:
    answers, words = numbered(MOVED, MOVED)
    webpage = Webpage(Fetcher(ScriptedTransport.of(*answers), deadline=60, body_limit=9, max_redirects=1), Guard())

    with pytest.raises(SourceFailure) as caught:
        webpage.collect(URL)

    assert missing(caught.value.redirects, words) == []


def test_a_304_after_an_interim_cookie_keeps_the_cookies_of_the_page() -> None:
    page = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n'
    confirmed = b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: h=1\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"
    webpage = Webpage(Fetcher(ScriptedTransport.of(page, confirmed), deadline=60, body_limit=9), Guard())

    second = webpage.collect("http://name.test/", webpage.collect("http://name.test/").content)

    assert second.unchanged
    assert [(cookie["name"], cookie["accepted"]) for cookie in cookies_of(second.content)] == [("h", False), ("a", True)]
