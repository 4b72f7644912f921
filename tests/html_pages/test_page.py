"""Which titles, generators and hosts a page has."""

from __future__ import annotations

import pytest

from inventory.html_pages.page import MAX_HOSTS, MAX_TAGS, document_of, kept_page, page_of, read
from tests.fakes import content
from tests.growth import assert_linear, cpu_seconds

URL = "https://www.example.com:8443/shop/index.html?a=b#c"
OWN = "www.example.com"

LOADS = [
    # What loads scripts.
    ("script", '<script src="https://cdn.example/a.js"></script>', ["cdn.example"]),
    ("script", "<SCRIPT SRC=https://cdn.example/a.js></SCRIPT>", ["cdn.example"]),
    ("script", "<script src='//cdn.example/a.js'></script>", ["cdn.example"]),
    ("script", "<script src='\\\\cdn.example\\a.js'></script>", ["cdn.example"]),
    ("script", '<script src="/a.js"></script>', [OWN]),
    ("script", '<script src="a.js"></script>', [OWN]),
    ("script", '<script src="?v=1"></script>', [OWN]),
    ("script", '<script src="HTTPS://CDN.Example:8443/a.js"></script>', ["cdn.example"]),
    ("script", '<script src="https://bücher.example/a.js"></script>', ["xn--bcher-kva.example"]),
    ("script", '<script src="https://[2001:DB8::1]/a.js"></script>', ["[2001:db8::1]"]),
    ("script", '<script src="https://2130706433/a.js"></script>', ["127.0.0.1"]),
    ("script", '<script src="https://user:pass@cdn.example/a.js"></script>', ["cdn.example"]),
    ("script", '<script src=" https://cdn.example/a.js "></script>', ["cdn.example"]),
    ("script", '<script src="ht\ntps://cdn.\texample/a.js"></script>', ["cdn.example"]),
    ("script", '<script src="https:a.js"></script>', [OWN]),
    ("script", '<script src="https:////cdn.example/a.js"></script>', ["cdn.example"]),
    ("script", '<script src="https&#58;&#x2f;/cdn.example/a.js"></script>', ["cdn.example"]),
    ("script", '<script src="https://cdn.example/?a=1&amp;b=<2>"></script>', ["cdn.example"]),
    ("script", '<script src="https://a.example/" src="https://b.example/"></script>', ["a.example"]),
    ("script", '<script type=module src="https://cdn.example/a.js"></script>', ["cdn.example"]),
    ("script", '<script type="text/javascript" src="//a.example"></script>', ["a.example"]),
    ("script", '<script type="application/json" src="//a.example"></script>', []),
    ("script", '<script src=""></script><script src=" "></script>', []),
    ("script", '<script src="https://"></script><script src="https://exa mple/"></script>', []),
    ("script", '<script src="https://a.example:99999/"></script>', []),
    ("script", '<script src="data:text/javascript,1"></script>', []),
    ("script", '<script src="javascript:1"></script><script src="blob:https://a.example/1"></script>', []),
    ("script", '<script src="ftp://a.example/a.js"></script>', []),
    ("script", "<script src=//a.example></script><script src=//b.example></script>", ["a.example", "b.example"]),
    ("script", "<script src=//a.example></script><script src=//a.example/b></script>", ["a.example"]),
    (
        "script",
        "<script src=https://a.example/></script><script src=https://a.examples></script>",
        ["a.example", "a.examples"],
    ),
    ("script", "<script src=https://a.example/></script><script src=https://a.example?/b></script>", ["a.example"]),
    ("script", "<script src=https://a.example/></script><script src=https://a.example:1/b></script>", ["a.example"]),
    # What is not seen by a browser.
    ("script", "<!-- <script src=//a.example></script> -->", []),
    ("script", "<!--> <script src=//a.example></script> -->", ["a.example"]),
    ("script", "<!-- --!> <script src=//a.example></script>", ["a.example"]),
    ("script", "<!-- <script src=//a.example></script>", []),
    ("script", "<template><script src=//a.example></script></template>", []),
    ("script", "<textarea><script src=//a.example></script></textarea>", []),
    ("script", "<title><script src=//a.example></script></title>", []),
    ("script", "<style><script src=//a.example></script></style><script src=//b.example></script>", ["b.example"]),
    ("script", "<script>'<script src=//a.example>'</script>", []),
    ("script", "<script><!-- <script> </script> --> <img src=//a.example></script>", []),
    ("script", '<div title="<script src=//a.example></script>"></div>', []),
    ("script", "<div title='<script src=//a.example>'>", []),
    ("script", "<div title=<script src=//a.example></div>", []),
    ("script", '<a href=/?q="><script src=//a.example></script>', ["a.example"]),
    ("script", '<a "><script src=//a.example></script>', ["a.example"]),
    ("script", "</div title='><script src=//a.example></script>", []),
    ("script", "<? php ><script src=//a.example></script>", ["a.example"]),
    ("script", "<<script src=//a.example></script>", ["a.example"]),
    ("script", "a < b <script src=//a.example></script>", ["a.example"]),
    ("script", "</script><script src=//a.example></script>", ["a.example"]),
    ("script", "<scripts src=//a.example></scripts>", []),
    ("script", "<script/src=//a.example></script>", ["a.example"]),
    ("script", "<script\nsrc\n=\n//a.example\n></script>", ["a.example"]),
    ("script", "<script src=//a.example", []),
    ("script", "<plaintext><!-- x", []),
    # Links.
    ("link", '<link rel="stylesheet" href="//a.example/a.css">', ["a.example"]),
    ("link", '<link rel="alternate StyleSheet" href="//a.example/a.css">', ["a.example"]),
    ("link", '<link rel=preload as=script href="//a.example/a.js">', ["a.example"]),
    ("link", '<link rel=modulepreload href="//a.example/a.js">', ["a.example"]),
    ("link", '<link rel=prefetch href="//a.example/">', ["a.example"]),
    ("link", '<link rel="shortcut icon" href="//a.example/">', ["a.example"]),
    ("link", "<link rel=apple-touch-icon href=//a.example>", ["a.example"]),
    ("link", "<link rel=manifest href=/m.json>", [OWN]),
    ("link", '<link rel=preload as=image imagesrcset="//a.example/1 1x, //b.example/2 2x">', ["a.example", "b.example"]),
    ("link", "<link rel=canonical href=//a.example>", []),
    ("link", "<link rel=alternate href=//a.example>", []),
    ("link", "<link rel=preconnect href=//a.example><link rel=dns-prefetch href=//b.example>", []),
    ("link", "<link href=//a.example>", []),
    ("link", "<link rel=stylesheet>", []),
    # Images.
    ("image", "<img src=//a.example/a.png>", ["a.example"]),
    ("image", "<image src=//a.example/a.png>", []),
    ("image", '<img srcset="//a.example/1.png, //b.example/2.png 2x">', ["a.example", "b.example"]),
    ("image", '<img srcset="//a.example/1.png,//b.example/2.png 100w">', ["a.example"]),
    ("image", '<img srcset="//a.example/1.png 1x (a, b), //b.example/2.png">', ["a.example", "b.example"]),
    (
        "image",
        '<img srcset=", ,//a.example/1.png,, data:image/png;base64,AAAA 2x, //b.example">',
        ["a.example", "b.example"],
    ),
    ("image", '<picture><source srcset="//a.example/1.webp"><img src=//b.example></picture>', ["a.example", "b.example"]),
    ("image", "<video poster=//a.example src=//b.example></video>", ["a.example"]),
    ("image", "<audio><source src=//a.example></audio>", []),
    ("image", "<input type=image src=//a.example>", ["a.example"]),
    ("image", "<img data-src=//a.example>", []),
    ("image", "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=='>", []),
    ("image", "<noscript><img src=//a.example></noscript>", []),
    # Frames.
    ("frame", "<iframe src=//a.example></iframe>", ["a.example"]),
    ("frame", "<iframe src=//a.example><iframe src=//b.example></iframe>", ["a.example"]),
    ("frame", "<frameset><frame src=//a.example><frame src=//b.example></frameset>", ["a.example", "b.example"]),
    ("frame", "<iframe srcdoc='<p>'></iframe><iframe src=about:blank></iframe>", []),
    ("frame", "<embed src=//a.example><object data=//b.example></object>", ["a.example", "b.example"]),
    # Forms.
    ("form", "<form action=//a.example></form>", ["a.example"]),
    ("form", "<form></form>", [OWN]),
    ("form", "<form action=''></form>", [OWN]),
    ("form", "<form><form action=//a.example>", [OWN, "a.example"]),
    ("form", "<form method=dialog></form>", []),
    ("form", "<form action=mailto:a@a.example></form><form action=javascript:1></form>", []),
    ("form", "<button formaction=//a.example></button><button></button>", ["a.example"]),
    ("form", "<input type=submit formaction=//a.example><input name=a>", ["a.example"]),
    # The base of references.
    ("script", "<base href=//a.example/b/><script src=c></script>", ["a.example"]),
    ("script", "<script src=c></script><base href=//a.example/b/><script src=c></script>", [OWN, "a.example"]),
    ("script", "<base target=_top><base href=//a.example><base href=//b.example><script src=c></script>", ["a.example"]),
    ("script", "<base href=/b/><script src=c></script>", [OWN]),
    ("script", "<base href=data:,a><script src=c></script>", [OWN]),
    ("script", "<base href='https://exa mple'><script src=c></script>", [OWN]),
    ("script", "<base href='//a.example'><script src=//b.example></script>", ["b.example"]),
    ("form", "<base href=//a.example><form></form>", ["a.example"]),
    # Deep and broken pages.
    ("script", "<div>" * 5_000 + "<script src=//a.example></script>", ["a.example"]),
    ("script", "<b><p>" * 5_000 + "<script src=//a.example></script>", ["a.example"]),
    ("image", "<img " + " ".join(f"a{n}" for n in range(99)) + " src=//a.example>", ["a.example"]),
    ("image", f"<img alt='{'a b ' * 200}' src=//a.example>", ["a.example"]),
    ("script", "\ud800<script src=//a.example></script>\0", ["a.example"]),
]


@pytest.mark.parametrize(("kind", "html", "hosts"), LOADS)
def test_a_page_has_the_hosts_that_it_loads_from_or_posts_to(kind: str, html: str, hosts: list[str]) -> None:
    assert list(read(html, URL).hosts[kind]) == hosts


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>A shop</title>", "A shop"),
        ("<TITLE lang=en>\n A  \t shop \n</TITLE>", "A shop"),
        ("<title>Tom &amp; Jerry &copy &#8364;</title>", "Tom & Jerry © €"),
        ("<title>a <b>bold</b> title</title>", "a <b>bold</b> title"),
        ("<title>one</title><title>two</title>", "one"),
        ("<title></title>", None),
        ("<title> \n </title>", None),
        ("<p>no title</p>", None),
        ("<title>not closed", "not closed"),
        ("<title>&#" + "9" * 5_000, "\ufffd"),
        ("<svg><title>An icon</title></svg>", None),
        ("<svg><title>An icon</title></svg><title>A shop</title>", "A shop"),
        ("<SVG><title>An icon</title></SVG><title>A shop</title>", "A shop"),
        ("<svg/><title>A shop</title>", "A shop"),
        ("<body><div><title>A shop</title>", "A shop"),
        ("<!-- <title>no</title> --><title>yes</title>", "yes"),
        ("<script>'<title>no</title>'</script>", None),
        ("", None),
    ],
)
def test_the_title_is_what_a_browser_shows(html: str, title: str | None) -> None:
    assert read(html, URL).title == title


@pytest.mark.parametrize(
    ("html", "generators"),
    [
        ('<meta name="generator" content="WordPress 6.4.2">', ["WordPress 6.4.2"]),
        ("<META NAME=Generator CONTENT=' Hugo  0.120 '>", ["Hugo 0.120"]),
        ("<meta name=generator content=A><meta name=generator content=B><meta name=generator content=A>", ["A", "B"]),
        ("<meta name=generator content=''><meta name=generator>", []),
        ("<meta name=description content=generator>", []),
        ("<meta property=generator content=A>", []),
        ("<meta content='A &amp; B' name=generator>", ["A & B"]),
    ],
)
def test_the_generators_are_those_that_the_page_names(html: str, generators: list[str]) -> None:
    assert list(read(html, URL).generators) == generators


@pytest.mark.parametrize(
    ("html", "number"),
    [
        ("", 0),
        ("<script>1</script>", 1),
        ("<script></script><script type=module>1</script><SCRIPT>2</SCRIPT>", 3),
        ("<script src=/a.js>1</script>", 0),
        ("<script src>1</script>", 0),
        ("<script type=application/ld+json>{}</script>", 0),
        ("<script type='text/template'><script></script>", 0),
    ],
)
def test_inline_scripts_are_those_that_a_browser_runs(html: str, number: int) -> None:
    assert read(html, URL).inline_scripts == number


def test_a_slash_ends_an_element_in_xml_alone() -> None:
    page = "<script src='//a.example'/><script src='//b.example'></script>"

    assert read(page, URL).hosts["script"] == ("a.example",)
    assert read(page, URL, is_xml=True).hosts["script"] == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("changes", "is_page"),
    [
        ({}, True),
        ({"media_type": "application/xhtml+xml"}, True),
        ({"media_type": "text/plain"}, False),
        ({"media_type": None}, False),
        ({"charset": None}, False),
        ({"undecoded": "br"}, False),
    ],
)
def test_only_html_that_is_text_is_a_page(changes: dict[str, object], is_page: bool) -> None:
    whole = content(URL)
    whole["body"] |= changes

    assert (page_of(b"<title>A</title>", whole) is not None) == is_page


def test_a_page_is_read_in_its_encoding() -> None:
    whole = content(URL)
    whole["body"]["charset"] = "utf-16le"

    page = page_of("<title>é</title><script src=//a.example></script>".encode("utf-16-le"), whole)

    assert page is not None
    assert (page.title, page.hosts["script"]) == ("é", ("a.example",))


def test_what_is_kept_of_a_page_is_all_that_is_read() -> None:
    page = read("<title>A</title><meta name=generator content=B><script src=//c.example></script><script>1</script>", URL)

    kept = kept_page(content(URL) | {"page": document_of(page)})

    assert kept == page


def test_an_old_snapshot_has_no_page() -> None:
    assert kept_page(content(URL)) is None


def test_more_than_is_looked_at_is_a_defect() -> None:
    many = "".join(f"<img src=//{n}.example>" for n in range(MAX_HOSTS + 1))

    assert read(many, URL).defects == (f"the page has more than {MAX_HOSTS:,} hosts of images; the first are kept",)
    assert "elements" in read("<img src=a>" * (MAX_TAGS + 1), URL).defects[0]
    assert read("<img src=a>" * MAX_TAGS, URL).defects == ()


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "x" * 3_500_000 + "<img src=//a.example>",
        "".join(f"<b id={n}>" for n in range(300_000)) + "<img src=//a.example>",
        "<ul><li>" * 100_000 + "<img src=//a.example>",
        "<div><img src=//a.example>" * 100_000,
    ],
    ids=["div", "formatting", "lists", "images"],
)
def test_a_page_of_4_mb_that_nests_100_000_deep_costs_little_more_than_a_flat_one(page: str) -> None:
    flat = "<p class=a>text</p>" * 200_000 + "<img src=//a.example>"

    assert read(page, URL).hosts["image"] == ("a.example",)
    assert least_seconds(page) < 8 * least_seconds(flat)


def least_seconds(page: str) -> float:
    return min(cpu_seconds(lambda given: read(given, URL), page) for _ in range(3))


HOSTILE = {
    "tags": lambda size: "<b>" * size + "<img>",
    "deep": lambda size: "<div><p>" * size + "<img>",
    "formatting": lambda size: "".join(f"<b id={n}>" for n in range(size)) + "<img>",
    "loads": lambda size: "<img src=//a>" * size,
    "hosts": lambda size: "".join(f"<img src=//a{n}>" for n in range(size)),
    "attributes": lambda size: "<img " + " ".join(f"a{n}=b" for n in range(size)) + ">",
    "attributes of many": lambda size: ("<img " + " ".join(f"a{n}" for n in range(500)) + ">") * (size // 500),
    "angle brackets": lambda size: "<" * size + "<img>",
    "comments": lambda size: "<!-- -" * size + "--><img>",
    "quotes": lambda size: "<a b='" * size + "<img>",
    "equals signs": lambda size: "<a " + "=" * size + "><img>",
    "spaces": lambda size: "<img src=" + " " * size + "a>",
    "scripts": lambda size: "<script>" * size,
    "scripts in scripts": lambda size: "<script><!--" + "<script></script>" * size + "<img>",
    "drawings": lambda size: "<svg>" * size + "<title>",
    "drawings with titles": lambda size: "<svg><title></title>" * size,
    "titles": lambda size: "<title>a</title>" * size,
    "templates": lambda size: "<template>" * size + "<img>",
    "end tags": lambda size: "</b>" * size + "<img>",
    "bases": lambda size: "<base href=//a>" * size,
    "images of a set": lambda size: '<img srcset="' + "//a 1x," * size + '">',
    "parentheses of a set": lambda size: '<img srcset="//a ' + "(" * size + '">',
    "commas of a set": lambda size: '<img srcset="' + "," * size + '">',
    "references": lambda size: '<script src="' + "&amp;" * size + '"></script>',
    "a long reference": lambda size: '<script src="' + "a" * size + '"></script>',
    "slashes of a reference": lambda size: '<script src="' + "/" * size + '"></script>',
    "a long host": lambda size: '<script src="//' + "a." * size + '"></script>',
    "a long scheme": lambda size: '<script src="' + "a" * size + ':"></script>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_page_costs_is_in_proportion_to_its_length(name: str) -> None:
    assert_linear(lambda text: read(text, URL), HOSTILE[name], small=10_000)
