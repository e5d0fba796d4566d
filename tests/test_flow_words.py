"""What an error says, what a failure of whichever library amounts to, and the edges of the rules for retries."""

import random
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from support.flows import Clock, answer, policy, run

import autocall_otp
from autocall_otp import AutocallError, Outcome, RateLimitedError, Retry
from autocall_otp._answers import Answer, BodyTooLargeError
from autocall_otp._flow import Attempt, Budget, Judge, Policy, persist, read_retry_after

REQUEST = httpx.Request("POST", "https://api.example.vn")
NOT_PLACED, UNKNOWN = Outcome.NOT_PLACED, Outcome.UNKNOWN
GOOD = answer()
DOUBT = "; the phone may ring, so look the call up by its ref_id before asking again"


def judge(*, places: bool = True, insist: bool = False) -> Judge:
    return Judge(places_a_call=places, ref_id="r1", secrets={"LUAN001": "***"}, insist=insist)


def failed(result: Answer | Exception, *, places: bool = True, **more: Any) -> AutocallError:
    flow = persist(REQUEST, judge(places=places), policy(**more), until=1030.0, attempts=1)
    with pytest.raises(AutocallError) as caught:
        run(flow, [result])
    return caught.value


WORDS = [
    (httpx.ConnectError("no"), "the service was not reached: ConnectError", ""),
    (httpx.ReadTimeout("no"), "no answer was read: ReadTimeout", DOUBT),
    (answer(400), "the service answered 400", ""),
    (answer(400, '{"error":[{"a":"is odd"},"all is odd"]}'), "the service answered 400: a: is odd; all is odd", ""),
    (answer(500, '{"error":"down"}'), "the service answered 500: down", DOUBT),
    (answer(302), "the service answered 302", DOUBT),
    (
        answer(200, fault=BodyTooLargeError("its body is large")),
        "the service answered 200, but its body is large",
        DOUBT,
    ),
]


@pytest.mark.parametrize(("result", "words", "doubt"), WORDS, ids=[words for _, words, _ in WORDS])
def test_an_error_says_what_happened_and_what_to_do(result: Answer | Exception, words: str, doubt: str) -> None:
    assert str(failed(result)) == words + doubt
    # No look-up makes a phone ring.
    assert str(failed(result, places=False)) == words


def test_an_answer_s_error_carries_the_answer() -> None:
    error = failed(answer(429, '{"error":[{"code_otp":"LUAN001 is odd"}]}', retry_after="7"))
    assert isinstance(error, RateLimitedError)
    assert (error.status_code, error.errors, error.retry_after, error.ref_id) == (
        429,
        (autocall_otp.FieldError("code_otp", "*** is odd"),),
        7.0,
        "r1",
    )
    unreadable = failed(answer(201, fault=BodyTooLargeError("large")))
    assert isinstance(unreadable, autocall_otp.InvalidResponseError)
    assert (unreadable.status_code, unreadable.ref_id, unreadable.outcome) == (201, "r1", UNKNOWN)


def test_a_retry_after_in_the_future_counts_from_now() -> None:
    error = failed(answer(429, retry_after=format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after is not None
    assert 3600 < error.retry_after <= 7200


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("999999999", 999999999.0),
        ("1000000000", None),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
        ("1 Jan", None),
        ("Thu, 99999999999999999999 Jan 2026 00:00:00 GMT", None),
    ],
)
def test_a_wait_of_ages_is_read_up_to_nine_digits(value: str, seconds: float | None) -> None:
    assert read_retry_after(value, 0.0) == seconds


def from_library(name: str, module: str) -> Exception:
    return type(name, (Exception,), {"__module__": module})("broken")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def beside(error: Exception, context: Exception, *, suppress: bool = False) -> Exception:
    error.__context__ = context
    error.__suppress_context__ = suppress
    return error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        *(
            (caused(httpx.ConnectError("no"), from_library(name, "aiohttp.client_exceptions")), outcome)
            for name, outcome in [
                ("ClientConnectorError", NOT_PLACED),
                ("ClientConnectorDNSError", NOT_PLACED),
                ("ClientConnectorCertificateError", NOT_PLACED),
                ("ConnectionTimeoutError", NOT_PLACED),
                ("ServerDisconnectedError", UNKNOWN),
            ]
        ),
        (caused(httpx.ConnectError("no"), from_library("ClientConnectorError", "another.library")), UNKNOWN),
        (caused(httpx.ConnectError("no"), from_library("SideEffectError", "respx.models")), NOT_PLACED),
        (caused(httpx.ConnectError("no"), from_library("Odd", "httpcore._exceptions")), NOT_PLACED),
        (caused(httpx.ConnectError("no"), ssl.SSLCertVerificationError("expired")), NOT_PLACED),
        (beside(httpx.ConnectError("no"), OSError("odd")), UNKNOWN),
        (beside(httpx.ConnectError("no"), ConnectionRefusedError("no")), NOT_PLACED),
        (beside(httpx.PoolTimeout("busy"), OSError("odd"), suppress=True), NOT_PLACED),
        (httpx.UnsupportedProtocol("gopher"), NOT_PLACED),
        (httpx.InvalidURL("odd"), UNKNOWN),
    ],
    ids=range(14),
)
def test_whether_a_request_left_is_told_by_the_cause(error: Exception, outcome: Outcome) -> None:
    found = failed(error)
    assert found.outcome is outcome
    assert ("not reached" in str(found)) is (outcome is NOT_PLACED)


@pytest.mark.parametrize("link", [caused, beside], ids=["cause", "context"])
def test_a_certificate_that_is_refused_is_refused_again(link: Callable[..., Exception]) -> None:
    deep = link(
        httpx.ConnectError("no"), link(from_library("ConnectError", "httpcore"), ssl.SSLCertVerificationError())
    )
    assert failed(deep).retryable is False
    other = link(httpx.ConnectError("no"), link(from_library("ConnectError", "httpcore"), ValueError()))
    assert failed(other).retryable is True


def test_an_error_of_ours_passes_through_with_its_reference() -> None:
    own = autocall_otp.ConfigurationError("token: is odd", outcome=NOT_PLACED)
    assert failed(own) is own
    assert (own.ref_id, own.outcome) == ("r1", NOT_PLACED)


def test_the_token_of_an_attempt_is_hidden_from_then_on() -> None:
    judged = judge()
    judged(answer(400), "")
    assert judged.secrets == {"LUAN001": "***"}
    judged(answer(400), "t0ken")
    assert judged.secrets == {"LUAN001": "***", "t0ken": "***"}
    assert "LUAN001" not in repr(judged)
    assert Judge(places_a_call=True, ref_id="r1", secrets={}).insist is False


def test_a_first_attempt_goes_out_at_once_and_with_the_token_at_hand() -> None:
    first = next(persist(REQUEST, judge(), policy(), until=1030.0, attempts=1))
    assert (first.request, first.until, first.delay, first.renew, first.token) == (REQUEST, 1030.0, 0.0, False, "")
    assert (Attempt(REQUEST, 1.0).secrets, Attempt(REQUEST, 1.0).delay) == ({}, 0.0)
    assert "t0ken" not in repr(Attempt(REQUEST, 1.0, token="t0ken"))


def test_a_renewed_token_changes_neither_the_pauses_nor_the_count() -> None:
    flow = persist(REQUEST, judge(), policy(token_is_renewable=True), until=1030.0, attempts=3)
    _, attempts = run(flow, [answer(429), answer(401), answer(429), GOOD])
    assert [(attempt.delay, attempt.renew) for attempt in attempts] == [
        (0.0, False), (0.5, False), (0.0, True), (1.0, False),
    ]  # fmt: skip
    assert all(attempt.request is REQUEST and attempt.until == 1030.0 for attempt in attempts)
    assert all(attempt.secrets == {"LUAN001": "***", "t0ken": "***"} for attempt in attempts)
    flow = persist(REQUEST, judge(), policy(token_is_renewable=True), until=1030.0, attempts=9)
    with pytest.raises(autocall_otp.AuthenticationError):
        run(flow, [answer(401), answer(429), answer(401)])


def test_attempts_that_did_not_place_leave_no_doubt() -> None:
    flow = persist(REQUEST, judge(), policy(), until=1030.0, attempts=3)
    with pytest.raises(autocall_otp.BadRequestError) as caught:
        run(flow, [answer(429), httpx.ConnectError("no"), answer(400)])
    assert caught.value.outcome is NOT_PLACED


def test_the_number_of_attempts_and_the_deadline_are_bounds() -> None:
    for attempts in (1, 2, 3):
        sent = persist(REQUEST, judge(), policy(), until=1030.0, attempts=attempts)
        with pytest.raises(RateLimitedError):
            run(sent, [answer(429)] * attempts)
    # A pause that would end with the deadline leaves no time to ask.
    for until, tried_again in ((1000.5, False), (1000.75, True)):
        flow = persist(REQUEST, judge(), policy(), until=until, attempts=2)
        if tried_again:
            run(flow, [answer(429), GOOD])
        else:
            with pytest.raises(RateLimitedError):
                run(flow, [answer(429)])


def test_a_budget_starts_with_ten_retries_and_earns_a_tenth_of_one() -> None:
    budget = Budget()
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]
    for _ in range(12):
        budget.earn()
    assert [budget.spend(), budget.spend()] == [True, False]
    assert [Budget(1.0).spend(), Budget(0.9).spend()] == [True, False]


def test_a_spent_budget_ends_the_tries() -> None:
    rule = policy(budget=Budget(reserve=1.0))
    run(persist(REQUEST, judge(), rule, until=1030.0, attempts=3), [answer(429), GOOD])
    with pytest.raises(RateLimitedError):
        run(persist(REQUEST, judge(), rule, until=1030.0, attempts=3), [answer(429)])


def test_a_policy_has_its_own_budget_and_the_real_clock() -> None:
    one, other = (Policy(retry=Retry(), deadline=30.0) for _ in range(2))
    assert one.budget is not other.budget
    assert (one.clock, one.draw, one.token_is_renewable) == (time.monotonic, random.uniform, False)


def test_pauses_of_a_client_that_never_gives_up_stay_at_the_cap() -> None:
    rule = policy(retry=Retry(cap=8.0))
    error = AutocallError("words")
    assert [rule.pause(failures, error) for failures in (1, 2, 5, 6, 5000)] == [0.5, 1.0, 8.0, 8.0, 8.0]
    asked = RateLimitedError("words", retry_after=9.0)
    assert rule.pause(1, asked) == 9.0
    assert rule.pause(1, RateLimitedError("words")) == 0.5


def test_a_clock_that_moves_while_the_service_thinks_counts() -> None:
    clock = Clock()
    flow = persist(REQUEST, judge(), policy(clock=clock), until=1030.0, attempts=9)
    next(flow)
    clock.now = 1029.8
    with pytest.raises(RateLimitedError):
        flow.send(answer(429))
