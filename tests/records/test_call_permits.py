"""The permits of a collector's calls: each is given back once, with others, whatever breaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from inventory.rate_limits.model import Permit, PermitRequest, Report
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeWeb, Unlimited


class Counting(Unlimited):
    """Budgets that count permits, and calls that gave some back; broken ones refuse to take them."""

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__()
        self.broken, self.given, self.calls = broken, 0, 0

    def take(self, asks: Sequence[PermitRequest]) -> Sequence[Permit]:
        permits = [Permit(ask.host, self.given + n, 0, probe=False, shared=True) for n, ask in enumerate(asks)]
        self.given += len(permits)
        return permits

    def done(self, reports: Sequence[Report]) -> None:
        self.calls += 1
        if self.broken:
            raise ValueError("broken")
        super().done(reports)


@pytest.fixture
def no_threads() -> Iterator[None]:
    """No thread can be started: each would need more memory for its stack than there is."""
    before = threading.stack_size(2**60)
    yield
    threading.stack_size(before)


def accept(services: Services, count: int) -> None:
    for number in range(count):
        services.acceptances.collect_soon(services.sources["webpage"].target(f"http://example.test/{number}"))


def collect(services: Services) -> int:
    return services.collector.collect_due(slots=20, stopping=lambda: False)


def test_each_permit_is_given_back_once_and_many_together(make_services: Build, web: FakeWeb) -> None:
    budgets = Counting()
    services = make_services(budgets=budgets)
    accept(services, 100)

    assert collect(services) == 100
    assert sorted(report.permit.id for report in budgets.reports) == list(range(100))
    assert budgets.calls < 50


def test_budgets_that_take_no_permit_back_stop_no_collection(
    make_services: Build, web: FakeWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    services = make_services(budgets=Counting(broken=True))
    accept(services, 10)

    assert collect(services) == 10
    assert "internal_fault" in capsys.readouterr().out


def test_collections_without_a_thread_are_made_one_by_one_and_give_their_permits_back(
    make_services: Build, web: FakeWeb, no_threads: None, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = Counting()
    services = make_services(budgets=budgets)
    accept(services, 50)

    assert collect(services) == 50
    assert sorted(report.permit.id for report in budgets.reports) == list(range(50))
    assert "no_thread" in capsys.readouterr().out


def test_what_breaks_while_collections_are_in_flight_leaves_no_permit_out(make_services: Build, web: FakeWeb) -> None:
    budgets = Counting()
    services = make_services(budgets=budgets)
    accept(services, 10)
    web.open.clear()

    def more(_seconds: float) -> bool:
        threading.Timer(0.1, web.open.set).start()
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        services.collector.collect_due(slots=20, stopping=lambda: False, more=more)
    assert sorted(report.permit.id for report in budgets.reports) == list(range(10))
