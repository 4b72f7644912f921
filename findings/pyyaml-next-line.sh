#!/usr/bin/env bash
# PyYAML 6.0.3 writes a text with U+0085 (NEL) so that it reads it again as another text, if `allow_unicode` is set.
#
# In single quotes it follows NEL by spaces on the same line, and its reader folds these to one space: `a<NEL>b` becomes `a b`.
# Without `allow_unicode` the text is escaped, and stays. Exits with 0 if that is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyyaml==6.0.3
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import yaml

text = "a\x85b"
unicode, escaped = yaml.safe_dump(text, allow_unicode=True), yaml.safe_dump(text)
print(f"{text!r}: written as {unicode!r}, read as {yaml.safe_load(unicode)!r}; escaped as {escaped!r}, read as {yaml.safe_load(escaped)!r}")
sys.exit(not (yaml.safe_load(unicode) != text == yaml.safe_load(escaped)))
PYTHON
