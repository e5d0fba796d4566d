"""When a request is sent again, and when not."""

import copy
import logging
from itertools import count
from typing import Any
from unittest.mock import Mock, call

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.flows import Clock, Unsent, answer, error_of, operation, policy, request, run, take

import autocall_otp
from autocall_otp import Outcome, Retry
from autocall_otp._sansio.evidence import Request, RequestMaker
from autocall_otp._sansio.retry import Flow, RetryBudget, RetryPolicy, send_with_retries

NOT_PLACED, UNKNOWN = Outcome.NOT_PLACED, Outcome.UNKNOWN
BUSY, DOUBT, GOOD = answer(429), httpx.ReadTimeout("slow"), answer()


def sending(rule: RetryPolicy | None = None, *, deadline: float = 1030.0, attempts: int = 3, **more: Any) -> Flow[Any]:
    request_maker: RequestMaker = request
    return send_with_retries(request_maker, operation(**more), rule or policy(), deadline=deadline, attempts=attempts)


def test_each_attempt_has_a_request_of_its_own() -> None:
    found, attempts = run(sending(), [BUSY, Unsent(httpx.ConnectError("no")), GOOD])
    assert found is GOOD
    assert len({id(each.request) for each in attempts}) == 3
    assert all(isinstance(each.request, Request) and each.request.body.deadline == 1030.0 for each in attempts)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_number_of_attempts_is_a_bound(count: int) -> None:
    error = error_of(sending(attempts=count), [BUSY] * count)
    assert (type(error), error.outcome) == (autocall_otp.RateLimitedError, NOT_PLACED)


@pytest.mark.parametrize("result", [DOUBT, answer(500), answer(408), answer(302)], ids=str)
def test_a_call_in_doubt_is_not_sent_again(result: Any) -> None:
    assert error_of(sending(), [result]).outcome is UNKNOWN


def test_an_attempt_in_doubt_keeps_the_call_in_doubt() -> None:
    """A caller who rings again in doubt learns of the first ring though the second try is refused."""
    for last in (answer(400), Unsent(httpx.ConnectError("no")), answer(401)):
        error = error_of(sending(ring_again=True, attempts=2), [DOUBT, last])
        assert error.outcome is UNKNOWN
        assert "the phone may ring" in str(error)
    assert error_of(sending(), [BUSY, BUSY, Unsent(httpx.ConnectError("no"))]).outcome is NOT_PLACED


def test_a_refused_token_is_renewed_once_and_at_once() -> None:
    rule = policy(token_is_renewable=True, retry=Retry.none())
    _, (first, second) = run(sending(rule, attempts=1), [answer(401), GOOD])
    assert (first.refused_token, second.refused_token, second.delay) == ("", "made-up-token", 0.0)
    error = error_of(sending(rule), [answer(401), answer(401)])
    assert (type(error), error.outcome) == (autocall_otp.AuthenticationError, NOT_PLACED)
    # Neither an attempt nor a retry of the budget is spent on it.
    _, attempts = run(sending(policy(token_is_renewable=True)), [BUSY, answer(401), BUSY, GOOD])
    assert [each.delay for each in attempts] == [0.0, 0.5, 0.0, 1.0]
    assert [each.refused_token for each in attempts] == ["", "", "made-up-token", ""]


def test_a_refused_token_is_not_sent_again_where_its_renewal_failed() -> None:
    failed = autocall_otp.TransportError("token: no network", outcome=NOT_PLACED, retryable=True)
    flow = sending(policy(token_is_renewable=True))
    take(next(flow), answer(401))
    assert flow.send(answer(401)).refused_token == "made-up-token"
    again = flow.send(failed)
    assert (again.refused_token, again.delay) == ("made-up-token", 0.5)
    take(again, BUSY)
    assert flow.send(BUSY).refused_token == ""


def test_a_token_that_cannot_be_renewed_is_not_sent_again() -> None:
    assert error_of(sending(), [answer(401)]).status_code == 401


def test_pauses_are_drawn_from_bounds_that_double_up_to_the_cap() -> None:
    draw = Mock(side_effect=max)
    rule = policy(retry=Retry(attempts=7, base=0.5, cap=4.0), draw=draw)
    _, attempts = run(sending(rule, deadline=9999.0, attempts=7), [BUSY] * 6 + [GOOD])
    pauses = [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert [each.delay for each in attempts] == [0.0, *pauses]
    assert draw.call_args_list == [call(0.0, pause) for pause in pauses]
    assert rule.back_off(10**6, autocall_otp.AutocallError("x")) == 4.0


@given(st.integers(1, 50), st.floats(0, 1e6), st.floats(0, 1e6), st.none() | st.floats(0, 1e6))
def test_a_pause_is_drawn_from_its_bounds_and_keeps_to_retry_after(
    failures: int, base: float, cap: float, asked: float | None
) -> None:
    rule = RetryPolicy(retry=Retry(base=base, cap=cap), clock=Clock())
    pause = rule.back_off(failures, autocall_otp.RateLimitedError("x", retry_after=asked))
    assert (asked or 0.0) <= pause <= max(cap, asked or 0.0)


def test_no_pause_ends_after_the_deadline() -> None:
    run(sending(), [answer(429, retry_after="29"), GOOD])
    for waits in (30, 31):
        assert error_of(sending(), [answer(429, retry_after=str(waits))]).retry_after == waits


def test_a_clock_that_moves_while_the_service_thinks_counts() -> None:
    clock = Clock()
    flow = sending(policy(clock=clock))
    next(flow)
    clock.now += 29.6
    with pytest.raises(autocall_otp.RateLimitedError):
        flow.send(BUSY)


def test_retries_of_a_client_end_at_a_tenth_of_its_requests() -> None:
    rule, sent = policy(), count()
    busy = (BUSY for _ in sent)
    for _ in range(1000):
        error_of(sending(rule), busy)
    assert 1100 <= next(sent) <= 1111


def test_a_budget_fills_up_to_its_reserve_and_no_more() -> None:
    budget = RetryBudget(2.0)
    for _ in range(100):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(11):
        budget.earn()
    assert [budget.spend() for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("results", "more", "note"),
    [
        ([Unsent(KeyboardInterrupt())], {}, "run_otp, ref_id R1, outcome NOT_PLACED"),
        ([KeyboardInterrupt()], {}, "run_otp, ref_id R1, outcome UNKNOWN"),
        ([answer(429), Unsent(KeyboardInterrupt())], {}, "run_otp, ref_id R1, outcome NOT_PLACED"),
        ([DOUBT, Unsent(KeyboardInterrupt())], {"ring_again": True}, "run_otp, ref_id R1, outcome UNKNOWN"),
        ([Unsent(KeyboardInterrupt())], {"places_call": False}, "get_cdr, ref_id R1, outcome UNKNOWN"),
    ],
)
def test_an_interruption_passes_with_a_note_and_a_warning_where_the_phone_may_ring(
    results: list[Any], more: dict[str, bool], note: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        # Copies: a note stays on its exception.
        run(sending(**more), copy.deepcopy(results))
    assert caught.value.__notes__ == [note]
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == [f"{note}: interrupted by KeyboardInterrupt"] * (note == "run_otp, ref_id R1, outcome UNKNOWN")


def test_an_interruption_while_an_answer_is_judged_is_noted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autocall_otp._sansio.retry.interpret", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt) as caught:
        run(sending(), [answer(200)])
    assert caught.value.__notes__ == ["run_otp, ref_id R1, outcome UNKNOWN"]


def test_a_use_case_that_is_dropped_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    flow = sending()
    next(flow)
    flow.close()
    assert caplog.records == []
