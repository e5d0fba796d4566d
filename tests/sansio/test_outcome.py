"""What an answer or a failure says of the phone."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest
from support.flows import CODE, NUMBER, TOKEN, Unsent, answer, operation, request, take

import autocall_otp
from autocall_otp import ApiError, AutocallError, FieldError, InvalidResponseError, Outcome, ServerError, TransportError
from autocall_otp._sansio.outcome import interpret, is_unsent, unreadable
from autocall_otp._sansio.response import BodyDamagedError, BodyTooLargeError, BodyUnreadableError
from autocall_otp._sansio.retry import Attempt

NOT_PLACED, UNKNOWN = Outcome.NOT_PLACED, Outcome.UNKNOWN
DOUBT = "; the phone may ring, so look the call up by its ref_id before asking again"


def expired() -> Exception:
    error = httpx.ConnectError("certificate verify failed")
    error.__cause__ = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.__cause__.verify_code = 10  # type: ignore[attr-defined] # OpenSSL sets it
    return error


def of(result: Any, *, places_call: bool = True, host: str = "https://api.example.vn", **more: Any) -> Any:
    asked = operation(places_call=places_call, **more)
    one = request()
    one.url = httpx.URL(host)
    error = interpret(take(Attempt(one, asked, 1030.0, 0.0, ""), result), asked, one)
    assert isinstance(error, AutocallError)
    return error


TABLE = [
    # the result, its error, the outcome of a call, tried again: a call, a look-up
    (Unsent(httpx.ConnectError("refused")), "TransportError", NOT_PLACED, True, True),
    (Unsent(httpx.ReadTimeout("a proxy is slow")), "TransportTimeoutError", NOT_PLACED, True, True),
    (Unsent(httpx.RemoteProtocolError("a garbled CONNECT")), "TransportError", NOT_PLACED, True, True),
    (Unsent(OSError(24, "Too many open files")), "TransportError", NOT_PLACED, True, True),
    (Unsent(expired()), "TransportError", NOT_PLACED, False, False),
    (httpx.ConnectError("a library's odd word"), "TransportError", UNKNOWN, False, True),
    (httpx.ConnectTimeout("the same"), "TransportTimeoutError", UNKNOWN, False, True),
    (httpx.ReadTimeout("slow"), "TransportTimeoutError", UNKNOWN, False, True),
    (httpx.RemoteProtocolError("end of stream"), "TransportError", UNKNOWN, False, True),
    (TimeoutError("an alarm"), "TransportTimeoutError", UNKNOWN, False, True),
    (httpx.StreamConsumed(), "TransportError", UNKNOWN, False, False),
    (answer(200, failure=httpx.ReadError("half")), "TransportError", UNKNOWN, False, True),
    (answer(200, failure=BodyTooLargeError("large")), "InvalidResponseError", UNKNOWN, False, False),
    (answer(200, failure=BodyUnreadableError("packed")), "InvalidResponseError", UNKNOWN, False, False),
    (answer(200, failure=BodyDamagedError("cut short")), "InvalidResponseError", UNKNOWN, False, True),
    (answer(301), "ApiError", UNKNOWN, False, False),
    (answer(400), "BadRequestError", NOT_PLACED, False, False),
    (answer(401), "AuthenticationError", NOT_PLACED, False, False),
    (answer(403), "PermissionDeniedError", NOT_PLACED, False, False),
    (answer(404), "NotFoundError", NOT_PLACED, False, False),
    (answer(408), "ApiError", UNKNOWN, False, True),
    (answer(409), "ConflictError", NOT_PLACED, False, False),
    (answer(418), "ApiError", NOT_PLACED, False, False),
    (answer(422, failure=httpx.ReadError("half")), "BadRequestError", NOT_PLACED, False, False),
    (answer(429), "RateLimitedError", NOT_PLACED, True, True),
    (answer(499), "ServerError", UNKNOWN, False, True),
    (answer(500), "ServerError", UNKNOWN, False, True),
    (answer(501), "ServerError", UNKNOWN, False, False),
    (answer(503), "ServerError", UNKNOWN, False, True),
    (answer(505), "ServerError", UNKNOWN, False, False),
    (answer(522), "ServerError", UNKNOWN, False, True),
]


@pytest.mark.parametrize(("result", "name", "outcome", "again", "look_up_again"), TABLE)
def test_each_result_has_its_error_its_outcome_and_its_retry(
    result: Any,
    name: str,
    outcome: Outcome,
    again: bool,  # noqa: FBT001 - a table
    look_up_again: bool,  # noqa: FBT001 - a table
) -> None:
    error = of(result)
    assert (type(error), error.outcome, error.retryable) == (getattr(autocall_otp, name), outcome, again)
    assert (DOUBT in str(error)) is (outcome is UNKNOWN)
    look_up = of(result, places_call=False)
    assert (type(look_up), look_up.outcome, look_up.retryable) == (type(error), UNKNOWN, look_up_again)
    assert DOUBT not in str(look_up)
    assert error.ref_id == look_up.ref_id == "R1"


def test_an_error_of_ours_that_a_transport_raised_says_nothing_of_what_was_sent() -> None:
    sent = request()
    sent.handed = sent.body.asked = True
    error = interpret(TransportError("inner", outcome=NOT_PLACED, retryable=True), operation(), sent)
    assert isinstance(error, TransportError)
    assert (error.outcome, error.retryable) == (UNKNOWN, False)


def test_an_accepted_call_is_not_repeated_even_by_who_prefers_a_second_ring() -> None:
    broken = interpret(answer(200, failure=httpx.ReadError("half")), operation(ring_again=True), request())
    assert isinstance(broken, TransportError)
    assert not broken.retryable


def test_a_success_is_passed_on() -> None:
    good = answer(201)
    assert interpret(good, operation(), request()) is good


@pytest.mark.parametrize(
    ("result", "again"),
    [
        (httpx.ReadTimeout("slow"), True), (answer(500), True), (answer(520), True), (answer(429), True),
        (answer(408), True),
        # Another try of these says the same again.
        (answer(302), False), (answer(400), False), (expired(), False),
    ],
)  # fmt: skip
def test_who_prefers_a_second_ring_to_none_tries_again_in_doubt(result: Any, again: bool) -> None:  # noqa: FBT001 - a table
    assert of(result, ring_again=True).retryable is again


@pytest.mark.parametrize("name", ["ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"])
def test_names_count_only_where_no_body_can_have_left(name: str) -> None:
    """For a transport that is not ours, if nobody took the body; for httpx's mock, which reads it and sends nothing."""
    error, later = getattr(httpx, name)("no"), httpx.ReadError("reset")
    foreign, streamed, copied, mocked = (request() for _ in range(4))
    for one in (foreign, streamed, copied, mocked):
        one.handed = True
    list(streamed.body)
    copied.read()
    mocked.read()
    mocked.is_ours_or_mock = True
    found = [is_unsent(one, error) for one in (foreign, streamed, copied, mocked)]
    assert found == [True, False, False, True]
    assert not [one for one in (foreign, streamed, copied, mocked) if is_unsent(one, later)]


def test_what_our_transport_saw_counts_whatever_the_error_is_called() -> None:
    ours, mocked_below = request(), request()
    for one in (ours, mocked_below):
        one.handed = one.body.pooled = True
    assert is_unsent(ours, KeyboardInterrupt())
    # respx and the like stand below our pool and read the body: the network was never used.
    list(mocked_below.body)
    mocked_below.is_ours_or_mock = True
    assert is_unsent(mocked_below, httpx.ConnectError("no"))
    assert not is_unsent(mocked_below, httpx.ReadTimeout("no"))
    ours.body.wired = True
    list(ours.body)
    assert not is_unsent(ours, httpx.ConnectError("no"))


def test_a_request_that_no_transport_was_given_has_not_left() -> None:
    assert is_unsent(request(), ValueError("anything"))


@pytest.mark.parametrize(
    ("host", "result", "words"),
    [
        ("https://api.example.vn", Unsent(httpx.ConnectError("odd")), "not connected to api.example.vn:443: odd"),
        ("http://[::1]:8000", Unsent(httpx.ConnectError("odd")), "not connected to [::1]:8000: odd"),
        ("https://api.example.vn:8443", httpx.ReadError(""), f"no answer from api.example.vn:8443: ReadError{DOUBT}"),
        ("https://api.example.vn", answer(403), "the service answered 403"),
        ("https://api.example.vn", answer(401), "the service answered 401; `autocall-otp doctor` checks the token"),
        ("https://api.example.vn", answer(400, {"error": [{"code_otp": "is short"}, "odd"]}),
         "the service answered 400: code_otp: is short; odd"),
    ],
)  # fmt: skip
def test_an_error_says_where_and_why(host: str, result: Any, words: str) -> None:
    assert str(of(result, host=host)) == words


@pytest.mark.parametrize(("host", "hint"), [("https://127.0.0.1:8000", True), ("https://api.example.vn", False)])
def test_a_service_on_this_machine_without_tls_gets_a_hint(host: str, hint: bool) -> None:  # noqa: FBT001 - a table
    cause = httpx.ConnectError("x")
    cause.__cause__ = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
    cause.__cause__.reason = "WRONG_VERSION_NUMBER"  # type: ignore[misc] # as OpenSSL sets it
    words = str(of(Unsent(cause), host=host))
    assert "TLS expected, plain HTTP answered" in words
    assert ("http://" in words) is hint


def test_the_error_of_an_answer_carries_what_it_said() -> None:
    error = of(answer(429, {"error": {"phone_number": "is blocked"}}, retry_after="7"))
    assert isinstance(error, ApiError)
    assert (error.status_code, error.retry_after) == (429, 7.0)
    assert error.errors == (FieldError("phone_number", "is blocked"),)
    assert isinstance(of(answer(599)), ServerError)


def test_the_cause_is_kept_without_its_secrets() -> None:
    root = ValueError(f"could not write {CODE}")
    cause = httpx.ReadError(f"to +84 {NUMBER[1:]} with {TOKEN}")
    cause.__cause__ = root
    error = of(cause)
    assert isinstance(error, TransportError)
    assert error.__cause__ is cause
    assert cause.__cause__ is root
    for each in (error, cause, root):
        assert not [secret for secret in (CODE, NUMBER[1:], TOKEN) if secret in f"{each!s} {each!r}"]


def test_an_error_of_ours_keeps_its_own_words() -> None:
    own = autocall_otp.ConfigurationError("client: is closed", outcome=NOT_PLACED)
    own.__cause__ = ValueError(f"cannot renew {TOKEN}")
    assert interpret(own, operation(), request()) is own
    assert (own.outcome, own.ref_id, str(own)) == (NOT_PLACED, "R1", "client: is closed")
    assert interpret(own, operation(places_call=False), request()) is own
    assert own.outcome is UNKNOWN, "a failed look-up knows nothing of the call"
    assert TOKEN not in repr(own.__cause__)


def test_a_refusal_in_words_with_200_reaches_the_caller() -> None:
    error = unreadable(answer(200, {"status": "fail", "message": f"Số dư không đủ cho {CODE}"}), operation(), "why")
    assert isinstance(error, InvalidResponseError)
    assert str(error) == f"the service answered 200, but why: Số dư không đủ cho ***{DOUBT}"
    assert (error.errors, error.status_code) == ((FieldError(None, "Số dư không đủ cho ***"),), 200)
    assert (error.outcome, error.ref_id, error.retryable) == (UNKNOWN, "R1", False)


def test_the_note_on_an_operation_holds_no_secret() -> None:
    assert operation().note(UNKNOWN) == "run_otp, ref_id R1, outcome UNKNOWN"
    assert operation(ref_id=f"for-{CODE}-{NUMBER}").note(NOT_PLACED) == (
        "run_otp, ref_id for-***-0332***711, outcome NOT_PLACED"
    )


def test_an_answer_that_a_mock_breaks_off_was_one() -> None:
    mocked = request()
    mocked.handed = mocked.is_ours_or_mock = True
    error = interpret(answer(200, failure=httpx.ConnectError("half")), operation(), mocked)
    assert isinstance(error, TransportError)
    assert error.outcome is UNKNOWN
