"""Which host a request is for: hosts and ports in one spelling, and the hosts that the service answers for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from inventory import urls
from inventory.errors import InvalidUrl

MAX_CHARACTERS = 255
_AUTHORITY = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?")
_ORIGIN = re.compile(r"(https?)://([^/?#\\]*)(?:[/?#].*)?", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_IPV6 = re.compile(r"(?=[^:]*:)[0-9A-Fa-f:.]+")
_IN_BRACKETS = re.compile(r"\[[0-9A-Fa-f:.]+\]")
_NOT_IN_A_URLS_HOST = re.compile(r"[\s/\\?#@%:\[\]]")
_NOT_IN_A_HOST = re.compile(r"[\s/\\?#@%:*\[\]]")


@dataclass(frozen=True, slots=True)
class Authority:
    """A host in its canonical spelling (lower case, no final dot, no brackets around an address), and the port, if any."""

    host: str
    port: int | None


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts that requests may be for: loopback, some names, and some domains with all names below them.

    A browser sends the name that it looked up. A foreign name that was made to point here (DNS rebinding) is not among
    these. So a page of another site cannot pass for one of ours.
    """

    names: frozenset[str]
    domains: tuple[str, ...]

    @classmethod
    def of(cls, entries: Iterable[str], listening_on: str) -> AllowedHosts:
        """Entries from `read_entry`, and the address that the service listens on, unless that means all addresses."""
        entries = tuple(entries)
        own = _spelled(bracketed(listening_on))
        names = {entry for entry in entries if not entry.startswith(".")}
        if own is not None and not _is_every_address(own):
            names.add(own)
        return cls(frozenset(names), tuple(entry for entry in entries if entry.startswith(".")))

    def admit(self, host: str) -> bool:
        """Whether a value of the header Host names one of them, with any port."""
        authority = read_authority(host)
        return authority is not None and (
            authority.host in self.names or is_loopback(authority.host) or f".{authority.host}".endswith(self.domains)
        )


def bracketed(host: str) -> str:
    """A host as it is written before a port: an IPv6 address gets brackets."""
    return f"[{host}]" if ":" in host else host


def as_in_urls(text: str) -> str:
    """A host as URLs have it: in lower case and ASCII, an IPv6 address in brackets; `ValueError` if it is none."""
    host = bracketed(text) if _IPV6.fullmatch(text) else text
    if _NOT_IN_A_URLS_HOST.search(host) and not _IN_BRACKETS.fullmatch(host):
        raise ValueError("not a host")
    try:
        return urls.parse(f"http://{host}/").host
    except InvalidUrl as error:
        raise ValueError("not a host") from error


def read_authority(text: str) -> Authority | None:
    """A host and perhaps a port, as in the header Host (RFC 9110, 7.2); None for any other text."""
    found = _AUTHORITY.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    host = None if found is None else _spelled(found[1])
    if found is None or host is None:
        return None
    port = int(found[2]) if found[2] else None
    return None if port is not None and port > 65_535 else Authority(host, port)


def is_of_host(url: str, host: str) -> bool:
    """Whether a URL or an origin has the host and port of a header Host.

    The scheme of the request is not known, because a proxy may speak TLS in front of us.
    """
    found = _ORIGIN.fullmatch(url)
    theirs, ours = read_authority(found[2]) if found else None, read_authority(host)
    if found is None or theirs is None or ours is None:
        return False
    usual = urls.DEFAULT_PORTS[found[1].lower()]
    return (theirs.host, theirs.port or usual) == (ours.host, ours.port or usual)


def read_entry(text: str) -> str:
    """One entry of a list of hosts: a name, an address, or `.domain` for it and all names below; else `ValueError`."""
    name = text.strip()
    if ":" in name:
        address = IPv6Address(name.removeprefix("[").removesuffix("]"))
        return str(address.ipv4_mapped or address)
    dot, name = ("." if name.startswith(".") else ""), name.removeprefix(".")
    if not name or _NOT_IN_A_HOST.search(name):
        raise ValueError("not a host without a port")
    try:
        host = _spelled(urls.parse(f"http://{name}/").host)
    except InvalidUrl as error:
        raise ValueError("not a host") from error
    if host is None or (dot and _address(host) is not None):
        raise ValueError("not a name")
    return dot + host


def is_loopback(host: str) -> bool:
    """Whether a host, as an `Authority` spells it, is always this machine: a loopback address or `localhost`.

    Names below `localhost` are not, because some systems look these up in the network.
    """
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _spelled(host: str) -> str | None:
    if host.startswith("["):
        try:
            address = IPv6Address(host[1:-1])
        except ValueError:
            return None
        return str(address.ipv4_mapped or address)
    name = host.lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        return None
    ends_in_a_number = name.rpartition(".")[2].isdigit()  # then it is an address, or nothing (URL standard, 3.5)
    return None if ends_in_a_number and _address(name) is None else name


def _address(host: str) -> IPv4Address | IPv6Address | None:
    if host[-1] not in "0123456789abcdef:":
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_every_address(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_unspecified
