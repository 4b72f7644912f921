"""`bench/RESULTS.md`: the latest full measurement of each row, with the machine, the versions and the date."""

from __future__ import annotations

import os
import platform
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.measuring import Result

FILE = Path(__file__).with_name("RESULTS.md")
ON = "Measured on "
"""How a line begins that names a day's machine."""
HEAD = """# Results

Each row is a ratio between two things measured alternately on one machine, the median of the rounds. `make bench` writes it.

| name | store | ratio | to reach | ours | reference | unit | rounds | CPU s | peak MiB | measured | load before | what |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def keep(result: Result, load: float) -> None:
    """Replace the row of the same name and store; below, each day's machine is named.

    `load` is the load average before: well above 0, others used the machine too, and the ratio is too low.
    """
    kept = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    rows = [line for line in kept.splitlines() if line.startswith("| ") and line.split(" | ")[0][2:] not in {"name", "---"}]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    begins = f"| {result.name} | {result.kind} |"
    row = (
        f"{begins} {_number(result.ratio)} | {result.goal} | {_number(result.ours)} | {_number(result.reference)}"
        f" | {result.unit} | {result.rounds} | {result.cpu_seconds:.1f} | {result.peak_memory_mb:.0f}"
        f" | {today} | {load:.1f} | {result.sentence} |"
    )
    rows = [each for each in rows if not each.startswith(begins)] + [row]
    machines = dict(line.removeprefix(ON).split(": ", 1) for line in kept.splitlines() if line.startswith(ON))
    machines[today] = _machine()
    named = [f"{ON}{day}: {machine}" for day, machine in machines.items() if any(f"| {day} |" in each for each in rows)]
    below = "\n\n".join(named)
    FILE.write_text(HEAD + "\n".join(rows) + f"\n\n{below}\n", encoding="utf-8")


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _machine() -> str:
    """One line: what it was measured on and with."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("gunicorn", "flask", "rq", "redis", "pymongo", "orjson"))
    client = "wrk" if shutil.which("wrk") else "bench.client"
    model = next(
        (
            line.partition(": ")[2]
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return (
        f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}, Python {platform.python_version()},"
        f" {packages}; load by {client}."
    )
