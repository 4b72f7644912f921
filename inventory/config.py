"""The settings: each is declared once, with its type, default and meaning, and read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import quote

from environs import Env

from inventory import setting_types as types
from inventory.access import quota_model
from inventory.access.model import Mode
from inventory.access.quota_model import Quota
from inventory.errors import SettingError
from inventory.hosts import AllowedHosts, is_loopback
from inventory.masking import Masking, masking_of
from inventory.products import feed_file
from inventory.products.feeds import Feed
from inventory.robots.rules import MAX_BYTES
from inventory.setting_texts import PREFIX, SettingText
from inventory.setting_types import Declaration, Network, PerHost, declared, for_each_host, number, setting, whole
from inventory.webhooks.mail_server import MailServer

CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """The values of all settings, in seconds and bytes; the variable is `INVENTORY_` and the field's name in capitals."""

    store_url: str = setting("", types.STORE_URL, "where everything is kept", shown="SQLite in `DATA_DIR`")
    redis_url: str = setting("", types.REDIS_URL, "what wakes the workers", shown="the Redis that `inventory up` starts")
    redis_password: str = setting(
        "",
        types.Type(str, "any text", exact=True),
        "the password, where `REDIS_URL` is a `redis://` without one",
        shown="none",
        secret=True,
    )
    data_dir: Path = setting(
        Path("var"), types.Type(Path, "a folder", exact=True), "what `inventory up` keeps, logs included"
    )
    host: str = setting("127.0.0.1", types.ADDRESS, "where API and dashboard listen")
    port: int = setting(8000, types.PORT, "the port of the API")
    dashboard_port: int = setting(9181, types.PORT, "the port of the queue's dashboard")
    public_url: str = setting(
        "", types.WEB_URL, "where people reach this service, for links in messages of watches", shown="`http://HOST:PORT`"
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        types.HOSTS,
        "names for the service besides those of loopback; `.example.net` means all names below it too (docs/security.md)",
    )
    access: Mode | None = setting(
        None,
        types.Type[Mode | None](Mode, ", ".join(Mode)),
        "who may do what without a key: everything (`open`), nothing (`keys`), or read (`readonly-open`) (docs/access.md)",
        shown="`open` where `HOST` is loopback, else `keys`",
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        types.ORIGINS,
        "origins of pages whose scripts may use the API, with a key of theirs where keys count (docs/security.md)",
        shown="none",
    )
    security_contact: tuple[str, ...] = setting(
        (),
        types.SECURITY_CONTACTS,
        "where to report a vulnerability of this service, for /.well-known/security.txt",
        shown="none",
    )
    security_policy: str = setting("", types.HTTPS_URL, "the page that says how such reports are treated", shown="none")
    api_processes: int = setting(max(2, CORES), whole(1, 256), "processes of the API", shown="one for each core, 2 at least")
    api_threads: int = setting(
        96, whole(2, 1_024), "threads of each API process, more than `INLINE_SLOTS` and `LIVE_STREAMS` together"
    )
    inline_slots: int = setting(
        8,
        whole(0, 1_023),
        "requests of one API process that may collect at once; more may wait for a collection, in the threads left over",
    )
    live_streams: int = setting(8, whole(0, 1_022), "clients of one API process that may follow jobs live at once")
    workers: int = setting(max(2, CORES), whole(1, 256), "worker processes", shown="one for each core, 2 at least")
    quotas: tuple[Quota, ...] = setting(
        (),
        types.Type(quota_model.read_setting, "N/minute and N/day of lookups, collections and imports"),
        "how much each key without quotas of its own may do, and each address without a key, such as"
        " lookups=6000/minute,lookups=100000/day,collections=600/minute (docs/quotas.md)",
        shown="none",
    )
    allow_networks: tuple[Network, ...] = setting(
        (), types.NETWORKS, "networks that may be fetched from although they are not public (docs/fetching.md)"
    )
    fetch_deadline: float = setting(20.0, number(0.1, 600, "seconds"), "time for one whole collection, redirects included")
    max_redirects: int = setting(20, whole(0, 50), "redirects that one collection follows; browsers follow 20")
    body_limit: int = setting(4 * 1024 * 1024, whole(0, 12 * 1024 * 1024, "bytes"), "what is kept of a body, decoded")
    keep_wire_bodies: bool = setting(
        False,
        types.SWITCH,
        "whether coded bodies (gzip, br …) are also kept as they were sent, for archives (docs/archives.md)",
        shown="`false`",
    )
    respect_robots: bool = setting(
        False,
        types.SWITCH,
        "whether imports and watches collect only what the robots.txt of a site allows (docs/fetching.md)",
        shown="`false`",
    )
    fresh_for: int = setting(
        86_400,
        types.WHOLE_SECONDS,
        "age at which a record is stale: it is still answered at once, and collected again afterwards",
    )
    max_attempts: int = setting(4, whole(1, 100), "attempts before a collection has failed")
    retry_base: float = setting(
        5.0,
        number(0, 3_600, "seconds"),
        "pause after the first attempt; each further one is three times as long, with full jitter",
    )
    retry_failed_after: int = setting(
        300, types.WHOLE_SECONDS, "how long a final failure is answered before a lookup tries again"
    )
    keep_snapshots: int = setting(
        50, whole(1, 10**6), "snapshots kept of each target; older ones are deleted, with the bodies that only they used"
    )
    files_url: str = setting(
        "",
        types.FILES_URL,
        "where uploads are kept; S3 takes the usual `AWS_*` variables",
        shown="the folder `files` in `DATA_DIR`",
    )
    files_secret: str = setting(
        "",
        types.Type(str, "any text", exact=True),
        "the secret key of S3, instead of `AWS_SECRET_ACCESS_KEY`",
        shown="none",
        secret=True,
    )
    upload_limit: int = setting(1_073_741_824, whole(1, 2**40, "bytes"), "the largest upload")
    keep_jobs_for: int = setting(2_592_000, types.WHOLE_SECONDS, "how long a finished job, its rows and its file are kept")
    keep_messages_for: int = setting(
        2_592_000, types.WHOLE_SECONDS, "how long messages of watches are kept, once each is delivered or given up"
    )
    keep_audit_for: int = setting(31_536_000, types.WHOLE_SECONDS, "how long it is kept who did what (docs/audit.md)")
    masked_parameters: tuple[str, ...] = setting(
        (),
        types.PARAMETERS,
        "more parameters of URLs whose values are covered in logs, problems, the dashboard and the audit (docs/audit.md)",
    )
    keep_events_for: int = setting(
        7_776_000, types.WHOLE_SECONDS, "how long log events are kept, counted from when they were imported"
    )
    events_line_delay: float = setting(
        0.0, number(0, 60, "seconds"), "pause after each line of a log file, to watch an import in a demonstration"
    )
    weather_url: str = setting(
        "https://api.open-meteo.com/v1/forecast",
        types.WEB_URL,
        "where the weather comes from (docs/weather.md)",
        shown="Open-Meteo's",
    )
    weather_geocoding_url: str = setting(
        "https://geocoding-api.open-meteo.com/v1/search", types.WEB_URL, "where cities are found", shown="Open-Meteo's"
    )
    weather_fresh_for: int = setting(900, types.WHOLE_SECONDS, "how long weather is answered without asking again")
    openweather_key: str = setting(
        "", types.OPENWEATHER_KEY, "with a key, the weather comes from OpenWeather", shown="none", secret=True
    )
    history_sources: tuple[str, ...] = setting(
        ("weather",), types.names_of("weather", "webpage"), "sources whose lookups are kept in the history"
    )
    indexed_policies: tuple[str, ...] = setting(
        ("baseline", "cookies", "observatory", "privacy", "kept"),
        types.names_of("baseline", "cookies", "observatory", "privacy", "kept"),
        "policies whose verdicts searches find; `kept` are all that are not built in (docs/policies.md)",
    )
    keep_history_for: int = setting(7_776_000, types.WHOLE_SECONDS, "how long a lookup is kept in the history")
    product_feeds: tuple[Feed, ...] = field(
        default_factory=feed_file.default,
        repr=False,
        metadata=declared(
            types.Type(lambda text: feed_file.read(Path(text), os.environ), "a YAML file"),
            "describes product feeds (docs/products.md)",
            shown="three public demo APIs",
        ),
    )
    smtp_url: MailServer | None = setting(
        None,
        types.Type[MailServer | None](MailServer.of, "smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"),
        "the mail server for messages of watches; with smtp:// TLS begins if the server offers it",
        shown="none",
    )
    mail_from: str = setting("inventory@localhost", types.MAIL_ADDRESS, "the sender of that mail")
    upstream_rate: PerHost[float] = for_each_host(
        10.0,
        number(0.001, 1_000_000, "requests a second"),
        "10,api.example.com=2.5",
        "how often one host is called, by all processes together (docs/upstreams.md)",
    )
    upstream_concurrency: PerHost[int] = for_each_host(
        4,
        whole(1, 10_000, "connections at once"),
        "4,api.example.com=1",
        "how many connections one host has, from all processes together",
    )

    @classmethod
    def read(cls) -> Settings:
        """This process's settings, by default where unset or blank; `SettingError` names the first that is not valid.

        A setting that is unset or blank is read from the file that `INVENTORY_…_FILE` names, if that is not blank.
        """
        env = Env(prefix=PREFIX)
        texts = {name: SettingText.read(env, name) for name in DECLARATIONS}
        settings = cls(**{name: text.value(DECLARATIONS[name]) for name, text in texts.items() if text.is_given})
        if settings.spare_threads < 1:
            raise SettingError(
                f"INVENTORY_INLINE_SLOTS={settings.inline_slots} and INVENTORY_LIVE_STREAMS={settings.live_streams} together"
                f" must be below INVENTORY_API_THREADS={settings.api_threads}, or they could take every thread from lookups"
            )
        if settings.respect_robots and settings.body_limit < MAX_BYTES:
            raise SettingError(
                f"INVENTORY_RESPECT_ROBOTS=true needs an INVENTORY_BODY_LIMIT of {MAX_BYTES} at least, because so much of a"
                f" robots.txt counts; it is {settings.body_limit}"
            )
        return settings

    @property
    def hosts(self) -> AllowedHosts:
        """The hosts that requests may be for."""
        return AllowedHosts.of(self.allowed_hosts, self.host)

    @property
    def mode(self) -> Mode:
        """Who may do what without a key, the default filled in."""
        return self.access or (Mode.OPEN if is_loopback(self.host) else Mode.KEYS)

    @property
    def masking(self) -> Masking:
        """What covers secrets in texts that others may read."""
        return masking_of(self.masked_parameters)

    @property
    def public(self) -> str:
        """The URL that links begin with, without a slash at its end; the default filled in."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def store(self) -> str:
        """The URL of the store, the default filled in."""
        return self.store_url or f"sqlite:///{quote(str(self.data_dir.absolute()))}/inventory.sqlite3"

    @property
    def redis(self) -> str:
        """The URL of Redis, the default and the password filled in."""
        scheme, separator, rest = self.redis_url.partition("://")
        if self.redis_password and scheme in ("redis", "rediss") and "@" not in rest:
            return f"{scheme}{separator}:{quote(self.redis_password, safe='')}@{rest}"
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
        """Seconds that a claim lasts: the fetch deadline and time to store what was fetched."""
        return self.fetch_deadline + 15.0


DECLARATIONS: Mapping[str, Declaration] = {each.name: each.metadata["declaration"] for each in fields(Settings)}
