"""Deciding, without any I/O: an attempt, what came of it, whether to try again, how long to wait.

A use case is a generator. It yields an Attempt, is sent what came of it (an Answer, or the exception that stood in
its place), and returns its result or raises an AutocallError. `_drive` runs such generators.
"""

from __future__ import annotations

import random
import re
import socket
import ssl
import time
from collections.abc import Callable, Generator
from typing import TypeVar

import attrs
import httpx

from autocall_otp._answers import Answer, BodyTooLargeError, BodyUnreadableError, complaints
from autocall_otp._errors import (
    ApiError,
    AuthenticationError,
    AutocallError,
    InvalidResponseError,
    Outcome,
    TransportError,
    TransportTimeoutError,
    error_class,
)
from autocall_otp._secrets import scrub
from autocall_otp.models import Retry

T = TypeVar("T")


class Attempt:
    """One request, to be sent after a pause and no later than a point of the monotonic clock."""

    __slots__ = ("delay", "renew", "request", "secrets", "token", "until")

    def __init__(  # noqa: PLR0913 - what is sent, when, and what of it is secret
        self,
        request: httpx.Request,
        until: float,
        delay: float = 0.0,
        *,
        renew: bool = False,
        token: str = "",
        secrets: dict[str, str] | None = None,
    ) -> None:
        """Describe it.

        Args:
            request: what to send, a token aside.
            until: when to give up, on the monotonic clock.
            delay: seconds to wait first.
            renew: ask for a fresh token: the one of the attempt before was refused.
            token: the one that it was sent with; set when it is sent, so that no error repeats it.
            secrets: what must not be logged while it is under way.
        """
        self.request, self.until, self.delay, self.renew, self.token = request, until, delay, renew, token
        self.secrets: dict[str, str] = {} if secrets is None else secrets

    def again(self, delay: float, *, renew: bool = False) -> Attempt:
        """The same once more."""
        return Attempt(self.request, self.until, delay, renew=renew, token=self.token, secrets=self.secrets)


Flow = Generator[Attempt, Answer | Exception, T]

# What httpx raises where nothing of the request has left the machine, or none of it has reached the service.
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_NO_CONNECTION = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
_AIOHTTP_NO_CONNECTION = frozenset(
    {"ClientConnectorError", "ClientConnectorDNSError", "ClientConnectorCertificateError", "ConnectionTimeoutError"}
)
_TIMEOUTS = (httpx.TimeoutException, TimeoutError)
_REFUSED_AND_WORTH_ANOTHER_TRY = frozenset({408, 429})
_LOOK_UP_AGAIN = frozenset({408, 429, 500, 502, 503, 504})


class Judge:
    """What to make of an answer or a failure: a success to read, or an error with its outcome."""

    __slots__ = ("insist", "places_a_call", "ref_id", "secrets")

    def __init__(self, *, places_a_call: bool, ref_id: str, secrets: dict[str, str], insist: bool = False) -> None:
        """Know what was asked.

        Args:
            places_a_call: whether a phone may ring because of it.
            ref_id: the reference of the call.
            secrets: what must not be shown, and what to show in its place; the tokens that were used come to it.
            insist: try again although the phone may have rung (`Retry.unknown_outcome`).
        """
        self.places_a_call, self.ref_id, self.secrets, self.insist = places_a_call, ref_id, secrets, insist

    def __call__(self, result: Answer | Exception, token: str) -> Answer | AutocallError:
        """The answer where it is a success, else the error that the result amounts to."""
        if token:
            self.secrets[token] = "***"
        if isinstance(result, AutocallError):
            result.ref_id = self.ref_id
            return result
        if isinstance(result, Exception):
            return self._failed(result)
        if not result.is_success:
            return self._refused(result)
        if result.fault is None:
            return result
        if isinstance(result.fault, BodyTooLargeError | BodyUnreadableError):
            return self.unreadable(result, str(result.fault))
        return self._failed(result.fault)

    def unreadable(self, answer: Answer, why: str) -> InvalidResponseError:
        """The error for a success that cannot be read."""
        return InvalidResponseError(
            f"the service answered {answer.status_code}, but {why}{self._doubt(Outcome.UNKNOWN)}",
            ref_id=self.ref_id,
            status_code=answer.status_code,
        )

    def _failed(self, cause: Exception) -> TransportError:
        scrub(cause, self.secrets)
        unsent = _never_left(cause)
        passing = isinstance(cause, (httpx.TransportError, *_TIMEOUTS)) and not _is_certificate_failure(cause)
        outcome = Outcome.NOT_PLACED if unsent and self.places_a_call else Outcome.UNKNOWN
        kind = TransportTimeoutError if isinstance(cause, _TIMEOUTS) else TransportError
        stage = "the service was not reached" if unsent else "no answer was read"
        error = kind(
            f"{stage}: {type(cause).__name__}{self._doubt(outcome)}",
            outcome=outcome,
            ref_id=self.ref_id,
            retryable=passing and (unsent or self.insist or not self.places_a_call),
        )
        error.__cause__ = cause
        return error

    def _refused(self, answer: Answer) -> ApiError:
        status = answer.status_code
        kind = error_class(status)
        refused = 400 <= status < 500 and kind is not error_class(500)  # noqa: PLR2004 - the classes of HTTP
        outcome = Outcome.NOT_PLACED if refused and self.places_a_call else Outcome.UNKNOWN
        if self.places_a_call:
            # A redirect repeats itself, so even those who insist gain nothing from another try.
            again = status in _REFUSED_AND_WORTH_ANOTHER_TRY or (self.insist and kind is error_class(500))
        else:
            again = status in _LOOK_UP_AGAIN
        errors = complaints(answer.body, self.secrets)
        words = "; ".join(f"{field}: {text}" if field else text for field, text in errors)
        return kind(
            f"the service answered {status}{': ' if words else ''}{words}{self._doubt(outcome)}",
            outcome=outcome,
            ref_id=self.ref_id,
            retryable=again,
            status_code=status,
            errors=errors,
            retry_after=read_retry_after(answer.headers.get("retry-after"), time.time()),
        )

    def _doubt(self, outcome: Outcome) -> str:
        if self.places_a_call and outcome is Outcome.UNKNOWN:
            return "; the phone may ring, so look the call up by its ref_id before asking again"
        return ""


def _never_left(error: Exception) -> bool:
    """Whether the request is known not to have left.

    httpx's own transports say so reliably. Others translate their library's errors as best they can, and some name a
    connection that broke after the request was sent a failure to connect. So the error's cause must bear it out.
    """
    if not isinstance(error, _UNSENT):
        return False
    # Whoever raises `from None` vouches for the error itself, as our own free list does.
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is None or isinstance(cause, _NO_CONNECTION):
        return True
    library, name = type(cause).__module__.partition(".")[0], type(cause).__name__
    # respx wraps what a test tells it to raise.
    return library in {"httpcore", "respx"} or (library == "aiohttp" and name in _AIOHTTP_NO_CONNECTION)


def _is_certificate_failure(cause: BaseException | None) -> bool:
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def read_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, from a Retry-After header in either form; None where it says nothing readable.

    Args:
        value: the header's value.
        now: seconds since the epoch.
    """
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return float(value.strip())
    # Only for the rare answer that carries a date: the module is slow to import.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - see above

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


class Budget:
    """How many retries a client may still make, whatever its calls ask for.

    Each first attempt earns a tenth of a retry, up to `reserve`. In an outage the retries of a whole client thus
    end at a tenth of its requests, once the reserve is spent.
    """

    EARNED = 0.1

    def __init__(self, reserve: float = 10.0) -> None:
        """Start with the whole reserve."""
        # No lock: an update that threads lose moves the budget by one, and a lock might be held across a fork.
        self._reserve = self._left = reserve

    def earn(self) -> None:
        """Count a first attempt."""
        self._left = min(self._reserve, self._left + self.EARNED)

    def spend(self) -> bool:
        """Take one retry, if one is left."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


# Nobody compares or shows one, and each method that attrs writes takes time to import.
@attrs.define(kw_only=True, eq=False, repr=False)
class Policy:
    """What all use cases of a client share: its rule for retries, its budget, its clock."""

    retry: Retry
    deadline: float
    token_is_renewable: bool = False
    budget: Budget = attrs.field(factory=Budget)
    clock: Callable[[], float] = time.monotonic
    draw: Callable[[float, float], float] = random.uniform

    def pause(self, failures: int, error: AutocallError) -> float:
        """Seconds before the next try: exponential with full jitter and a cap, or longer where the service says."""
        # 2.0 ** 1024 overflows; no cap of sense is reached so late.
        bound = min(self.retry.cap, self.retry.base * 2.0 ** min(failures - 1, 60))
        asked = error.retry_after if isinstance(error, ApiError) else None
        return max(self.draw(0.0, bound), asked or 0.0)


def persist(  # noqa: PLR0913 - what to send, how to judge it, how long to go on
    request: httpx.Request, judge: Judge, policy: Policy, *, until: float, attempts: int, delay: float = 0.0
) -> Flow[Answer]:
    """Send until a success, or until another try is pointless, unsafe, unaffordable or too late.

    Raises:
        AutocallError: what the last attempt amounts to.
    """
    policy.budget.earn()
    attempt = Attempt(request, until, delay, secrets=judge.secrets)
    in_doubt, renewed, failures = False, False, 0
    while True:
        result = yield attempt
        error = judge(result, attempt.token)
        if isinstance(error, Answer):
            return error
        # An earlier attempt may have rung the phone, whatever became of this one.
        in_doubt = in_doubt or error.outcome is Outcome.UNKNOWN
        if in_doubt:
            error.outcome = Outcome.UNKNOWN
        if isinstance(error, AuthenticationError) and policy.token_is_renewable and not renewed:
            renewed = True
            attempt = attempt.again(0.0, renew=True)
            continue
        failures += 1
        pause = policy.pause(failures, error)
        out_of_time = policy.clock() + pause >= until
        if not error.retryable or failures >= attempts or out_of_time or not policy.budget.spend():
            raise error
        attempt = attempt.again(pause)
