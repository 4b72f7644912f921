#!/usr/bin/env bash
# Importing gunicorn 27.0.1 with setproctitle 1.3.8 fails in a process that has an argument that is not UTF-8.
#
# `gunicorn.util` calls `getproctitle()` when it is imported, so that setproctitle prepares itself. That decodes the arguments
# strictly, although Python itself takes any bytes there (PEP 383). A command that imports gunicorn for one of its errors ends
# with a traceback for a file name in Latin-1, and without setproctitle it does not. Exits with 0 if that is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gunicorn==27.0.1 setproctitle==1.3.8
cat >"$folder/program.py" <<'PYTHON'
import sys

try:
    import gunicorn.util
except UnicodeDecodeError as error:
    print("UnicodeDecodeError:", error)
    sys.exit(1)
print("imported")
PYTHON
"$folder/venv/bin/python" "$folder/program.py" "caf$(printf '\303\251').txt"
if "$folder/venv/bin/python" "$folder/program.py" "caf$(printf '\351').txt"; then
  exit 1
fi
"$folder/venv/bin/pip" uninstall --quiet --yes --disable-pip-version-check setproctitle
"$folder/venv/bin/python" "$folder/program.py" "caf$(printf '\351').txt"
