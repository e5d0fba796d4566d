"""Look a call detail record up: the documented page, "Get CDR by Ref ID"."""

from __future__ import annotations

from autocall_otp._config import Settings
from autocall_otp._operations.arguments import read_reference
from autocall_otp._operations.record import cdr_request_maker, read_record
from autocall_otp._sansio.outcome import Operation, unreadable
from autocall_otp._sansio.retry import Flow, RetryPolicy, send_with_retries
from autocall_otp.models import Cdr, OtpCall


def get_cdr(settings: Settings, policy: RetryPolicy, ref_id: str | OtpCall) -> Flow[Cdr]:
    """Look the record up, finished or not."""
    deadline = policy.clock() + settings.deadline
    reference, call_id, secrets = read_reference(ref_id)
    operation = Operation(name="get_cdr", ref_id=reference, secrets=secrets)
    response = yield from send_with_retries(
        cdr_request_maker(settings.base_url, reference),
        operation,
        policy,
        deadline=deadline,
        attempts=settings.retry.attempts,
    )
    record = read_record(response, operation, settings.timezone, call_id)
    if record is None:
        raise unreadable(response, operation, f"there is no record{'' if call_id is None else ' of this call'} in it")
    return record
