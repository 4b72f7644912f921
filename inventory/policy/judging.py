"""Judges whether a snapshot meets a requirement: pure functions, in time in proportion to what the snapshot says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, assert_never

from inventory.policy import csp
from inventory.policy.judging_headers import header_problems
from inventory.policy.model import Evidence
from inventory.policy.requirements import All, AnyOf, Cookie, Csp, Fact, Header, LoadedHosts, Not, Presence, Requirement
from inventory.policy.seen import Hop, Seen
from inventory.policy.seen_values import attribute_of, chosen_hops, clipped, fact_values
from inventory.policy.value_tests import ValueTest, glob
from inventory.public_suffixes import registrable

MAX_EVIDENCE = 20
"""Of one rule; more is counted."""
MAX_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Result:
    """Where a requirement is not met, nowhere if it holds; `unknown` says why it cannot be told."""

    problems: Sequence[Evidence] = ()
    unknown: str = ""
    omitted: int = 0

    @property
    def holds(self) -> bool:
        """Whether it is known to be met."""
        return not self.problems and not self.unknown


def judged(requirement: Requirement, seen: Seen) -> Result:
    """Whether a snapshot meets a requirement, and where it does not."""
    match requirement:
        case All(parts):
            return _joined([judged(each, seen) for each in parts])
        case AnyOf(parts):
            return _any_of([judged(each, seen) for each in parts])
        case Not(part):
            result = judged(part, seen)
            return Result([Evidence(problem="what may not be so is so")]) if result.holds else Result((), result.unknown)
        case Header():
            return _bounded(header_problems(requirement, seen))
        case Cookie():
            return _bounded(_cookie_problems(requirement, seen))
        case Csp():
            return _bounded(_csp_problems(requirement, seen))
        case Fact():
            if requirement.of == "certificate" and seen.certificate_is_unknown:
                return Result((), "its certificate is not known")
            return _bounded(_fact_problems(requirement, seen))
        case LoadedHosts():
            return _of_hosts(requirement, seen)
        case _:
            assert_never(requirement)


def _bounded(problems: Iterator[Evidence]) -> Result:
    kept = list(islice(problems, MAX_EVIDENCE))
    return Result(kept, omitted=sum(1 for _ in islice(problems, MAX_COUNTED)))


def _joined(results: Sequence[Result]) -> Result:
    """What is not met is told also where something else is not known."""
    problems = [each for result in results for each in result.problems]
    omitted = sum(each.omitted for each in results) + max(0, len(problems) - MAX_EVIDENCE)
    unknown = "" if problems else next((each.unknown for each in results if each.unknown), "")
    return Result(problems[:MAX_EVIDENCE], unknown, omitted)


def _any_of(results: Sequence[Result]) -> Result:
    if any(each.holds for each in results):
        return Result()
    unknown = next((each.unknown for each in results if each.unknown and not each.problems), "")
    return Result((), unknown) if unknown else _joined(results)


def _cookie_problems(wanted: Cookie, seen: Seen) -> Iterator[Evidence]:
    names = [glob(each) for each in wanted.names]
    hops = {hop.number for hop in chosen_hops(wanted.hops, seen)}
    found = [
        (each, hop)
        for each in seen.cookies
        if any(name(str(each.get("name", ""))) for name in names) and (hop := seen.hop_of(each)).number in hops
    ]
    if wanted.presence is Presence.PRESENT and wanted.attribute is None and not found:
        yield Evidence(problem="no such cookie is set", name=clipped(", ".join(wanted.names)))
    for cookie, hop in found:
        problem = _cookie_problem(wanted, cookie, seen)
        if problem is not None:
            name = clipped(str(cookie.get("name", "")))
            yield Evidence(problem=problem, hop=hop.number, name=name)


def _cookie_problem(wanted: Cookie, cookie: Mapping[str, Any], seen: Seen) -> str | None:
    if wanted.presence is Presence.ABSENT and wanted.attribute is None:
        return "the cookie is set"
    if wanted.attribute is None:
        return None
    value = attribute_of(cookie, wanted.attribute, seen)
    if wanted.presence is Presence.ABSENT:
        return None if value is None else f"it has `{wanted.attribute}`: {clipped(value)}"
    if value is None:
        return None if wanted.may_lack else f"it has no `{wanted.attribute}`"
    problem = wanted.test.problem(value)
    return None if problem is None else f"its `{wanted.attribute}`, {clipped(value) or 'empty'}, {problem}"


def _csp_problems(wanted: Csp, seen: Seen) -> Iterator[Evidence]:
    header = csp.REPORTED if wanted.report_only else csp.ENFORCED
    for hop in chosen_hops(wanted.hops, seen):
        policies = hop.policies(header)
        said = [each for each in policies if each.sources(wanted.directive, explicit=wanted.explicit) is not None]
        if wanted.presence is Presence.PRESENT and not said:
            yield _of_hop(hop, header, _nothing_said(wanted, hop, bool(policies)))
        elif wanted.presence is Presence.ABSENT:
            yield from (_of_line(hop, header, each.line, f"it has `{wanted.directive}`") for each in said)
        if wanted.forbids or wanted.only:
            yield from _source_problems(wanted, hop, header)


def _nothing_said(wanted: Csp, hop: Hop, has_policy: bool) -> str:
    if has_policy:
        return f"no policy restricts `{wanted.directive}`"
    if not wanted.report_only and csp.REPORTED in hop.lines:
        return "there is no policy: one in content-security-policy-report-only is reported alone, not enforced"
    return "there is no policy"


def _source_problems(wanted: Csp, hop: Hop, header: str) -> Iterator[Evidence]:
    sources = csp.allowed(hop.policies(header), wanted.directive, explicit=wanted.explicit)
    bad = dict(csp.matching(sources, wanted.forbids)) if wanted.forbids else {}
    if wanted.only:
        good = dict(csp.matching(sources, wanted.only))
        bad |= {source: line for source, line in sources.items() if source not in good}
    for source, line in bad.items():
        problem = f"`{wanted.directive}` allows {clipped(source)}"
        yield _of_line(hop, header, line, problem) if line else _of_hop(hop, header, f"{problem}: there is no policy")


def _of_line(hop: Hop, header: str, line: int, problem: str) -> Evidence:
    value = next((value for number, value in hop.lines.get(header, ()) if number == line), "")
    return Evidence(problem=problem, hop=hop.number, line=line, name=header, value=clipped(value))


def _of_hop(hop: Hop, header: str, problem: str) -> Evidence:
    return Evidence(problem=problem, hop=hop.number, name=header)


def _fact_problems(wanted: Fact, seen: Seen) -> Iterator[Evidence]:
    name = f"{wanted.of} {wanted.name}"
    for hop, values in fact_values(wanted, seen):
        if not values and wanted.presence is Presence.PRESENT:
            yield Evidence(problem=f"there is no {name}", hop=hop.number, name=name)
        for value in values:
            problem = "is there" if wanted.presence is Presence.ABSENT else wanted.test.problem(value)
            if problem is not None:
                shown = clipped(value)
                yield Evidence(problem=f"{shown} {problem}", hop=hop.number, name=name, value=shown)


def _of_hosts(wanted: LoadedHosts, seen: Seen) -> Result:
    """Of a page that is known in part, what it loads from decides; that there is no more does not."""
    if seen.page is None:
        return Result((), "the hosts that its page loads from are not known")
    hosts = seen.page.hosts
    listed = [(kind, host) for kind in wanted.kinds for host in hosts.get(kind, ())]
    found = [(kind, host) for kind, host in listed if not wanted.third_party or registrable(host) != seen.site]
    result = _bounded(_host_problems(wanted, seen.hops[-1], found))
    is_enough = wanted.presence is Presence.PRESENT and wanted.test == ValueTest()
    if seen.page_is_cut and not (found and (result.problems or is_enough)):
        return Result((), "only a part of its page is known")
    return result


def _host_problems(wanted: LoadedHosts, hop: Hop, found: Sequence[tuple[str, str]]) -> Iterator[Evidence]:
    if wanted.presence is Presence.PRESENT and not found:
        yield Evidence(problem="it loads from no such host", hop=hop.number)
    for kind, host in found:
        problem = "is loaded from" if wanted.presence is Presence.ABSENT else wanted.test.problem(host)
        if problem is not None:
            shown = clipped(host)
            yield Evidence(problem=f"{shown} ({kind}) {problem}", hop=hop.number, name=kind, value=shown)
