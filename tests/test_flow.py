"""The outcome table of the design, driven with plain values."""

import socket
import ssl
from datetime import UTC, datetime

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.flows import Clock, answer, policy, run

import autocall_otp
from autocall_otp import ApiError, AutocallError, Outcome, RateLimitedError, Retry
from autocall_otp._answers import BodyTooLargeError, BodyUnreadableError
from autocall_otp._flow import Budget, Judge, persist, read_retry_after

REQUEST = httpx.Request("POST", "https://api.example.vn")
NOT_PLACED, UNKNOWN = Outcome.NOT_PLACED, Outcome.UNKNOWN
GOOD = answer()


def judge(*, places: bool = True, insist: bool = False) -> Judge:
    return Judge(places_a_call=places, ref_id="r1", secrets={"LUAN001": "***"}, insist=insist)


def certificate_failure() -> Exception:
    error = httpx.ConnectError("certificate has expired")
    error.__cause__ = ssl.SSLCertVerificationError("certificate has expired")
    return error


FAILURES = [
    # what came of the attempt, error, outcome of a placing, tried again: a placing, a look-up
    (httpx.ConnectError("refused"), "TransportError", NOT_PLACED, True, True),
    (httpx.ConnectTimeout("slow"), "TransportTimeoutError", NOT_PLACED, True, True),
    (httpx.PoolTimeout("busy"), "TransportTimeoutError", NOT_PLACED, True, True),
    (httpx.ProxyError("no"), "TransportError", NOT_PLACED, True, True),
    (certificate_failure(), "TransportError", NOT_PLACED, False, False),
    (httpx.ReadTimeout("slow"), "TransportTimeoutError", UNKNOWN, False, True),
    (httpx.WriteTimeout("slow"), "TransportTimeoutError", UNKNOWN, False, True),
    (httpx.ReadError("reset"), "TransportError", UNKNOWN, False, True),
    (httpx.WriteError("reset"), "TransportError", UNKNOWN, False, True),
    (httpx.RemoteProtocolError("end of stream"), "TransportError", UNKNOWN, False, True),
    (TimeoutError("deadline"), "TransportTimeoutError", UNKNOWN, False, True),
    (RuntimeError("who knows"), "TransportError", UNKNOWN, False, False),
    (answer(200, fault=httpx.ReadError("half")), "TransportError", UNKNOWN, False, True),
    (answer(200, fault=BodyTooLargeError("large")), "InvalidResponseError", UNKNOWN, False, False),
    (answer(200, fault=BodyUnreadableError("cut short")), "InvalidResponseError", UNKNOWN, False, False),
    (answer(302), "ApiError", UNKNOWN, False, False),
    (answer(400), "BadRequestError", NOT_PLACED, False, False),
    (answer(402), "ApiError", NOT_PLACED, False, False),
    (answer(403), "PermissionDeniedError", NOT_PLACED, False, False),
    (answer(404), "NotFoundError", NOT_PLACED, False, False),
    (answer(408), "ApiError", NOT_PLACED, True, True),
    (answer(409), "ConflictError", NOT_PLACED, False, False),
    (answer(422), "BadRequestError", NOT_PLACED, False, False),
    (answer(429), "RateLimitedError", NOT_PLACED, True, True),
    (answer(400, fault=httpx.ReadError("half")), "BadRequestError", NOT_PLACED, False, False),
    (answer(499), "ServerError", UNKNOWN, False, False),
    (answer(500), "ServerError", UNKNOWN, False, True),
    (answer(501), "ServerError", UNKNOWN, False, False),
    (answer(502), "ServerError", UNKNOWN, False, True),
    (answer(503), "ServerError", UNKNOWN, False, True),
    (answer(504), "ServerError", UNKNOWN, False, True),
    (answer(520), "ServerError", UNKNOWN, False, False),
    (answer(799), "ServerError", UNKNOWN, False, False),
]
IDS = [
    repr(row[0]) if isinstance(row[0], Exception) else f"{row[0].status_code} {row[0].fault or 'whole'}"
    for row in FAILURES
]


@pytest.mark.parametrize(("result", "kind", "outcome", "placing_again", "looking_again"), FAILURES, ids=IDS)
def test_each_failure_has_its_error_outcome_and_retry(
    result: Exception, kind: str, outcome: Outcome, *, placing_again: bool, looking_again: bool
) -> None:
    for places, wanted, again in ((True, outcome, placing_again), (False, UNKNOWN, looking_again)):
        flow = persist(REQUEST, judge(places=places), policy(), until=1030.0, attempts=2)
        results = [result, GOOD] if again else [result]
        if again:
            _, attempts = run(flow, results)
            assert len(attempts) == 2
        flow = persist(REQUEST, judge(places=places), policy(), until=1030.0, attempts=1)
        with pytest.raises(AutocallError) as caught:
            run(flow, [result])
        error = caught.value
        assert type(error) is getattr(autocall_otp, kind)
        assert (error.outcome, error.retryable, error.ref_id) == (wanted, again, "r1")
        if not again:
            flow = persist(REQUEST, judge(places=places), policy(), until=1030.0, attempts=9)
            with pytest.raises(AutocallError):
                run(flow, [result])


def test_the_cause_is_kept_without_its_secrets() -> None:
    cause = httpx.ReadError("saw LUAN001 with t0ken")
    with pytest.raises(AutocallError) as caught:
        run(persist(REQUEST, judge(), policy(), until=1030.0, attempts=1), [cause])
    assert caught.value.__cause__ is cause
    assert str(cause) == "saw *** with ***"


@pytest.mark.parametrize("result", [httpx.ReadTimeout("slow"), answer(500), answer(520)], ids=repr)
def test_those_who_insist_try_again_although_the_phone_may_have_rung(result: Exception) -> None:
    flow = persist(REQUEST, judge(insist=True), policy(), until=1030.0, attempts=2)
    assert len(run(flow, [result, GOOD])[1]) == 2


def test_an_attempt_in_doubt_keeps_the_whole_case_in_doubt() -> None:
    flow = persist(REQUEST, judge(insist=True), policy(), until=1030.0, attempts=3)
    with pytest.raises(autocall_otp.BadRequestError) as caught:
        run(flow, [httpx.ReadTimeout("slow"), answer(400)])
    assert caught.value.outcome is UNKNOWN


def test_a_redirect_is_not_tried_again_even_by_those_who_insist() -> None:
    with pytest.raises(ApiError):
        run(persist(REQUEST, judge(insist=True), policy(), until=1030.0, attempts=9), [answer(307)])


def test_a_token_is_renewed_once() -> None:
    renewable = policy(token_is_renewable=True)
    _, attempts = run(persist(REQUEST, judge(), renewable, until=1030.0, attempts=1), [answer(401), GOOD])
    assert [(attempt.renew, attempt.delay) for attempt in attempts] == [(False, 0.0), (True, 0.0)]
    with pytest.raises(autocall_otp.AuthenticationError) as caught:
        run(persist(REQUEST, judge(), renewable, until=1030.0, attempts=9), [answer(401), answer(401)])
    assert caught.value.outcome is NOT_PLACED
    with pytest.raises(autocall_otp.AuthenticationError):
        run(persist(REQUEST, judge(), policy(), until=1030.0, attempts=9), [answer(401)])


def test_pauses_double_up_to_the_cap() -> None:
    rule = policy(retry=Retry(attempts=6, base=0.5, cap=3.0))
    _, attempts = run(persist(REQUEST, judge(), rule, until=1030.0, attempts=6), [answer(429)] * 5 + [GOOD])
    assert [attempt.delay for attempt in attempts] == [0.0, 0.5, 1.0, 2.0, 3.0, 3.0]


def test_jitter_is_full() -> None:
    seen: list[tuple[float, float]] = []
    rule = policy(draw=lambda low, high: seen.append((low, high)) or 0.0)
    _, attempts = run(persist(REQUEST, judge(), rule, until=1030.0, attempts=3), [answer(429), answer(429), GOOD])
    assert seen == [(0.0, 0.5), (0.0, 1.0)]
    assert attempts[1].delay == 0.0


def test_retry_after_is_kept_to() -> None:
    _, attempts = run(
        persist(REQUEST, judge(), policy(), until=1030.0, attempts=2), [answer(429, retry_after="7"), GOOD]
    )
    assert attempts[1].delay == 7.0


@pytest.mark.parametrize("value", ["31", "999999999"])
def test_a_retry_after_beyond_the_deadline_ends_at_once(value: str) -> None:
    with pytest.raises(RateLimitedError) as caught:
        run(persist(REQUEST, judge(), policy(), until=1030.0, attempts=9), [answer(429, retry_after=value)])
    assert caught.value.retry_after == float(value)


def test_the_deadline_ends_the_tries() -> None:
    clock = Clock()
    rule = policy(clock=clock, retry=Retry(base=10.0, cap=10.0))
    with pytest.raises(RateLimitedError):
        run(persist(REQUEST, judge(), rule, until=1030.0, attempts=99), [answer(429)] * 3, clock)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 5 ", 5.0),
        ("7\x1f", 7.0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
    ],
)
def test_both_forms_of_retry_after(value: str, seconds: float) -> None:
    assert read_retry_after(value, datetime(2026, 1, 1, tzinfo=UTC).timestamp()) == seconds


@pytest.mark.parametrize("value", [None, "", "-1", "1.5", "soon", "٣", "1, 2", "9" * 5000, "Thu, 99 Foo 2026", "0x10"])
def test_garbage_in_retry_after_is_ignored(value: str | None) -> None:
    assert read_retry_after(value, 0.0) is None


@given(st.text() | st.text("0123456789 :,-+GMTThuJan\x1f\u00a0", max_size=40))
def test_no_retry_after_costs_an_answer_its_outcome(value: str) -> None:
    seconds = read_retry_after(value, 0.0)
    assert seconds is None or seconds >= 0


def test_retries_of_a_client_end_at_a_tenth_of_its_requests() -> None:
    rule = policy(budget=Budget(), retry=Retry(base=0.0))
    sent = 0
    for _ in range(1000):
        flow = persist(REQUEST, judge(), rule, until=1030.0, attempts=3)
        try:
            next(flow)
            while True:
                sent += 1
                flow.send(answer(429))
        except RateLimitedError:
            pass
    retries = sent - 1000
    assert 100 <= retries <= 111


def test_a_budget_fills_up_to_its_reserve_only() -> None:
    budget = Budget(reserve=2.0)
    for _ in range(100):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


def test_attempts_end_with_the_deadline() -> None:
    flow = persist(REQUEST, judge(), policy(), until=1030.0, attempts=1, delay=2.0)
    first = next(flow)
    assert (first.request, first.until, first.delay, first.secrets) == (REQUEST, 1030.0, 2.0, {"LUAN001": "***"})
    assert "LUAN001" not in repr(first)


class Reset(Exception):  # noqa: N818 - what a library might call it
    """A connection that broke after the request was sent, in some other library's words."""


def caused(error: Exception, cause: Exception | None) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ConnectTimeout("slow")], ids=repr)
@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (None, NOT_PLACED),
        (httpcore.ConnectError("refused"), NOT_PLACED),
        (ConnectionRefusedError("refused"), NOT_PLACED),
        (socket.gaierror("no such name"), NOT_PLACED),
        (Reset("broken"), UNKNOWN),
        (ConnectionResetError("reset"), UNKNOWN),
        (OSError("odd"), UNKNOWN),
    ],
    ids=repr,
)
def test_a_failure_to_connect_is_believed_only_where_its_cause_bears_it_out(
    error: Exception, cause: Exception | None, outcome: Outcome
) -> None:
    with pytest.raises(autocall_otp.TransportError) as caught:
        run(persist(REQUEST, judge(), policy(), until=1030.0, attempts=1), [caused(error, cause)])
    assert caught.value.outcome is outcome
    assert caught.value.retryable is (outcome is NOT_PLACED)
