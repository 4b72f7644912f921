"""Where a fuzzer begins: for each target, bytes that lead far into its reader."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from hashlib import sha256

import brotli  # type: ignore[import-untyped]
import zstandard

from tests.fuzz.targets import NEXT_ANSWER
from tests.http_client.odd_certificates import DIRECTORY, DNS, IP, NAME, certificate, element, sequence
from tests.upstreams.torture import CHUNKED, HTML, OK, PAGE, ZIPPED

PLAIN = b"text text text"
DATE = b"Sat, 31 Jan 2026 12:00:00 GMT"
COOKIE = b"__Host-a=b; Path=/; Domain=a.test; Expires=" + DATE + b"; Max-Age=9; Secure; SameSite=None; Partitioned; HttpOnly"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /x?y#z\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n"
ETAG = b'ETag: "1"\r\nLast-Modified: ' + DATE + b"\r\n"

KEY = b"inv_live_" + b"a" * 32 + b"3i8aJj"


def warc_record(kind: str, block: bytes, *fields: str) -> bytes:
    """A record of a WARC file."""
    named = [f"WARC-Type: {kind}", "WARC-Date: 2020-05-01T10:00:00Z", *fields, f"Content-Length: {len(block)}"]
    return b"WARC/1.0\r\n" + "".join(f"{each}\r\n" for each in named).encode() + b"\r\n" + block + b"\r\n\r\n"


OF = "WARC-Target-URI: http://a.test/b"
KEPT = (
    b'{"url":"http://a.test/b","snapshot":"' + b"0" * 32 + b'","renamed":[[]],"redirects":[],"headers":[],"cookies":[],'
    b'"response":{"status":200,"reason":"","http_version":"1.1","final_url":"http://a.test/b","remote_address":null,'
    b'"elapsed_ms":1,"dns_ms":1,"connect_ms":1,"tls_ms":1,"first_byte_ms":1,"body_ms":1,"tls":null,"trailers":[],'
    b'"revalidation":null,"not_modified":false,"defects":[]},"body":{"sha256":"%s","size":14,"media_type":null,'
    b'"charset":"utf-8","encoding":"text","truncated":false,"undecoded":null}}' % sha256(PLAIN).hexdigest().encode()
)
HAR_ENTRY = (
    b'{"startedDateTime":"2020-05-01T10:00:00Z","time":1,"request":{"method":"GET","url":"http://a.test/","headers":[]},'
    b'"response":{"status":200,"statusText":"OK","httpVersion":"h2","headers":[{"name":"a","value":"b\\nc"}],'
    b'"content":{"text":"aGVsbG8=","encoding":"base64"}},"timings":{"dns":-1,"ssl":2,"connect":3}}'
)

SEEDS: Mapping[str, Sequence[bytes]] = {
    "response": [
        b"\xff" + OK + HTML + ETAG + b"Set-Cookie: " + COOKIE + b"\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE,
        b"\xff" + CHUNKED + b"5;x=y\r\nhello\r\n01\r\n!\r\n0\r\nX-Trailer: t\r\n\r\n",
        b"\xff" + OK + b"Content-Encoding: gzip, br\r\nTransfer-Encoding: gzip, , chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"\xff" + OK + HTML + b"Content-Encoding: gzip\r\n\r\n" + ZIPPED,
        b"\xff" + OK + HTML + b"Refresh: 5; url='/next'\r\nStrict-Transport-Security: max-age=9; includeSubDomains\r\n\r\nx",
        b"\x01" + MOVED + NEXT_ANSWER + OK + ETAG + b"\r\nbody" + NEXT_ANSWER + b"HTTP/1.1 304 Not Modified\r\nX: y\r\n\r\n",
        b"\x01HTTP/1.1 412 No\r\nX: y\r\nodd\r\n\r\n"
        + NEXT_ANSWER
        + OK
        + ETAG
        + b"\r\nbody"
        + NEXT_ANSWER
        + OK
        + ETAG
        + b"\r\nbody",
        b"\xffHTTP/1.1 103 Hints\r\nSet-Cookie: " + COOKIE + b"\r\n\r\n \tHTTP/1.1 200 OK \r\nSet-Cookie: a=b\r\n\r\n",
        b"\xff\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nhttp/1.0 503 Busy\nRetry-After: " + DATE + b"\n folded\nodd\n\n",
    ],
    "chunk": [b'000000000000000000005;a="b"', b" 5 ;", b"0x5", b"f" * 15],
    "certificate": [certificate(names=sequence(element(DNS, b"\xff"), element(IP, bytes(16)), element(DIRECTORY, NAME)))],
    "cookie": [COOKIE, b"=a=b;;", b"__Secure-a"],
    "date": [DATE, b"Saturday, 31-Jan-26 12:00:00 GMT", b"Sat Jan 31 12:00:00 2026", b"120"],
    "link": [b'<https://a.test/?page=2>; rel="next last"; title="x, y", </first>; rel=first', b"<a>; rel*=UTF-8''next"],
    "location": [b"//b.test:81/../x?y#z", b"\xc3\xa9", b"http://[::1]/", b"?"],
    "text": [
        b'text/html; charset="iso-2022-jp"\n\x1b$B',
        b"application/xml\n<?xml version='1.0' encoding='utf-16'?>",
        b"\n\xff\xfea\0",
        b'text/html\n<meta http-equiv=refresh content="0; URL=/next?a&amp;b"><base href="//b.test/">',
        b'text/html\n<meta http-equiv=Content-Type content="text/html; charset=gbk"><meta charset=big5>\xa1\xe3',
    ],
    "coding": [
        b"\0" + gzip.compress(PLAIN) * 2,
        b"\1" + zlib.compress(PLAIN),
        b"\2" + brotli.compress(PLAIN) + b"more",
        b"\3" + zstandard.compress(PLAIN) * 2,
    ],
    "scope": [b"read", b"collect:*.example.com", b"import:tag=team: payments", b"watch:[::1]", b"admin:x"],
    "key": [b"Bearer " + KEY, b"Basic x\n" + KEY, b"bearer \n"],
    "archive": [
        b"w" + warc_record("request", b"GET /b HTTP/1.1\r\n\r\n", OF) + warc_record("response", CHUNKED + b"0\r\n\r\n", OF),
        b"w"
        + gzip.compress(warc_record("response", OK + HTML + b"\r\n" + PAGE, OF, "WARC-Payload-Digest: sha1:A"))
        + gzip.compress(warc_record("revisit", OK + b"\r\n", OF, "WARC-Payload-Digest: sha1:A")),
        b"w"
        + warc_record("warcinfo", b"software: Inventory/1\r\n")
        + warc_record("response", OK + b"\r\n" + PLAIN, OF, "WARC-Record-ID: <urn:a>")
        + warc_record("metadata", KEPT, "WARC-Target-URI: urn:inventory:snapshot:0", "WARC-Concurrent-To: <urn:a>"),
        b'h{"log":{"entries":[' + HAR_ENTRY + b"]}}",
    ],
}
