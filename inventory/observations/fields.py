"""The catalogue of fields: what can be asked for, of which kind its values are, and which conditions it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What the values of a field are, all of them kept as text; the value is what a message calls one of them."""

    TEXT = "a text"
    URL = "a URL"
    HOST = "a host"
    ADDRESS = "an IP address"
    NUMBER = "a number"
    INSTANT = "an instant"
    TRUTH = "true or false"


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or, where its name has `NAME` in it, one for each name that targets show.

    `cased`: case matters in its values. `named_in_lower_case`: the names that stand for `NAME` have none. `only_ranges`: it
    takes no single value. `only_latest`: it is known of the latest snapshot alone. `composed`: its values are NFC.
    """

    name: str
    kind: Kind
    sentence: str
    cased: bool = False
    named_in_lower_case: bool = True
    only_ranges: bool = False
    only_latest: bool = False
    composed: bool = False

    @property
    def ranges(self) -> bool:
        """Whether it can be compared with the ends of a range."""
        return self.kind in (Kind.NUMBER, Kind.INSTANT)

    @property
    def compared_exactly(self) -> bool:
        """Whether values are compared as they are: case matters, or there is one spelling of each."""
        return self.cased or self.kind is not Kind.TEXT

    @property
    def is_family(self) -> bool:
        """Whether it stands for many fields."""
        return "NAME" in self.name

    @property
    def prefix(self) -> str:
        """What names begin with before `NAME`."""
        return self.name.partition("NAME")[0]

    @property
    def suffix(self) -> str:
        """What names end with after `NAME`."""
        return self.name.partition("NAME")[2]


def _cookie(attribute: str, kind: Kind, sentence: str) -> Field:
    return Field(f"cookie.NAME.{attribute}", kind, sentence, named_in_lower_case=False)


CATALOGUE = (
    Field("url", Kind.URL, "The target's URL.", cased=True),
    Field("host", Kind.HOST, "The target's host."),
    Field("domain", Kind.HOST, "The registrable domain of the target's host."),
    Field("scheme", Kind.TEXT, "The target's scheme: http or https."),
    Field("port", Kind.NUMBER, "The target's port."),
    Field("path", Kind.TEXT, "The path of the target's URL.", cased=True),
    Field("status", Kind.NUMBER, "The status code of the final response."),
    Field("reason", Kind.TEXT, "The reason phrase of the final response."),
    Field("http_version", Kind.TEXT, "The HTTP version of the final response."),
    Field("final.url", Kind.URL, "The URL that answered after all redirects.", cased=True),
    Field("final.host", Kind.HOST, "The host that answered after all redirects."),
    Field("ip", Kind.ADDRESS, "The address that answered."),
    Field("media_type", Kind.TEXT, "The media type of the body."),
    Field("charset", Kind.TEXT, "The character encoding of the body."),
    Field("title", Kind.TEXT, "The title of the page."),
    Field("generator", Kind.TEXT, "The program that says it made the page."),
    Field("header.NAME", Kind.TEXT, "The value of each header line of that name."),
    Field("redirect.url", Kind.URL, "The URL of each redirecting response.", cased=True),
    Field("redirect.status", Kind.NUMBER, "The status code of each redirecting response."),
    Field("redirect.header.NAME", Kind.TEXT, "The value of each header line of that name in a redirecting response."),
    Field("redirects", Kind.NUMBER, "How many redirects were followed."),
    _cookie("secure", Kind.TRUTH, "Whether that cookie has the attribute Secure."),
    _cookie("httponly", Kind.TRUTH, "Whether that cookie has the attribute HttpOnly."),
    _cookie("samesite", Kind.TEXT, "The attribute SameSite of that cookie."),
    _cookie("accepted", Kind.TRUTH, "Whether a browser would accept that cookie."),
    _cookie("reason", Kind.TEXT, "Why a browser would refuse that cookie."),
    _cookie("host_only", Kind.TRUTH, "Whether that cookie is for its host alone."),
    _cookie("partitioned", Kind.TRUTH, "Whether that cookie has the attribute Partitioned."),
    Field("cookie.NAME", Kind.TEXT, "The attributes of that cookie in one line.", named_in_lower_case=False),
    Field("tls.version", Kind.TEXT, "The version of TLS."),
    Field("tls.cipher", Kind.TEXT, "The cipher suite of the connection."),
    Field("tls.issuer", Kind.TEXT, "Who issued the certificate."),
    Field("tls.subject", Kind.TEXT, "Whom the certificate is for."),
    Field("tls.name", Kind.TEXT, "Each host name that the certificate is valid for."),
    Field("tls.sha256", Kind.TEXT, "The SHA-256 of the certificate."),
    Field("tls.not_after", Kind.INSTANT, "When the certificate expires."),
    Field("script.host", Kind.HOST, "Each host that the page loads scripts from."),
    Field("script.inline", Kind.NUMBER, "How many scripts the page contains."),
    Field("link.host", Kind.HOST, "Each host that the page's link elements load from."),
    Field("image.host", Kind.HOST, "Each host that the page loads images from."),
    Field("frame.host", Kind.HOST, "Each host that the page shows in frames."),
    Field("form.host", Kind.HOST, "Each host that the page's forms are sent to."),
    Field("body.sha256", Kind.TEXT, "The SHA-256 of the body."),
    Field("body.size", Kind.NUMBER, "The bytes of the body.", only_ranges=True, only_latest=True),
    Field("elapsed_ms", Kind.NUMBER, "The milliseconds that the answer took.", only_ranges=True, only_latest=True),
    Field("failure", Kind.TEXT, "The code of the failure of the last collection."),
    Field("defect", Kind.TEXT, "Each defect that the last collection found."),
    Field("tag", Kind.TEXT, "Each label that people gave the target.", composed=True),
)
"""All fields. Of two families that a name is in, the first is meant: `cookie.sid.secure` is not a cookie `sid.secure`."""
FIXED = {field.name: field for field in CATALOGUE if not field.is_family}
FAMILIES = tuple(field for field in CATALOGUE if field.is_family)
