"""How a setting is declared, and the types that settings have: each reads a text, or raises `ValueError`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from inventory import urls
from inventory.errors import InvalidUrl
from inventory.hosts import read_entry

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Value = TypeVar("Value")
Number = TypeVar("Number", int, float)

HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
"""A host as URLs name it: an ASCII name or an address, an IPv6 one in brackets."""
KEY = re.compile(r"[A-Za-z0-9._~-]+")
"""A key that is written the same in a URL, so that it is recognised wherever it might be repeated."""


@dataclass(frozen=True)
class PerHost(Generic[Value]):
    """A value for all upstream hosts but those that have their own."""

    default: Value
    hosts: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Type(Generic[Value]):
    """What a setting takes, in words and with its unit, and how its text is read."""

    takes: str
    parse: Callable[[str], Value]


@dataclass(frozen=True)
class Declaration:
    """What is said of a setting besides its name and its default; `shown` is the default in words where it needs some."""

    values: Type[Any]
    meaning: str
    shown: str
    secret: bool


def declared(values: Type[Any], meaning: str, *, shown: str = "", secret: bool = False) -> Mapping[str, Declaration]:
    """The metadata of a dataclass's field that is a setting."""
    return {"declaration": Declaration(values, meaning, shown, secret)}


def setting(default: Value, values: Type[Value], meaning: str, *, shown: str = "", secret: bool = False) -> Value:
    """A field of `Settings`."""
    return field(default=default, repr=not secret, metadata=declared(values, meaning, shown=shown, secret=secret))


def for_each_host(default: Value, values: Type[Value], example: str, meaning: str) -> PerHost[Value]:
    """A field of `Settings` that takes `VALUE,HOST=VALUE,…`, in any order; without a value for all, `default` stays."""

    def parse(text: str) -> PerHost[Value]:
        found: dict[str, Value] = {}
        for part in text.split(","):
            host, named, value = part.rpartition("=")
            host = host.strip().lower()
            if (named and not HOST.fullmatch(host)) or host in found:
                raise ValueError("not a host, or a host that is named twice")
            found[host] = values.parse(value)
        return PerHost(found.pop("", default), found)

    return setting(PerHost(default), Type(f"{values.takes}, and exceptions, such as {example}", parse), meaning)


def whole(least: int, most: int, unit: str = "a whole number") -> Type[int]:
    """Whole numbers."""
    return Type(f"{unit}, {least} to {most}", lambda text: _within(least, int(text), most))


def number(least: float, most: float, unit: str) -> Type[float]:
    """Numbers."""
    return Type(f"{unit}, {least:.10g} to {most:.10g}", lambda text: _within(least, float(text), most))


def _within(least: Number, value: Number, most: Number) -> Number:
    if not least <= value <= most:  # also refuses NaN
        raise ValueError("out of range")
    return value


def names_of(*allowed: str) -> Type[tuple[str, ...]]:
    """Names with commas between, each once; `none` alone is none of them."""

    def parse(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        if names == ("none",):
            return ()
        if not names or not set(names) <= set(allowed):
            raise ValueError("unknown names")
        return names

    return Type(f"none, or {', '.join(allowed)} with commas between", parse)


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read_entry(part) for part in text.split(",") if part.strip()))


def _key(text: str) -> str:
    return _checked(text, KEY.fullmatch(text))


def _web_url(text: str) -> str:
    """A URL to which a query can be added."""
    try:
        urls.parse(text)
    except InvalidUrl as error:
        raise ValueError("not a URL") from error
    return _checked(text, "#" not in text)


def _store_url(text: str) -> str:
    parts = urlsplit(text)
    sqlite = parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1
    mongodb = parts.scheme in {"mongodb", "mongodb+srv"} and parts.netloc and len(parts.path) > 1
    return _checked(text, sqlite or mongodb)


def _redis_url(text: str) -> str:
    parts = urlsplit(text)
    return _checked(text, parts.scheme in {"redis", "rediss", "unix"} and (parts.netloc or parts.path))


def _files_url(text: str) -> str:
    parts = urlsplit(text)
    folder = parts.scheme == "file" and not parts.netloc and len(parts.path) > 1
    return _checked(text, folder or (parts.scheme == "s3" and parts.netloc))


def _checked(text: str, valid: object) -> str:
    if not valid:
        raise ValueError("not what the setting takes")
    return text


STORE_URL = Type("sqlite:///FILE, sqlite:////ABSOLUTE/FILE or mongodb://HOST/DATABASE", _store_url)
REDIS_URL = Type("redis://, rediss:// or unix:// and an address", _redis_url)
FILES_URL = Type("s3://BUCKET/PREFIX or file:///ABSOLUTE/FOLDER", _files_url)
WEB_URL = Type("an http or https URL without user, password and fragment", _web_url)
ADDRESS = Type("an address to listen on", str)
PORT = whole(1, 65_535, "a port")
HOSTS = Type("names of hosts without ports and with commas between, such as inventory.example.com,.example.net", _hosts)
NETWORKS = Type("CIDRs with commas between, such as 10.1.0.0/16,fd00::/8", _networks)
OPENWEATHER_KEY = Type("a key of openweathermap.org: letters, digits and ._~-", _key)
WHOLE_SECONDS = whole(0, 10**9, "whole seconds")
