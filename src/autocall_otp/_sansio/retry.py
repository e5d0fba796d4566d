"""The retry loop: it ends with a success, or when another try is no use, unsafe, over the budget or too late.

A use case is a generator. It yields an Attempt, is sent what came of it (an answer, or the exception that stood in its
place), and returns its result or raises an AutocallError. A session runs such generators.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from typing import TypeVar

import attrs

from autocall_otp._errors import ApiError, AuthenticationError, AutocallError, Outcome
from autocall_otp._log import logger
from autocall_otp._sansio.evidence import Request, RequestMaker
from autocall_otp._sansio.outcome import Operation, interpret, is_unsent
from autocall_otp._sansio.response import RawResponse
from autocall_otp.models import Retry

T = TypeVar("T")


@attrs.define(eq=False, repr=False)
class Attempt:
    """One request, to be sent after a pause and no later than its deadline."""

    request: Request
    """What to send, a token aside."""
    operation: Operation
    deadline: float
    """When to give up, on the clock of the policy."""
    delay: float
    """Seconds to wait first."""
    refused_token: str
    """The token of the attempt before, where it was refused: a fresh one is needed."""
    token: str = ""  # nosec B105 - there is none yet
    """The token that it was sent with; set when it is sent."""


Flow = Generator[Attempt, RawResponse | Exception, T]


class RetryBudget:
    """How many retries a client may still make, whatever its calls ask for.

    Each first attempt earns a tenth of a retry, up to `reserve`. In an outage the retries of a whole client thus
    end at a tenth of its requests, once the reserve is spent.
    """

    EARNED = 0.1

    def __init__(self, reserve: float = 10.0) -> None:
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
class RetryPolicy:
    """What all use cases of a client share: its rule for retries, its budget, its clock."""

    retry: Retry
    clock: Callable[[], float]
    token_is_renewable: bool = False
    budget: RetryBudget = attrs.field(factory=RetryBudget)
    draw: Callable[[float, float], float] = random.uniform

    def back_off(self, failures: int, error: AutocallError) -> float:
        """Seconds before the next try: exponential with full jitter and a cap, or longer where the service says."""
        # 2.0 ** 1024 overflows; no cap of sense is reached so late.
        bound = min(self.retry.cap, self.retry.base * 2.0 ** min(failures - 1, 60))
        asked = error.retry_after if isinstance(error, ApiError) else None
        return max(self.draw(0.0, bound), asked or 0.0)


def send_with_retries(  # noqa: PLR0913 - what to send, what for, how long to go on
    make_request: RequestMaker,
    operation: Operation,
    policy: RetryPolicy,
    *,
    deadline: float,
    attempts: int,
    delay: float = 0.0,
) -> Flow[RawResponse]:
    """Send until a success, or until another try is of no use.

    Args:
        make_request: makes the request of one attempt: each has a body that can be sent once.
        operation: what it is for.
        policy: the client's.
        deadline: when to give up, on the policy's clock.
        attempts: how often to send at the most.
        delay: seconds to wait before the first attempt.

    Raises:
        AutocallError: what the last attempt amounts to.
    """
    policy.budget.earn()
    renewed, failures, refused_token = False, 0, ""
    while True:
        request = make_request(deadline, policy.clock)
        attempt = Attempt(request, operation, deadline, delay, refused_token)
        try:
            result = yield attempt
            # Of a failure only its name: its words may quote what was sent.
            logger.debug("%s", result.status_code if isinstance(result, RawResponse) else type(result).__name__)
            verdict = interpret(result, operation, request)
            if isinstance(verdict, RawResponse):
                return verdict
        except GeneratorExit:
            raise
        except BaseException as foreign:
            annotate(foreign, operation, operation.outcome(unplaced=is_unsent(request, foreign)))
            raise
        # Once in doubt, always: from then on each outcome is UNKNOWN.
        operation.in_doubt = verdict.outcome is Outcome.UNKNOWN
        is_refused = isinstance(result, RawResponse) and isinstance(verdict, AuthenticationError)
        if is_refused and policy.token_is_renewable and not renewed and policy.clock() < deadline:
            renewed, refused_token, delay = True, attempt.token, 0.0
            continue
        if attempt.token:
            # Without a token the renewal failed: keep asking for a fresh one.
            refused_token = ""  # nosec B105 - none was refused
        failures += 1
        delay = policy.back_off(failures, verdict)
        is_too_late = policy.clock() + delay >= deadline
        if not verdict.retryable or failures >= attempts or is_too_late or not policy.budget.spend():
            raise verdict


def annotate(error: BaseException, operation: Operation, outcome: Outcome) -> None:
    """Say on an exception that is none of ours what is known of the call."""
    note = operation.note(outcome)
    error.add_note(note)
    if outcome is Outcome.UNKNOWN and operation.places_call:
        logger.warning("%s: interrupted by %s", note, type(error).__name__)
