"""`inventory check`: judges what is stored by a policy, from a terminal or in a pipeline.

Exit codes: 0 all is clean, 1 there are findings, 2 something could not be checked, 3 there is nothing to check, 4 the
command, the policy or the query is not valid.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from itertools import chain
from pathlib import Path
from typing import Any, ParamSpec

import click

from inventory import wiring
from inventory.commands.check_formats import TablePiece, print_replay, print_verdicts
from inventory.commands.check_processes import Batch, Task, pieces, usable_cores
from inventory.commands.terminal import WHEN
from inventory.config import Settings
from inventory.errors import InvalidRequest, InventoryError, UnknownPolicy
from inventory.instants import read_instant
from inventory.policy.builtin_policies import builtin
from inventory.policy.documents import replay_document
from inventory.policy.judgement import Judge
from inventory.policy.model import Policy, TargetStatus
from inventory.policy.reading import read
from inventory.policy.replaying import TargetHistory, time_of
from inventory.policy.reports import REPORTS, Piece
from inventory.policy.service import AT_ONCE, Asked
from inventory.records.model import Record, Target
from inventory.services import Services
from inventory.webpages.model import SOURCE

CLEAN, FINDINGS, NOT_CHECKED, NOTHING, USAGE = range(5)
BATCH = 1_000
"""Targets that are judged in one go."""
MAX_PROCESSES = 64
MAX_AGE = 1_000_000_000
"""Seconds, which are thirty years."""
P = ParamSpec("P")


class NotValid(click.UsageError):
    """A command that is called wrongly."""

    exit_code = USAGE


class Checking(click.Command):
    """A command that is called wrongly ends with 4, because 2 means that something could not be checked."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """The context of a call."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise NotValid(error.format_message(), error.ctx) from error


def exits(command: Callable[P, int]) -> Callable[P, None]:
    """Turn a domain error into one line on standard error, and exit with the code of the command or the error."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except InventoryError as error:
            click.echo(f"inventory: {error}", err=True)
            sys.exit(USAGE if isinstance(error, InvalidRequest) else NOT_CHECKED)
        except BrokenPipeError:  # `check … | head`; click ends quietly
            raise
        except OSError as error:
            click.echo(f"inventory: The output cannot be written: {error.strerror}.", err=True)
            sys.exit(NOT_CHECKED)
        sys.exit(code)

    return run


@click.command(cls=Checking)
@click.argument("targets", metavar="FILE|QUERY")
@click.option("--policy", "policy_name", metavar="ID|FILE", required=True, help="The policy, such as baseline.")
@click.option("--as-of", "at", metavar=WHEN, help="Judge what was stored then.  [default: now]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "junit", "sarif", "csv"]),
    default="table",
    show_default=True,
    help="What is printed.",
)
@click.option("--max-age", type=click.IntRange(0, MAX_AGE), metavar="SECONDS", help="Older snapshots are not judged.")
@click.option("--replay", is_flag=True, help="Judge all snapshots of a time instead, up to --as-of.")
@click.option("--since", metavar=WHEN, help="When that time begins.  [default: 7d]")
@click.option(
    "--processes",
    type=click.IntRange(1, MAX_PROCESSES),
    default=usable_cores,
    show_default="the cores of this machine",
    help="How many judge, if there are many targets.",
)
@exits
def check(
    targets: str,
    policy_name: str,
    at: str | None,
    form: str,
    max_age: int | None,
    replay: bool,
    since: str | None,
    processes: int,
) -> int:
    """Judge stored snapshots by a policy. Nothing is collected.

    FILE has one URL a line. QUERY (docs/queries.md) is one word for your shell: put it in quotes.

    Exit codes: 0 clean, 1 findings, 2 something could not be checked, 3 nothing to check, 4 not valid.
    """
    services = wiring.build(Settings.read())
    policy = policy_named(services, policy_name)
    if replay:
        if max_age is not None or form not in ("table", "json"):
            raise NotValid("--replay is printed as a table or JSON, and takes no --max-age.")
        return _replay(services, Judge(policy), targets, since or "7d", at, form)
    if since is not None:
        raise NotValid("--since is for --replay.")
    instant = None if at is None else read_instant("as-of", at, services.policies.clock())
    asked = Asked(at=instant, max_age=None if max_age is None else timedelta(seconds=max_age))
    task = Task(policy=policy, asked=asked, form=form, at=instant or services.policies.clock())
    counts: Counter[str] = Counter()
    found = _counted(pieces(services, task, _batches(services, targets, at), processes), counts)
    first = next(found, None)
    if first is None:
        return _nothing(targets)
    _print(task, chain([first], found))
    return exit_code(counts)


def _nothing(targets: str) -> int:
    """Say why there is nothing to check: a name of a file that is not there is a query, too."""
    no_file = f"there is no file {targets}, and as a query it matches no target"
    why = f"{targets} names no URL" if _is_file(targets) else no_file
    click.echo(f"inventory: Nothing was checked: {why}.", err=True)
    return NOTHING


def _print(task: Task, found: Iterable[Any]) -> None:
    if task.form == "table":
        print_verdicts(task.policy, found)
        return
    for each in REPORTS[task.form](task.policy, task.at).document(found):
        click.echo(each, nl=False)


def _counted(found: Iterable[Piece | TablePiece], counts: Counter[str]) -> Iterator[Piece | TablePiece]:
    for each in found:
        counts.update(each.counts)
        yield each


def policy_named(services: Services, name: str) -> Policy:
    """The policy in a file, or of an id: a built-in one, or one that the API keeps."""
    if not _is_file(name):
        try:
            return services.policies.find(name)
        except UnknownPolicy as error:
            raise InvalidRequest(f"There is no policy and no file {name}. Built in are {', '.join(builtin())}.") from error
    try:
        return read(_text_in(name))
    except (InvalidRequest, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{name}: {error}") from error


def _is_file(text: str) -> bool:
    """Whether a text is the name of a file, or of a pipe; a query may be too long for a name."""
    try:
        return Path(text).exists() and not Path(text).is_dir()
    except OSError:
        return False


def _text_in(name: str) -> str:
    """The text of a file in UTF-8, without the mark that editors put before it."""
    try:
        return Path(name).read_text("utf-8-sig")
    except OSError as error:
        raise InvalidRequest(f"it cannot be read: {error.strerror}. Check its permissions.") from error


def exit_code(counts: Mapping[str, int]) -> int:
    """Findings come before what could not be checked, and that before what is clean."""
    if counts[TargetStatus.FINDINGS.value]:
        return FINDINGS
    return NOT_CHECKED if counts[TargetStatus.UNCHECKED.value] else CLEAN


def _batches(services: Services, targets: str, at: str | None) -> Iterator[Batch]:
    """The targets that are meant, or the ids of their records, some at a time."""
    if _is_file(targets):
        wanted = targets_in(services, targets)
        yield from (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))
        return
    yield from filter(None, services.search.ids(services.search.question(targets, at), at_once=BATCH))


def _replay(services: Services, judge: Judge, targets: str, since: str, until: str | None, form: str) -> int:
    begin, end = time_of(since, until, services.policies.clock())
    found: list[TargetHistory] = []
    unknown = 0
    for records, missing in _records(services, targets):
        found += services.replays.replay(judge, records, since=begin, until=end)
        unknown += missing
    if not found and not unknown:
        return _nothing(targets)
    document = replay_document(judge.policy, begin, end, found)
    document["unchecked"] += unknown
    if form == "json":
        click.echo(json.dumps(document))
    else:
        print_replay(document)
    if document["targets"]:
        return FINDINGS
    return NOT_CHECKED if document["unchecked"] else CLEAN


def _records(services: Services, targets: str) -> Iterator[tuple[Sequence[Record], int]]:
    """The records that are meant, some at a time, and how many targets have none."""
    if not _is_file(targets):
        for page in services.search.pages(services.search.question(targets), show=()):
            yield [each.record for each in page], 0
        return
    wanted = targets_in(services, targets)
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        records = services.records.find_all([each.id for each in some])
        yield list(records.values()), len(some) - len(records)


def targets_in(services: Services, name: str) -> Sequence[Target]:
    """The targets of the URLs in a file, each once; empty lines and those that begin with `#` are left out."""
    found: dict[str, Target] = {}
    try:
        lines = _text_in(name).splitlines()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{name}: it is not UTF-8. Write one URL a line.") from error
    except InvalidRequest as error:
        raise InvalidRequest(f"{name}: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            target = services.records.target(SOURCE, line.strip())
        except InvalidRequest as error:
            raise InvalidRequest(f"{name}, line {number}: {error}") from error
        found[target.id] = target
    return list(found.values())
