"""The types that users see, held by type checkers and never run."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_type

from autocall_otp import (
    ApiError,
    AsyncClient,
    AutocallError,
    CallStatus,
    Cdr,
    CdrTimeoutError,
    Client,
    FieldError,
    OtpCall,
    Outcome,
    Payload,
    Retry,
    WaitProgress,
    mask_number,
    normalize_number,
)


def sync() -> None:
    with Client("api.example.vn", lambda: "token", timeout=5.0, retry=Retry(attempts=2)) as client:
        assert_type(client, Client)
        assert_type(client.host, str)
        assert_type(client.deadline, float)
        call = client.run_otp("0332665711", "LUAN001")
        assert_type(call, OtpCall)
        assert_type(call.call_id, str)
        assert_type(call.lead_uuid, str | None)
        assert_type(call.ref_id, str)
        assert_type(call.phone_number, str | None)
        assert_type(call.outcome, Outcome)
        assert_type(call.to_dict(masked=True), dict[str, Any])
        record = client.wait_for_cdr(call, timeout=60, progress=follow)
        assert_type(client.wait_for_cdr(call.ref_id), Cdr)
        assert_type(client.get_cdr(call.ref_id), Cdr)
        assert_type(client.get_cdr(call), Cdr)
        assert_type(record.status, CallStatus | str | None)
        assert_type(record.duration, int | None)
        assert_type(record.time_started, datetime | None)
        assert_type(record.press_key, Payload | None)
        assert_type(record.answered, bool)
        raw: Mapping[str, Any] = record.raw
        assert_type(record.raw.to_dict(), dict[str, Any])
        del raw
    assert_type(client.close(), None)
    assert_type(mask_number("0332665711"), str)
    assert_type(normalize_number("+84 332 665 711", allow_international=True), str)


async def fetch() -> str:
    return "token"


async def asynchronous() -> None:
    async with AsyncClient("api.example.vn", fetch) as client:
        assert_type(client, AsyncClient)
        call = await client.run_otp("0332665711", "LUAN001")
        assert_type(call, OtpCall)
        assert_type(await client.get_cdr("ABC123"), Cdr)
        assert_type(await client.get_cdr(call), Cdr)
        assert_type(await client.wait_for_cdr("ABC123"), Cdr)
        assert_type(await client.wait_for_cdr(call), Cdr)


def follow(progress: WaitProgress) -> None:
    assert_type(progress.look_ups, int)
    assert_type(progress.record, Cdr | None)


def errors(error: AutocallError) -> None:
    assert_type(error.outcome, Outcome)
    assert_type(error.ref_id, str | None)
    assert_type(error.retryable, bool)
    if isinstance(error, ApiError):
        assert_type(error.status_code, int)
        assert_type(error.errors, tuple[FieldError, ...])
        assert_type(error.retry_after, float | None)
    if isinstance(error, CdrTimeoutError):
        assert_type(error.record, Cdr | None)


def rejected(client: Client) -> None:
    client.run_otp(332665711, "1")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - a number loses its 0
    client.run_otp("0332665711", "1", "campaign")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] - keywords only
    client.get_cdr(7)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - a reference or a call
    client.host = "x"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] - set when it is made
    Client("api.example.vn", transport="fast")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - is gone
    Client("api.example.vn", fetch)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - a coroutine function
