"""Who sent a request: what each text of a key is answered with, how often the store is asked, and how long that holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from inventory.access.key_text import new_key_text
from inventory.access.model import Key, Mode, Scope, Verb
from inventory.access.service import AccessService
from inventory.errors import ExpiredKey, InvalidKey, KeyRequired, OutOfScope, RevokedKey, StorageUnavailable, Unauthenticated
from tests.access.fakes import MemoryKeys
from tests.contract.actions import NOW, after
from tests.fakes import FakeClock

READ, COLLECT = Scope(verb=Verb.READ), Scope(verb=Verb.COLLECT)
ELSEWHERE = Scope(verb=Verb.COLLECT, host="example.com")


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


Make = Callable[[Mode], AccessService]


@pytest.fixture
def make(keys: MemoryKeys, ticks: Ticks, clock: FakeClock) -> Make:
    def make(mode: Mode) -> AccessService:
        sessions = {f"session of {key.id}": key.digest for key in keys.kept.values()}
        return AccessService(keys, mode=mode, clock=clock, read_session=sessions.get, ticks=ticks, start=lambda work: work())

    return make


def test_a_key_is_read_from_either_header_and_from_a_session(keys: MemoryKeys, make: Make) -> None:
    key, text = keys.make(READ)
    access = make(Mode.KEYS)

    for sent in (
        (f"Bearer {text}", None),
        (f"bearer  {text} ", None),
        (None, text),
        ("Bearer of-somebody-else", text),
        ("Basic dTpw", text),
        (None, None, f"session of {key.id}"),
    ):
        caller = access.authenticate(*sent, address="192.0.2.1")
        assert (caller.key, caller.scopes, caller.owner, caller.address) == (key, (READ,), key.id, "192.0.2.1")


def test_without_a_key_it_depends_on_the_mode(make: Make) -> None:
    for sent in ((None, None), ("Basic dTpw", ""), (None, None, "forged")):
        with pytest.raises(KeyRequired):
            make(Mode.KEYS).authenticate(*sent)
        nobody, anybody = (make(mode).authenticate(*sent) for mode in (Mode.READONLY_OPEN, Mode.OPEN))
        assert (nobody.scopes, nobody.owner, anybody.scopes) == ((READ,), "", (Scope(verb=Verb.ADMIN),))


WRONG: dict[str, tuple[dict[str, object] | None, type[Unauthenticated]]] = {
    "unknown": (None, InvalidKey),
    "expired": ({"expires_at": NOW}, ExpiredKey),
    "revoked": ({"revoked_at": NOW}, RevokedKey),
    "revoked and expired": ({"revoked_at": NOW, "expires_at": NOW}, RevokedKey),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_key_that_is_not_usable_is_refused_for_its_reason(keys: MemoryKeys, make: Make, wrong: str) -> None:
    members, error = WRONG[wrong]
    text = new_key_text() if members is None else keys.make(READ, **members)[1]

    for mode in (Mode.KEYS, Mode.READONLY_OPEN):
        with pytest.raises(error) as raised:
            make(mode).authenticate(f"Bearer {text}", None)
        assert text not in str(raised.value)
    assert make(Mode.OPEN).authenticate(f"Bearer {text}", None).key is None
    assert keys.asked["note_use"] == 0


@pytest.mark.parametrize("text", ["", "secret", "inv_live_" + "0" * 38, "ä" * 47, "\ud800"])
def test_what_has_no_checksum_is_refused_without_the_store(keys: MemoryKeys, make: Make, text: str) -> None:
    with pytest.raises(InvalidKey, match="its checksum is wrong"):
        make(Mode.KEYS).authenticate(f"Bearer {text}", None)

    assert not keys.asked


@pytest.mark.parametrize("wrong", [None, *WRONG])
def test_every_key_takes_the_same_way(keys: MemoryKeys, make: Make, ticks: Ticks, wrong: str | None) -> None:
    """Found by its digest, remembered for two seconds, and found again: also one that does not exist."""
    members = {} if wrong is None else WRONG[wrong][0]
    text, access = new_key_text() if members is None else keys.make(READ, **members)[1], make(Mode.KEYS)

    def ask() -> int:
        with suppress(Unauthenticated):
            access.authenticate(None, text)
        return keys.asked["find"]

    assert [ask(), ask()] == [1, 1]
    ticks.now += 1.9
    assert ask() == 1
    ticks.now += 0.1
    assert ask() == 2


def test_a_revocation_holds_at_once_here_and_after_two_seconds_elsewhere(keys: MemoryKeys, make: Make, ticks: Ticks) -> None:
    key, text = keys.make(READ, COLLECT)
    here, elsewhere = make(Mode.KEYS), make(Mode.KEYS)
    for access in (here, elsewhere):
        access.learn(text, access.authenticate(None, text))
        assert access.admit(text) is not None

    keys.revoke(key.id, now=NOW)
    here.forget(key)

    with pytest.raises(RevokedKey):
        here.authenticate(None, text)
    assert here.admit(text) is None
    assert elsewhere.admit(text) is not None
    ticks.now += 2.0
    assert elsewhere.admit(text) is None
    with pytest.raises(RevokedKey):
        elsewhere.authenticate(None, text)


def test_a_key_ends_at_its_instant_although_it_is_remembered(
    keys: MemoryKeys, make: Make, ticks: Ticks, clock: FakeClock
) -> None:
    _, text = keys.make(READ, COLLECT, expires_at=clock.now + timedelta(seconds=1))
    access = make(Mode.KEYS)
    access.learn(text, access.authenticate(None, text))

    ticks.now += 1.0
    clock.forward(1.0)

    assert access.admit(text) is None
    with pytest.raises(ExpiredKey):
        access.authenticate(None, text)


def test_lookups_in_front_of_the_framework_know_only_what_needs_no_further_check(keys: MemoryKeys, make: Make) -> None:
    access = make(Mode.KEYS)

    def admitted(*scopes: Scope, **members: object) -> bool | None:
        _, text = keys.make(*scopes, **members)
        assert access.admit(text) is None
        access.learn(text, access.authenticate(None, text, address="192.0.2.1"))
        found = access.admit(text)
        assert found is None or found.caller.address == ""
        return None if found is None else found.collects

    assert admitted() is True
    assert admitted(READ, COLLECT) is True
    assert admitted(READ) is False
    assert admitted(READ, ELSEWHERE) is None
    assert admitted(Scope(verb=Verb.READ, host="example.com"), COLLECT) is None
    assert admitted(COLLECT) is None
    assert admitted(READ, quotas={"lookups": "1/minute"}) is None
    assert admitted(READ, user_header="X-Forwarded-Email") is None
    assert access.admit(None) is None


def test_in_the_other_modes_they_know_who_has_no_key(make: Make) -> None:
    nobody, anybody = (make(mode).admit(None) for mode in (Mode.READONLY_OPEN, Mode.OPEN))

    assert [each and each.collects for each in (nobody, anybody)] == [False, True]


def test_in_the_open_a_wrong_key_is_soon_no_hindrance(make: Make, ticks: Ticks) -> None:
    access = make(Mode.OPEN)
    access.learn("of another service", access.authenticate("Bearer of another service", None))

    admitted = access.admit("of another service")
    assert admitted is not None
    assert admitted.collects
    access.learn("x" * 10_000, access.authenticate(None, "x" * 10_000))
    assert access.admit("x" * 10_000) is None


def test_what_is_remembered_is_bounded(keys: MemoryKeys, make: Make) -> None:
    """The oldest is forgotten first, and then looked up again."""
    _, text = keys.make(READ)
    access, anybody = make(Mode.OPEN), make(Mode.OPEN).authenticate(None, None)
    access.learn(text, access.authenticate(None, text))

    for number in range(1_024):
        access.learn(str(number), anybody)
    for _ in range(4_096):
        access.authenticate(None, new_key_text())

    assert access.admit(text) is None
    asked = keys.asked["find"]
    access.authenticate(None, text)
    assert keys.asked["find"] == asked + 1


def test_the_store_that_is_away_is_no_wrong_key(keys: MemoryKeys, make: Make, ticks: Ticks) -> None:
    _, text = keys.make(READ)
    access = make(Mode.KEYS)
    access.authenticate(None, text)
    keys.away = True

    access.authenticate(None, text)
    ticks.now += 2
    with pytest.raises(StorageUnavailable):
        access.authenticate(None, text)


def test_what_was_begun_ends_with_its_key(keys: MemoryKeys, make: Make, ticks: Ticks) -> None:
    key, text = keys.make(READ)
    access = make(Mode.KEYS)
    asker = access.authenticate(None, text)
    assert access.still_holds(asker)
    keys.away = True
    ticks.now += 2
    assert access.still_holds(asker)
    keys.away = False

    keys.revoke(key.id, now=NOW)

    assert not access.still_holds(asker)
    assert make(Mode.OPEN).still_holds(asker)
    assert access.still_holds(make(Mode.READONLY_OPEN).authenticate(None, None))


def test_a_use_is_noted_once_a_minute_with_time_and_address(
    keys: MemoryKeys, make: Make, clock: FakeClock, ticks: Ticks
) -> None:
    key, text = keys.make(READ)
    here, elsewhere = make(Mode.KEYS), make(Mode.KEYS)

    def use(access: AccessService, address: str) -> int:
        access.authenticate(None, text, address=address)
        return keys.asked["note_use"]

    assert [use(here, "192.0.2.1"), use(here, "192.0.2.2"), use(elsewhere, "192.0.2.3")] == [1, 1, 1]
    assert (keys.kept[key.digest].last_used_at, keys.kept[key.digest].last_used_address) == (clock.now, "192.0.2.1")
    for _ in range(2):
        clock.forward(30)
        ticks.now += 30
        use(here, "192.0.2.4")
    assert keys.asked["note_use"] == 2
    assert keys.kept[key.digest].last_used_address == "192.0.2.4"


def test_a_use_that_cannot_be_noted_is_no_hindrance(keys: MemoryKeys, make: Make, clock: FakeClock) -> None:
    _, text = keys.make(READ)
    access = make(Mode.KEYS)
    access.authenticate(None, text)
    keys.away = True
    clock.forward(61)

    assert access.authenticate(None, text).key is not None


@pytest.mark.parametrize(
    ("scopes", "verb", "limited", "allowed"),
    [
        ((READ,), Verb.READ, False, True),
        ((READ,), Verb.COLLECT, False, False),
        ((Scope(verb=Verb.ADMIN),), Verb.EXPORT, False, True),
        ((ELSEWHERE,), Verb.COLLECT, False, False),
        ((ELSEWHERE,), Verb.COLLECT, True, True),
        ((ELSEWHERE,), Verb.READ, True, False),
    ],
)
def test_a_verb_is_allowed_by_a_scope(
    keys: MemoryKeys, make: Make, scopes: tuple[Scope, ...], verb: Verb, limited: bool, allowed: bool
) -> None:
    access = make(Mode.KEYS)
    caller = access.authenticate(None, keys.make(*scopes)[1])

    if allowed:
        access.require(caller, verb, limited=limited)
    else:
        with pytest.raises(OutOfScope, match=f"needs the scope `{verb}`"):
            access.require(caller, verb, limited=limited)


def test_without_a_key_one_is_asked_for(make: Make) -> None:
    access = make(Mode.READONLY_OPEN)

    access.require(access.authenticate(None, None), Verb.READ, limited=False)
    with pytest.raises(KeyRequired, match="needs the scope `delete`"):
        access.require(access.authenticate(None, None), Verb.DELETE, limited=True)


def test_a_key_shows_neither_its_digest_nor_its_text(keys: MemoryKeys) -> None:
    key, text = keys.make(READ, expires_at=after(9))

    assert isinstance(key, Key)
    assert key.digest not in repr(key)
    assert text not in repr(key)
