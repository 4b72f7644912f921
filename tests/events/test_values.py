"""Levels and trace ids as loggers write them."""

from __future__ import annotations

import pytest

from inventory.events import levels, traces

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("sent", "level"),
    [
        ("INFO", "info"), ("Info", "info"), ("information", "info"), ("notice", "info"), ("SUCCESS", "info"),
        ("http", "info"), ("DEFAULT", "info"), ("warn", "warning"), ("WARN", "warning"), ("Warning", "warning"),
        ("err", "error"), ("SEVERE", "error"), ("FATAL", "critical"), ("emerg", "critical"), ("dpanic", "critical"),
        ("trace", "trace"), ("silly", "trace"), ("FINEST", "trace"), ("verbose", "debug"), ("DeBuG", "debug"),
        (" info", "info"), ("[error]", "error"), ("W", "warning"), ("F", "critical"), ("INFO+2", "info"),
        ("DEBUG-4", "trace"), ("WARN+1", "warning"), ("ERROR+4", "critical"), ("SEVERITY_NUMBER_WARN2", "warning"),
        ("6", "info"), ("30", "info"), (0, "critical"), (3, "error"), (4, "warning"), (5, "info"), (7, "debug"),
        (10, "trace"), (20, "debug"), (30, "info"), (40, "warning"), (50, "error"), (60, "critical"), (35, "info"),
        (30.0, "info"), ("\x1b[31mERROR\x1b[0m", "error"), ("LOG_ERR", "error"), ("Level.ERROR", "error"), ("V", "trace"),
        ("LogLevel.Error", "error"), ("SEVERITY_WARNING", "warning"), ("ERROR (50)", "error"), ("error(3)", "error"),
        ("ERRO", "error"), ("FATA", "critical"), ("PNC", "critical"),
    ],
)  # fmt: skip
def test_levels_of_words_and_numbers(sent: object, level: str) -> None:
    assert levels.of(sent) == level


@pytest.mark.parametrize("sent", ["loud", "", "Metadata", 8, 70, -1, True, None, [], {}, "9" * 50, 3.5])
def test_what_is_no_level_is_none(sent: object) -> None:
    assert levels.of(sent) is None


def test_the_numbers_of_others_mean_what_their_loggers_mean() -> None:
    assert [levels.of_python(each) for each in (5, 10, 20, 25, 30, 40, 50)] == [
        "trace", "debug", "info", "info", "warning", "error", "critical",
    ]  # fmt: skip
    assert [levels.of_otlp(each) for each in (1, 4, 5, 9, 12, 13, 17, 20, 21, 24)] == [
        "trace", "trace", "debug", "info", "info", "warning", "error", "error", "critical", "critical",
    ]  # fmt: skip
    assert levels.of_otlp(0) is None
    assert (levels.of_otlp("17"), levels.of_otlp("SEVERITY_NUMBER_ERROR"), levels.of_python("40")) == ("error",) * 3
    assert levels.of_serilog("Verbose") == "trace"
    assert [levels.of_status(each) for each in (200, "301", 404, "500", "-", None)] == [
        "info", "info", "warning", "error", "info", "info",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sent",
    [
        TRACE_ID, TRACE_ID.upper(), f"00-{TRACE_ID}-00f067aa0ba902b7-01", f"projects/p/traces/{TRACE_ID}",
        f"{TRACE_ID}/1234;o=1", f"{TRACE_ID}-00f067aa0ba902b7-1", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", [TRACE_ID],
        "1-4bf92f35-77b34da6a3ce929d0e0e4736", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=53995c3f42cd8ad8;Sampled=1",
        "1-4bf92f35-77b34da6a3ce929d0e0e4736@00f067aa0ba902b7", "Self=1-67;Root=1-4bf92f35-77b34da6a3ce929d0e0e4736",
        f"{TRACE_ID}:00f067aa0ba902b7:0:1", f"0x{TRACE_ID}", "S/kvNXezTaajzpKdDg5HNg==",
    ],
)  # fmt: skip
def test_a_trace_id_in_all_its_spellings(sent: object) -> None:
    assert traces.of(sent) == TRACE_ID


def test_an_id_of_64_bits_is_padded() -> None:
    assert traces.of("a3ce929d0e0e4736") == "0" * 16 + "a3ce929d0e0e4736"
    assert traces.of_datadog("1234567890123456789") == f"{1234567890123456789:032x}"
    assert traces.of_datadog(1234567890123456789) == f"{1234567890123456789:032x}"
    assert traces.of_query("1234567890123456789") == f"{1234567890123456789:032x}"


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "0" * 32,
        f"ff-{TRACE_ID}-00f067aa0ba902b7-01",
        TRACE_ID[1:],
        TRACE_ID + "0",
        "g" * 32,
        7,
        None,
        {},
        [],
        "x" * 9_999,
    ],
)
def test_what_is_no_trace_id_is_none(sent: object) -> None:
    assert traces.of(sent) is None
