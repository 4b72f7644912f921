"""`python -m tests.fuzz TARGET [-max_total_time=60 …]`: fuzz one target with atheris, which is not among the requirements.

The options are libFuzzer's. A finding is an exception that the target does not allow, or an input that takes two seconds.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

import structlog

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed. Install it with: .venv/bin/python -m pip install atheris")

with atheris.instrument_imports(include=["inventory"]):
    from tests.fuzz.seeds import SEEDS
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name, *options = sys.argv[1:] or [""]
    if name not in TARGETS:
        sys.exit(f"Usage: python -m tests.fuzz TARGET [option of libFuzzer …]; the targets are {', '.join(TARGETS)}.")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS[name]):
            (Path(folder) / str(number)).write_bytes(seed)
        limits = ["-timeout=2", "-max_len=16384", "-rss_limit_mb=1024"]
        atheris.Setup([sys.argv[0], *limits, *options, folder], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
