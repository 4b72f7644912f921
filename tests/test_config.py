"""Settings come from the environment; one that cannot be read is named in one line, with what it takes."""

from __future__ import annotations

import os
import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from docs import settings_table
from inventory.config import PerHost, Settings
from inventory.errors import SettingError
from inventory.notifier import connect
from inventory.webhooks.mail_server import MailServer

ROOT = Path(__file__).parents[1]
DOCUMENTS = [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]
SETTINGS = {f"INVENTORY_{name.upper()}" for name in Settings.__dataclass_fields__}
VARIABLES = SETTINGS | {f"{name}_FILE" for name in SETTINGS}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_without_an_environment_every_setting_has_its_default() -> None:
    assert Settings.read() == Settings()


def test_an_empty_setting_is_the_default(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_PORT", " ")

    assert Settings.read().port == 8000


def test_settings_are_read(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_STORE_URL", "mongodb://mongo:27017/inventory")
    bare.setenv("INVENTORY_ALLOW_NETWORKS", "10.1.0.0/16, fd00::/8")
    bare.setenv("INVENTORY_FETCH_DEADLINE", "2.5")
    settings = Settings.read()

    assert settings.store == "mongodb://mongo:27017/inventory"
    assert settings.allow_networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert settings.fetch_deadline == 2.5
    assert settings.lease > settings.fetch_deadline


def test_spaces_are_part_of_a_folder_name_and_of_nothing_else(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_DATA_DIR", "/somewhere/ends with ")
    bare.setenv("INVENTORY_PORT", " 8010 ")
    settings = Settings.read()

    assert settings.data_dir == Path("/somewhere/ends with ")
    assert settings.port == 8010


def test_hosts_may_have_a_budget_of_their_own(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_UPSTREAM_RATE", "API.example.com = 2.5, 20,[::1]=1")
    bare.setenv("INVENTORY_UPSTREAM_CONCURRENCY", "127.0.0.1=8")
    settings = Settings.read()

    assert settings.upstream_rate == PerHost(20.0, {"api.example.com": 2.5, "[::1]": 1.0})
    assert settings.upstream_concurrency == PerHost(4, {"127.0.0.1": 8})


def test_the_embedded_store_and_redis_are_in_the_data_folder() -> None:
    settings = Settings(data_dir=Path("/somewhere"))

    assert settings.store == "sqlite:////somewhere/inventory.sqlite3"
    assert settings.redis.startswith("unix:///somewhere/")


@pytest.mark.parametrize(
    ("url", "with_password"),
    [
        ("redis://h:1/0", "redis://:p%40ss%2F%3A%25%20%C3%BC@h:1/0"),
        ("rediss://h", "rediss://:p%40ss%2F%3A%25%20%C3%BC@h"),
        ("redis://:own@h", "redis://:own@h"),
        ("redis://user@h", "redis://user@h"),
        ("unix:///a/redis.sock", "unix:///a/redis.sock"),
    ],
)
def test_the_password_of_redis_is_added_to_a_url_without_one_and_printed_nowhere(url: str, with_password: str) -> None:
    settings = Settings(redis_url=url, redis_password="p@ss/:% ü")

    assert settings.redis == with_password
    assert Settings(redis_url=url).redis == url
    assert "p@ss" not in repr(settings)
    if "p%40" in with_password:
        assert connect(settings.redis, socket_timeout=1).connection_pool.connection_kwargs["password"] == "p@ss/:% ü"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORS_ORIGINS", "https://app.example.com/"),
        ("CORS_ORIGINS", "*"),
        ("SECURITY_CONTACT", "http://example.com/"),
        ("SECURITY_POLICY", "http://example.com/"),
        ("PORT", "abc"),
        ("KEEP_SNAPSHOTS", "0"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("DASHBOARD_PORT", "8000.5"),
        ("ALLOWED_HOSTS", "inventory.example:8000"),
        ("ALLOWED_HOSTS", "https://inventory.example"),
        ("ALLOWED_HOSTS", "inventory.example,*"),
        ("ALLOWED_HOSTS", "a b"),
        ("STORE_URL", "postgres://h/db"),
        ("STORE_URL", "sqlite://"),
        ("STORE_URL", "mongodb://h"),
        ("REDIS_URL", "http://h"),
        ("ALLOW_NETWORKS", "10.0.0.0/33"),
        ("ALLOW_NETWORKS", "10.0.0.1/8"),
        ("ALLOW_NETWORKS", "intranet"),
        ("FETCH_DEADLINE", "0"),
        ("FETCH_DEADLINE", "nan"),
        ("FETCH_DEADLINE", "1e9"),
        ("BODY_LIMIT", "-1"),
        ("BODY_LIMIT", "4M"),
        ("MAX_REDIRECTS", "-1"),
        ("MAX_REDIRECTS", "51"),
        ("MAX_ATTEMPTS", "0"),
        ("RETRY_BASE", "-1"),
        ("API_THREADS", "1"),
        ("WORKERS", "0"),
        ("KEEP_WIRE_BODIES", "gzip"),
        ("RESPECT_ROBOTS", "yes"),
        ("FRESH_FOR", "a day"),
        ("RETRY_FAILED_AFTER", "soon"),
        ("API_PROCESSES", "many"),
        ("FILES_URL", "ftp://files/"),
        ("FILES_URL", "s3:///prefix"),
        ("UPLOAD_LIMIT", "0"),
        ("KEEP_JOBS_FOR", "a month"),
        ("LIVE_STREAMS", "-1"),
        ("WEATHER_URL", "api.open-meteo.com"),
        ("WEATHER_URL", "https://api.example.com/forecast#now"),
        ("WEATHER_GEOCODING_URL", "ftp://x/"),
        ("WEATHER_GEOCODING_URL", "http://a b/"),
        ("WEATHER_FRESH_FOR", "-1"),
        ("HISTORY_SOURCES", "weather;webpage"),
        ("HISTORY_SOURCES", "weather,pages"),
        ("HISTORY_SOURCES", ","),
        ("KEEP_HISTORY_FOR", "a quarter"),
        ("KEEP_AUDIT_FOR", "a year"),
        ("MASKED_PARAMETERS", "pin,a b"),
        ("MASKED_PARAMETERS", "pin=1"),
        ("EVENTS_LINE_DELAY", "61"),
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "http://mail.example.com"),
        ("SMTP_URL", "smtp://mail.example.com:smtp"),
        ("SMTP_URL", "smtps://mail.example.com:0x1"),
        ("SMTP_URL", "smtp://mail.example.com/queue"),
        ("MAIL_FROM", "inventory"),
        ("MAIL_FROM", "the inventory"),
        ("UPSTREAM_RATE", "0"),
        ("UPSTREAM_RATE", "fast"),
        ("UPSTREAM_RATE", "nan"),
        ("UPSTREAM_RATE", "10,20"),
        ("UPSTREAM_RATE", "10,,api.example.com=5"),
        ("UPSTREAM_RATE", "10,api.example.com"),
        ("UPSTREAM_RATE", "10,=5"),
        ("UPSTREAM_RATE", "api.example.com="),
        ("UPSTREAM_RATE", "api.example.com=0"),
        ("UPSTREAM_RATE", "a.example=5,A.example=6"),
        ("UPSTREAM_RATE", "https://api.example.com=5"),
        ("UPSTREAM_RATE", "bücher.example=5"),
        ("PRODUCT_FEEDS", "/nowhere/feeds.yaml"),
        ("QUOTAS", "lookups=600/hour"),
        ("UPSTREAM_CONCURRENCY", "2.5"),
        ("UPSTREAM_CONCURRENCY", "4,api.example.com=0"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named_with_what_it_takes(bare: pytest.MonkeyPatch, name: str, value: str) -> None:
    bare.setenv(f"INVENTORY_{name}", value)

    with pytest.raises(SettingError) as caught:
        Settings.read()

    line = str(caught.value)
    assert line.startswith(f"INVENTORY_{name}={value!r} cannot be read: it takes ")
    assert "\n" not in line


def test_a_password_is_never_in_the_line(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_STORE_URL", "postgres://me:secret@h/db")

    with pytest.raises(SettingError) as caught:
        Settings.read()

    assert "secret" not in str(caught.value)
    assert "postgres://me:***@h/db" in str(caught.value)


@pytest.mark.parametrize("url", ["smtp:/me:secret@mail.test", "me:secret@mail.test", "smtp://me:secret@mail.test/x"])
def test_a_password_of_the_mail_server_is_not_in_it_either(bare: pytest.MonkeyPatch, url: str) -> None:
    bare.setenv("INVENTORY_SMTP_URL", url)

    with pytest.raises(SettingError) as caught:
        Settings.read()

    assert "secret" not in str(caught.value)


def test_the_mail_server_is_read_once(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_SMTP_URL", "smtps://me:s3cr3t@mail.test")
    settings = Settings.read()

    assert settings.smtp_url == MailServer(host="mail.test", port=465, implicit_tls=True, user="me", password="s3cr3t")
    assert "s3cr3t" not in repr(settings)


@pytest.mark.parametrize("name", ["WEATHER_URL", "WEATHER_GEOCODING_URL"])
def test_a_weather_service_is_not_called_with_a_password(bare: pytest.MonkeyPatch, name: str) -> None:
    bare.setenv(f"INVENTORY_{name}", "https://me:secret@api.example.com/")

    with pytest.raises(SettingError, match=f"INVENTORY_{name}='https://me:\\*\\*\\*@api.example.com/' cannot be read"):
        Settings.read()


def test_a_setting_is_read_from_the_file_that_is_named_for_it(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(" s3cr3t \n")
    bare.setenv("INVENTORY_REDIS_PASSWORD_FILE", str(secret))

    assert Settings.read().redis_password == " s3cr3t "

    bare.setenv("INVENTORY_REDIS_PASSWORD", "given")
    assert Settings.read().redis_password == "given"


def test_what_an_editor_writes_before_a_text_is_not_part_of_a_secret(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"\xef\xbb\xbfs3cr3t\r\n")
    bare.setenv("INVENTORY_REDIS_PASSWORD_FILE", str(secret))

    assert Settings.read().redis_password == "s3cr3t"


def test_an_empty_file_and_an_empty_name_of_one_are_the_default(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    bare.setenv("INVENTORY_PORT_FILE", str(tmp_path / "empty"))
    bare.setenv("INVENTORY_REDIS_PASSWORD_FILE", " ")

    assert Settings.read() == Settings()


def test_a_file_that_is_not_there_is_named_with_its_setting(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_STORE_URL_FILE", "/nowhere/store")

    with pytest.raises(SettingError, match="INVENTORY_STORE_URL_FILE='/nowhere/store' cannot be read: No such file"):
        Settings.read()


def test_a_file_that_is_no_text_is_named_with_its_setting(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    bare.setenv("INVENTORY_PORT_FILE", str(tmp_path / "bytes"))

    with pytest.raises(SettingError, match=r"INVENTORY_PORT_FILE='.*/bytes' cannot be read: it is no text in UTF-8"):
        Settings.read()


def test_a_file_that_is_too_large_is_no_setting(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 65_537)
    bare.setenv("INVENTORY_REDIS_PASSWORD_FILE", str(tmp_path / "large"))

    with pytest.raises(SettingError, match=r"REDIS_PASSWORD_FILE='.*/large' cannot be read: it has more than 65,536"):
        Settings.read()


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_not_a_regular_file_is_no_setting(bare: pytest.MonkeyPatch, tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "pipe")  # nobody ever writes into it
    path = {"pipe": str(tmp_path / "pipe"), "device": "/dev/zero", "folder": "/"}[kind]
    bare.setenv("INVENTORY_REDIS_PASSWORD_FILE", path)

    with pytest.raises(SettingError, match=r"INVENTORY_REDIS_PASSWORD_FILE='.*' cannot be read: it is not a regular file"):
        Settings.read()


def test_a_link_to_a_file_is_read_as_the_file(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kubernetes mounts secrets so."""
    (tmp_path / "secret").write_text("s3cr3t\n")
    (tmp_path / "link").symlink_to("secret")
    bare.setenv("INVENTORY_REDIS_PASSWORD_FILE", str(tmp_path / "link"))

    assert Settings.read().redis_password == "s3cr3t"


def test_what_a_file_says_is_in_no_line(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("s3cr3t")
    bare.setenv("INVENTORY_PORT_FILE", str(tmp_path / "port"))

    with pytest.raises(SettingError) as caught:
        Settings.read()

    assert str(caught.value).startswith(f"INVENTORY_PORT=*** in the file '{tmp_path}/port' cannot be read: it takes a port")


def test_a_key_is_in_no_line_and_in_no_repr(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_OPENWEATHER_KEY", "s3cr3t")
    settings = Settings.read()

    assert settings.openweather_key == "s3cr3t"
    assert "s3cr3t" not in repr(settings) + str(settings)

    bare.setenv("INVENTORY_OPENWEATHER_KEY", "s3cr3t!")
    with pytest.raises(SettingError) as caught:
        Settings.read()
    assert "s3cr3t" not in str(caught.value)
    assert "INVENTORY_OPENWEATHER_KEY=*** cannot be read" in str(caught.value)


def test_hosts_are_listed_in_any_spelling_and_an_empty_entry_is_skipped(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_ALLOWED_HOSTS", "api, Inventory.EXAMPLE.,.example.net,[FD00:0::1],api,")

    assert Settings.read().allowed_hosts == ("api", "inventory.example", ".example.net", "fd00::1")


def test_a_history_is_kept_of_the_sources_that_are_named(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_HISTORY_SOURCES", "weather, webpage,weather")
    assert Settings.read().history_sources == ("weather", "webpage")

    bare.setenv("INVENTORY_HISTORY_SOURCES", "none")
    assert Settings.read().history_sources == ()


def test_inline_slots_leave_threads_for_the_lookups(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("INVENTORY_API_THREADS", "8")
    bare.setenv("INVENTORY_INLINE_SLOTS", "8")

    with pytest.raises(
        SettingError, match="INLINE_SLOTS=8 and INVENTORY_LIVE_STREAMS=8 together must be below INVENTORY_API"
    ):
        Settings.read()


def test_the_table_of_the_readme_is_made_from_the_declarations() -> None:
    assert f"<!-- settings -->\n{settings_table.table()}<!-- end of settings -->" in (ROOT / "README.md").read_text(), (
        "`make settings` writes it"
    )


@pytest.mark.parametrize("file", ["docker-compose.yml", "Dockerfile", "Makefile", "README.md", "CHANGELOG.md", *DOCUMENTS])
def test_every_variable_that_is_named_is_a_setting(file: str) -> None:
    named = set(re.findall(r"INVENTORY_(?!TEST_)[A-Z_]+[A-Z]", (ROOT / file).read_text()))

    assert named <= VARIABLES
