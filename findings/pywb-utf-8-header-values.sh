#!/usr/bin/env bash
# pywb 2.10.0 (warcio 1.8.1), which replays web archives, sends a header value that is UTF-8 in the archive as latin-1: other bytes.
#
# The response of a WARC 1.1 file has `X-Utf-8` with the bytes C3 BC for "ü" and `X-Latin-1` with the byte FC. Replayed without
# changes (`id_`), both have FC, so who compares what was sent with what is replayed sees a change. Exits with 0 if that is seen.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pywb==2.10.0 warcio==1.8.1 setuptools==80.9.0
cd "$folder"
venv/bin/python - <<'PYTHON'
head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Utf-8: Gr\xc3\xbcn\r\nX-Latin-1: Gr\xfcn\r\nContent-Length: 4\r\n\r\n"
block = head + b"page"
fields = (
    b"WARC/1.1", b"WARC-Type: response", b"WARC-Record-ID: <urn:uuid:8f14e45f-ceea-467f-a0d6-2c9f0895fb98>", b"WARC-Date: 2026-01-31T12:00:00Z",
    b"WARC-Target-URI: http://site.test/", b"Content-Type: application/http; msgtype=response", b"Content-Length: %d" % len(block),
)
open("one.warc", "wb").write(b"\r\n".join(fields) + b"\r\n\r\n" + block + b"\r\n\r\n")
PYTHON
venv/bin/wb-manager init site >/dev/null 2>&1
venv/bin/wb-manager add site one.warc >/dev/null 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/wayback --bind 127.0.0.1 --port "$port" >log 2>&1 &
server=$!
venv/bin/python - "$port" <<'PYTHON'
import http.client
import sys
import time

for attempt in range(120):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
        connection.request("GET", "/site/20260131120000id_/http://site.test/")
        answer = connection.getresponse()
        break
    except ConnectionRefusedError:
        time.sleep(0.5)
sent = {"X-Utf-8": b"Gr\xc3\xbcn", "X-Latin-1": b"Gr\xfcn"}
seen = {name: (answer.headers[name] or "").encode("latin-1") for name in sent}
for name, value in sent.items():
    print(f"{name}: {value.hex(' ')} in the archive, {seen[name].hex(' ')} when it is replayed (status {answer.status})")
sys.exit(not (seen["X-Utf-8"] == b"Gr\xfcn" and seen["X-Latin-1"] == sent["X-Latin-1"]))
PYTHON
