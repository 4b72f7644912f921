"""Judges what is stored of targets by a policy, now or as of an earlier instant. Nothing is collected for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from inventory import json_bytes
from inventory.clock import MILLISECOND, Clock, rfc3339
from inventory.errors import NameTaken, NotFound, TooManyPolicies, UnknownPolicy
from inventory.html_pages.page import Page, page_of
from inventory.json_members import is_object
from inventory.listing import Key
from inventory.observations.model import FAILURE, TAG, IndexState, Word
from inventory.policy.builtin_policies import builtin
from inventory.policy.indexing import PolicyIndexing
from inventory.policy.judgement import Judge, Looked
from inventory.policy.model import MAX_POLICIES, KeptPolicy, Policy, TargetStatus, Unchecked, Verdict
from inventory.policy.ports import ObservedTargets, Policies
from inventory.policy.reading import of_document
from inventory.policy.seen import hop_urls
from inventory.records.model import Record, Snapshot, Target
from inventory.records.service import RecordService
from inventory.records.snapshots import SnapshotService

Row = TypeVar("Row")

CHECK_FOR = 2.0
"""Seconds after which no further target of a page is looked at."""
SHOWN = 100
AT_ONCE = 100
"""Targets whose failures and labels are read at once."""
_FIELDS = (Word(FAILURE, exact=True), Word(TAG, exact=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """As of when targets are judged, None for now; of what age a snapshot may be at most, None for any."""

    at: datetime | None = None
    max_age: timedelta | None = None


class PolicyService:
    """Judges targets by policies. Every method may raise `StorageUnavailable`."""

    def __init__(
        self,
        policies: Policies,
        observed: ObservedTargets,
        records: RecordService,
        snapshots: SnapshotService,
        indexing: PolicyIndexing,
        *,
        clock: Clock,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policies, self._observed, self._indexing = policies, observed, indexing
        self._records, self._snapshots = records, snapshots
        self._ticks, self.clock = ticks, clock

    def find(self, policy_id: str) -> Policy:
        """The built-in or kept policy of an id; else `UnknownPolicy`."""
        if policy_id in builtin():
            return builtin()[policy_id]
        kept = self._policies.find(policy_id)
        if kept is None:
            raise UnknownPolicy(f"There is no policy {policy_id[:SHOWN]}; /api/v1/policies lists all.")
        return of_document(json.loads(kept.document))

    def listing(self, *, limit: int, after: Key | None) -> Sequence[KeptPolicy]:
        """Kept policies by (created_at, id), newest first."""
        return self._policies.listing(limit=limit, after=after)

    def keep(self, policy: Policy) -> tuple[KeptPolicy, bool]:
        """Keep a policy, in place of the one with its id; whether there was none.

        `NameTaken` if that is built in, and `TooManyPolicies` if there are enough.
        """
        if policy.id in builtin():
            raise NameTaken(f"The policy {policy.id} is built in. Give yours another id.")
        now, document = self.clock(), json_bytes.dumps(policy.document)
        before = self._policies.find(policy.id)
        changed_at = now if before is None else max(now, before.changed_at + MILLISECOND)  # tells the two apart
        wanted = KeptPolicy(id=policy.id, created_at=now, changed_at=changed_at, document=document)
        with self._indexing.changing(really=before is None or before.document != document):
            kept = self._policies.put(wanted, at_most=MAX_POLICIES)
        if kept is None:
            raise TooManyPolicies(f"There are {MAX_POLICIES} policies, and no more are kept. Delete one that is not needed.")
        return kept, before is None

    def delete(self, policy_id: str) -> None:
        """Remove a kept policy; `NameTaken` if it is built in, and `UnknownPolicy` if there is none."""
        if policy_id in builtin():
            raise NameTaken(f"The policy {policy_id} is built in, and stays.")
        with self._indexing.changing():
            is_deleted = self._policies.delete(policy_id)
        if not is_deleted:
            raise UnknownPolicy(f"There is no policy {policy_id[:SHOWN]}; /api/v1/policies lists all.")

    def index_states(self) -> Mapping[str, IndexState]:
        """Whether searches find what policies say, by id; of those that are not there, they find nothing."""
        return self._indexing.states()

    def check_in_time(self, judge: Judge, records: Sequence[Record], asked: Asked) -> Sequence[Verdict]:
        """The verdicts on the first records, one at least, for which there is time: fewer if they take long."""
        return self.in_time(self.check_records(judge, records, asked))

    def in_time(self, work: Iterable[Row]) -> Sequence[Row]:
        """The first results of some work, one at least, for which there is time."""
        end = self._ticks() + CHECK_FOR
        done: list[Row] = []
        for each in work:
            done.append(each)
            if self._ticks() >= end:
                break
        return done

    def check(self, judge: Judge, targets: Sequence[Target], asked: Asked) -> Iterator[Verdict]:
        """The verdict on each target, in their order; one of which nothing is known could not be checked."""
        for start in range(0, len(targets), AT_ONCE):
            some = targets[start : start + AT_ONCE]
            ids = [each.id for each in some]
            found = self._check_known(judge, self._records.find_all(ids), asked)
            known = {each.record_id: each for each in found}
            yield from (known.get(name) or _not_in_inventory(each) for name, each in zip(ids, some, strict=True))

    def check_found(self, judge: Judge, record_ids: Sequence[str], asked: Asked) -> Iterator[Verdict]:
        """The verdict on each of up to 1,000 records that exists, in their order."""
        records = self._records.find_all(record_ids)
        return self._check_known(judge, {each: records[each] for each in record_ids if each in records}, asked)

    def check_records(self, judge: Judge, records: Sequence[Record], asked: Asked) -> Iterator[Verdict]:
        """The verdict on each record, in their order."""
        return self._check_known(judge, {each.id: each for each in records}, asked)

    def _check_known(self, judge: Judge, records: Mapping[str, Record], asked: Asked) -> Iterator[Verdict]:
        """The same of records by their ids, which take a while to be worked out."""
        ids = list(records)
        for start in range(0, len(ids), AT_ONCE):
            some = {each: records[each] for each in ids[start : start + AT_ONCE]}
            before = None if asked.at is None else asked.at + MILLISECOND
            snapshots = self._snapshots.latest_of_each(list(some), before=before)
            failures, tags = self._stated(judge, some, asked.at)
            now = self.clock() if asked.at is None else asked.at
            for record_id, record in some.items():
                found = snapshots.get(record_id), failures.get(record_id), tags.get(record_id, ())
                yield self._check(judge, record_id, record, asked, now, *found)

    def judge(self, judge: Judge, target: Target, snapshot: Snapshot, at: datetime, tags: Sequence[str]) -> Verdict:
        """The verdict on one snapshot, as of an instant."""
        if not is_object(snapshot.content.get("response")):
            detail = f"The source {target.source} serves no responses to judge."
            return Verdict(url=target.key, record_id=snapshot.record_id, status=TargetStatus.UNCHECKED,
                           reason=Unchecked.NOT_A_WEBPAGE, detail=detail)  # fmt: skip
        page = self._page(snapshot) if judge.asks_for_hosts else None
        looked = Looked(
            target=target,
            content=snapshot.content,
            collected_at=snapshot.collected_at,
            at=at,
            tags=tags,
            page=page,
        )
        judgement = judge.judge(looked)
        unknown = judgement.unknown
        is_unchecked = unknown is not None and not judgement.fails
        return Verdict(
            url=target.key,
            record_id=snapshot.record_id,
            status=_status(fails=judgement.fails, unchecked=is_unchecked),
            reason=Unchecked.PAGE_UNKNOWN if is_unchecked else None,
            detail=f"Rule {unknown.rule.id}: {unknown.evidence[0].problem}." if is_unchecked and unknown else "",
            snapshot_id=snapshot.id,
            collected_at=snapshot.collected_at,
            judgement=judgement,
            hop_urls=hop_urls(snapshot.content, target.key),
        )

    def _stated(
        self, judge: Judge, records: Mapping[str, Record], at: datetime | None
    ) -> tuple[Mapping[str, str], Mapping[str, Sequence[str]]]:
        """The codes of last failures, and the labels that scopes ask for, by the ids of records."""
        if at is None:
            failed = {name: each.failure.code for name, each in records.items() if each.failure is not None}
            shown = self._observed.values(list(records), [TAG]) if judge.asks_for_tags else {}
            return failed, {name: [value for _, value in pairs] for name, pairs in shown.items()}
        state = self._observed.shown(list(records), _FIELDS, at=at)
        failures = {name: each.value for name, seen in state.items() for each in seen if each.field == FAILURE}
        return failures, {name: [each.value for each in seen if each.field == TAG] for name, seen in state.items()}

    def _check(
        self,
        judge: Judge,
        record_id: str,
        record: Record,
        asked: Asked,
        now: datetime,
        snapshot: Snapshot | None,
        failure: str | None,
        tags: Sequence[str],
    ) -> Verdict:
        target = record.target
        if failure is not None:
            return _unchecked(target, record_id, Unchecked.FAILED, f"The last collection failed: {failure}.")
        if snapshot is None:
            when = "yet" if asked.at is None else f"that is kept and as old as {rfc3339(asked.at)}"
            return _unchecked(target, record_id, Unchecked.NEVER_COLLECTED, f"There is no snapshot {when}.")
        if asked.max_age is not None and now - snapshot.collected_at > asked.max_age:
            detail = f"The snapshot is of {rfc3339(snapshot.collected_at)}, which is too old. Collect the URL again."
            return _unchecked(target, record_id, Unchecked.STALE, detail, snapshot)
        return self.judge(judge, target, snapshot, now, tags)

    def _page(self, snapshot: Snapshot) -> Page | None:
        """What the page of a snapshot says that an old version stored; None if its content tells, or if nobody knows."""
        if "page" in snapshot.content or snapshot.body_sha256 is None:
            return None
        try:
            return page_of(self._snapshots.body(snapshot.body_sha256), snapshot.content)
        except NotFound:  # retention was quicker
            return None


def _status(*, fails: bool, unchecked: bool) -> TargetStatus:
    if fails:
        return TargetStatus.FINDINGS
    return TargetStatus.UNCHECKED if unchecked else TargetStatus.CLEAN


def _unchecked(target: Target, record_id: str, reason: Unchecked, detail: str, snapshot: Snapshot | None = None) -> Verdict:
    return Verdict(
        url=target.key,
        record_id=record_id,
        status=TargetStatus.UNCHECKED,
        reason=reason,
        detail=detail,
        snapshot_id=None if snapshot is None else snapshot.id,
        collected_at=None if snapshot is None else snapshot.collected_at,
    )


def _not_in_inventory(target: Target) -> Verdict:
    detail = "Nothing is known of it. Look it up first."
    return Verdict(url=target.key, status=TargetStatus.UNCHECKED, reason=Unchecked.NOT_IN_INVENTORY, detail=detail)
