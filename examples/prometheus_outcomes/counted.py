"""Two counters: what became of each request for a call, and how the calls ended. No label holds a number or a code."""

from __future__ import annotations

from prometheus_client import Counter

from autocall_otp import AutocallError, CallStatus, Cdr, Client, OtpCall

REQUESTS = Counter(
    "autocall_requests", "Calls asked for, by what is known of the phone and by error", ["outcome", "error"]
)
ENDINGS = Counter("autocall_endings", "Calls that ended, by the status of their record", ["status"])

# Every series is there from the start, so that rate() sees the first increase.
for _status in (*CallStatus, "other", "no record"):
    ENDINGS.labels(str(_status))


def run_otp(client: Client, phone_number: str, code: str, *, ref_id: str | None = None) -> OtpCall:
    """`Client.run_otp`, counted. Alert on the outcome `unknown`: those phones may ring, and nobody knows."""
    try:
        call = client.run_otp(phone_number, code, ref_id=ref_id)
    except AutocallError as error:
        REQUESTS.labels(error.outcome.value, type(error).__name__).inc()
        raise
    REQUESTS.labels(call.outcome.value, "").inc()
    return call


def wait_for_cdr(client: Client, ref_id: str, *, timeout: float = 120.0) -> Cdr:
    """`Client.wait_for_cdr`, counted. The list of statuses is open, so a new one counts as `other`."""
    try:
        record = client.wait_for_cdr(ref_id, timeout=timeout)
    except AutocallError:
        ENDINGS.labels("no record").inc()
        raise
    ENDINGS.labels(record.status if isinstance(record.status, CallStatus) else "other").inc()
    return record
