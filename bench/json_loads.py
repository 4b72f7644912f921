"""The reference of log events: `json.loads` of each line, and nothing else.

`python -m bench.json_loads FILE` prints how many lines it loaded a second; reading the file does not count.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    began = time.perf_counter()
    for line in lines:
        json.loads(line)
    sys.stdout.write(f"{len(lines) / (time.perf_counter() - began)}\n")


if __name__ == "__main__":
    main()
