"""No phone rings twice, and no caller is told what is not so, whatever goes wrong."""

from collections import Counter
from collections.abc import Callable

import pytest

from autocall_otp import Outcome, Retry
from autocall_otp._sansio import outcome
from autocall_otp._sansio.retry import RetryBudget
from faults.ledger import Tally, Told
from faults.storm import async_storm, sync_storm
from faults.ways import Way, over_each, shells

pytestmark = over_each
SEED = 20240502
_CALLS = 500


@pytest.fixture(scope="module")
def storm(way: Way) -> Tally:  # noqa: ARG001 - made anew for each
    return async_storm(_CALLS, SEED)


def test_concurrent_tasks_are_told_the_truth(storm: Tally, figure: Callable[[str], None]) -> None:
    figure(f"ledger, tasks: {storm}")
    assert storm.misreports() == []
    assert len(storm.told) == _CALLS


@pytest.fixture
def _no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every call use all its attempts: in so bad a storm the budget of a client is soon spent."""
    monkeypatch.setattr(RetryBudget, "spend", lambda _: True)


@pytest.mark.usefixtures("_no_budget")
def test_calls_that_are_tried_again_are_told_the_truth(figure: Callable[[str], None]) -> None:
    storm = async_storm(_CALLS, SEED + 3)
    figure(f"ledger, tasks, retries without a budget: {storm}")
    assert storm.misreports() == []
    assert 1 < max(storm.requests.values()) <= 3


def test_the_faults_do_happen(storm: Tally) -> None:
    assert {told.outcome for told in storm.told} == set(Outcome)
    assert len({told.kind for told in storm.told}) >= 10
    assert sum(storm.requests.values()) > len(storm.requests), "nothing was tried again"


def test_concurrent_threads_are_told_the_truth(figure: Callable[[str], None]) -> None:
    if "sync" not in shells():
        pytest.skip("this transport is for asyncio alone")
    storm = sync_storm(200, SEED + 1)
    figure(f"ledger, threads: {storm}")
    assert storm.misreports() == []
    assert len(storm.told) == 200


def test_those_who_insist_may_ring_twice_and_are_still_told_the_truth() -> None:
    storm = async_storm(200, SEED + 2, retry=Retry(base=0.001, cap=0.01, unknown_outcome=True))
    complaints = storm.misreports()
    assert complaints, "the storm should make somebody ring twice"
    assert all("times" in complaint for complaint in complaints)


@pytest.mark.usefixtures("_no_budget")
@pytest.mark.parametrize(("retry", "complaint"), [(Retry.none(), "but rang"), (Retry(base=0.001), "times")])
def test_a_rule_that_takes_every_failure_for_unsent_is_found_out(
    monkeypatch: pytest.MonkeyPatch, retry: Retry, complaint: str
) -> None:
    monkeypatch.setattr(outcome, "is_unsent", lambda *_: True)
    assert complaint in "\n".join(async_storm(200, SEED, retry=retry).misreports())


def test_the_verdict_knows_each_kind_of_lie() -> None:
    rings = Counter({"twice": 2, "once": 1})
    told = [
        Told("twice", Outcome.UNKNOWN, "TransportError"),
        Told("once", Outcome.NOT_PLACED, "TransportError"),
        Told("never", Outcome.PLACED, "OtpCall"),
        Told("once", Outcome.PLACED, "OtpCall"),
        Told("once", Outcome.UNKNOWN, "ServerError"),
        Told("never", Outcome.UNKNOWN, "ServerError"),
    ]
    tally = Tally(0, told, rings, rings)
    assert [complaint.split()[0] for complaint in tally.misreports()] == ["twice", "once", "never"]
