"""Lists of URLs in JSON, as APIs, browsers and programs write them."""

from __future__ import annotations

import pytest

from inventory.wiring import Services
from tests.imports.actions import Listed, assert_listed

CASES = {
    "chrome bookmarks js links": Listed(
        name="Bookmarks.json",
        content=(
            '{"checksum": "0", "roots": {"bookmark_bar": {"children": [{"type": "url", "url": "javascri'
            'pt:void(0)", "meta_info": {"power": "x"}}, {"type": "url", "url": "chrome://settings/"}, {'
            '"type": "url", "url": "$A"}], "type": "folder"}}, "version": 1}'
        ),
        urls="A",
    ),
    "data list": Listed(name="a.json", content='{"data": [{"url": "$A"}, {"url": "$B"}]}', urls="A B"),
    "results list": Listed(
        name="a.json",
        content=(
            '{"count": 2, "next": "https://api.example/?page=2", "previous": null, "results": [{"name":'
            ' "x", "url": "$A"}, {"name": "y", "url": "$B"}]}'
        ),
        urls="A B",
    ),
    "urls list after": Listed(name="a.json", content='{"generated": "2024-01-31", "urls": ["$A", "$B"]}', urls="A B"),
    "links list": Listed(name="a.json", content='{"success": true, "links": ["$A", "$B"]}', urls="A B"),
    "status data nested": Listed(
        name="a.json", content='{"status": "ok", "data": {"items": [{"link": "$A"}, {"link": "$B"}]}}', urls="A B"
    ),
    "es hits": Listed(
        name="a.json",
        content=(
            '{"took": 1, "hits": {"total": {"value": 2}, "hits": [{"_id": "1", "_source": {"url": "$A"}'
            '}, {"_id": "2", "_source": {"url": "$B"}}]}}'
        ),
        urls="A B",
    ),
    "google cse": Listed(
        name="a.json",
        content=(
            '{"kind": "customsearch#search", "url": {"type": "application/json", "template": "https://w'
            'ww.googleapis.com/{x}"}, "queries": {"request": [{"title": "x", "totalResults": "2"}]}, "i'
            'tems": [{"kind": "customsearch#result", "link": "$A", "displayLink": "example.com"}, {"lin'
            'k": "$B"}]}'
        ),
        urls="A B",
    ),
    "json feed": Listed(
        name="feed.json",
        content=(
            '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "home_page_url": "https://ex'
            'ample.com/", "feed_url": "https://example.com/feed.json", "items": [{"id": "1", "url": "$A'
            '", "content_text": "x"}, {"id": "2", "url": "$B"}]}'
        ),
        urls="A B",
    ),
    "json feed authors": Listed(
        name="feed.json",
        content=(
            '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "home_page_url": "https://ex'
            'ample.com/", "authors": [{"name": "x", "url": "https://example.com/me"}], "items": [{"id":'
            ' "$A", "url": "$A"}, {"id": "$B", "url": "$B"}, {"id": "$C", "url": "$C"}]}'
        ),
        urls="A B C",
    ),
    "browser history takeout": Listed(
        name="History.json",
        content=(
            '{\n "Browser History": [\n  {\n   "favicon_url": "https://example.com/favicon.ico",\n'
            '   "page_transition": "LINK",\n   "title": "t",\n   "url": "$A",\n   "client_id": "c",\n'
            '   "time_usec": 1\n  },\n  {\n   "page_transition": "TYPED",\n   "title": "t",\n   "url": "$B",\n'
            '   "time_usec": 2\n  }\n ]\n}'
        ),
        urls="A B",
    ),
    "virustotal": Listed(
        name="vt.json",
        content=(
            '{"data": [{"type": "url", "id": "1", "attributes": {"url": "$A"}}, {"type": "url", "id": "'
            '2", "attributes": {"url": "$B"}}], "links": {"self": "https://www.virustotal.com/api"}}'
        ),
        urls="A B",
    ),
    "otx url_list": Listed(
        name="otx.json",
        content=('{"has_next": false, "limit": 10, "url_list": [{"url": "$A", "hostname": "example.com"}, {"url": "$B"}]}'),
        urls="A B",
    ),
    "urlscan": Listed(
        name="urlscan.json",
        content=(
            '{"results": [{"task": {"url": "https://t.example/1", "domain": "x"}, "page": {"url": "$A"}'
            '}, {"task": {"url": "https://t.example/2"}, "page": {"url": "$B"}}], "total": 2}'
        ),
        refused="page.url",
    ),
    "urlscan column": Listed(
        name="urlscan.json",
        content=(
            '{"results": [{"task": {"url": "https://t.example/1", "domain": "x"}, "page": {"url": "$A"}'
            '}, {"task": {"url": "https://t.example/2"}, "page": {"url": "$B"}}], "total": 2}'
        ),
        urls="A B",
        options={"column": "page.url"},
    ),
    "two lists": Listed(
        name="a.json",
        content='{"internal": ["$A", "$B"], "external": ["$C", "https://d.example/"]}',
        refused="'internal', 'external'",
    ),
    "two lists column": Listed(
        name="a.json",
        content='{"internal": ["$A", "$B"], "external": ["$C", "https://d.example/"]}',
        urls="C https://d.example/",
        options={"column": "external"},
    ),
    "one object": Listed(name="a.json", content='{"url": "$A"}', urls="A"),
    "one object links": Listed(name="a.json", content='{"url": "$A", "links": ["$B", "$C"]}', urls="A"),
    "concatenated pretty": Listed(name="a.json", content='{\n  "url": "$A"\n}\n{\n  "url": "$B"\n}\n', urls="A B"),
    "concatenated on a line": Listed(name="a.json", content='{"url": "$A"}{"url": "$B"}', urls="A B"),
    "openapi": Listed(
        name="openapi.json",
        content=(
            '{"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "servers": [{"url": "https://'
            'api.example.com/v1"}], "paths": {"/a": {"get": {}}}}'
        ),
        refused="",
    ),
    "postman": Listed(
        name="p.json",
        content=(
            '{"info": {"_postman_id": "1", "name": "c", "schema": "https://schema.getpostman.com/json/c'
            'ollection/v2.1.0/collection.json"}, "item": [{"name": "a", "request": {"method": "GET", "h'
            'eader": [], "url": {"raw": "$A", "protocol": "https", "host": ["example", "com"], "path": '
            '["a"]}}}, {"name": "b", "request": {"method": "GET", "url": {"raw": "$B"}}}]}'
        ),
        urls="A B",
    ),
    "jsonc": Listed(name="a.json", content='// comment\n[\n  "$A"\n]\n', refused="JSON"),
    "json5 quotes": Listed(name="a.json", content="['$A']", refused="JSON"),
    "array trailing comma": Listed(name="a.json", content='["$A","$B",]', urls="A B"),
    "array of arrays": Listed(name="a.json", content='[["url", "n"], ["$A", 1], ["$B", 2]]', urls="A B"),
    "array mixed": Listed(name="a.json", content='["$A", {"url": "$B"}, 7, null, ["x"]]', urls="A B", rejected=3),
    "array nested objects": Listed(name="a.json", content='[{"page": {"url": "$A"}}, {"page": {"url": "$B"}}]', urls="A B"),
    "tree of objects keyed": Listed(name="a.json", content='{"1": {"url": "$A"}, "2": {"url": "$B"}}', refused=""),
    "object url keys": Listed(name="a.json", content='{"$A": 200, "$B": 404}', refused=""),
    "jsonl mixed": Listed(name="a.jsonl", content='{"url":"$A"}\n"$B"\n[]\n{"x":1}\nnull\n', urls="A B", rejected=3),
    "jsonl pages.jsonl": Listed(
        name="pages.jsonl",
        content=(
            '{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}\n'
            '{"id":"1","url":"$A","title":"x","ts":"2024"}\n{"id":"2","url":"$B"}\n'
        ),
        urls="A B",
        rejected=1,
    ),
    "pinboard": Listed(
        name="pinboard.json",
        content=(
            '[{"href": "$A", "description": "d", "extended": "", "meta": "m", "hash": "h", "time": "202'
            '4-01-01T00:00:00Z", "shared": "yes", "toread": "no", "tags": ""}, {"href": "$B", "descript'
            'ion": ""}]'
        ),
        urls="A B",
    ),
    "pinboard lines": Listed(
        name="pinboard.json", content='[{"href":"$A","description":"d"},\n{"href":"$B","description":"d"}]\n', urls="A B"
    ),
    "lighthouse report": Listed(
        name="lh.json",
        content=(
            '{\n  "lighthouseVersion": "11",\n  "requestedUrl": "$A",\n  "finalUrl": "$A",\n  "audits": {\n'
            '    "x": {\n      "details": {\n        "items": [\n          {\n'
            '            "url": "https://cdn.example/1"\n          },\n          {\n'
            '            "url": "https://cdn.example/2"\n          }\n        ]\n      }\n    }\n  }\n}'
        ),
        urls="A",
    ),
    "ffuf": Listed(
        name="ffuf.json",
        content=(
            '{"commandline": "ffuf -u https://example.com/FUZZ", "time": "t", "results": [{"input": {"F'
            'UZZ": "a"}, "url": "$A", "host": "example.com"}, {"url": "$B"}], "config": {"url": "https:'
            '//example.com/FUZZ", "headers": []}}'
        ),
        urls="A B",
    ),
    "nuclei jsonl": Listed(
        name="n.jsonl",
        content=(
            '{"template-id": "x", "info": {"name": "n", "reference": ["https://ref.example/"]}, "type":'
            ' "http", "host": "https://example.com", "matched-at": "$A", "url": "$A"}\n'
        ),
        urls="A",
    ),
    "nuclei array export": Listed(
        name="n.json",
        content=(
            '[{"template-id": "x", "host": "example.com", "url": "$A"}, {"template-id": "y", "host": "e'
            'xample.com", "url": "$B"}]'
        ),
        urls="A B",
    ),
    "nuclei host matched": Listed(
        name="n.jsonl",
        content=(
            '{"template-id": "x", "host": "https://example.com/", "matched-at": "$A"}\n'
            '{"host": "https://example.com/", "matched-at": "$B"}\n'
        ),
        refused="matched-at",
    ),
    "feroxbuster": Listed(
        name="f.jsonl",
        content=(
            '{"type": "configuration", "wordlist": "w", "target_url": "https://example.com"}\n'
            '{"type": "response", "url": "$A", "original_url": "https://example.com", "path": "/a", "st'
            'atus": 200}\n'
        ),
        urls="A",
        rejected=1,
    ),
    "dnsx": Listed(
        name="d.jsonl",
        content='{"host": "example.com", "resolver": ["1.1.1.1:53"], "a": ["192.0.2.1"]}\n',
        urls="H",
        options={"scheme": "https"},
    ),
    "cc index": Listed(
        name="cc.json",
        content=(
            '{"urlkey": "com,example)/", "timestamp": "2024", "url": "$A", "filename": "crawl-data/x.wa'
            'rc.gz"}\n{"urlkey": "x", "url": "$B"}\n'
        ),
        urls="A B",
    ),
    "apify": Listed(
        name="dataset.json",
        content=(
            '[\n  {\n    "#debug": {\n      "url": "https://x.example"\n    },\n    "loadedUrl": "$A",\n'
            '    "url": "$A",\n    "crawl": {\n      "loadedUrl": "$A"\n    }\n  },\n  {\n    "url": "$B",\n'
            '    "loadedUrl": "$B"\n  }\n]'
        ),
        urls="A B",
    ),
    "github api": Listed(
        name="repos.json",
        content=(
            '[{"id": 1, "name": "a", "html_url": "https://github.com/o/a", "url": "https://api.github.c'
            'om/repos/o/a"}, {"id": 2, "html_url": "https://github.com/o/b", "url": "https://api.github'
            '.com/repos/o/b"}]'
        ),
        urls="https://api.github.com/repos/o/a https://api.github.com/repos/o/b",
    ),
    "json list broken element": Listed(
        name="a.json",
        content=('{"ok":true,"data":[{"url":"$A"},{"url":"x" "y"},{"url":"$B"}],"more":{"url":"https://no.example/"}}'),
        urls="A B",
        rejected=1,
    ),
    "json list truncated": Listed(
        name="a.json", content='{"ok":true,"data":[{"url":"$A"},{"url":"$B"},{"url":"htt', urls="A B", rejected=1
    ),
    "json list empty": Listed(name="a.json", content='{"ok":true,"data":[]}', refused=""),
    "jsonl one object list": Listed(name="a.jsonl", content='{"data": [{"url": "$A"}, {"url": "$B"}]}\n', urls="A B"),
    "jsonl many with lists": Listed(
        name="a.jsonl", content='{"page": "$A", "links": ["$B", "$C"]}\n{"page": "$C", "links": ["$B"]}\n', urls="A C"
    ),
    "csv named json": Listed(name="a.json", content="id,url\n1,$A\n", refused="JSON"),
    "har named json pretty": Listed(
        name="x.json",
        content=(
            '{\n    "log": {\n        "version": "1.2",\n        "entries": [\n            {\n'
            '                "request": {\n                    "method": "GET",\n'
            '                    "url": "$A"\n                }\n            },\n            {\n'
            '                "request": {\n                    "method": "GET",\n'
            '                    "url": "$B"\n                }\n            }\n        ]\n    }\n}'
        ),
        urls="A B",
    ),
    "pokeapi": Listed(
        name="p.json",
        content=(
            '{"count": 1302, "next": "https://pokeapi.co/api/v2/?offset=2", "previous": null, "results"'
            ': [{"name": "b", "url": "$A"}, {"name": "i", "url": "$B"}]}'
        ),
        urls="A B",
    ),
    "wp rest array": Listed(
        name="posts.json",
        content=(
            '[{"id": 1, "guid": {"rendered": "https://example.com/?p=1"}, "link": "$A", "title": {"rend'
            'ered": "x"}, "_links": {"self": [{"href": "https://example.com/wp-json"}]}}, {"id": 2, "gu'
            'id": {"rendered": "https://example.com/?p=2"}, "link": "$B"}]'
        ),
        urls="A B",
    ),
    "hn algolia": Listed(
        name="hn.json",
        content=(
            '{"hits": [{"created_at": "2024", "title": "t", "url": "$A", "author": "x", "story_url": nu'
            'll}, {"title": "ask", "url": null}, {"url": "$B"}], "nbHits": 3}'
        ),
        urls="A B",
        rejected=1,
    ),
    "reddit": Listed(
        name="r.json",
        content=(
            '{"kind": "Listing", "data": {"after": "t3_x", "dist": 2, "children": [{"kind": "t3", "data'
            '": {"title": "t", "url": "$A", "permalink": "/r/x", "thumbnail": "https://th/"}}, {"kind":'
            ' "t3", "data": {"url": "$B", "thumbnail": "https://th/2"}}]}}'
        ),
        urls="A B",
    ),
    "serpapi": Listed(
        name="s.json",
        content=(
            '{"search_metadata": {"id": "1", "google_url": "https://www.google.com/search?q=x"}, "organ'
            'ic_results": [{"position": 1, "title": "t", "link": "$A", "favicon": "https://f/"}, {"posi'
            'tion": 2, "link": "$B", "favicon": "https://f/2"}]}'
        ),
        urls="A B",
    ),
    "bing search": Listed(
        name="b.json",
        content=(
            '{"_type": "SearchResponse", "queryContext": {"originalQuery": "x"}, "webPages": {"webSearc'
            'hUrl": "https://www.bing.com/search?q=x", "value": [{"id": "https://api.bing/1", "name": "'
            't", "url": "$A", "displayUrl": "https://example.com"}, {"url": "$B"}]}}'
        ),
        urls="A B",
    ),
    "strapi": Listed(
        name="s.json",
        content=(
            '{"data": [{"id": 1, "attributes": {"name": "x", "url": "$A"}}, {"id": 2, "attributes": {"u'
            'rl": "$B"}}], "meta": {"pagination": {"page": 1}}}'
        ),
        urls="A B",
    ),
    "graphql": Listed(name="g.json", content='{"data": {"pages": {"nodes": [{"url": "$A"}, {"url": "$B"}]}}}', urls="A B"),
    "graphql edges": Listed(
        name="g.json",
        content='{"data": {"pages": {"edges": [{"node": {"url": "$A"}}, {"node": {"url": "$B"}}]}}}',
        urls="A B",
    ),
    "crawl4ai links": Listed(
        name="c.json",
        content=('{"url": "https://example.com/", "links": {"internal": [{"href": "$A"}], "external": [{"href": "$C"}]}}'),
        urls="H",
    ),
    "map of status": Listed(name="m.json", content='{"ok": ["$A", "$B"], "failed": []}', urls="A B"),
    "single list with count": Listed(
        name="m.json", content='{\n  "total": 2,\n  "items": [\n    "$A",\n    "$B"\n  ]\n}', urls="A B"
    ),
    "object first list empty": Listed(
        name="m.json", content='{"errors": [], "data": [{"url": "$A"}, {"url": "$B"}]}', urls="A B"
    ),
    "tags then urls": Listed(name="m.json", content='{"tags": ["a", "b"], "name": "x", "urls": ["$A", "$B"]}', urls="A B"),
    "list col member": Listed(
        name="m.json",
        content='{"items": [{"page": "$A", "img": "https://i/1"}, {"page": "$B", "img": "https://i/2"}]}',
        urls="A B",
    ),
    "list col amb": Listed(
        name="m.json", content='{"items": [{"from": "$A", "to": "$B"}, {"from": "$B", "to": "$C"}]}', refused="'from', 'to'"
    ),
    "list col amb col": Listed(
        name="m.json",
        content='{"items": [{"from": "$A", "to": "$B"}, {"from": "$B", "to": "$C"}]}',
        urls="B C",
        options={"column": "to"},
    ),
    "list col amb path": Listed(
        name="m.json",
        content='{"items": [{"from": "$A", "to": "$B"}, {"from": "$B", "to": "$C"}]}',
        urls="B C",
        options={"column": "items.to"},
    ),
    "list hosts": Listed(
        name="m.json", content='{"hosts": ["example.com", "example.org"]}', urls="H I", options={"scheme": "https"}
    ),
    "list hosts no scheme": Listed(
        name="m.json", content='{"hosts": ["example.com", "example.org"]}', refused="scheme=https"
    ),
    "list missing col": Listed(name="m.json", content='{"items": [{"a": "$A"}]}', refused="member", options={"column": "b"}),
    "crlf pretty": Listed(
        name="m.json",
        content=(
            '{\r\n  "items": [\r\n    {\r\n      "url": "$A"\r\n    },\r\n    {\r\n      "url": "$B"\r\n    }\r\n  ]\r\n}'
        ),
        urls="A B",
    ),
    "escaped slashes": Listed(
        name="m.json",
        content='{"items": [{"url": "https:\\/\\/example.com\\/a"}, {"url": "https:\\/\\/example.com\\/b?x=1"}]}',
        urls="A B",
    ),
    "chrome truncated": Listed(
        name="Bookmarks.json",
        content='{"checksum": "x", "roots": {"bookmark_bar": {"children": [{"type": "url", "url": "$A"',
        refused="JSON",
    ),
    "vivaldi": Listed(
        name="Bookmarks.json",
        content=(
            '{"checksum": "x", "checksum_sha256": "y", "roots": {"bookmark_bar": {"children": [{"type":'
            ' "url", "url": "$A", "meta_info": {"Thumbnail": "chrome://t"}}]}, "trash": {"children": [{'
            '"type": "url", "url": "$B"}]}}}'
        ),
        urls="A B",
    ),
    "takeout mylinks": Listed(name="x.jsonl", content='{"url": "$A"}\r\n{"url": "$B"}\r\n', urls="A B"),
    "jsonl seq rs": Listed(name="x.jsonl", content='\x1e{"url": "$A"}\n\x1e{"url": "$B"}\n', refused="JSON"),
    "jsonl trailing commas": Listed(name="x.jsonl", content='{"url": "$A"},\n{"url": "$B"},\n', urls="A B"),
    "mongoexport": Listed(
        name="x.json", content='{"_id": {"$oid": "1"}, "url": "$A"}\n{"_id": {"$oid": "2"}, "url": "$B"}\n', urls="A B"
    ),
    "es bulk": Listed(
        name="x.ndjson",
        content='{"index": {"_id": "1"}}\n{"url": "$A"}\n{"index": {"_id": "2"}}\n{"url": "$B"}\n',
        urls="A B",
        rejected=2,
    ),
    "scrapy feed": Listed(name="x.json", content='[\n{"url": "$A", "title": "x"},\n{"url": "$B"}\n]', urls="A B"),
    "scrapy appended": Listed(name="x.json", content='[{"url": "$A"}][{"url": "$B"}]', urls="A B"),
    "json strings lines": Listed(name="x.jsonl", content='"$A"\n"$B"\n', urls="A B"),
    "json number array": Listed(name="x.json", content="[1,2,3]", refused=""),
    "json null": Listed(name="x.json", content="null", refused=""),
    "json string": Listed(name="x.json", content='"$A"', urls="A"),
    "json empty object": Listed(name="x.json", content="{}", refused=""),
    "json empty array": Listed(name="x.json", content="[]", refused="without elements"),
    "pa11y ci": Listed(name="p.json", content='{"total": 2, "results": {"$A": [], "$B": []}}', refused=""),
    "swagger": Listed(
        name="s.json",
        content='{"swagger": "2.0", "host": "api.example.com", "schemes": ["https"], "paths": {}}',
        refused="API",
    ),
    "swagger scheme": Listed(
        name="s.json",
        content='{"swagger": "2.0", "host": "api.example.com", "schemes": ["https"], "paths": {}}',
        refused="API",
        options={"scheme": "https"},
    ),
    "package.json": Listed(
        name="package.json",
        content=(
            '{\n  "name": "x",\n  "homepage": "$A",\n  "repository": {\n    "type": "git",\n'
            '    "url": "git+https://github.com/x/y.git"\n  },\n  "files": [\n    "a"\n  ]\n}'
        ),
        urls="A",
    ),
    "webmanifest": Listed(
        name="m.json", content='{"name": "x", "start_url": "/", "icons": [{"src": "/i.png"}]}', refused=""
    ),
    "gowitness": Listed(
        name="g.jsonl",
        content=(
            '{"url": "$A", "probed_at": "2024", "final_url": "$A", "response_code": 200, "tls": {"san_l'
            'ist": []}, "network": [{"url": "https://x/"}]}\n'
        ),
        urls="A",
    ),
    "hakrawler json": Listed(
        name="h.jsonl",
        content=(
            '{"Source": "href", "URL": "$A", "Where": "https://example.com/"}\n'
            '{"Source": "href", "URL": "$B", "Where": "https://example.com/"}\n'
        ),
        urls="A B",
    ),
    "katana error": Listed(
        name="k.jsonl",
        content=(
            '{"timestamp": "t", "request": {"method": "GET", "endpoint": "$A", "source": "https://examp'
            'le.com/", "tag": "a"}, "response": {"status_code": 200, "headers": {"Link": "<https://x>"}}}\n'
            '{"timestamp": "t", "request": {"method": "GET", "endpoint": "$B"}, "error": "x"}\n'
        ),
        urls="A B",
    ),
    "wpscan": Listed(
        name="w.json",
        content=(
            '{"banner": {"description": "x", "sponsor": "@x"}, "start_time": 1, "target_url": "$A", "ef'
            'fective_url": "$A", "interesting_findings": [{"url": "https://example.com/robots.txt", "to'
            '_s": "x"}, {"url": "https://example.com/xmlrpc.php"}]}'
        ),
        urls="https://example.com/robots.txt https://example.com/xmlrpc.php",
    ),
    "txt named json": Listed(name="a.json", content="$A\n$B\n", refused="JSON"),
    "toby": Listed(
        name="toby.json",
        content=(
            '{"version": 3, "lists": [{"title": "L", "cards": [{"title": "t", "url": "$A", "customTitle'
            '": ""}, {"title": "t", "url": "$B"}], "labels": []}]}'
        ),
        urls="A B",
    ),
    "toby pretty": Listed(
        name="toby.json",
        content=(
            '{\n  "version": 3,\n  "lists": [\n    {\n      "title": "L",\n      "cards": [\n        {\n'
            '          "title": "t",\n          "url": "$A",\n          "customTitle": ""\n        },\n'
            '        {\n          "title": "t",\n          "url": "$B"\n        }\n      ],\n'
            '      "labels": []\n    }\n  ]\n}'
        ),
        urls="A B",
    ),
    "session buddy json": Listed(
        name="sb.json",
        content=(
            '{"format": "nxs.json.v1", "sessions": [{"id": "x", "windows": [{"tabs": [{"id": 1, "url": '
            '"$A", "title": "x", "favIconUrl": "https://f/"}, {"url": "$B"}]}]}]}'
        ),
        urls="A B",
    ),
    "windows array": Listed(
        name="w.json",
        content='[{"id": 1, "tabs": [{"url": "$A"}, {"url": "about:blank"}]}, {"id": 2, "tabs": [{"url": "$B"}]}]',
        urls="A B",
    ),
    "linkwarden": Listed(
        name="l.json",
        content=(
            '{"name": "x", "collections": [{"name": "c", "links": [{"id": 1, "url": "$A", "name": "x"}]'
            '}, {"name": "d", "links": [{"url": "$B"}]}]}'
        ),
        urls="A B",
    ),
    "karakeep": Listed(
        name="k.json",
        content=(
            '{"bookmarks": [{"createdAt": 1, "title": "x", "tags": [], "content": {"type": "link", "url'
            '": "$A"}}, {"content": {"type": "text", "text": "x"}}, {"content": {"type": "link", "url":'
            ' "$B"}}]}'
        ),
        urls="A B",
        rejected=1,
    ),
    "column json missing": Listed(name="a.jsonl", content='{"a": "$A"}\n', refused="'a'", options={"column": "zzz"}),
    "json ws": Listed(name="a.json", content="\n\n  [ \n ]  ", refused=""),
    "json nested arr of arr strings": Listed(name="a.json", content='[["$A"], ["$B"]]', urls="A B"),
    "json url list in field": Listed(name="a.jsonl", content='{"urls": ["$A", "$B"]}\n{"urls": ["$C"]}\n', urls="A B C"),
    "json url array field single": Listed(name="a.json", content='[{"urls": ["$A", "$B"]}, {"urls": ["$C"]}]', refused=""),
    "json case": Listed(name="a.json", content='[{"Url": "$A"}, {"Url": "$B"}]', urls="A B"),
    "json trailing text": Listed(name="a.json", content='["$A", "$B"]\nbye\n', refused=""),
    "json nan": Listed(name="a.json", content='[{"url":"$A","x":NaN},{"url":"$B"}]', urls="B", rejected=1),
    "json single quotes obj": Listed(name="a.jsonl", content="{'url': '$A'}\n", refused="JSON"),
    "json surrogate": Listed(
        name="a.jsonl", content='{"url":"https://example.com/\\ud83d\\ude00"}\n', urls="https://example.com/%F0%9F%98%80"
    ),
    "json url spaces": Listed(name="a.jsonl", content='{"url": " $A "}\n{"url": "$A b"}\n', urls="A", rejected=1),
    "json url object": Listed(name="a.jsonl", content='{"url": {"href": "$A"}}\n{"url": {"href": "$B"}}\n', urls="A B"),
    "csl json": Listed(
        name="a.json", content='[{"id": "x", "URL": "$A", "type": "webpage"}, {"id": "y", "URL": "$B"}]', urls="A B"
    ),
    "geojson-ish": Listed(
        name="a.json",
        content=(
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"url": "$A"}'
            '}, {"type": "Feature", "properties": {"url": "$B"}}]}'
        ),
        urls="A B",
    ),
    "json-ld itemlist": Listed(
        name="a.json",
        content=(
            '{"@context": "https://schema.org", "@type": "ItemList", "itemListElement": [{"@type": "Lis'
            'tItem", "position": 1, "url": "$A"}, {"@type": "ListItem", "position": 2, "url": "$B"}]}'
        ),
        urls="A B",
    ),
    "jsonapi": Listed(
        name="a.json",
        content=(
            '{"links": {"self": "https://api/x"}, "data": [{"id": "1", "links": {"self": "https://api/1'
            '"}, "attributes": {"url": "$A"}}, {"id": "2", "links": {"self": "https://api/2"}, "attribu'
            'tes": {"url": "$B"}}]}'
        ),
        urls="A B",
    ),
    "hal": Listed(
        name="a.json",
        content=('{"_links": {"self": {"href": "https://api/x"}}, "_embedded": {"items": [{"url": "$A"}, {"url": "$B"}]}}'),
        urls="A B",
    ),
    "cc collinfo": Listed(
        name="a.json",
        content=(
            '[{"id": "CC-1", "name": "n", "timegate": "https://index.commoncrawl.org/CC-1/", "cdx-api":'
            ' "https://index.commoncrawl.org/CC-1-index"}]'
        ),
        refused="timegate",
    ),
    "sitemap json": Listed(name="a.json", content='{"urlset": {"url": [{"loc": "$A"}, {"loc": "$B"}]}}', urls="A B"),
    "uptime kuma": Listed(
        name="a.json",
        content=(
            '{"version": "1", "notificationList": [], "monitorList": [{"id": 1, "name": "x", "url": "$A'
            '", "type": "http"}, {"id": 2, "url": "https://", "type": "ping"}]}'
        ),
        urls="A",
        rejected=1,
    ),
    "pa11y sitemap cfg": Listed(
        name="a.json", content='{"defaults": {"timeout": 1}, "urls": ["$A", {"url": "$B", "timeout": 2}]}', urls="A B"
    ),
    "lighthouse ci": Listed(name="a.json", content='{"ci": {"collect": {"url": ["$A", "$B"]}}}', urls="A B"),
    "backstop": Listed(
        name="a.json",
        content=(
            '{"id": "x", "viewports": [{"label": "p", "width": 1}], "scenarios": [{"label": "a", "url":'
            ' "$A", "referenceUrl": ""}, {"label": "b", "url": "$B", "referenceUrl": ""}]}'
        ),
        urls="A B",
    ),
    "artillery": Listed(
        name="a.json",
        content='{"config": {"target": "https://example.com/"}, "scenarios": [{"flow": [{"get": {"url": "/x"}}]}]}',
        urls="H",
    ),
    "postman v1 folders": Listed(
        name="a.json",
        content=(
            '{"info": {"name": "x", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/col'
            'lection.json"}, "item": [{"name": "f", "item": [{"name": "r", "request": {"method": "GET",'
            ' "url": "$A"}}, {"name": "s", "request": {"method": "GET", "url": "$B"}}]}]}'
        ),
        urls="A B",
    ),
    "postman v21 folders": Listed(
        name="a.json",
        content=(
            '{"info": {"name": "x", "schema": "https://schema.getpostman.com/x"}, "item": [{"name": "f"'
            ', "item": [{"name": "r", "request": {"method": "GET", "url": {"raw": "$A", "host": ["examp'
            'le", "com"]}}}]}]}'
        ),
        urls="A",
    ),
    "insomnia": Listed(
        name="a.json",
        content=(
            '{"_type": "export", "__export_format": 4, "resources": [{"_id": "req_1", "url": "$A", "met'
            'hod": "GET", "_type": "request"}, {"_id": "req_2", "url": "$B", "_type": "request"}, {"_id'
            '": "wrk", "_type": "workspace"}]}'
        ),
        urls="A B",
        rejected=1,
    ),
    "hoppscotch": Listed(
        name="a.json",
        content=(
            '[{"v": 1, "name": "c", "folders": [], "requests": [{"endpoint": "$A", "name": "x"}, {"endpoint": "$B"}]}]'
        ),
        refused="",
    ),
    "watch history": Listed(
        name="w.json",
        content=(
            '[{"header": "YouTube", "title": "Watched x", "titleUrl": "$A", "subtitles": [{"name": "c",'
            ' "url": "https://ch/"}], "time": "t"}, {"header": "YouTube", "title": "Watched y", "titleU'
            'rl": "$B"}]'
        ),
        urls="A B",
    ),
    "zap report": Listed(
        name="z.json",
        content=(
            '{"@programName": "ZAP", "@version": "2", "site": [{"@name": "https://example.com/", "@host'
            '": "example.com", "alerts": [{"instances": [{"uri": "$A"}]}]}]}'
        ),
        urls="H",
    ),
    "muffet": Listed(
        name="m.json",
        content='[{"url": "$A", "links": [{"url": "https://x/", "error": "404"}]}, {"url": "$B", "links": []}]',
        urls="A B",
    ),
    "lychee": Listed(
        name="l.json",
        content=(
            '{"total": 2, "successful": 1, "fail_map": {"README.md": [{"url": "$A", "status": {"text": '
            '"404"}}, {"url": "$B", "status": {}}]}}'
        ),
        urls="A B",
    ),
    "wmd list": Listed(
        name="w.json",
        content=('[\n{"file_url": "$A", "timestamp": 2024, "file_id": "a"},\n{"file_url": "$B", "timestamp": 2024}\n]'),
        urls="A B",
    ),
    "json url fragments": Listed(name="a.jsonl", content='{"url": "$A#x"}\n{"url": "<$B>"}\n', urls="A B"),
    "json md link": Listed(name="a.jsonl", content='{"url": "[x]($A)"}\n', urls="A"),
    "json html": Listed(name="a.jsonl", content='{"url": "<a href=\\"$A\\">x</a>"}\n{"url": "$B"}\n', urls="B", rejected=1),
    "json newline in url": Listed(name="a.jsonl", content='{"url": "$A\\n$B"}\n{"url": "$C"}\n', urls="C", rejected=1),
    "json trailing newline": Listed(name="a.jsonl", content='{"url": "$A\\n"}\n', urls="A"),
    "json nul": Listed(name="a.jsonl", content='{"url": "$A\\u0000x"}\n{"url": "$B"}\n', urls="B", rejected=1),
    "json tab glued": Listed(name="a.jsonl", content='{"url": "$A\\tTitle"}\n{"url": "$B"}\n', urls="B", rejected=1),
}


@pytest.mark.parametrize("listed", CASES.values(), ids=CASES)
def test_each_is_taken_or_refused(services: Services, listed: Listed) -> None:
    assert_listed(services, listed)
