"""The catalogue of fields: what can be asked for, of which kind its values are, and which conditions it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ValueType(Enum):
    """What the values of a field are, all of them kept as text; the value is what a message calls one of them."""

    TEXT = "a text"
    URL = "a URL"
    HOST = "a host"
    ADDRESS = "an IP address"
    NUMBER = "a number"
    INSTANT = "an instant"
    TRUTH = "true or false"
    VERDICT = "fails, waived or unknown"


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or, where its name has `NAME` in it, one for each name that targets show.

    `cased`: case matters in its values. `named_in_lower_case`: the names that stand for `NAME` have none. `only_ranges`: it
    takes no single value. `only_latest`: it is known of the latest snapshot alone. `composed`: its values are NFC.
    """

    name: str
    value_type: ValueType
    sentence: str
    cased: bool = False
    named_in_lower_case: bool = True
    only_ranges: bool = False
    only_latest: bool = False
    composed: bool = False

    @property
    def ranges(self) -> bool:
        """Whether it can be compared with the ends of a range."""
        return self.value_type in (ValueType.NUMBER, ValueType.INSTANT)

    @property
    def compared_exactly(self) -> bool:
        """Whether values are compared as they are: case matters, or there is one spelling of each."""
        return self.cased or self.value_type is not ValueType.TEXT

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


def _cookie(attribute: str, value_type: ValueType, sentence: str) -> Field:
    return Field(f"cookie.NAME.{attribute}", value_type, sentence, named_in_lower_case=False)


CATALOGUE = (
    Field("url", ValueType.URL, "The target's URL.", cased=True),
    Field("host", ValueType.HOST, "The target's host."),
    Field("domain", ValueType.HOST, "The registrable domain of the target's host."),
    Field("scheme", ValueType.TEXT, "The target's scheme: http or https."),
    Field("port", ValueType.NUMBER, "The target's port."),
    Field("path", ValueType.TEXT, "The path of the target's URL.", cased=True),
    Field("status", ValueType.NUMBER, "The status code of the final response."),
    Field("reason", ValueType.TEXT, "The reason phrase of the final response."),
    Field("http_version", ValueType.TEXT, "The HTTP version of the final response."),
    Field("final.url", ValueType.URL, "The URL that answered after all redirects.", cased=True),
    Field("final.host", ValueType.HOST, "The host that answered after all redirects."),
    Field("ip", ValueType.ADDRESS, "The address that answered."),
    Field("media_type", ValueType.TEXT, "The media type of the body."),
    Field("charset", ValueType.TEXT, "The character encoding of the body."),
    Field("title", ValueType.TEXT, "The title of the page."),
    Field("generator", ValueType.TEXT, "The program that says it made the page."),
    Field("header.NAME", ValueType.TEXT, "The value of each header line of that name."),
    Field("redirect.url", ValueType.URL, "The URL of each redirecting response.", cased=True),
    Field("redirect.status", ValueType.NUMBER, "The status code of each redirecting response."),
    Field("redirect.header.NAME", ValueType.TEXT, "The value of each header line of that name in a redirecting response."),
    Field("redirects", ValueType.NUMBER, "How many redirects were followed."),
    _cookie("secure", ValueType.TRUTH, "Whether that cookie has the attribute Secure."),
    _cookie("httponly", ValueType.TRUTH, "Whether that cookie has the attribute HttpOnly."),
    _cookie("samesite", ValueType.TEXT, "The attribute SameSite of that cookie."),
    _cookie("accepted", ValueType.TRUTH, "Whether a browser would accept that cookie."),
    _cookie("reason", ValueType.TEXT, "Why a browser would refuse that cookie."),
    _cookie("host_only", ValueType.TRUTH, "Whether that cookie is for its host alone."),
    _cookie("partitioned", ValueType.TRUTH, "Whether that cookie has the attribute Partitioned."),
    Field("cookie.NAME", ValueType.TEXT, "The attributes of that cookie in one line.", named_in_lower_case=False),
    Field("tls.version", ValueType.TEXT, "The version of TLS."),
    Field("tls.cipher", ValueType.TEXT, "The cipher suite of the connection."),
    Field("tls.issuer", ValueType.TEXT, "Who issued the certificate."),
    Field("tls.subject", ValueType.TEXT, "Whom the certificate is for."),
    Field("tls.name", ValueType.TEXT, "Each host name that the certificate is valid for."),
    Field("tls.sha256", ValueType.TEXT, "The SHA-256 of the certificate."),
    Field("tls.not_after", ValueType.INSTANT, "When the certificate expires."),
    Field("script.host", ValueType.HOST, "Each host that the page loads scripts from."),
    Field("script.inline", ValueType.NUMBER, "How many scripts the page contains."),
    Field("link.host", ValueType.HOST, "Each host that the page's link elements load from."),
    Field("image.host", ValueType.HOST, "Each host that the page loads images from."),
    Field("frame.host", ValueType.HOST, "Each host that the page shows in frames."),
    Field("form.host", ValueType.HOST, "Each host that the page's forms are sent to."),
    Field("body.sha256", ValueType.TEXT, "The SHA-256 of the body."),
    Field("body.size", ValueType.NUMBER, "The bytes of the body.", only_ranges=True, only_latest=True),
    Field("elapsed_ms", ValueType.NUMBER, "The milliseconds that the answer took.", only_ranges=True, only_latest=True),
    Field("failure", ValueType.TEXT, "The code of the failure of the last collection."),
    Field("defect", ValueType.TEXT, "Each defect that the last collection found."),
    Field("tag", ValueType.TEXT, "Each label that people gave the target.", composed=True),
    Field("policy.NAME", ValueType.VERDICT, "What a rule of an indexed policy comes to, if it does not hold."),
    Field("grade", ValueType.TEXT, "The grade that the policy observatory gives."),
    Field("grade.NAME", ValueType.TEXT, "The grade that another indexed policy gives."),
)
"""All fields. Of two families that a name is in, the first is meant: `cookie.sid.secure` is not a cookie `sid.secure`."""
FIXED = {field.name: field for field in CATALOGUE if not field.is_family}
FAMILIES = tuple(field for field in CATALOGUE if field.is_family)
POLICY, GRADE = "policy.", "grade"
"""What the names of rules of policies begin with, and the grade of the one policy that needs no name."""
GRADED = "observatory"
ALIASES = {f"{GRADE}.{GRADED}": GRADE}


def is_verdict(name: str) -> bool:
    """Whether a field tells what policies say of a snapshot: its changes follow from those of others."""
    return name == GRADE or name.startswith((POLICY, f"{GRADE}."))
