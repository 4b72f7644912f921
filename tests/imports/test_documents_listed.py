"""Documents with URLs, and files of other types with the way out."""

from __future__ import annotations

import pytest

from inventory.wiring import Services
from tests.imports.actions import Listed, assert_listed

CASES = {
    "chrome bookmarks no suffix": Listed(name="Bookmarks", content='{"roots": {}}', refused=".json"),
    "access log .log": Listed(
        name="access.log",
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
    "sitemap prefix": Listed(
        name="s.xml",
        content=(
            '<sm:urlset xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9"><sm:url><sm:loc>$A</sm:l'
            "oc></sm:url><sm:url><sm:loc><![CDATA[$B]]></sm:loc></sm:url></sm:urlset>"
        ),
        urls="A B",
    ),
    "rss": Listed(
        name="f.xml",
        content=(
            '<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
            '<title>t</title><link>https://example.com/</link><atom:link href="https://example.com/feed'
            '" rel="self"/><image><url>https://example.com/i.png</url><link>https://example.com/</link>'
            '</image><item><title>x</title><link>$A</link><guid isPermaLink="false">1</guid><comments>h'
            "ttps://example.com/c</comments></item><item><link><![CDATA[$B]]></link></item></channel></rss>"
        ),
        urls="A B",
    ),
    "rss guid only": Listed(
        name="f.xml",
        content=(
            '<rss version="2.0"><channel><item><title>x</title><guid isPermaLink="true">$A</guid></item'
            "><item><guid>$B</guid></item></channel></rss>"
        ),
        urls="A B",
    ),
    "rss guid not link": Listed(
        name="f.xml",
        content=(
            '<rss version="2.0"><channel><item><title>x</title><link>$A</link><guid>https://example.com'
            "/?p=1</guid></item></channel></rss>"
        ),
        urls="A",
    ),
    "rdf": Listed(
        name="f.rdf.xml",
        content=(
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rs'
            's/1.0/"><channel rdf:about="x"><link>https://example.com/</link></channel><item rdf:about='
            '"$A"><link>$A</link></item></rdf:RDF>'
        ),
        urls="A",
    ),
    "atom": Listed(
        name="f.atom",
        content=(
            '<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://example.com/" /><entry><link'
            ' rel="edit" href="https://example.com/e"/><link rel="alternate" type="text/html" href="$A"'
            '/></entry><entry><link href="$B"/><link rel="enclosure" href="https://x.example/m.mp3"/></'
            "entry></feed>"
        ),
        urls="A B",
    ),
    "atom youtube": Listed(
        name="f.xml",
        content=(
            '<feed xmlns:yt="y" xmlns:media="m" xmlns="http://www.w3.org/2005/Atom"><link rel="self" hr'
            'ef="https://s/"/><entry><link rel="alternate" href="$A"/><media:group><media:content url="'
            'https://m/"/></media:group></entry></feed>'
        ),
        urls="A",
    ),
    "google merchant": Listed(
        name="m.xml",
        content=(
            '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>1</g:id><g'
            ":link>$A</g:link><g:image_link>https://i/</g:image_link></item><item><g:link>$B</g:link></"
            "item></channel></rss>"
        ),
        urls="A B",
    ),
    "google merchant link": Listed(
        name="m.xml",
        content=(
            '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>1</g:id><l'
            "ink>$A</link><g:image_link>https://i/</g:image_link></item></channel></rss>"
        ),
        urls="A",
    ),
    "opml": Listed(name="f.opml", content="<opml/>", refused="xmlUrl"),
    "opml xml": Listed(
        name="f.xml", content='<opml version="2.0"><body><outline xmlUrl="https://a/"/></body></opml>', refused="xmlUrl"
    ),
    "xhtml in xml": Listed(
        name="f.xml",
        content=(
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/'
            'xhtml1-strict.dtd"><html xmlns="http://www.w3.org/1999/xhtml"><body><a href="$A">x</a></bo'
            "dy></html>"
        ),
        refused=".html",
    ),
    "nmap xml": Listed(name="n.xml", content='<nmaprun scanner="nmap"></nmaprun>', refused="nmaprun"),
    "xhtml suffix": Listed(name="f.xhtml", content="<html/>", refused="html"),
    "html table": Listed(
        name="t.html",
        content=(
            '<table><tr><th>Name</th><th>URL</th></tr><tr><td>A</td><td><a href="$A">x</a></td></tr><tr'
            "><td>B</td><td><a href='$B'>y</a></td></tr></table>"
        ),
        urls="A B",
    ),
    "html text urls": Listed(name="t.html", content="<table><tr><td>A</td><td>$A</td></tr></table>", refused=""),
    "har chrome": Listed(
        name="x.har",
        content=(
            '{"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "page'
            's": [{"title": "https://p.example/"}], "entries": [{"request": {"method": "GET", "url": "$'
            'A"}}, {"request": {"method": "GET", "url": "$B"}}]}}'
        ),
        urls="A B",
    ),
    "har charles": Listed(
        name="x.har",
        content='{"log": {"comment": "", "version": "1.2", "creator": {}, "entries": [{"request": {"url": "$A"}}]}}',
        urls="A",
    ),
    "har safari pretty": Listed(
        name="x.har",
        content=(
            '{\n    "log": {\n        "version": "1.2",\n        "entries": [\n            {\n'
            '                "request": {\n                    "method": "GET",\n'
            '                    "url": "$A"\n                }\n            },\n            {\n'
            '                "request": {\n                    "method": "GET",\n'
            '                    "url": "$B"\n                }\n            }\n        ]\n    }\n}'
        ),
        urls="A B",
    ),
    "har ws": Listed(
        name="x.har",
        content=(
            '{"log": {"version": "1.2", "entries": [{"request": {"method": "GET", "url": "$A"}}, {"requ'
            'est": {"method": "GET", "url": "wss://example.com/s"}}, {"request": {"method": "GET", "url'
            '": "blob:https://example.com/1"}}]}}'
        ),
        urls="A",
        rejected=2,
    ),
    "har not har": Listed(name="x.har", content='{"a": 1}', refused=""),
    "har startedDateTime": Listed(
        name="x.har",
        content='{"log": {"entries": [{"startedDateTime": "x", "request": {"url": "$A"}}], "version": "1.2"}}',
        urls="A",
    ),
    "cdx 11": Listed(
        name="i.cdx",
        content=(
            " CDX N b a m s k r M S V g\n"
            "com,example)/a 20240131120000 $A text/html 200 AAAA - - 1234 5678 x.warc.gz\n"
            "com,example)/b?x=1 20240131120000 $B text/html 200 AAAA - - 1234 5678 x.warc.gz\n"
        ),
        urls="A B",
    ),
    "cdx 9": Listed(name="i.cdx", content=" CDX A b e a m s c k r\n", refused=""),
    "cdx 9 hdr": Listed(
        name="i.cdx",
        content=" CDX N b a m s k r V g\ncom,example)/a 20240131120000 $A text/html 200 AAAA - 5678 x.arc.gz\n",
        urls="A",
    ),
    "cdx 9 nohdr": Listed(
        name="i.cdx", content="com,example)/a 20240131120000 $A text/html 200 AAAA - 5678 x.warc.gz\n", urls="A"
    ),
    "cdx 7 ia": Listed(
        name="i.cdx",
        content=(
            "com,example)/a 20240131120000 $A text/html 200 AAAA 512\n"
            "com,example)/b 20240131120000 $B warc/revisit - AAAA 512\n"
        ),
        urls="A B",
    ),
    "cdx 6 fields": Listed(name="i.cdx", content="example.com/a 20240131120000 $A text/html 200 x\n", urls="A"),
    "cdx order": Listed(name="i.cdx", content=" CDX a b m s\n$A 2024 text/html 200\n", urls="A"),
    "cdxj": Listed(
        name="i.cdxj",
        content=(
            '!meta {"format": "cdxj"}\n'
            'com,example)/a 20240131120000 {"url": "$A", "mime": "text/html", "status": "200"}\n'
            'com,example)/b 20240131120001 {"url":"$B"}\n'
        ),
        urls="A B",
    ),
    "cdxj named cdx": Listed(name="i.cdx", content='com,example)/a 20240131120000 {"url": "$A"}\n', urls="A"),
    "sitemap ws before": Listed(
        name="s.xml", content='\n\n<?xml version="1.0"?><urlset><url><loc> $A </loc></url></urlset>', urls="A"
    ),
    "sitemap amp": Listed(
        name="s.xml",
        content="<urlset><url><loc>https://example.com/?a=1&amp;b=2</loc></url></urlset>",
        urls="https://example.com/?a=1&b=2",
    ),
    "sitemap comment": Listed(
        name="s.xml", content="<!-- gen --><urlset><!-- x --><url><loc>$A<!-- y --></loc></url></urlset>", urls="A"
    ),
    "sitemap video only loc": Listed(
        name="s.xml",
        content='<urlset xmlns:video="v"><url><video:loc>x</video:loc></url><url><loc>$A</loc></url></urlset>',
        urls="A",
        rejected=1,
    ),
    "sitemap doctype": Listed(
        name="s.xml", content='<!DOCTYPE urlset SYSTEM "http://x/s.dtd"><urlset><url><loc>$A</loc></url></urlset>', urls="A"
    ),
    "sitemap html error": Listed(name="s.xml", content="<!DOCTYPE html><html><body>404</body></html>", refused=".html"),
    "rss guid prefixed": Listed(
        name="f.rss",
        content=(
            '<rss><channel><item><guid isPermaLink="false">x</guid><link/></item><item><link>$A</link><'
            "/item></channel></rss>"
        ),
        urls="A",
        rejected=1,
    ),
    "rss itunes": Listed(
        name="f.rss",
        content=(
            '<rss xmlns:itunes="i"><channel><item><itunes:link>x</itunes:link><enclosure url="https://m'
            '/1.mp3"/><guid>abc</guid></item><item><link>$A</link></item></channel></rss>'
        ),
        urls="A",
        rejected=1,
    ),
    "rss atom10 link in item": Listed(
        name="f.rss",
        content=(
            '<rss xmlns:atom="a"><channel><item><atom:link href="https://x/"/><link>$A</link><guid>g</g'
            "uid></item></channel></rss>"
        ),
        urls="A",
    ),
    "rss entity": Listed(
        name="f.rss",
        content="<rss><channel><item><title>a&nbsp;b</title><link>$A</link></item></channel></rss>",
        refused="well-formed",
    ),
    "atom no rel first self": Listed(
        name="f.atom",
        content=(
            '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link rel="self" href="https://x/"/><link'
            ' href="$A"/><id>y</id></entry></feed>'
        ),
        urls="A",
    ),
    "xbel": Listed(
        name="b.xml", content='<xbel version="1.0"><bookmark href="$A"><title>x</title></bookmark></xbel>', refused="xbel"
    ),
    "yml catalog": Listed(
        name="y.xml",
        content="<yml_catalog><shop><offers><offer><url>$A</url></offer></offers></shop></yml_catalog>",
        refused="yml_catalog",
    ),
    "html base": Listed(
        name="b.html",
        content='<base href="https://example.com/x/"><a href="y">1</a><a href="/a">2</a>',
        urls="https://example.com/x/y A",
    ),
    "html upper": Listed(name="b.HTM", content="<A HREF=$A>x</A>", urls="A"),
    "html area": Listed(name="b.html", content='<map><area href="$A"></map><a href="$B">x</a>', urls="B"),
    "html entity": Listed(
        name="b.html", content='<a href="https://example.com/?a=1&amp;b=2">x</a>', urls="https://example.com/?a=1&b=2"
    ),
    "html spaces newlines": Listed(
        name="b.html", content='<a href=" https://example.com/\n  a ">x</a><a href="$B">y</a>', urls="B", rejected=1
    ),
    "netscape ie": Listed(
        name="b.htm",
        content=(
            "<!DOCTYPE NETSCAPE-Bookmark-file-1>\r\n<!-- x -->\r\n<DL><p>\r\n"
            '<DT><A HREF="$A" ADD_DATE="1">x</A>\r\n<DD>note\r\n'
            '<DT><A FEEDURL="https://f/" HREF="$B">y</A></DL>'
        ),
        urls="A B",
    ),
    "html named xml": Listed(name="a.xml", content="<html><body/></html>", refused=".html"),
    "json named xml": Listed(name="a.xml", content='["$A"]', refused=""),
    "txt named xml": Listed(name="sitemap.xml", content="$A\n$B\n", refused=".txt"),
    "txt named html": Listed(name="a.html", content="$A\n$B\n", refused=""),
    "txt named har": Listed(name="a.har", content="$A\n", refused=""),
    "txt named warc": Listed(name="a.warc", content="$A\n", refused="WARC"),
    "rss named html": Listed(
        name="a.html", content='<?xml version="1.0"?><rss><channel><item><link>$A</link></item></channel></rss>', refused=""
    ),
    "sitemap named html": Listed(
        name="a.html", content='<?xml version="1.0"?><urlset><url><loc>$A</loc></url></urlset>', refused=""
    ),
    "wxr": Listed(
        name="w.xml",
        content=(
            '<?xml version="1.0"?><!-- generator --><rss version="2.0" xmlns:wp="http://wordpress.org/e'
            'xport/1.2/"><channel><link>https://example.com</link><wp:author><wp:author_id>1</wp:author'
            '_id></wp:author><item><title>x</title><link>$A</link><guid isPermaLink="false">https://exa'
            "mple.com/?p=1</guid><wp:attachment_url>https://u/</wp:attachment_url></item></channel></rss>"
        ),
        urls="A",
    ),
    "yahoo rss media": Listed(
        name="f.xml",
        content=(
            '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><item><link>$A</li'
            'nk><media:content url="https://m/"><media:link>no</media:link></media:content></item></cha'
            "nnel></rss>"
        ),
        urls="A",
    ),
    "gsitemap lastmod first": Listed(
        name="s.xml",
        content=(
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><lastmod>2024</lastmod><c'
            "hangefreq>daily</changefreq><priority>0.5</priority><loc>$A</loc></url></urlset>"
        ),
        urls="A",
    ),
    "sitemap crlf bom": Listed(
        name="s.xml",
        content=(
            '\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<urlset>\r\n<url>\r\n<loc>$A</loc>\r\n</url>\r\n</urlset>\r\n'
        ),
        urls="A",
    ),
    "sitemap wrong enc decl": Listed(
        name="s.xml", content='<?xml version="1.0" encoding="UTF-16"?><urlset><url><loc>$A</loc></url></urlset>', urls="A"
    ),
    "sitemap trailing junk": Listed(
        name="s.xml", content="<urlset><url><loc>$A</loc></url></urlset>\n<!-- time 1s -->\n", urls="A"
    ),
    "sitemap php warning": Listed(
        name="s.xml", content="<br />\n<b>Warning</b>: x\n<urlset><url><loc>$A</loc></url></urlset>", refused=""
    ),
    "har big creator last": Listed(
        name="x.har",
        content=(
            '{"log":{"pages":[],"entries":[{"request":{"method":"GET","url":"$A"}}],"version":"1.2","cr'
            'eator":{"name":"Firefox","version":"1"}}}'
        ),
        urls="A",
    ),
    "har cached _resourceType": Listed(
        name="x.har",
        content=(
            '{"log": {"version": "1.2", "entries": [{"_initiator": {"url": "https://no/"}, "_resourceTy'
            'pe": "script", "request": {"url": "$A", "headers": [{"name": "referer", "value": "https://'
            'no/"}]}}]}}'
        ),
        urls="A",
    ),
    "har url with space": Listed(
        name="x.har",
        content='{"log": {"version": "1.2", "entries": [{"request": {"url": "$A b"}}, {"request": {"url": "$A"}}]}}',
        urls="A",
        rejected=1,
    ),
    "bookmark ws": Listed(
        name="b.html",
        content='<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><DT><A HREF="  $A  ">x</A><DT><A HREF="$A b">y</A></DL>',
        urls="A",
        rejected=1,
    ),
    "sitemap glued": Listed(
        name="s.xml", content="<urlset><url><loc>$A, $B</loc></url><url><loc>$C</loc></url></urlset>", urls="C", rejected=1
    ),
    "xml cdata ws": Listed(name="s.xml", content="<urlset><url><loc>\n  <![CDATA[ $A ]]>\n</loc></url></urlset>", urls="A"),
}


@pytest.mark.parametrize("listed", CASES.values(), ids=CASES)
def test_each_is_taken_or_refused(services: Services, listed: Listed) -> None:
    assert_listed(services, listed)
