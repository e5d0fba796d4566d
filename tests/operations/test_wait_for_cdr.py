"""Waiting until a call is over."""

from typing import Any
from unittest.mock import Mock, call

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.flows import Clock, Result, Unsent, answer, error_of, policy, run, settings
from support.page import payload

import autocall_otp
from autocall_otp import Cdr, CdrTimeoutError, InvalidRequestError, OtpCall, Outcome, Retry, WaitProgress
from autocall_otp._config import VIETNAM
from autocall_otp._operations.wait_for_cdr import wait_for_cdr
from autocall_otp._sansio.retry import Flow

RECORD = payload("get_cdr.answer")
UNFINISHED = answer(200, RECORD | {"status": "ringing", "time_ended": ""})
FINISHED, NOT_YET, UNSENT = answer(200, RECORD), answer(404), Unsent(httpx.ConnectError("no"))
CALL = OtpCall(call_id=RECORD["id"], ref_id="R1")


def waiting(clock: Clock, ref_id: Any = "R1", timeout: Any = 60.0, progress: Any = None, **more: Any) -> Flow[Cdr]:
    return wait_for_cdr(settings(), policy(clock=clock, **more), ref_id, timeout=timeout, progress=progress)


def wait(results: list[Result], **more: Any) -> tuple[Cdr, list[float]]:
    clock = Clock()
    record, attempts = run(waiting(clock, **more), results, clock)
    return record, [attempt.delay for attempt in attempts]


def failed_wait(results: list[Result], **more: Any) -> Any:
    clock = Clock()
    return error_of(waiting(clock, **more), results, clock)


@pytest.mark.parametrize(
    "not_yet",
    [
        NOT_YET, UNFINISHED, answer(200, b""), answer(200, b"<html>"), answer(200, []), answer(200, {}),
        answer(200, None), answer(200, {"data": []}), answer(200, {"message": "no record"}), answer(408), answer(503),
        answer(429), httpx.ReadTimeout("slow"), UNSENT,
    ],
)  # fmt: skip
def test_it_goes_on_until_the_call_is_over(not_yet: Any) -> None:
    record, delays = wait([not_yet, FINISHED])
    assert (record.finished, delays) == (True, [0.0, 1.0])
    assert record.time_ended
    assert record.time_ended.tzinfo is VIETNAM


NO_HELP = [*map(answer, (400, 401, 403, 501)), answer(200, {"error": "x"}), httpx.StreamConsumed()]


@pytest.mark.parametrize("result", NO_HELP)
def test_it_ends_where_waiting_does_not_help(result: Any) -> None:
    error = failed_wait([NOT_YET, result])
    assert not isinstance(error, CdrTimeoutError)
    assert (error.outcome, error.ref_id) == (Outcome.UNKNOWN, "R1")


def test_look_ups_come_further_and_further_apart_then_closer() -> None:
    clock, draw = Clock(), Mock(side_effect=max)
    error = error_of(waiting(clock, timeout=70.0, draw=draw), [UNFINISHED] * 99, clock)
    assert isinstance(error, CdrTimeoutError)
    longest = [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10.0, 10.0]
    assert draw.call_args_list[: len(longest)] == [call(each / 2, each) for each in longest]
    assert 1069.9 < clock.now < 1070.0


@given(st.lists(st.sampled_from([NOT_YET, UNFINISHED, answer(503), answer(200, [])]), min_size=60, max_size=60))
def test_a_wait_ends_in_time_and_says_placed_only_for_a_record_that_was_seen(results: list[Any]) -> None:
    clock = Clock()
    error = error_of(waiting(clock, timeout=20.0), results, clock)
    assert isinstance(error, CdrTimeoutError)
    assert isinstance(error, TimeoutError)
    assert 1019.9 <= clock.now < 1020.0
    assert (error.outcome is Outcome.PLACED) is (error.record is not None)
    assert error.record is None or UNFINISHED in results


@pytest.mark.parametrize(
    ("results", "outcome", "words"),
    [
        ([NOT_YET] * 9, Outcome.UNKNOWN, "there is no record yet"),
        ([answer(200, {})] * 9, Outcome.UNKNOWN, "there is no record yet"),
        ([answer(200, {"data": []})] * 9, Outcome.UNKNOWN, "there is no record yet"),
        ([UNFINISHED] * 9, Outcome.PLACED, "the last record seen has no end"),
        ([UNFINISHED, *[NOT_YET] * 9], Outcome.PLACED, "the last record seen has no end"),
        ([UNFINISHED, *[answer(503)] * 9], Outcome.PLACED, "the last look-up failed: the service answered 503"),
        ([NOT_YET, *[httpx.ReadTimeout("the end of the wait")] * 9], Outcome.UNKNOWN, "there is no record yet"),
        ([answer(503)] * 9, Outcome.UNKNOWN, "the last look-up failed: the service answered 503"),
        ([UNSENT] * 9, Outcome.UNKNOWN, "the last look-up failed: not connected to api.example.vn:443: no"),
    ],
)
def test_a_wait_in_vain_says_what_was_seen(results: list[Any], outcome: Outcome, words: str) -> None:
    error = failed_wait(results, timeout=2.5)
    assert str(error) == f"no finished record within 2.5 s: {words}"
    assert (error.outcome, error.ref_id, error.retryable) == (outcome, "R1", True)
    assert (error.record is not None) is (outcome is Outcome.PLACED)
    assert (error.__cause__ is None) is (getattr(results[-1], "status_code", None) == 200)


def test_with_a_call_the_record_of_an_older_one_is_not_yet() -> None:
    older = answer(200, RECORD | {"id": "older"})
    assert wait([older, FINISHED], ref_id=CALL)[0].id == CALL.call_id
    assert failed_wait([older] * 9, ref_id=CALL, timeout=2.5).outcome is Outcome.UNKNOWN
    assert wait([older])[0].id == "older"


def test_a_wait_reports_its_progress() -> None:
    steps: list[WaitProgress] = []
    wait([NOT_YET, UNFINISHED, answer(503, {"error": "down"}), FINISHED], progress=steps.append)
    reasons = ["no record yet", "the record has no end yet", "the service answered 503: down"]
    assert [(step.look_ups, step.elapsed, step.remaining, step.reason) for step in steps] == [
        *zip((1, 2, 3), (0.0, 1.0, 2.5), (60.0, 59.0, 57.5), reasons, strict=True)
    ]
    seen = [step.record for step in steps]
    assert [each and (each.status, each.time_started.tzinfo) for each in seen] == [None, *[("ringing", VIETNAM)] * 2]


def test_it_keeps_to_retry_after_within_its_time() -> None:
    assert wait([answer(429, retry_after="59"), FINISHED])[1] == [0.0, 59.0]
    for asked in ("61", "600"):
        assert isinstance(failed_wait([answer(429, retry_after=asked)]), autocall_otp.RateLimitedError)


def test_an_interrupted_wait_names_itself() -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        wait([NOT_YET, KeyboardInterrupt()])
    assert caught.value.__notes__ == ["wait_for_cdr, ref_id R1, outcome UNKNOWN"]


def test_each_look_up_is_sent_once_and_ends_with_the_wait() -> None:
    """A second try of the same look-up would come after a pause of the retries, not of the wait."""
    flow = waiting(Clock())
    first = next(flow)
    second = flow.send(answer(503))
    assert [(each.delay, each.deadline) for each in (first, second)] == [(0.0, 1060.0), (1.0, 1060.0)]


def test_it_needs_no_retries_and_spends_none() -> None:
    record, _ = wait([answer(503)] * 30 + [FINISHED], timeout=600.0, retry=Retry.none())
    assert record.finished


def test_it_renews_the_token() -> None:
    assert wait([answer(401), FINISHED], token_is_renewable=True)[1] == [0.0, 0.0]


def test_a_wait_shorter_than_its_last_moment_asks_once() -> None:
    assert isinstance(failed_wait([UNFINISHED], timeout=0.05), CdrTimeoutError)


class Awaited:
    """Nobody would await what this returns."""

    async def __call__(self, _: object) -> None:
        raise AssertionError


SECONDS = "must be a number of seconds above 0, at most 2147483 (24 days)"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        *(("timeout", value, SECONDS) for value in (0, -1, float("nan"), float("inf"), 2**31, True, "60", None)),
        *(("progress", value, "must be a plain function") for value in (7, Awaited())),
        ("ref_id", 7, "must be a non-empty text"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused_before_anything_is_sent(name: str, value: Any, why: str) -> None:
    """Seen: NOT_PLACED after a call that was placed; the caller rang again."""
    error = failed_wait([], **{name: value})
    assert (type(error), str(error)) == (InvalidRequestError, f"{name}: {why}")
    assert error.outcome is Outcome.UNKNOWN
