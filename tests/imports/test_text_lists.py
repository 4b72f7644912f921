"""Lists of URLs in text, as people write them and programs print them."""

from __future__ import annotations

import pytest

from inventory.wiring import Services
from tests.imports.actions import Listed, assert_listed

CASES = {
    "urlhaus text": Listed(
        name="urlhaus.txt",
        content=(
            "################\n# abuse.ch URLhaus Plain Text URL List   #\n"
            "# Terms Of Use: https://urlhaus.abuse.ch/api/   #\n#\n$A\r\n$B\r\n"
        ),
        urls="A B",
    ),
    "xml named txt": Listed(
        name="sitemap.txt",
        content='<?xml version="1.0"?>\n<urlset>\n<url>\n<loc>$A</loc>\n</url>\n</urlset>\n',
        refused=".xml",
    ),
    "json named txt": Listed(name="a.txt", content='["$A", "$B"]', refused=".json"),
    "json pretty named txt": Listed(name="a.txt", content='[\n "$A",\n "$B"\n]', urls="A B"),
    "csv named txt": Listed(name="a.txt", content="id,url\n1,$A\n2,$B\n", urls="A B"),
    "utf16 txt nobom": Listed(
        name="a.txt",
        content=(
            "h\x00t\x00t\x00p\x00s\x00:\x00/\x00/\x00e\x00x\x00a\x00m\x00p\x00l\x00e\x00.\x00c\x00o\x00m\x00/\x00a\x00\r\x00\n"
            ""
            "\x00h\x00t\x00t\x00p\x00s\x00:\x00/\x00/\x00e\x00x\x00a\x00m\x00p\x00l\x00e\x00.\x00c\x00o\x00m\x00/\x00b\x00?\x00x\x00=\x001\x00\r\x00\n"
            "\x00"
        ),
        urls="A B",
    ),
    "markdown table": Listed(
        name="a.md", content="# List\n\n| Name | URL |\n|------|-----|\n| A | $A |\n| B | $B |\n", urls="A B"
    ),
    "markdown table links": Listed(
        name="a.md", content="| Name | Link |\n| --- | --- |\n| A | [x]($A) |\n| B | [y]($B) |\n", urls="A B"
    ),
    "tsv two urls txt": Listed(name="a.txt", content="$A\t$B\n$B\t$C\n", refused="column"),
    "comments": Listed(
        name="a.txt", content="# my list\n\n// old\n; x\n---\n$A\n===\n$B # inline\n#https://example.com/off\n", urls="A B"
    ),
    "only comments": Listed(name="a.txt", content="# a\n# b\n", refused=""),
    "bare slashes": Listed(
        name="a.txt",
        content="//example.com/x\n//cdn.example.com\n",
        urls="https://example.com/x https://cdn.example.com/",
        options={"scheme": "https"},
    ),
    "onetab": Listed(name="o.txt", content="$A | Title A\n$B | Title | B\n\n$C | https://x.example/\n", urls="A B C"),
    "session buddy": Listed(name="sb.txt", content="Title A\n$A\n\nTitle B\n$B\n", urls="A B", rejected=2),
    "curl config": Listed(
        name="urls.txt",
        content='# list\nurl = "$A"\noutput = "a.html"\nurl="$B"\n--url $C\n-o x\n',
        urls="A B C",
        rejected=2,
    ),
    "aria2": Listed(name="aria.txt", content="$A\n  out=a.zip\n  dir=/tmp\n$B\n", urls="A B", rejected=2),
    "aria2 mirrors": Listed(name="aria.txt", content="$A\thttps://mirror.example/a\n  out=a\n$B\n", urls="B", rejected=2),
    "httpx color": Listed(
        name="h.txt",
        content="\x1b[0m$A\x1b[0m [\x1b[32m200\x1b[0m] [\x1b[36mExample\x1b[0m]\n$B [\x1b[32m200\x1b[0m]\n",
        urls="A B",
    ),
    "ansi plain": Listed(name="h.txt", content="\x1b[34m$A\x1b[0m\n$B\x1b[0m\n", urls="A B"),
    "nuclei color": Listed(
        name="n.txt",
        content=(
            "[\x1b[92mtech-detect:nginx\x1b[0m] [\x1b[94mhttp\x1b[0m] [\x1b[34minfo\x1b[0m] $A\n"
            "[\x1b[92mCVE-2021-1\x1b[0m] [\x1b[94mhttp\x1b[0m] [\x1b[31mcritical\x1b[0m] $B [\x1b[96mx\x1b[0m]\n"
            ""
        ),
        urls="A B",
    ),
    "nuclei": Listed(
        name="n.txt",
        content=(
            '[tech-detect:nginx] [http] [info] $A\n[CVE] [http] [high] $B ["a b"]\n'
            '[ssl-issuer] [ssl] [info] example.com:443 ["LE"]\n'
        ),
        urls="A B",
        rejected=1,
    ),
    "gospider": Listed(
        name="g.txt",
        content=(
            "[url] - [code-200] - $A\n[href] - $B\n[subdomains] - http://sub.example.com\n[linkfinder] - [from: $A] - /y\n"
        ),
        urls="A B http://sub.example.com/",
        rejected=1,
    ),
    "gobuster": Listed(
        name="g.txt",
        content=(
            "===============================================================\nGobuster v3.6\n"
            "===============================================================\n"
            "$A                (Status: 200) [Size: 10]\n"
            "$B                (Status: 301) [Size: 0] [--> https://example.com/x/]\n"
        ),
        urls="A B",
        rejected=1,
    ),
    "katana text": Listed(name="k.txt", content="$A\n[GET] $B\n", urls="A B"),
    "amass text": Listed(
        name="a.txt",
        content=(
            "a.example.com (FQDN) --> a_record --> 192.0.2.1 (IPAddress)\n"
            "b.example.com (FQDN) --> cname_record --> c.example.com (FQDN)\n"
        ),
        urls="https://a.example.com/ https://b.example.com/",
        options={"scheme": "https"},
    ),
    "nmap og": Listed(
        name="n.txt",
        content=(
            "# Nmap 7.94 scan initiated Wed as: nmap -oG - 192.0.2.0/24\n"
            "Host: 192.0.2.1 (example.com)\tStatus: Up\n"
            "Host: 192.0.2.1 (example.com)\tPorts: 80/open/tcp//http///\n"
        ),
        refused="",
    ),
    "nmap og scheme": Listed(
        name="n.txt",
        content=(
            "# Nmap 7.94 scan initiated Wed as: nmap -oG - 192.0.2.0/24\n"
            "Host: 192.0.2.1 (example.com)\tStatus: Up\n"
            "Host: 192.0.2.1 (example.com)\tPorts: 80/open/tcp//http///\n"
        ),
        refused="",
        options={"scheme": "https"},
    ),
    "access log": Listed(
        name="access.txt",
        content=(
            '192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326 "https://ref.example'
            '/" "Mozilla/5.0"\n'
            '192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326 "https://ref.example'
            '/" "Mozilla/5.0"\n'
            '192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326 "https://ref.example'
            '/" "Mozilla/5.0"\n'
        ),
        refused="events",
    ),
    "access log scheme": Listed(
        name="access.txt",
        content=(
            '192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326 "https://ref.example'
            '/" "Mozilla/5.0"\n'
            '192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326 "https://ref.example'
            '/" "Mozilla/5.0"\n'
            '192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326 "https://ref.example'
            '/" "Mozilla/5.0"\n'
        ),
        refused="events",
        options={"scheme": "https"},
    ),
    "hosts file": Listed(
        name="hosts.txt",
        content="# hosts\n127.0.0.1 localhost\n0.0.0.0 ads.example.com\n0.0.0.0 track.example.org # x\n",
        refused="",
        options={"scheme": "https"},
    ),
    "adblock": Listed(
        name="list.txt",
        content=(
            "[Adblock Plus 2.0]\n! Title: x\n! Homepage: https://example.com/\n||ads.example.com^\n"
            "@@||x.example^$third-party\n"
        ),
        refused="",
    ),
    "robots": Listed(
        name="robots.txt", content="User-agent: *\nDisallow: /x\nSitemap: $A\nsitemap: $B\n", urls="A B", rejected=2
    ),
    "security.txt": Listed(
        name="security.txt", content="Contact: https://example.com/security\nExpires: 2030\n", refused=""
    ),
    "email quote": Listed(name="m.txt", content="> $A\n>> $B\n> > $C\n", urls="A B C"),
    "yaml list": Listed(name="a.txt", content="- url: $A\n- url: $B\n", urls="A B"),
    "bullets emoji": Listed(name="a.txt", content="→ $A\n✅ $B\n» $C\n(1) $A\n", urls="A B C A"),
    "org": Listed(name="a.txt", content="* [[$A][Title one]]\n[[$B]]\n", urls="A B"),
    "md ref": Listed(name="a.md", content="[1]: $A 'T'\n[foo]: <$B>\n[^1]: $C\n", urls="A B C"),
    "md autolink": Listed(name="a.md", content="* <$A>\n+ [T [x]]($B)\n1. ![img]($C)\n", urls="A B C"),
    "md text after": Listed(name="a.md", content="- [A]($A) - a good page\n- [B]($B): note\n- [C]($C) — x\n", urls="A B C"),
    "asciidoc": Listed(name="a.txt", content="* $A[Title one]\n* link:$B[Two words]\n", refused=""),
    "mediawiki": Listed(name="a.txt", content="* [$A Title]\n* {{cite web|url=$B}}\n", urls="A", rejected=1),
    "slack": Listed(name="a.txt", content="<$A|Title>\n<$B>\n", urls="A B"),
    "glued tag": Listed(name="a.txt", content="<loc>$A</loc>\n$B</loc>\n$C\n", urls="C", rejected=2),
    "glued br": Listed(name="a.txt", content='$A<br>\nhttps://example.com/z">x</a>\n$C\n', urls="C", rejected=2),
    "two urls": Listed(name="a.txt", content="$A $B\n$A,$B\n$A;$B\n$C\n", urls="C", rejected=3),
    "two urls comma space": Listed(name="a.txt", content="$A, $B\n$C\n", urls="C", rejected=1),
    "comment is url": Listed(name="a.txt", content="$A - $B\n$C\n", urls="A C"),
    "space in url": Listed(name="a.txt", content="$A b\n$B\n", urls="B", rejected=1),
    "nbsp in url": Listed(name="a.txt", content="$A\xa0b\n$A\xa0\n\xa0$B\n", urls="A B", rejected=1),
    "zwsp": Listed(name="a.txt", content="\u200b$A\u200b\nhttps://exam\u200bple.com/\n", urls="A", rejected=1),
    "idn": Listed(
        name="a.txt",
        content="https://münchen.example/straße\nhttp://例え.テスト/\n",
        urls="https://xn--mnchen-3ya.example/stra%C3%9Fe http://xn--r8jz45g.xn--zckzah/",
    ),
    "ipv6": Listed(name="a.txt", content="http://[2001:db8::1]:8080/x\n", urls="http://[2001:db8::1]:8080/x"),
    "userinfo": Listed(name="a.txt", content="https://user:pass@example.com/\n$A\n", urls="A", rejected=1),
    "python list": Listed(name="a.txt", content="urls = [\n    '$A',\n    \"$B\",\n]\n", urls="A B", rejected=1),
    "defanged": Listed(name="a.txt", content="hxxps://example[.]com/a\n$A\n", urls="A", rejected=1),
    "wildcard host": Listed(
        name="a.txt",
        content="*.example.com\nexample.com\na@example.com\n",
        urls="H",
        rejected=2,
        options={"scheme": "https"},
    ),
    "m3u": Listed(name="a.txt", content="#EXTM3U\n#EXTINF:-1,Title\n$A\n#EXTINF:-1,Two\n$B\n", urls="A B"),
    "dirsearch": Listed(
        name="d.txt",
        content=(
            "# Dirsearch started Mon as: dirsearch -u https://example.com\n\n200   1KB  $A\n"
            "301   0B   $B    -> REDIRECTS TO: https://example.com/x\n"
        ),
        refused="within",
    ),
    "sections": Listed(name="a.txt", content="Shops\n=====\n$A\n\nBlogs:\n------\n$B\n", urls="A B", rejected=2),
    "bold md": Listed(name="a.md", content="- **$A**\n- `$B`\n", urls="B", rejected=1),
    "html comment": Listed(name="a.md", content="<!-- x -->\n$A\n", urls="A"),
    "key colon": Listed(name="a.txt", content="Link: $A\nURL: $B\n", urls="A B"),
    "cdx wayback txt": Listed(
        name="i.txt", content="com,example)/a 20240131120000 $A text/html 200 AAAA 512\n", refused=".cdx"
    ),
    "har lines txt": Listed(name="har.txt", content='{"log": {"version": "1.2", "entries": []}}', refused=".json"),
    "psql": Listed(
        name="w.txt",
        content=" id |          url          \n----+-----------------------\n  1 | $A\n  2 | $B\n(2 rows)\n",
        urls="A B",
        rejected=1,
    ),
    "txt crlf blank tail": Listed(name="a.txt", content="$A\r\n\r\n$B\r\n\r\n\x1a", urls="A B"),
    "txt ctrl-z": Listed(name="a.txt", content="$A\r\n\x1a", urls="A"),
    "txt formfeed": Listed(name="a.txt", content="$A\x0c\n$B\n", urls="A B"),
    "txt vt": Listed(name="a.txt", content="$A\x0b$B\n$C\n", urls="C", rejected=1),
    "txt nel": Listed(name="a.txt", content="$A\x85$B\n$C\n", urls="C", rejected=1),
    "txt ls": Listed(name="a.txt", content="$A\u2028$B\n$C\n", urls="C", rejected=1),
    "txt del": Listed(name="a.txt", content="https://example.com/\x7fa\n$B\n", urls="B", rejected=1),
    "txt soft hyphen inside": Listed(name="a.txt", content="https://exam\xadple.com/\n$B\n", urls="H B"),
    "txt ideographic space": Listed(name="a.txt", content="$A\u3000note\n$B\n", urls="B", rejected=1),
    "txt angle partial": Listed(name="a.txt", content="<$A\n$B>\n$C\n", urls="C", rejected=2),
    "txt paren": Listed(name="a.txt", content="($A)\n[$B]\n{$C}\n", urls="B", rejected=2),
    "txt trailing dot prose": Listed(name="a.txt", content="https://example.com/a.\n", urls="https://example.com/a."),
    "txt exclaim": Listed(name="a.txt", content="$A!\n", urls="https://example.com/a!"),
    "txt comma list": Listed(name="a.txt", content="$A,\n$B,\n$C\n", urls="A B C"),
    "txt md image link": Listed(name="a.md", content="[![b](https://img/1)]($A)\n$B\n", urls="A B"),
    "txt md heading link": Listed(name="a.md", content="## [T]($A)\n$B\n", urls="B"),
    "txt md nested list": Listed(
        name="a.md", content="- Topic\n    - [A]($A)\n    - <$B>\n\n> [q]($C)\n", urls="A B C", rejected=1
    ),
    "txt md code fence": Listed(name="a.md", content="```\n$A\n```\n", urls="A"),
    "txt md frontmatter": Listed(name="a.md", content="---\ntitle: Links\n---\n\n* $A\n", urls="A", rejected=1),
    "txt md title colon": Listed(
        name="a.md", content="* [A]($A): note; more\n* [B]($B). Text\n* [C]($C), text\n", urls="A B C"
    ),
    "txt md two links": Listed(name="a.md", content="* [A]($A) / [B]($B)\n* $C\n", urls="C", rejected=1),
    "txt md ref def angle": Listed(name="a.md", content='[a]: <$A> "T"\n[b]: $B (T)\n', urls="A B"),
    "txt html line": Listed(name="a.txt", content='<a href="$A">x</a>\n', refused=".html"),
    "txt html in list": Listed(name="a.txt", content='$A\n<a href="$B">x</a>\n', urls="A", rejected=1),
    "txt latex": Listed(name="a.txt", content="\\url{$A}\n$B\n", urls="B", rejected=1),
    "txt bib": Listed(name="a.txt", content="url = {$A},\n$B\n", urls="B", rejected=1),
    "txt ini": Listed(name="a.txt", content="[InternetShortcut]\nURL=$A\n", urls="A", rejected=1),
    "txt env": Listed(name="a.txt", content="BASE_URL=$A\n$B\n", urls="B", rejected=1),
    "txt crontab": Listed(name="a.txt", content="0 * * * * curl $A\n$B\n", urls="B", rejected=1),
    "txt curl cmd": Listed(name="a.txt", content="curl -L '$A'\n$B\n", urls="B", rejected=1),
    "txt wget log": Listed(name="a.txt", content="--2024-01-31 12:00:00--  $A\n$B\n", urls="B", rejected=1),
    "txt git remote": Listed(name="a.txt", content="origin\thttps://github.com/x/y.git (fetch)\n$A\n", urls="A", rejected=1),
    "txt http verb": Listed(name="a.txt", content="GET $A\nPOST $B\n$C\n", urls="C", rejected=2),
    "txt count uniq": Listed(name="a.txt", content="     12 $A\n      3 $B\n", urls="A B"),
    "txt grep n": Listed(name="a.txt", content="12:$A\n$B\n", urls="B", rejected=1),
    "txt timestamped": Listed(name="a.txt", content="2024-01-31 $A\n$B\n", urls="B", rejected=1),
    "txt wb dates": Listed(name="a.txt", content="2015-06-01T00:00:00Z $A\n$B\n", urls="B", rejected=1),
    "txt linkchecker": Listed(name="a.txt", content="$A  404  Not Found\n$B\n", urls="B", rejected=1),
    "txt arrow": Listed(name="a.txt", content="$A -> $B\n$C\n", urls="C", rejected=1),
    "txt eq": Listed(name="a.txt", content="name=$A\n$B\n", urls="B", rejected=1),
    "txt bars": Listed(name="a.txt", content="Title | $A\nTitle2 | $B\n", urls="A B"),
    "txt onetab bars": Listed(name="a.txt", content="$A | T | https://x/\n$B | U\n", urls="A B"),
    "txt dash title": Listed(name="a.txt", content="$A - Title - Site\n$B – T\n$C — T\n", urls="A B C"),
    "txt url key case": Listed(name="a.txt", content="Url: $A\nLINK = $B\nWebsite: $C\n", urls="A B C"),
    "txt bullets tab": Listed(name="a.txt", content="-\t$A\n*\t$B\n1.\t$C\n", urls="A B C"),
    "txt bullets glued": Listed(name="a.txt", content="-$A\n*$B\n$C\n", urls="C", rejected=2),
    "txt bullet dot glued": Listed(name="a.txt", content="•$A\n·$B\n", urls="A B"),
    "txt checkbox": Listed(
        name="a.txt", content="- [ ] $A\n* [x] $B\n☐ $C\n☑ https://example.net/d\n", urls="A B C https://example.net/d"
    ),
    "txt letters": Listed(name="a.txt", content="a) $A\n(b) $B\n$C\n", urls="C", rejected=2),
    "txt hosts comments": Listed(
        name="a.txt", content="# hosts\nexample.com # main\n; x\nexample.org\n", urls="H I", options={"scheme": "https"}
    ),
    "txt hosts uppercase": Listed(
        name="a.txt",
        content="EXAMPLE.COM\nExample.Org/Path\n",
        urls="H https://example.org/Path",
        options={"scheme": "https"},
    ),
    "txt hosts dot": Listed(
        name="a.txt", content="example.com.\n", urls="https://example.com./", options={"scheme": "https"}
    ),
    "txt scheme-rel": Listed(
        name="a.txt", content="//example.com/x\n", urls="https://example.com/x", options={"scheme": "https"}
    ),
    "txt host ipv6": Listed(
        name="a.txt", content="[2001:db8::1]:8443\n", urls="https://[2001:db8::1]:8443/", options={"scheme": "https"}
    ),
    "txt ip cidr": Listed(
        name="a.txt", content="192.0.2.0/24\nexample.com\n", urls="https://192.0.2.0/24 H", options={"scheme": "https"}
    ),
    "txt masscan": Listed(
        name="a.txt",
        content="open tcp 80 192.0.2.1 1700000000\nexample.com\n",
        urls="H",
        rejected=1,
        options={"scheme": "https"},
    ),
    "txt zone": Listed(
        name="a.txt",
        content="example.com. 3600 IN A 192.0.2.1\nexample.org\n",
        urls="I",
        rejected=1,
        options={"scheme": "https"},
    ),
    "txt idn host": Listed(
        name="a.txt",
        content="münchen.example\n例え.テスト/x\n",
        urls="https://xn--mnchen-3ya.example/ https://xn--r8jz45g.xn--zckzah/x",
        options={"scheme": "https"},
    ),
    "txt httpx json-ish": Listed(
        name="a.txt", content="$A [301,200] [https://example.com/z] [nginx]\n$B [200]\n", urls="A B"
    ),
    "txt httpx 2": Listed(name="a.txt", content="$A [301 => 200] [Ex]\n$B\n", urls="A B"),
    "txt eyewitness": Listed(
        name="a.txt", content="http://192.0.2.1:8080\nhttps://192.0.2.1\n", urls="http://192.0.2.1:8080/ https://192.0.2.1/"
    ),
    "txt whatweb": Listed(name="a.txt", content="$A [200 OK] Apache, Country[RESERVED][ZZ]\n", urls="A"),
    "txt nikto": Listed(name="a.txt", content="+ Target Host: example.com\n+ $A\n", urls="A", rejected=1),
    "txt ansi 256": Listed(name="a.txt", content="\x1b[38;5;208m$A\x1b[0m\n\x1b[1;32m[+]\x1b[0m $B\n", urls="A B"),
    "txt osc8": Listed(name="a.txt", content="\x1b]8;;$A\x1b\\T\x1b]8;;\x1b\\\n$B\n", urls="B", rejected=1),
    "txt plus brackets": Listed(name="a.txt", content="[+] $A\n[*] $B\n[INF] $C\n", urls="A B C"),
    "txt status prefix": Listed(name="a.txt", content="[200] $A\n200 $B\n", urls="A B"),
    "txt js string": Listed(name="a.txt", content="const a = '$A';\n$B\n", urls="B", rejected=1),
    "txt xpath quotes": Listed(name="a.txt", content='https://example.com/?q="x"\n', urls="https://example.com/?q=%22x%22"),
    "txt bs": Listed(name="a.txt", content="https:\\\\example.com\\a\n$B\n", urls="A B"),
    "txt one slash": Listed(name="a.txt", content="https:/example.com/a\n", urls="A"),
    "txt upper": Listed(name="a.txt", content="HTTPS://EXAMPLE.COM/A\n", urls="https://example.com/A"),
    "txt curly query": Listed(
        name="a.txt", content="https://example.com/?q={a}|b^c`d\n", urls="https://example.com/?q={a}|b^c`d"
    ),
    "txt brackets q": Listed(
        name="a.txt", content="https://example.com/?a[]=1&b[x]=2\n", urls="https://example.com/?a[]=1&b[x]=2"
    ),
    "txt dotdot": Listed(name="a.txt", content="$A/../b/./c\n", urls="https://example.com/b/c"),
    "txt at path": Listed(name="a.txt", content="https://example.com/@user\n", urls="https://example.com/@user"),
    "txt wayback url": Listed(
        name="a.txt",
        content="https://web.archive.org/web/2020/https://example.com/\n",
        urls="https://web.archive.org/web/2020/https://example.com/",
    ),
    "txt redirect q": Listed(
        name="a.txt",
        content="https://example.com/?u=https://example.org/,https://x/\n",
        urls="https://example.com/?u=https://example.org/,https://x/",
    ),
    "txt default port": Listed(
        name="a.txt", content="https://example.com:443/a\nhttp://example.com:80/\n", urls="A http://example.com/"
    ),
    "txt bad port": Listed(name="a.txt", content="https://example.com:99999/\n$A\n", urls="A", rejected=1),
    "txt bad host": Listed(
        name="a.txt",
        content="https://exa mple.com/\nhttps://\nhttp:///x\nhttps://.\n$A\n",
        urls="http://x/ https://./ A",
        rejected=2,
    ),
    "txt ws": Listed(name="a.txt", content="wss://example.com/\n$A\n", urls="A", rejected=1),
    "pdf named txt": Listed(name="a.txt", content="%PDF-1.7\n...", refused="PDF"),
    "har named txt": Listed(
        name="a.txt",
        content=(
            '{\n  "log": {\n    "version": "1.2",\n    "entries": [\n      {\n        "request": {\n'
            '          "url": "$A"\n        }\n      }\n    ]\n  }\n}'
        ),
        refused=".json",
    ),
    "cjk glue": Listed(name="a.txt", content="$A。\n$A，说明\n$B\n", urls="B", rejected=2),
    "smart glue": Listed(name="a.txt", content="$A”\n$B\n“$C”.\n", urls="B C", rejected=1),
    "cjk path": Listed(
        name="a.txt",
        content="https://zh.wikipedia.org/wiki/苹果_(公司)\nhttps://ja.wikipedia.org/wiki/けいおん!\n",
        urls="https://zh.wikipedia.org/wiki/%E8%8B%B9%E6%9E%9C_(%E5%85%AC%E5%8F%B8) https://ja.wikipedia.org/wiki/%E3%81%91%E3%81%84%E3%81%8A%E3%82%93!",
    ),
    "cjk bullets": Listed(name="a.txt", content="・$A\n、$B\n１．$C\n① https://example.net/d\n", urls="A", rejected=3),
    "cjk colon": Listed(name="a.txt", content="网址：$A\n$B\n", urls="B", rejected=1),
    "emoji url": Listed(
        name="a.txt", content="https://example.com/😀\n🔗 $A\n👉 $B\n", urls="https://example.com/%F0%9F%98%80 A B"
    ),
    "hashtag after": Listed(name="a.txt", content="$A #tag\n$B#frag\n", urls="A B"),
    "pipe no space": Listed(name="a.txt", content="$A|Title\n$B\n", urls="https://example.com/a|Title B"),
    "tab title": Listed(name="a.txt", content="$A\tTitle with https://x.example/\n$B\tT\n", urls="A B"),
    "csv in txt semi": Listed(
        name="a.txt", content="$A;Title\n$B;T\n", urls="https://example.com/a;Title https://example.com/b?x=1;T"
    ),
    "header txt": Listed(name="a.txt", content="url\n$A\n$B\n", urls="A B"),
    "header txt upper": Listed(name="a.txt", content="URL;Title\n$A;x\n$B;y\n", urls="A B"),
    "header txt comma": Listed(name="a.txt", content="URL,Title\n$A,x\n$B,y\n", urls="A B"),
    "header txt URLs:": Listed(name="a.txt", content="URLs:\n$A\n$B\n", urls="A B"),
    "crlf spaces": Listed(name="a.txt", content="  $A  \r\n\t$B\t\r\n", urls="A B"),
    "tabs only between": Listed(name="a.txt", content="$A\t\t\n$B\t \n", urls="A B"),
    "dup rows": Listed(name="a.txt", content="$A\n$A\n", urls="A A"),
    "mixed hosts urls": Listed(name="a.txt", content="$A\nexample.org\n", urls="A", rejected=1),
    "mixed hosts urls scheme": Listed(name="a.txt", content="$A\nexample.org\n", urls="A I", options={"scheme": "https"}),
    "scheme and email": Listed(
        name="a.txt", content="example.com\njohn@example.com\n", urls="H", rejected=1, options={"scheme": "https"}
    ),
    "scheme and sentence": Listed(
        name="a.txt",
        content="example.com\nThis is text.\nsee example.org\n",
        urls="H",
        rejected=2,
        options={"scheme": "https"},
    ),
    "scheme and file": Listed(
        name="a.txt", content="example.com\n/etc/passwd\n./x\n", urls="H", rejected=2, options={"scheme": "https"}
    ),
    "host comment dash": Listed(
        name="a.txt", content="example.com - main site\nexample.org (old)\n", urls="H I", options={"scheme": "https"}
    ),
    "host ports list": Listed(
        name="a.txt",
        content="192.0.2.1:8080\n192.0.2.1:22\n",
        urls="https://192.0.2.1:8080/ https://192.0.2.1:22/",
        options={"scheme": "https"},
    ),
    "gmc tsv": Listed(
        name="a.txt", content="id\ttitle\tlink\timage_link\n1\tx\t$A\thttps://i/1\n2\ty\t$B\thttps://i/2\n", urls="A B"
    ),
    "column of txt": Listed(name="a.txt", content="a\t$A\nb\t$B\n", urls="A B", options={"column": "2"}),
    "column for plain txt": Listed(name="a.txt", content="$A\n$B\n", urls="A B", options={"column": "1"}),
    "cdxj in txt": Listed(name="c.txt", content='com,example)/a 20240131120000 {"url": "$A"}\n', refused=".cdx"),
    "llms.txt": Listed(
        name="llms.txt",
        content=(
            "# Title\n\n> Summary of it\n\n## Docs\n\n- [A]($A): the A page\n- [B]($B)\n\n## Optional\n\n"
            "- [C]($C): more, with commas; and such\n"
        ),
        urls="A B C",
        rejected=1,
    ),
    "awesome": Listed(
        name="README.md",
        content=(
            "# Awesome [![b](https://img.example/b.svg)](https://awesome.re)\n\n- [A]($A) - Great thing.\n"
            "* [B]($B) — other. ([source](https://src.example))\n  - [C]($C)\n"
        ),
        urls="A B C",
    ),
    "awesome2": Listed(
        name="README.md", content="- [A]($A) - Great thing, see [X](https://x.example).\n- [C]($C)\n", urls="A C"
    ),
    "paths txt": Listed(name="p.txt", content="/a\n/b\n", refused="paths"),
    "subfinder oI": Listed(
        name="s.txt",
        content="a.example.com,192.0.2.1,crtsh\nb.example.com,192.0.2.2,crtsh\n",
        refused="hosts",
        options={"scheme": "https"},
    ),
    "urls colon header": Listed(name="a.txt", content="URLs:\n$A\n$B\n", urls="A B"),
    "header links": Listed(name="a.txt", content="Links\n$A\n$B\n", urls="A B"),
    "header then comments": Listed(name="a.txt", content="url\n# x\n$A\n", urls="A"),
    "mail list": Listed(name="a.txt", content="Hi,\n\nsee these:\n$A\n$B\n\nBest,\nX\n", urls="A B", rejected=4),
    "quoted csv one line": Listed(name="a.txt", content='"$A","$B","$C"\n', refused=""),
    "comma one line": Listed(name="a.txt", content="$A,$B,$C\n", urls="", rejected=1),
    "space one line": Listed(name="a.txt", content="$A $B $C\n", urls="", rejected=1),
    "arabic commas": Listed(name="a.txt", content="$A، ب\n$B\n", urls="B", rejected=1),
    "quote single in url": Listed(
        name="a.txt", content="https://example.com/it's\n'$A'\n", urls="https://example.com/it's A"
    ),
    "smart apostrophe": Listed(name="a.txt", content="https://example.com/it’s\n", urls="https://example.com/it%E2%80%99s"),
}


@pytest.mark.parametrize("listed", CASES.values(), ids=CASES)
def test_each_is_taken_or_refused(services: Services, listed: Listed) -> None:
    assert_listed(services, listed)
