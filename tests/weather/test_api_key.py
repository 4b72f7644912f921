"""OpenWeather, which wants a key: what it is asked and what is made of it, and that the key appears nowhere else."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inventory import create_app
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.records.source import Source
from inventory.services import Services
from tests.conftest import Build
from tests.upstreams import Answer, Upstream
from tests.upstreams.torture import Torture

KEY = "c0ffee11c0ffee22c0ffee33c0ffee44"
AT = "/data/2.5/weather"
FOUND: dict[str, Any] = {
    "coord": {"lon": 2.3488, "lat": 48.8534},
    "weather": [{"id": 802, "main": "Clouds", "description": "scattered clouds", "icon": "03d"}],
    "main": {"temp": 3.4, "feels_like": 1.2, "pressure": 1021, "humidity": 81},
    "wind": {"speed": 2.5, "deg": 240},
    "dt": 1769860800,
    "sys": {"country": "FR", "sunrise": 1769844000},
    "name": "Paris",
    "cod": 200,
}


def as_json(document: object, status: int = 200) -> Answer:
    return Answer(status, (("Content-Type", "application/json"),), json.dumps(document).encode())


def to(location: str, status: int = 302) -> Answer:
    return Answer(status, (("Location", location),))


def nowhere(host: str) -> list[str]:
    """Resolves no name."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.fixture
def settings(upstream: Upstream, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        allow_networks=(ipaddress.ip_network("127.0.0.1/32"),),
        weather_url=upstream.url(AT),
        openweather_key=KEY,
        fetch_deadline=8.0,
    )


@pytest.fixture
def services(make_services: Build) -> Services:
    return make_services(sources=None, clock=utc_now, resolve=nowhere)


@pytest.fixture
def source(services: Services) -> Source:
    return services.sources["weather"]


def failure(source: Source, city: str = "paris") -> SourceFailure:
    with pytest.raises(SourceFailure) as caught:
        source.collect(city)
    return caught.value


def test_the_content_is_the_same_as_of_any_other_provider(source: Source, upstream: Upstream) -> None:
    upstream.script(AT, as_json(FOUND))

    assert source.collect("paris,fr").content == {
        "city": {
            "name": "Paris",
            "country": "FR",
            "region": None,
            "latitude": 48.8534,
            "longitude": 2.3488,
            "population": None,
            "candidates": 1,
        },
        "weather": {
            "temperature_c": 3.4,
            "condition": "scattered clouds",
            "humidity_percent": 81.0,
            "wind_kph": 9.0,
            "observed_at": "2026-01-31T12:00:00.000Z",
        },
    }


def test_it_is_asked_once_by_the_key_of_the_city_in_metric_units(source: Source, upstream: Upstream) -> None:
    upstream.script(AT, as_json(FOUND))
    source.collect(source.target("Zürich, Switzerland").key)

    [request] = upstream.requests
    assert [request.query(name, "") for name in ("q", "units", "appid")] == ["zurich,ch", "metric", KEY]


@pytest.mark.parametrize("code", ["404", 404])
def test_a_city_that_it_does_not_know_is_a_permanent_failure(source: Source, upstream: Upstream, code: object) -> None:
    upstream.script(AT, as_json({"cod": code, "message": "city not found"}, 404))
    error = failure(source)

    assert (error.code, error.permanent) == ("unknown_city", True)


def test_a_404_that_says_nothing_of_a_city_is_no_unknown_city(source: Source, upstream: Upstream) -> None:
    for answer in (as_json({"detail": "Not Found"}, 404), Answer(404, body=b"<h1>Not Found</h1>"), as_json([], 404)):
        upstream.script(AT, answer)

        assert failure(source).code == "invalid_response"


@pytest.mark.parametrize("member", ["coord", "main", "wind", "sys", "name", "dt"])
@pytest.mark.parametrize("value", [[], "x" * 300, -1, 1e300])
def test_weather_that_makes_no_sense_is_an_invalid_response(
    source: Source, upstream: Upstream, member: str, value: object
) -> None:
    upstream.script(AT, as_json(FOUND | {member: value}))

    assert failure(source).code == "invalid_response"


@pytest.mark.parametrize("conditions", [{}, [1], [{"description": 3}]])
def test_conditions_that_make_no_sense_are_an_invalid_response(
    source: Source, upstream: Upstream, conditions: object
) -> None:
    upstream.script(AT, as_json(FOUND | {"weather": conditions}))

    assert failure(source).code == "invalid_response"


def test_the_weather_may_come_without_words(source: Source, upstream: Upstream) -> None:
    upstream.script(AT, as_json(FOUND | {"weather": []}))

    assert source.collect("paris").content["weather"]["condition"] == "unknown"


@pytest.mark.parametrize(
    ("member", "value", "lost"),
    [
        ("main", None, {"temperature_c", "humidity_percent"}),
        ("main", {"temp": None, "humidity": 81}, {"temperature_c"}),
        ("main", {"temp": 3.4}, {"humidity_percent"}),
        ("wind", None, {"wind_kph"}),
        ("wind", {"speed": None}, {"wind_kph"}),
        ("weather", None, {"condition"}),
        ("weather", [{"description": None}], {"condition"}),
        ("dt", None, {"observed_at"}),
    ],
)
def test_a_null_costs_its_value_and_no_other(
    source: Source, upstream: Upstream, member: str, value: object, lost: set[str]
) -> None:
    upstream.script(AT, as_json(FOUND | {member: value}))
    weather = source.collect("paris").content["weather"]

    assert {name for name, known in weather.items() if known is None} == lost


@pytest.mark.parametrize("member", ["coord", "name"])
def test_an_answer_that_does_not_say_where_it_is_of_is_an_invalid_response(
    source: Source, upstream: Upstream, member: str
) -> None:
    upstream.script(AT, as_json(FOUND | {member: None}))

    assert failure(source).code == "invalid_response"


@pytest.mark.parametrize(
    ("city", "asked"),
    [
        ("Paris, TX, US", ["paris,tx,us"]),
        ("Paris, Texas", ["paris,tx,us"]),
        ("Portland, OR", ["portland,or,us"]),
        ("Toronto, Ontario, Canada", ["toronto,on,ca"]),
        ("Berlin, Deutschland", ["berlin,de", "berlin,de,us"]),
        ("Springfield, IL", ["springfield,il", "springfield,il,us"]),
        ("Augusta, Georgia", ["augusta,ge", "augusta,ga,us"]),
        ("Lyon, France", ["lyon,fr"]),
        ("Paris, Nowhere", ["paris,nowhere"]),
    ],
)
def test_it_is_asked_by_state_and_country_and_again_where_letters_are_those_of_both(
    source: Source, upstream: Upstream, city: str, asked: list[str]
) -> None:
    for _ in asked:
        upstream.script(AT, as_json({"cod": "404", "message": "city not found"}, 404))
    key = source.target(city).key

    assert failure(source, key).code == "unknown_city"
    assert [request.query("q", "") for request in upstream.requests] == asked


def test_the_first_city_that_it_finds_is_the_one(source: Source, upstream: Upstream) -> None:
    upstream.script(AT, as_json({"cod": "404", "message": "city not found"}, 404), as_json(FOUND | {"name": "Springfield"}))

    assert source.collect("springfield,il").content["city"]["name"] == "Springfield"


WRONG_KEY = "Invalid API key. Please see https://openweathermap.org/faq#error401 for more info."


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [(401, 401, True), (401, "401", True), (200, 401, True), (200, "429", False), (429, 429, False), (500, "500", False)],
)
def test_what_it_says_of_an_error_is_shown(
    source: Source, upstream: Upstream, status: int, code: object, permanent: bool
) -> None:
    upstream.script(AT, as_json({"cod": code, "message": WRONG_KEY}, status))
    error = failure(source)

    assert str(error) == f"The weather provider answered {code} instead of 200: {WRONG_KEY}"
    assert (error.code, error.permanent) == ("invalid_response", permanent)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"Invalid appid={KEY}", ": Invalid appid=***"),
        (f"The key {KEY.upper()} is blocked", ": The key *** is blocked"),
        (f"The key {KEY[:9]}… is blocked", ""),
        (f"{'x' * 195}{KEY}", ": " + "x" * 195 + "***"),
        (f"{'x' * 1_990}{KEY}", ""),
    ],
)
def test_no_piece_of_the_key_is_shown(source: Source, upstream: Upstream, message: str, shown: str) -> None:
    upstream.script(AT, as_json({"cod": 401, "message": message}, 401))

    assert str(failure(source)) == f"The weather provider answered 401 instead of 200{shown}"


def loop(upstream: Upstream) -> None:
    upstream.script(AT, *[to(f"{AT}?appid={KEY}&again=1")] * 30)


def stall(upstream: Upstream) -> None:
    upstream.script(AT, Answer(wait=5))


TROUBLES: dict[str, Callable[[Upstream], None]] = {
    "error": lambda upstream: upstream.script(AT, as_json({"cod": 500, "message": f"Invalid appid={KEY}"}, 500)),
    "refused key": lambda upstream: upstream.script(AT, as_json({"cod": 401, "message": f"Invalid API key {KEY}"}, 401)),
    "no json": lambda upstream: upstream.script(AT, Answer(body=f"<p>{KEY}</p>".encode())),
    "odd status line": lambda upstream: upstream.script(AT, Answer(999, ((KEY, KEY),))),
    "echo in the content": lambda upstream: upstream.script(AT, as_json(FOUND | {"name": f"Paris?appid={KEY}"})),
    "echo in the condition": lambda upstream: upstream.script(AT, as_json(FOUND | {"weather": [{"description": KEY}]})),
    "unknown city": lambda upstream: upstream.script(AT, as_json({"cod": "404", "message": KEY}, 404)),
    "redirect that echoes": lambda upstream: upstream.script(AT, to(f"/elsewhere/{KEY}?appid={KEY}")),
    "redirect to a scheme": lambda upstream: upstream.script(AT, to(f"ftp://example.com/?appid={KEY}")),
    "redirect to a scheme that is the key": lambda upstream: upstream.script(AT, to(f"{KEY}://example.com/")),
    "redirect to what is cut": lambda upstream: upstream.script(AT, to(f"ftp://example.com/{'x' * 50}/{KEY}/{'y' * 90}")),
    "redirect with credentials": lambda upstream: upstream.script(AT, to(f"http://{KEY}:{KEY}@127.0.0.1/")),
    "redirect to a private address": lambda upstream: upstream.script(AT, to(f"http://10.0.0.1/?appid={KEY}")),
    "redirect to a name": lambda upstream: upstream.script(AT, to(f"http://{KEY}.invalid/")),
    "redirect to nowhere": lambda upstream: upstream.script(AT, to(f"http://127.0.0.1:1/?appid={KEY}")),
    "loop": loop,
    "timeout": stall,
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_whatever_goes_wrong_the_key_appears_nowhere(
    services: Services,
    settings: Settings,
    upstream: Upstream,
    capsys: pytest.CaptureFixture[str],
    trouble: Callable[[Upstream], None],
) -> None:
    trouble(upstream)
    client = create_app(services=services).test_client()
    answers = [client.get("/api/v1/weather?city=paris") for _ in range(2)]
    answers += [client.get(path) for path in ("/api/v1/weather/summary", "/api/v1/records", "/api/v1/history", "/healthz")]
    record = services.records.find(services.records.target("weather", "paris"))
    written = [
        *(answer.get_data(as_text=True) + str(answer.headers) for answer in answers),
        repr(record),
        repr(settings),
        str(settings),
        repr(services),
        repr(services.sources["weather"]),
        *capsys.readouterr(),
        *(path.read_bytes().decode("latin-1") for path in settings.data_dir.rglob("*") if path.is_file()),
    ]

    assert {answer.status_code for answer in answers[:2]} <= {404, 502, 504}
    assert record is not None
    assert record.record.failure is not None
    assert [text[:2_000] for text in written if KEY in text or KEY[:9] in text] == []


def test_the_key_is_only_in_the_request_line_and_is_not_taken_along(source: Source, upstream: Upstream) -> None:
    upstream.script(AT, to("/elsewhere"))
    upstream.script("/elsewhere", as_json(FOUND))
    source.collect("paris")

    first, second = upstream.requests
    assert KEY in first.target
    assert KEY not in str(first.headers)
    assert KEY not in str(second)


def test_an_exception_on_its_way_has_no_other_one_with_the_key_to_show(source: Source, upstream: Upstream) -> None:
    loop(upstream)
    error = failure(source)

    assert error.code == "too_many_redirects"
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_what_goes_wrong_on_the_way_still_has_a_code(source: Source, upstream: Upstream) -> None:
    with Torture() as torture:
        upstream.script(AT, to(torture.url("short-body")))

        error = failure(source)
    assert (error.code, str(error)) == (
        "incomplete_response",
        "The weather provider could not be called: incomplete response",
    )


def test_without_a_url_of_its_own_it_is_asked_where_it_is(make_services: Build, tmp_path: Path) -> None:
    for key, host in {KEY: "api.openweathermap.org", "": "geocoding-api.open-meteo.com"}.items():
        services = make_services(Settings(data_dir=tmp_path, openweather_key=key), sources=None)
        assert services.sources["weather"].target("Paris").host == host
