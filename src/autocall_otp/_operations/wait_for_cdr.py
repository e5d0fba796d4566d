"""Look a record up until the call is over.

The provider does not say how soon a record appears, nor what a look-up answers before: a 404, an answer without a
record, a record without an end and every passing failure count as "not yet".
"""

from __future__ import annotations

from collections.abc import Callable

from autocall_otp._config import Settings, is_coroutine_function, validate_seconds
from autocall_otp._errors import (
    ApiError,
    AutocallError,
    CdrTimeoutError,
    NotFoundError,
    Outcome,
    TransportTimeoutError,
    invalid,
)
from autocall_otp._operations.arguments import read_reference
from autocall_otp._operations.record import cdr_request_maker, read_record
from autocall_otp._sansio.outcome import Operation
from autocall_otp._sansio.response import RawResponse
from autocall_otp._sansio.retry import Flow, RetryPolicy, send_with_retries
from autocall_otp.models import Cdr, OtpCall, WaitProgress

# Seconds between look-ups while a call goes on, and how near the end no further one is worth it.
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE, _LAST_MOMENT = 1.0, 1.5, 10.0, 0.05


def wait_for_cdr(
    settings: Settings,
    policy: RetryPolicy,
    ref_id: str | OtpCall,
    *,
    timeout: float,
    progress: Callable[[WaitProgress], object] | None,
) -> Flow[Cdr]:
    """Look the record up until the call is over, or until the time is up."""
    start = policy.clock()
    deadline = start + validate_seconds("timeout", timeout, Outcome.UNKNOWN)
    reference, call_id, secrets = read_reference(ref_id)
    _validate_progress(progress)
    operation = Operation(name="wait_for_cdr", ref_id=reference, secrets=secrets)
    make_request = cdr_request_maker(settings.base_url, reference)
    # The bytes that came take a fifth of the memory of a Cdr, and thousands of waits may hold one at once.
    last: RawResponse | None = None

    def last_record() -> Cdr | None:
        return None if last is None else read_record(last, operation, settings.timezone, call_id)

    pause, longest, look_ups = 0.0, _FIRST_PAUSE, 0
    known: AutocallError | None = None
    while True:
        failure: AutocallError | None = None
        try:
            response = yield from send_with_retries(
                make_request, operation, policy, deadline=deadline, attempts=1, delay=pause
            )
            record = read_record(response, operation, settings.timezone, call_id)
            if record is not None and record.finished:
                return record
            if record is not None:
                last = response
            del record, response
        except AutocallError as error:
            if not (error.retryable or isinstance(error, NotFoundError)):
                raise
            failure = error
        look_ups += 1
        # The end of the wait cuts the last look-up short, which says nothing of the service.
        known = known if look_ups > 1 and isinstance(failure, TransportTimeoutError) else failure
        left = deadline - policy.clock()
        asked = (failure.retry_after or 0.0) if isinstance(failure, ApiError) else 0.0
        if failure is not None and asked > max(left, 0.0):
            raise failure
        if left <= _LAST_MOMENT:
            raise _too_late(reference, timeout, last_record(), known) from failure
        if progress is not None:
            seen = last_record()
            progress(
                WaitProgress(
                    look_ups=look_ups,
                    elapsed=policy.clock() - start,
                    remaining=left,
                    record=seen,
                    reason=_reason(failure, seen),
                )
            )
        # Halving what is left brings the last look-ups closer together: a record that appears late is still seen.
        pause = max(asked, min(policy.draw(longest / 2, longest), left / 2))
        longest = min(longest * _GROWTH, _LONGEST_PAUSE)


def _validate_progress(progress: object) -> None:
    if progress is None:
        return
    if not callable(progress) or is_coroutine_function(progress):
        raise invalid("progress", "must be a plain function", Outcome.UNKNOWN)


def _reason(failure: AutocallError | None, record: Cdr | None) -> str:
    if failure is not None and not isinstance(failure, NotFoundError):
        return str(failure)
    return "no record yet" if record is None else "the record has no end yet"


def _too_late(reference: str, timeout: float, record: Cdr | None, failure: AutocallError | None) -> CdrTimeoutError:
    seen = "there is no record yet" if record is None else "the last record seen has no end"
    if failure is not None and not isinstance(failure, NotFoundError):
        seen = f"the last look-up failed: {failure}"
    return CdrTimeoutError(
        f"no finished record within {timeout:g} s: {seen}",
        outcome=Outcome.UNKNOWN if record is None else Outcome.PLACED,
        ref_id=reference,
        record=record,
    )
