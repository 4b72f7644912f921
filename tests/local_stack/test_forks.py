"""A program of ours in a fork of its supervisor does what it does in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inventory.local_stack.programs import SHARED
from tests.end_to_end.stack import ROOT

BECOME = """
import os, signal, sys
from inventory.local_stack import forks
sys.path.insert(0, sys.argv[1])
for number in (*forks.HANDLED, signal.SIGINT):
    signal.signal(number, lambda *_: None)
sys.exit(abs(forks.wait(forks.begin(lambda: forks.become([sys.executable, "-m", "program", "a b"], {"GIVEN": "yes"})))))
"""
PROGRAMS = {
    "nothing": "",
    "its arguments, its name and its environment": """
import os, sys
print(sys.argv[1:], __name__, os.environ["GIVEN"])
""",
    "an exit code": "import sys; sys.exit(7)",
    "no exit code": "import sys; sys.exit()",
    "a message": "import sys; sys.exit('what is wrong')",
    "an error": "1 / 0",
    "what is to be done at the end": "import atexit; atexit.register(print, 'done')",
    "threads that are not over": """
import threading, time
def work():
    time.sleep(0.3)
    print("worked")
threading.Thread(target=work).start()
""",
    "a pool whose work is not over": """
import time
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(2)
pool.submit(lambda: (time.sleep(0.3), print("worked")))
pool.shutdown(wait=False)
""",
    "a signal that ends it": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "an interrupt that it handles": """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
""",
    "characters that a terminal may not have": r"print('\u20ac')",
    "a fork of its own": """
import os, sys
if os.fork():
    os.wait()
print("here")
""",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_fork_is_what_an_interpreter_of_its_own_would_be(program: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(program)
    environment = os.environ | {"GIVEN": "yes", "PYTHONPATH": str(tmp_path)}

    def run(*command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, timeout=240, check=False
        )

    alone, forked = run("-m", "program", "a b"), run("-c", BECOME, str(tmp_path))

    assert (abs(alone.returncode), alone.stdout) == (forked.returncode, forked.stdout)
    assert alone.stderr.splitlines()[-1:] == forked.stderr.splitlines()[-1:]


def test_what_was_not_written_yet_is_written_once(tmp_path: Path) -> None:
    script = "from inventory.local_stack import forks; print('once'); forks.wait(forks.begin(lambda: print('forked')))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "once\nforked\n"


def test_what_the_programs_share_starts_no_thread_and_opens_nothing() -> None:
    script = (
        "import os\n"
        "from inventory.local_stack import forks, programs\n"
        "opened = os.listdir('/proc/self/fd')\n"
        "forks.load(programs.SHARED)\n"
        "assert len(os.listdir('/proc/self/task')) == 1, os.listdir('/proc/self/task')\n"
        "assert os.listdir('/proc/self/fd') == opened, os.listdir('/proc/self/fd')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", ["gunicorn.conf", "workers.__main__", "inventory.dashboard"])
def test_nearly_all_that_a_program_imports_is_shared(program: str) -> None:
    """What is missing from the list costs each start time, and nothing else: so it is noticed here."""
    script = f"""
import importlib, sys
before = set(sys.modules)
for name in {SHARED!r}:
    importlib.import_module(name)
shared = set(sys.modules) - before
importlib.import_module({program!r}) if {program!r} != "gunicorn.conf" else exec(open("gunicorn.conf.py").read(), {{}})
own = set(sys.modules) - before - shared
assert len(own) < len(shared) / 20, sorted(own)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
