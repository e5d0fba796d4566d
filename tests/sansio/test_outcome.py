"""What an answer or a failure says of the phone."""

import ssl
from typing import Any

import httpx
import pytest
from support.flows import CODE, NUMBER, TOKEN, Unsent, answer, operation, request, take

import autocall_otp
from autocall_otp import ApiError, AutocallError, FieldError, InvalidResponseError, Outcome, TransportError
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


# Whether it is tried again: as a call, as a look-up, as a call of somebody who prefers a second ring to none.
ALWAYS, NEVER, UNLESS_IT_MAY_RING = (True, True, True), (False, False, False), (False, True, True)
LOOK_UP_ALONE = (False, True, False)
TABLE: list[tuple[str, Outcome, tuple[bool, bool, bool], list[Any]]] = [
    ("TransportTimeoutError", NOT_PLACED, ALWAYS, [Unsent(httpx.ReadTimeout("a proxy is slow"))]),
    ("TransportError", NOT_PLACED, ALWAYS, [Unsent(OSError(24, "Too many open files"))]),
    ("TransportError", NOT_PLACED, ALWAYS, [Unsent(httpx.ConnectError("x")), Unsent(httpx.RemoteProtocolError("x"))]),
    ("TransportError", NOT_PLACED, NEVER, [Unsent(expired())]),
    ("TransportError", UNKNOWN, UNLESS_IT_MAY_RING, [httpx.ConnectError("x"), httpx.RemoteProtocolError("x")]),
    ("TransportTimeoutError", UNKNOWN, UNLESS_IT_MAY_RING, [httpx.ConnectTimeout("x"), httpx.ReadTimeout("x")]),
    ("TransportTimeoutError", UNKNOWN, UNLESS_IT_MAY_RING, [TimeoutError("an alarm")]),
    ("TransportError", UNKNOWN, NEVER, [httpx.StreamConsumed(), expired()]),
    # The service had accepted the call.
    ("TransportError", UNKNOWN, LOOK_UP_ALONE, [answer(200, failure=httpx.ReadError("half"))]),
    ("InvalidResponseError", UNKNOWN, LOOK_UP_ALONE, [answer(200, failure=BodyDamagedError("cut short"))]),
    ("InvalidResponseError", UNKNOWN, NEVER, [answer(200, failure=BodyTooLargeError("large"))]),
    ("InvalidResponseError", UNKNOWN, NEVER, [answer(200, failure=BodyUnreadableError("packed"))]),
    ("ApiError", UNKNOWN, NEVER, [answer(301), answer(302)]),
    ("BadRequestError", NOT_PLACED, NEVER, [answer(400), answer(422, failure=httpx.ReadError("half"))]),
    ("AuthenticationError", NOT_PLACED, NEVER, [answer(401)]),
    ("PermissionDeniedError", NOT_PLACED, NEVER, [answer(403)]),
    ("NotFoundError", NOT_PLACED, NEVER, [answer(404)]),
    ("ApiError", UNKNOWN, UNLESS_IT_MAY_RING, [answer(408)]),
    ("ConflictError", NOT_PLACED, NEVER, [answer(409)]),
    ("ApiError", NOT_PLACED, NEVER, [answer(402), answer(418), answer(451)]),
    ("RateLimitedError", NOT_PLACED, ALWAYS, [answer(429)]),
    ("ServerError", UNKNOWN, UNLESS_IT_MAY_RING, [*map(answer, (430, 499, 500, 503, 520, 522, 599, 799, 999))]),
    ("ServerError", UNKNOWN, NEVER, [answer(501), answer(505)]),
]


@pytest.mark.parametrize(
    ("name", "outcome", "again", "result"), [(*row, result) for *row, results in TABLE for result in results]
)
def test_each_result_has_its_error_its_outcome_and_its_retry(
    name: str, outcome: Outcome, again: tuple[bool, bool, bool], result: Any
) -> None:
    error, look_up, insisted = of(result), of(result, places_call=False), of(result, ring_again=True)
    assert (type(error), error.outcome) == (getattr(autocall_otp, name), outcome)
    assert (type(look_up), look_up.outcome) == (type(error), UNKNOWN)
    assert (error.retryable, look_up.retryable, insisted.retryable) == again
    assert (DOUBT in str(error), DOUBT in str(look_up)) == (outcome is UNKNOWN, False)
    assert error.ref_id == look_up.ref_id == "R1"


def test_an_error_of_ours_that_a_transport_raised_says_nothing_of_what_was_sent() -> None:
    sent = request()
    sent.handed = sent.body.asked = True
    error = interpret(TransportError("inner", outcome=NOT_PLACED, retryable=True), operation(), sent)
    assert isinstance(error, TransportError)
    assert (error.outcome, error.retryable) == (UNKNOWN, False)


def test_a_success_is_passed_on() -> None:
    good = answer(201)
    assert interpret(good, operation(), request()) is good


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


def test_a_service_on_this_machine_without_tls_gets_a_hint() -> None:
    cause = httpx.ConnectError("x")
    cause.__cause__ = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
    cause.__cause__.reason = "WRONG_VERSION_NUMBER"  # type: ignore[misc] # as OpenSSL sets it
    here, there = (str(of(Unsent(cause), host=host)) for host in ("https://127.0.0.1:8000", "https://api.example.vn"))
    assert "TLS expected, plain HTTP answered; for a service on this machine, write http://" in here
    assert there.endswith("TLS expected, plain HTTP answered")


def test_the_error_of_an_answer_carries_what_it_said() -> None:
    error = of(answer(429, {"error": {"phone_number": "is blocked"}}, retry_after="7"))
    assert isinstance(error, ApiError)
    assert (error.status_code, error.retry_after) == (429, 7.0)
    assert error.errors == (FieldError("phone_number", "is blocked"),)


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
    own.__cause__ = ExceptionGroup(f"cannot renew {TOKEN}", [OSError()])
    assert interpret(own, operation(), request()) is own
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
