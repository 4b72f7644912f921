#!/usr/bin/env bash
# webencodings 0.6.1, an implementation of the WHATWG Encoding Standard, decodes with Python's codecs, which differ from it.
#
# Labels are right, text is not: `webencodings.decode` reads EUC-JP's A1 C1 as U+301C (the standard: U+FF5E), does not know
# EUC-JP's AD A1 (U+2460) and GBK's 80 (U+20AC), and reads KOI8-U's AE as U+255D (U+045E). Exits with 0 if that is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check webencodings==0.6.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import webencodings

STANDARD = [("euc-jp", b"\xa1\xc1", "\uff5e"), ("euc-jp", b"\xad\xa1", "\u2460"), ("gbk", b"\x80", "\u20ac"), ("koi8-u", b"\xae", "\u045e")]
read = [(label, sent.hex(), webencodings.decode(sent, label)[0], right) for label, sent, right in STANDARD]
for label, sent, text, right in read:
    print(f"{label} {sent}: {text!r}, by the standard {right!r}")
sys.exit(not all(text != right for _, _, text, right in read))
PYTHON
