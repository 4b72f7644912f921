"""The few tags of a page that are read are those that a parser of the whole page finds, whatever the page is made of."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from inventory.html_pages.loading import KINDS, references_of
from inventory.html_pages.page import read
from inventory.html_pages.reference_hosts import Base

URL = "http://own.example/"

PIECES = [
    *("<", ">", "</", "/", "=", '"', "'", " ", "\n", "a", "&lt;", "<!", "<?", "<!--", "-->", "--!>", "<!-->", "<![CDATA["),
    *("<b>", "</b>", "<p>", "</p", "<a href=", "<div title='", '<div title="', "'>", '">', '<div ="', '<div a=b"'),
    *("<img src=//i1.example>", "<img alt='>' src='//i2.example'>", "<IMG SRC=//i3.example ", "<img/src=//i4.example>"),
    *("<script src=//s1.example></script>", "<script src=//s2.example>", "<script>", "</script>", "<script "),
    *("<iframe src=//f1.example>", "</iframe>", "<embed src=//f2.example>", "<object data=//f3.example>", "</object>"),
    *(
        "<link rel=stylesheet href=//l1.example>",
        "<base href=//b1.example>",
        "<img src=c>",
        "<input type=image src=//i5.example>",
    ),
    *(
        "<title>",
        "</title>",
        "<style>",
        "</style>",
        "<textarea>",
        "</textarea>",
        "<noscript>",
        "</noscript>",
        '</title a=">">',
    ),
    *("<xmp>", "</xmp>", "<noembed>", "</noembed>", "<table><tr><td>", "</table>", "<img srcset='//i6.example 2x, d 3x'>"),
]
"""But for forms in forms and frames in bodies: a parser leaves these out, and here they count."""


def found_in_the_whole_tree(html: str) -> dict[str, set[str]]:
    base, has_base = Base(URL), False
    hosts: dict[str, set[str]] = {kind: set() for kind in KINDS}
    root = LexborHTMLParser(html, scripting=True).root
    for node in root.traverse() if root is not None else ():
        attributes = {name: value or "" for name, value in node.attributes.items()}
        if node.tag == "base" and "href" in attributes and not has_base:
            base, has_base = base.joined(attributes["href"]), True
        for kind, reference in references_of(node.tag or "", attributes):
            hosts[kind] |= {host for host in [base.host_of(reference)] if host}
    return hosts


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_a_page_loads_what_is_in_the_tree_of_all_its_elements(html: str) -> None:
    hosts = read(html, URL).hosts

    assert {kind: set(found) for kind, found in hosts.items()} == found_in_the_whole_tree(html)


@settings(max_examples=300, deadline=None)
@given(st.text(), st.text())
def test_any_text_is_read(html: str, url: str) -> None:
    assert read(html, url).inline_scripts >= 0
    assert read(f"<script src='{html}'></script><base href='{html}'><title>{html}", f"https://{url}/").defects == ()
