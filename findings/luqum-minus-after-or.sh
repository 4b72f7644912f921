#!/usr/bin/env bash
# luqum 1.0.0 reads `a OR b -c` otherwise than `a OR b NOT c`: as `a OR (b -c)`, and not as `(a OR b) NOT c`.
#
# In its grammar PLUS and MINUS bind more than OR and AND, and NOT has no rank. So its parser reads on at the minus before it
# closes the OR, and closes the OR at the NOT. Parentheses make it clear. Exits with 0 if that is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check luqum==1.0.0 ply==3.11
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from luqum.parser import parser

minus, negation = repr(parser.parse("a OR b -c")), repr(parser.parse("a OR b NOT c"))
print("a OR b -c    ", minus)
print("a OR b NOT c ", negation)
sys.exit(not (minus.startswith("OrOperation") and negation.startswith("UnknownOperation")))
PYTHON
