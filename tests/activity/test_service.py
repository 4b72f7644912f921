"""The service: how often it counts what there is."""

from __future__ import annotations

import pytest

from inventory.activity.service import COUNTED_UP_TO, KEPT_FOR, ActivityService
from inventory.records.model import RecordTotals
from inventory.services import Services
from tests.fakes import FakeClock, Replacing


@pytest.mark.parametrize(("total", "counts"), [(COUNTED_UP_TO, [1, 2, 3]), (COUNTED_UP_TO + 1, [1, 1, 2])])
def test_a_large_inventory_is_not_counted_for_each_who_looks(
    services: Services, clock: FakeClock, total: int, counts: list[int]
) -> None:
    counted: list[int] = []
    now = [100.0]

    def totals(*, up_to: int) -> RecordTotals:
        counted.append(up_to)
        return RecordTotals(total=total, waiting=len(counted), failed=0)

    records = Replacing(services.records, totals=totals)
    service = ActivityService(services.store.activity, records, clock=clock, ticks=lambda: now[0])

    seen = [service.report().records.waiting, service.report().records.waiting]
    now[0] += KEPT_FOR
    seen.append(service.report().records.waiting)

    assert seen == counts
