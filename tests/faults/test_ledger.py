"""No phone rings twice, and no caller is told what is not so, whatever goes wrong."""

from collections import Counter
from collections.abc import Callable

import pytest

from autocall_otp import Outcome, Retry
from autocall_otp._sansio import outcome
from autocall_otp._sansio.retry import RetryBudget
from faults.storm import Tally, Told, storm
from faults.ways import Shell, is_ours, over_each, shells

SEED = 20240502


@over_each
def test_the_caller_is_told_the_truth(shell: Shell, figure: Callable[[str], None]) -> None:
    if shell not in shells():
        pytest.skip("this transport is for asyncio alone")
    calls = 500 if shell == "async" and is_ours() else 200
    tally = storm(shell, calls, SEED)
    figure(f"ledger, {shell}: {tally}")
    assert tally.misreports() == []
    assert len(tally.told) == calls
    assert {told.outcome for told in tally.told} == set(Outcome)
    assert len({told.kind for told in tally.told}) >= calls // 50
    assert sum(tally.requests.values()) > len(tally.requests), "nothing was tried again"


@pytest.fixture
def _no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every call use all its attempts: in so bad a storm the budget of a client is soon spent."""
    monkeypatch.setattr(RetryBudget, "spend", lambda _: True)


@pytest.mark.usefixtures("_no_budget")
def test_calls_that_are_tried_again_are_told_the_truth(figure: Callable[[str], None]) -> None:
    tally = storm("async", 500, SEED + 3)
    figure(f"ledger, async, retries without a budget: {tally}")
    assert tally.misreports() == []
    assert 1 < max(tally.requests.values()) <= 3


def test_those_who_insist_may_ring_twice_and_are_still_told_the_truth() -> None:
    misreports = storm("async", 200, SEED + 2, retry=Retry(base=0.001, cap=0.01, unknown_outcome=True)).misreports()
    assert misreports, "the storm should make somebody ring twice"
    assert all("times" in each for each in misreports)


@pytest.mark.usefixtures("_no_budget")
@pytest.mark.parametrize(("retry", "misreport"), [(Retry.none(), "but rang"), (Retry(base=0.001), "times")])
def test_a_rule_that_takes_every_failure_for_unsent_is_found_out(
    monkeypatch: pytest.MonkeyPatch, retry: Retry, misreport: str
) -> None:
    monkeypatch.setattr(outcome, "is_unsent", lambda *_: True)
    assert misreport in "\n".join(storm("async", 200, SEED, retry=retry).misreports())


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
    assert [each.split()[0] for each in Tally(0, told, rings, rings).misreports()] == ["twice", "once", "never"]
