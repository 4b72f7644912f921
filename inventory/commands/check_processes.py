"""Judges targets for `inventory check`: in this process, and in others once there are many."""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from typing import Any, TypeAlias

from inventory import wiring
from inventory.commands.check_formats import MAX_ROWS, TablePiece, table_piece
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.policy.judgement import Judge
from inventory.policy.model import Policy
from inventory.policy.reports import REPORTS, Piece
from inventory.policy.service import Asked
from inventory.records.model import Target
from inventory.services import Services

Batch: TypeAlias = Sequence[str] | Sequence[Target]
"""Ids of records, or targets of which nothing may be known; up to 1,000."""
ALONE = 20_000
"""Targets that take less time to judge here than other processes take to start."""
AHEAD = 3
"""Batches for each process that wait for it, or whose results wait to be written."""
REMEMBERED = 4_096
"""Judgements of each process: more than where policies are judged beside other work, because the command ends."""

COLLECT_AFTER = 50_000
"""Containers that are made, and not freed, before a process that only judges looks for cycles: snapshots have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is asked of all targets, and in which form it is told."""

    policy: Policy
    asked: Asked
    form: str
    at: datetime


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pieces(
    services: Services, task: Task, batches: Iterable[Batch], processes: int, *, alone: int = ALONE
) -> Iterator[Piece | TablePiece]:
    """What is told of the targets of each batch, in their order; of a table only as many rows as it has.

    After `alone` targets other processes judge the rest.
    """
    here, judged, rows = _Judging(services, task), 0, 0
    batches = iter(batches)
    for batch in batches:
        piece = here.piece(batch, MAX_ROWS - rows)
        rows += len(piece.rows) if isinstance(piece, TablePiece) else 0
        judged += len(batch)
        yield piece
        if processes > 1 and judged >= alone:
            break
    yield from _elsewhere(task, batches, processes, MAX_ROWS - rows)


def _elsewhere(task: Task, batches: Iterator[Batch], processes: int, limit: int) -> Iterator[Piece | TablePiece]:
    """The same by other processes, each with connections of its own."""
    first = next(batches, None)
    if first is None:
        return
    waiting: deque[Future[Piece | TablePiece]] = deque()
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(task,))
    try:
        waiting.append(pool.submit(_piece, first, limit))
        for batch in batches:
            waiting.append(pool.submit(_piece, batch, limit))
            if len(waiting) > processes * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise StorageUnavailable("A process that judged targets has ended. Try again, or with --processes 1.") from error
    finally:
        pool.shutdown(cancel_futures=True)


class _Judging:
    """Judges batches by one policy, in one process."""

    def __init__(self, services: Services, task: Task) -> None:
        self._services, self._task, self._judge = services, task, Judge(task.policy, remembers=REMEMBERED)
        self._report = REPORTS[task.form](task.policy, task.at) if task.form in REPORTS else None

    def piece(self, batch: Batch, limit: int) -> Piece | TablePiece:
        """What is told of some targets."""
        ids = [each for each in batch if isinstance(each, str)]
        targets = [each for each in batch if isinstance(each, Target)]
        policies, asked = self._services.policies, self._task.asked
        verdicts = [*policies.check_found(self._judge, ids, asked), *policies.check(self._judge, targets, asked)]
        return table_piece(verdicts, limit) if self._report is None else self._report.piece(verdicts)


_here: dict[str, Any] = {}
"""The `_Judging` of a process that does nothing else."""


def _begin(task: Task) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the first process ends the others
    _here["judging"] = _Judging(wiring.build(Settings.read()), task)
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def _piece(batch: Batch, limit: int) -> Piece | TablePiece:
    judging: _Judging = _here["judging"]
    return judging.piece(batch, limit)
