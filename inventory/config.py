"""Settings: every environment variable of the inventory, its default and its unit, read once."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote, urlsplit

from environs import Env, EnvError
from marshmallow import ValidationError

from inventory import urls
from inventory.errors import InvalidUrl, SettingError
from inventory.hosts import AllowedHosts, read_entry
from inventory.products import feeds
from inventory.products.feeds import Feed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Value = TypeVar("Value")

CORES = os.cpu_count() or 1
HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
"""A host as URLs name it: an ASCII name or an address, an IPv6 one in brackets."""
SOURCES = ("weather", "webpage")
"""What can have a history."""
KEY = re.compile(r"[A-Za-z0-9._~-]+")
"""A key that is written the same in a URL, so that it is recognised wherever it might be repeated."""


@dataclass(frozen=True)
class PerHost(Generic[Value]):
    """A value for all upstream hosts but those that have their own."""

    default: Value
    hosts: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """The values of all settings; the environment variable is the field's name in capitals behind `INVENTORY_`.

    Durations are seconds, sizes are bytes. An empty `store_url` means the SQLite file in `data_dir`, an empty `redis_url`
    the Redis that `inventory up` starts there, an empty `files_url` the folder `files` in there.
    """

    store_url: str = ""
    redis_url: str = ""
    data_dir: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8000
    dashboard_port: int = 9181
    allowed_hosts: tuple[str, ...] = ()
    api_processes: int = max(2, CORES)
    api_threads: int = 96
    workers: int = max(2, CORES)
    allow_networks: tuple[Network, ...] = ()
    fetch_deadline: float = 20.0
    body_limit: int = 4 * 1024 * 1024
    fresh_for: int = 86_400
    max_attempts: int = 4
    retry_base: float = 5.0
    retry_failed_after: int = 300
    keep_snapshots: int = 50
    files_url: str = ""
    upload_limit: int = 1_073_741_824
    keep_jobs_for: int = 2_592_000
    live_streams: int = 8
    events_line_delay: float = 0.0
    inline_slots: int = 8
    weather_url: str = "https://api.open-meteo.com/v1/forecast"
    weather_geocoding_url: str = "https://geocoding-api.open-meteo.com/v1/search"
    weather_fresh_for: int = 900
    openweather_key: str = field(default="", repr=False)
    history_sources: tuple[str, ...] = ("weather",)
    keep_history_for: int = 7_776_000
    product_feeds: tuple[Feed, ...] = field(default_factory=feeds.default, repr=False)
    upstream_rate: PerHost[float] = PerHost(10.0)
    upstream_concurrency: PerHost[int] = PerHost(4)

    @classmethod
    def read(cls) -> Settings:
        """The settings of this process's environment; `SettingError` names the first one that cannot be read."""
        settings = cls(
            store_url=_read(
                "STORE_URL", _store_url, cls.store_url, "sqlite:///FILE, sqlite:////ABSOLUTE/FILE or mongodb://HOST/DATABASE"
            ),
            redis_url=_read("REDIS_URL", _redis_url, cls.redis_url, "redis://, rediss:// or unix:// and an address"),
            data_dir=_read("DATA_DIR", Path, cls.data_dir, "a folder"),
            host=_read("HOST", _text, cls.host, "an address to listen on"),
            port=_read("PORT", _whole(1, 65_535), cls.port, "a port, 1 to 65535"),
            dashboard_port=_read("DASHBOARD_PORT", _whole(1, 65_535), cls.dashboard_port, "a port, 1 to 65535"),
            allowed_hosts=_read(
                "ALLOWED_HOSTS",
                _hosts,
                cls.allowed_hosts,
                "names of hosts without ports and with commas between, such as inventory.example.com,.example.net",
            ),
            api_processes=_read("API_PROCESSES", _whole(1, 256), cls.api_processes, "a whole number, 1 to 256"),
            api_threads=_read("API_THREADS", _whole(2, 1_024), cls.api_threads, "a whole number, 2 to 1024"),
            workers=_read("WORKERS", _whole(1, 256), cls.workers, "a whole number, 1 to 256"),
            allow_networks=_read(
                "ALLOW_NETWORKS", _networks, cls.allow_networks, "CIDRs with commas between, such as 10.1.0.0/16,fd00::/8"
            ),
            fetch_deadline=_read("FETCH_DEADLINE", _number(0.1, 600), cls.fetch_deadline, "seconds, 0.1 to 600"),
            body_limit=_read("BODY_LIMIT", _whole(0, 12 * 1024 * 1024), cls.body_limit, "bytes, 0 to 12582912"),
            fresh_for=_read("FRESH_FOR", _whole(0, 10**9), cls.fresh_for, "seconds, a whole number from 0"),
            max_attempts=_read("MAX_ATTEMPTS", _whole(1, 100), cls.max_attempts, "a whole number, 1 to 100"),
            retry_base=_read("RETRY_BASE", _number(0, 3_600), cls.retry_base, "seconds, 0 to 3600"),
            retry_failed_after=_read(
                "RETRY_FAILED_AFTER", _whole(0, 10**9), cls.retry_failed_after, "seconds, a whole number from 0"
            ),
            keep_snapshots=_read("KEEP_SNAPSHOTS", _whole(1, 10**6), cls.keep_snapshots, "a whole number, 1 to 1000000"),
            files_url=_read("FILES_URL", _files_url, cls.files_url, "s3://BUCKET/PREFIX or file:///ABSOLUTE/FOLDER"),
            upload_limit=_read("UPLOAD_LIMIT", _whole(1, 2**40), cls.upload_limit, "bytes, 1 to 1099511627776"),
            keep_jobs_for=_read("KEEP_JOBS_FOR", _whole(0, 10**9), cls.keep_jobs_for, "seconds, a whole number from 0"),
            live_streams=_read("LIVE_STREAMS", _whole(0, 1_022), cls.live_streams, "a whole number, 0 to 1022"),
            events_line_delay=_read("EVENTS_LINE_DELAY", _number(0, 60), cls.events_line_delay, "seconds, 0 to 60"),
            inline_slots=_read("INLINE_SLOTS", _whole(0, 1_023), cls.inline_slots, "a whole number, 0 to 1023"),
            weather_url=_read(
                "WEATHER_URL", _web_url, cls.weather_url, "an http or https URL without user, password and fragment"
            ),
            weather_geocoding_url=_read(
                "WEATHER_GEOCODING_URL",
                _web_url,
                cls.weather_geocoding_url,
                "an http or https URL without user, password and fragment",
            ),
            weather_fresh_for=_read(
                "WEATHER_FRESH_FOR", _whole(0, 10**9), cls.weather_fresh_for, "seconds, a whole number from 0"
            ),
            openweather_key=_read(
                "OPENWEATHER_KEY", _key, cls.openweather_key, "a key of openweathermap.org: letters, digits and ._~-"
            ),
            history_sources=_read(
                "HISTORY_SOURCES", _sources, cls.history_sources, f"none, or {', '.join(SOURCES)} with commas between"
            ),
            keep_history_for=_read(
                "KEEP_HISTORY_FOR", _whole(0, 10**9), cls.keep_history_for, "seconds, a whole number from 0"
            ),
            product_feeds=_read("PRODUCT_FEEDS", lambda text: feeds.read(Path(text)), feeds.default(), "a YAML file"),
            upstream_rate=_read(
                "UPSTREAM_RATE",
                _per_host(_number(0.001, 1_000_000), cls.upstream_rate.default),
                cls.upstream_rate,
                "requests a second, 0.001 to 1000000, and exceptions, such as 10,api.example.com=2.5",
            ),
            upstream_concurrency=_read(
                "UPSTREAM_CONCURRENCY",
                _per_host(_whole(1, 10_000), cls.upstream_concurrency.default),
                cls.upstream_concurrency,
                "connections at once, 1 to 10000, and exceptions, such as 4,api.example.com=1",
            ),
        )
        if settings.inline_slots + settings.live_streams >= settings.api_threads:
            raise SettingError(
                f"INVENTORY_INLINE_SLOTS={settings.inline_slots} and INVENTORY_LIVE_STREAMS={settings.live_streams} together"
                f" must be below INVENTORY_API_THREADS={settings.api_threads}, or they could take every thread from lookups"
            )
        return settings

    @property
    def hosts(self) -> AllowedHosts:
        """The hosts that requests may be for."""
        return AllowedHosts.of(self.allowed_hosts, self.host)

    @property
    def store(self) -> str:
        """The URL of the store, the default filled in."""
        return self.store_url or f"sqlite:///{quote(str(self.data_dir.absolute()))}/inventory.sqlite3"

    @property
    def redis(self) -> str:
        """The URL of Redis, the default filled in."""
        return self.redis_url or f"unix://{quote(str(self.data_dir.absolute() / 'redis.sock'))}"

    @property
    def files(self) -> str:
        """The URL of the file store, the default filled in."""
        return self.files_url or f"file://{quote(str(self.data_dir.absolute() / 'files'))}"

    @property
    def spare_threads(self) -> int:
        """Threads of an API process that neither collecting inline nor streaming can take, 1 at least."""
        return self.api_threads - self.inline_slots - self.live_streams

    @property
    def lease(self) -> float:
        """Seconds that a claim lasts: the fetch deadline and room to store what was fetched."""
        return self.fetch_deadline + 15.0


def _read(name: str, parse: Callable[[str], Value], default: Value, allowed: str) -> Value:
    """One setting: unset or empty means the default."""
    env = Env(prefix="INVENTORY_")
    text = env.str(name, "").strip()
    if not text:
        return default
    env.add_parser("setting", parse)
    try:
        value: Value = env.setting(name)
    except (EnvError, ValidationError, ValueError) as error:
        shown = "***" if name.endswith("_KEY") else repr(_without_password(text))
        raise SettingError(f"INVENTORY_{name}={shown} cannot be read: it takes {allowed}") from error
    return value


def _text(text: str) -> str:
    return text.strip()


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValidationError("out of range")
        return value

    return parse


def _number(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise ValidationError("out of range")
        return value

    return parse


def _per_host(value_of: Callable[[str], Value], default: Value) -> Callable[[str], PerHost[Value]]:
    """`VALUE,HOST=VALUE,…`, each part once and in any order; without a value for all, `default` stays."""

    def parse(text: str) -> PerHost[Value]:
        values: dict[str, Value] = {}
        for part in text.split(","):
            host, named, value = part.rpartition("=")
            host = host.strip().lower()
            if (named and not HOST.fullmatch(host)) or host in values:
                raise ValidationError("no host, or one that is named twice")
            values[host] = value_of(value)
        return PerHost(values.pop("", default), values)

    return parse


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read_entry(part) for part in text.split(",") if part.strip()))


def _key(text: str) -> str:
    if not KEY.fullmatch(text):
        raise ValidationError("not a key")
    return text


def _sources(text: str) -> tuple[str, ...]:
    """Names with commas between, each once; `none` alone is none."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if names == ("none",):
        return ()
    if not names or not set(names) <= set(SOURCES):
        raise ValidationError("not sources")
    return names


def _web_url(text: str) -> str:
    """What a query can be put behind."""
    try:
        urls.parse(text)
    except InvalidUrl as error:
        raise ValidationError("not a URL") from error
    if "#" in text:
        raise ValidationError("a fragment, which is not sent")
    return text


def _store_url(text: str) -> str:
    parts = urlsplit(text.strip())
    sqlite = parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1
    mongodb = parts.scheme in {"mongodb", "mongodb+srv"} and parts.netloc and len(parts.path) > 1
    if not (sqlite or mongodb):
        raise ValidationError("neither SQLite nor MongoDB")
    return text.strip()


def _redis_url(text: str) -> str:
    parts = urlsplit(text.strip())
    if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.netloc or parts.path):
        raise ValidationError("not a Redis URL")
    return text.strip()


def _files_url(text: str) -> str:
    parts = urlsplit(text.strip())
    folder = parts.scheme == "file" and not parts.netloc and len(parts.path) > 1
    bucket = parts.scheme == "s3" and parts.netloc
    if not (folder or bucket):
        raise ValidationError("neither a folder nor S3")
    return text.strip()


def _without_password(text: str) -> str:
    """The text as it may be printed: a password between `:` and `@` is covered."""
    scheme, separator, rest = text.partition("://")
    login, at, address = rest.rpartition("@")
    if not at:
        return text
    return f"{scheme}{separator}{login.partition(':')[0]}:***@{address}"
