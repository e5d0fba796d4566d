"""From an answer or a failure to a success, or to the error that says what is known of the phone.

A call can be placed only by a request whose body has left. So whether the body was asked for decides between
NOT_PLACED and UNKNOWN; what an error is called counts only for transports that are not ours.
"""

from __future__ import annotations

import attrs
import httpx

from autocall_otp._config import is_loopback
from autocall_otp._errors import (
    ApiError,
    AuthenticationError,
    AutocallError,
    FieldError,
    InvalidResponseError,
    Outcome,
    ServerError,
    TransportError,
    TransportTimeoutError,
    error_class,
)
from autocall_otp._redact import Secrets, redact_error
from autocall_otp._sansio.evidence import Request
from autocall_otp._sansio.reason import TLS_EXPECTED, explain, is_certificate_refused
from autocall_otp._sansio.response import (
    BodyDamagedError,
    BodyTooLargeError,
    BodyUnreadableError,
    RawResponse,
    read_errors,
)

_PERMANENT = frozenset({501, 505})
_REQUEST_TIMEOUT, _TOO_MANY_REQUESTS = 408, 429
# What httpx raises before anything is sent. Asked only of transports that are not ours, which may translate it wrongly.
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_PORTS = {"http": 80, "https": 443}


@attrs.define(eq=False, repr=False)
class Operation:
    """What a method of a client asks the service for, and what its attempts have left in doubt."""

    name: str
    """The method of the client."""
    ref_id: str
    secrets: Secrets
    """What must not be shown; the tokens that are used come to it."""
    places_call: bool = False
    """Whether a phone may ring because of it."""
    ring_again: bool = False
    """Whether to try again although the phone may have rung (`Retry.unknown_outcome`)."""
    in_doubt: bool = False
    """Whether an attempt before this one may have rung the phone, whatever becomes of this one."""

    def outcome(self, *, unplaced: bool) -> Outcome:
        """What to report of an attempt that failed; `unplaced` says that it surely placed no call."""
        return Outcome.NOT_PLACED if unplaced and self.places_call and not self.in_doubt else Outcome.UNKNOWN

    @property
    def may_repeat(self) -> bool:
        """Whether another try is right although the phone may have rung."""
        return self.ring_again or not self.places_call

    def note(self, outcome: Outcome) -> str:
        """The operation in a line for logs and notes."""
        return f"{self.name}, ref_id {self.secrets.redact_identifier(self.ref_id)}, outcome {outcome.name}"


def is_unsent(request: Request, error: BaseException) -> bool:
    """Whether the request is known not to have left."""
    body = request.body
    if not request.handed:
        # No transport was given it: there was no token, say.
        return True
    if body.pooled and (body.wired or not body.asked):
        # Our own pool had it, and below that our own network: the body says whether it left. Where the network was not
        # used although the body was asked for, a mock stands between the two.
        return not body.asked
    if not isinstance(error, _BEFORE_SENDING):
        return False
    # Another transport says that nothing was sent. That is true of a mock, and where nobody took the bytes.
    return request.is_ours_or_mock or not (body.asked or request.copied)


def interpret(result: RawResponse | Exception, operation: Operation, request: Request) -> RawResponse | AutocallError:
    """The answer where it is a success, else the error that the result amounts to."""
    if isinstance(result, AutocallError):
        if (shown := redact_error(result, operation.secrets)) is not result:
            result.__cause__, result.__context__ = shown, None
        # Of the token, mostly; one that a transport raised says nothing of what it had sent.
        unplaced = result.outcome is Outcome.NOT_PLACED and is_unsent(request, result)
        result.ref_id, result.outcome = operation.ref_id, operation.outcome(unplaced=unplaced)
        result.retryable = result.retryable and (unplaced or operation.may_repeat)
        return result
    if isinstance(result, Exception):
        return _no_answer(result, operation, request, unsent=is_unsent(request, result))
    if not result.is_success:
        return _error_answer(result, operation)
    if result.failure is None:
        return result
    if isinstance(result.failure, BodyTooLargeError | BodyUnreadableError):
        error = unreadable(result, operation, str(result.failure))
        # A body that is damaged may be whole the next time.
        error.retryable = not operation.places_call and isinstance(result.failure, BodyDamagedError)
        return error
    broken = _no_answer(result.failure, operation, request, unsent=False)
    # The service had accepted the call already.
    broken.retryable = broken.retryable and not operation.places_call
    return broken


def unreadable(response: RawResponse, operation: Operation, why: str) -> InvalidResponseError:
    """The error for a success that is not what was asked for."""
    errors = read_errors(response.body, operation.secrets)
    return InvalidResponseError(
        f"the service answered {response.status_code}, but {why}{_in_words(errors)}"
        f"{_doubt(operation, Outcome.UNKNOWN)}",
        ref_id=operation.ref_id,
        status_code=response.status_code,
        errors=errors,
    )


def _in_words(errors: tuple[FieldError, ...]) -> str:
    return ": " * bool(errors) + "; ".join(f"{field}: {text}" if field else text for field, text in errors)


def _no_answer(cause: Exception, operation: Operation, request: Request, *, unsent: bool) -> TransportError:
    shown = redact_error(cause, operation.secrets)
    outcome = operation.outcome(unplaced=unsent)
    kind = TransportTimeoutError if isinstance(cause, httpx.TimeoutException | TimeoutError) else TransportError
    # A proxy that answers 4xx refuses us: it wants a password, say.
    is_refused = is_certificate_refused(cause) or (isinstance(cause, httpx.ProxyError) and str(cause)[:1] == "4")
    may_pass = isinstance(cause, httpx.TransportError | OSError) and not is_refused
    url = request.url
    stage = "not connected to" if unsent else "no answer from"
    # Not url.host: a name that IDNA does not know cannot be decoded.
    host = url.raw_host.decode("ascii")
    address = f"{f'[{host}]' if ':' in host else host}:{url.port or _PORTS.get(url.scheme)}"
    error = kind(
        f"{stage} {address}: {operation.secrets.redact(_reason(cause, url))}{_doubt(operation, outcome)}",
        outcome=outcome,
        ref_id=operation.ref_id,
        retryable=may_pass and (unsent or operation.may_repeat),
    )
    error.__cause__ = shown
    return error


def _reason(cause: Exception, url: httpx.URL) -> str:
    reason = explain(cause)
    if reason == TLS_EXPECTED and is_loopback(url.raw_host.decode("ascii")):
        return f"{reason}; for a service on this machine, write http:// in front of the host"
    return reason


def _error_answer(response: RawResponse, operation: Operation) -> ApiError:
    status = response.status_code
    kind = error_class(status)
    # A gateway also answers 408 when it had passed the request on and the service was slow.
    is_doubtful = kind is ServerError or status == _REQUEST_TIMEOUT
    refused = 400 <= status < 500 and not is_doubtful  # noqa: PLR2004 - the class of refusals in HTTP
    outcome = operation.outcome(unplaced=refused)
    # A redirect repeats itself, so another try gains nothing, even where a second ring is no harm.
    may_pass = operation.may_repeat and is_doubtful and status not in _PERMANENT
    errors = read_errors(response.body, operation.secrets)
    advice = "; `autocall-otp doctor` checks the token" if kind is AuthenticationError else ""
    return kind(
        f"the service answered {status}{_in_words(errors)}{advice}{_doubt(operation, outcome)}",
        outcome=outcome,
        ref_id=operation.ref_id,
        retryable=may_pass or status == _TOO_MANY_REQUESTS,
        status_code=status,
        errors=errors,
        retry_after=response.retry_after,
    )


def _doubt(operation: Operation, outcome: Outcome) -> str:
    if operation.places_call and outcome is Outcome.UNKNOWN:
        return "; the phone may ring, so look the call up by its ref_id before asking again"
    return ""
