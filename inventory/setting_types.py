"""How a setting is declared, and the types that settings have: each reads a text, or raises `ValueError`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from inventory import urls
from inventory.errors import InvalidUrl
from inventory.hosts import read_entry

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Value = TypeVar("Value")
Number = TypeVar("Number", int, float)

HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
"""A host as URLs name it: an ASCII name or an address, an IPv6 one in brackets."""


@dataclass(frozen=True)
class PerHost(Generic[Value]):
    """A value for all upstream hosts but those that have their own."""

    default: Value
    hosts: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Type(Generic[Value]):
    """How the text of a setting is read, and in words, with its unit, what it takes.

    Spaces around the text are no part of it, unless it is `exact`: a folder's name may end with one.
    """

    parse: Callable[[str], Value]
    takes: str
    exact: bool = False


@dataclass(frozen=True)
class Declaration:
    """What describes a setting besides its name and its default; `shown` is the default in words where it needs some."""

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

    return setting(PerHost(default), Type(parse, f"{values.takes}, and exceptions, such as {example}"), meaning)


def whole(minimum: int, maximum: int, unit: str = "a whole number") -> Type[int]:
    """Whole numbers."""
    return Type(lambda text: _within(minimum, int(text), maximum), f"{unit}, {minimum} to {maximum}")


def number(minimum: float, maximum: float, unit: str) -> Type[float]:
    """Numbers."""
    return Type(lambda text: _within(minimum, float(text), maximum), f"{unit}, {minimum:.10g} to {maximum:.10g}")


def _within(minimum: Number, value: Number, maximum: Number) -> Number:
    if not minimum <= value <= maximum:  # also refuses NaN
        raise ValueError("out of range")
    return value


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("neither true nor false")
    return text == "true"


def text(pattern: str, takes: str) -> Type[str]:
    """Texts that match a pattern."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError("does not match")
        return text

    return Type(parse, takes)


def separated(parse: Callable[[str], Value], takes: str) -> Type[tuple[Value, ...]]:
    """Values with commas between, each once; what is empty is skipped."""
    return Type(lambda text: tuple(dict.fromkeys(parse(part.strip()) for part in text.split(",") if part.strip())), takes)


def names_of(*allowed: str) -> Type[tuple[str, ...]]:
    """Names with commas between, each once; `none` alone is none of them."""
    takes = f"none, or {', '.join(allowed)} with commas between"

    def parse(text: str) -> tuple[str, ...]:
        names = separated(str, takes).parse(text)
        if names == ("none",):
            return ()
        if not names or not set(names) <= set(allowed):
            raise ValueError("unknown names")
        return names

    return Type(parse, takes)


def _parameter(text: str) -> str:
    """The name of a parameter of a URL, in lower case."""
    if not re.fullmatch(r"[\w.~$:\-\[\]]{1,64}", text):
        raise ValueError("not a name")
    return text.lower()


def _web_url(text: str) -> str:
    """A URL to which a query can be added."""
    try:
        urls.parse(text)
    except InvalidUrl as error:
        raise ValueError("not a URL") from error
    if "#" in text:
        raise ValueError("a fragment is never sent")
    return text


def _origin(text: str) -> str:
    """An origin as browsers write it: in lower case, without the usual port."""
    try:
        url = urls.parse(text)
    except InvalidUrl as error:
        raise ValueError("not a URL") from error
    if text.count("/") != 2 or "*" in text:
        raise ValueError("more than an origin")
    return f"{url.scheme}://{url.authority}"


STORE_URL = text(
    r"sqlite:///.+|mongodb(\+srv)?://[^/?#]+/[^?#].*", "sqlite:///FILE, sqlite:////ABSOLUTE/FILE or mongodb://HOST/DATABASE"
)
REDIS_URL = text(r"(rediss?|unix)://.+", "redis://, rediss:// or unix:// and an address")
FILES_URL = text(r"s3://[^/?#]+.*|file:///.+", "s3://BUCKET/PREFIX or file:///ABSOLUTE/FOLDER")
ORIGINS = separated(_origin, "origins with commas between, such as https://app.example.com,http://localhost:3000")
HTTPS_URL = text(r"https://[!-~]+", "an https URL")
SECURITY_CONTACTS = separated(
    text(r"mailto:[!-~]+@[!-~]+|https://[!-~]+|tel:\+?[0-9().-]+", "").parse,
    "mailto:, https: and tel: URIs with commas between, such as mailto:security@example.com",
)
WEB_URL = Type(_web_url, "an http or https URL without user, password and fragment")
MAIL_ADDRESS = text(r"[!-?A-~]+@[!-?A-~]+", "an e-mail address, such as inventory@example.com")
ADDRESS = Type(str, "an address to listen on")
PORT = whole(1, 65_535, "a port")
HOSTS = separated(
    read_entry, "names of hosts without ports and with commas between, such as inventory.example.com,.example.net"
)
PARAMETERS = separated(_parameter, "names of parameters with commas between, such as pin,x-customer")
NETWORKS = separated(ipaddress.ip_network, "CIDRs with commas between, such as 10.1.0.0/16,fd00::/8")
# A key is written the same in a URL, so that it is recognised wherever it might be repeated.
OPENWEATHER_KEY = text(r"[A-Za-z0-9._~-]+", "a key of openweathermap.org: letters, digits and ._~-")
SWITCH = Type(_switch, "true or false")
WHOLE_SECONDS = whole(0, 10**9, "whole seconds")
