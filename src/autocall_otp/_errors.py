"""Every error that the SDK raises.

AutocallError                   .outcome  .ref_id  .retryable
├── ConfigurationError          (ValueError)    the client is set up wrongly, or used where it cannot be
├── InvalidRequestError         (ValueError)    refused before anything was sent
├── TransportError              no answer was read; says host and port, and the reason in plain words
│   └── TransportTimeoutError   (TimeoutError)
├── ApiError                    the API answered with an error: .status_code .errors .retry_after
│   ├── BadRequestError         400, 422
│   ├── AuthenticationError     401
│   ├── PermissionDeniedError   403
│   ├── NotFoundError           404
│   ├── ConflictError           409
│   ├── RateLimitedError        429
│   └── ServerError             5xx, and any status that HTTP does not name
├── InvalidResponseError        a success that cannot be read: .status_code .errors
├── CdrTimeoutError             (TimeoutError)  no finished record in time: .record
└── TooManyCallsError           of autocall_otp.verify: .retry_after .limit

An error pickles as itself and holds neither a token nor a code nor a phone number.
"""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autocall_otp.models import Cdr


class Outcome(Enum):
    """What is known of the phone call when a result or an error reaches the caller."""

    PLACED = "placed"
    """The service took the call."""
    NOT_PLACED = "not placed"
    """The phone does not ring because of this request: asking again is safe."""
    UNKNOWN = "unknown"
    """The phone may ring: asking again may ring it twice. Look the call up by its ``ref_id``."""


class FieldError(NamedTuple):
    """One thing that the service finds wrong."""

    field: str | None
    """The field at fault, ``(root)`` for the body as a whole, None where the service names none."""
    message: str
    """What is wrong, in the service's words; secrets of the request are masked."""


class AutocallError(Exception):
    """The root of all errors of this package."""

    outcome: Outcome
    """What is known of the phone call."""
    ref_id: str | None
    """The reference of the call in question, to look it up by; None before there is one."""
    retryable: bool
    """Whether the same request, sent again later, may succeed.

    For a call in doubt it is True only under `Retry.unknown_outcome`; a look-up is always safe to repeat.
    """

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome = Outcome.UNKNOWN,
        ref_id: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.ref_id = ref_id
        self.retryable = retryable


class ConfigurationError(AutocallError, ValueError):
    """The client is set up wrongly, or used where it cannot be; the message names the argument. Nothing was sent."""


class InvalidRequestError(AutocallError, ValueError):
    """An argument was refused before anything was sent; the message names it."""


class TransportError(AutocallError):
    """No answer was read. The message says host, port and reason; ``outcome``, whether the phone may ring."""


class TransportTimeoutError(TransportError, TimeoutError):
    """No answer was read in time."""


class ApiError(AutocallError):
    """The service answered with an error status."""

    def __init__(  # noqa: PLR0913 - what an error answer says, keyword by keyword
        self,
        message: str,
        *,
        outcome: Outcome = Outcome.UNKNOWN,
        ref_id: str | None = None,
        retryable: bool = False,
        status_code: int = 0,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, outcome=outcome, ref_id=ref_id, retryable=retryable)
        self.status_code = status_code
        """HTTP status of the answer."""
        self.errors = errors
        """What the service finds wrong, field by field; empty when its body says nothing readable."""
        self.retry_after = retry_after
        """Seconds to wait before another try, where the service says so."""


class BadRequestError(ApiError):
    """400 or 422: the service finds the request wrong."""


class AuthenticationError(ApiError):
    """401: the token is wrong or expired; where it comes from a callable, a fresh one did not help either."""


class PermissionDeniedError(ApiError):
    """403: the token is good, but not for this."""


class NotFoundError(ApiError):
    """404: there is no such thing, or not yet."""


class ConflictError(ApiError):
    """409: the request contradicts what the service already has."""


class RateLimitedError(ApiError):
    """429: too many requests; ``retry_after`` says when to come back, where known."""


class ServerError(ApiError):
    """5xx, or a status that HTTP does not name: the service failed."""


class InvalidResponseError(AutocallError):
    """The service answered with success, but the answer is not what was asked for: it refuses in words, say."""

    def __init__(  # noqa: PLR0913 - what an answer says, keyword by keyword
        self,
        message: str,
        *,
        outcome: Outcome = Outcome.UNKNOWN,
        ref_id: str | None = None,
        retryable: bool = False,
        status_code: int = 0,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(message, outcome=outcome, ref_id=ref_id, retryable=retryable)
        self.status_code = status_code
        """HTTP status of the answer."""
        self.errors = errors
        """What the service says in words; empty when its body says nothing readable."""


class CdrTimeoutError(AutocallError, TimeoutError):
    """No finished record came in time; `outcome` is PLACED where a record with an id was seen, else UNKNOWN."""

    def __init__(
        self,
        message: str,
        *,
        outcome: Outcome = Outcome.UNKNOWN,
        ref_id: str | None = None,
        retryable: bool = True,
        record: Cdr | None = None,
    ) -> None:
        super().__init__(message, outcome=outcome, ref_id=ref_id, retryable=retryable)
        self.record = record
        """The last record seen, unfinished; None when there was none."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: BadRequestError,
    429: RateLimitedError,
}
_NAMED = frozenset(status.value for status in HTTPStatus)


def error_class(status_code: int) -> type[ApiError]:
    """The class of error for a status that is not a success."""
    if status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or status_code not in _NAMED:
        return ServerError
    return _BY_STATUS.get(status_code, ApiError)


def misconfigured(argument: str, why: str) -> ConfigurationError:
    """The error for an argument of a client that cannot be used."""
    return ConfigurationError(f"{argument}: {why}", outcome=Outcome.NOT_PLACED)


def invalid(argument: str, why: str, outcome: Outcome = Outcome.NOT_PLACED) -> InvalidRequestError:
    """The error for an argument of a call."""
    return InvalidRequestError(f"{argument}: {why}", outcome=outcome)
