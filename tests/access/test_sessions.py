"""Sessions of browsers: a cookie that is signed, that holds for twelve hours, and that every process reads."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from inventory.access.sessions import LIFETIME, MAX_CHARACTERS, SALT, Sessions
from tests.fakes import FakeClock

SECRET, DIGEST = b"s" * 32, "ab" * 32
SECONDS = LIFETIME.total_seconds()


@pytest.fixture
def sessions(clock: FakeClock) -> Sessions:
    return Sessions(lambda: SECRET, clock=clock)


def test_a_cookie_says_which_key_it_was_and_not_the_key(sessions: Sessions) -> None:
    cookie = sessions.begin(DIGEST)
    session = sessions.read(cookie)

    assert session is not None
    assert (session.digest, sessions.digest(cookie)) == (DIGEST, DIGEST)
    assert len(session.csrf_secret) == 40
    assert session.csrf_secret not in repr(session)
    assert len(cookie) < 300


def test_another_process_with_the_same_secret_reads_it(sessions: Sessions, clock: FakeClock) -> None:
    assert Sessions(lambda: SECRET, clock=clock).digest(sessions.begin(DIGEST)) == DIGEST
    assert Sessions(lambda: b"another", clock=clock).read(sessions.begin(DIGEST)) is None


def test_it_is_over_after_twelve_hours(sessions: Sessions, clock: FakeClock) -> None:
    cookie = sessions.begin(DIGEST)
    clock.forward(SECONDS - 1)
    assert sessions.digest(cookie) == DIGEST
    clock.forward(1)
    assert sessions.read(cookie) is None


def test_each_session_has_tokens_of_its_own(sessions: Sessions) -> None:
    found = {session.csrf_secret for _ in range(20) if (session := sessions.read(sessions.begin(DIGEST)))}

    assert len(found) == 20


def test_a_cookie_that_was_changed_is_none(sessions: Sessions) -> None:
    cookie = sessions.begin(DIGEST)

    for place, character in enumerate(cookie[:-1]):  # of the last one, some bits mean nothing
        other = "B" if character == "A" else "A"
        assert sessions.read(cookie[:place] + other + cookie[place + 1 :]) is None
        assert sessions.read(cookie[:place]) is None


@given(st.one_of(st.text(), st.text(alphabet=string.ascii_letters + string.digits + "-_.", max_size=400)))
def test_no_text_that_we_did_not_sign_is_one(text: str) -> None:
    assert Sessions(lambda: SECRET, clock=FakeClock()).read(text) is None


def test_neither_is_a_token_that_is_signed_for_something_else(sessions: Sessions) -> None:
    assert sessions.read(str(URLSafeSerializer(SECRET, salt="wtf-csrf-token").dumps([DIGEST, "x", 2**40]))) is None
    assert sessions.read("." + "A" * MAX_CHARACTERS) is None
    assert SALT != "wtf-csrf-token"


def test_the_store_is_asked_for_the_secret_once_and_not_before_the_first_cookie(clock: FakeClock) -> None:
    asked: list[int] = []

    def secret() -> bytes:
        asked.append(1)
        return SECRET

    sessions = Sessions(secret, clock=clock)
    assert sessions.read("") is None
    assert asked == []
    sessions.begin(DIGEST)
    sessions.begin(DIGEST)
    assert len(asked) == 1
