"""What the SDK makes of each special number, as the table says it: the only test here that drives the SDK."""

from __future__ import annotations

import re
from typing import Any

import pytest

import autocall_otp
from autocall_otp import AutocallError, Cdr, CdrTimeoutError, Client, Outcome, WaitProgress
from autocall_otp.sandbox import Sandbox
from autocall_otp.sandbox.numbers import NUMBERS, Answer, LookUp

CAMPAIGN = "f77dfcf4-0759-4179-93cb-741f481a776e"
PLACED = [number for number in NUMBERS if number.answer in {Answer.NORMAL, Answer.RATE_LIMITED_ONCE}]
FAILING = [number for number in NUMBERS if number not in PLACED]
EARLY = [number for number in PLACED if number.look_up not in {LookUp.NORMAL, LookUp.CAPITALS}]


def client(sandbox: Sandbox, timeout: float = 20.0) -> Client:
    return Client(sandbox.url, sandbox.token, campaign_uuid=CAMPAIGN, template="otp_script_01", timeout=timeout)


@pytest.mark.parametrize("number", PLACED, ids=lambda number: number.name)
def test_a_call_that_is_placed_has_the_record_that_the_table_says(sandbox: Sandbox, number: Any) -> None:
    with client(sandbox) as sdk:
        call = sdk.run_otp(number.phone_number, "LUAN001")
        sandbox.advance(100)
        (placed,) = sandbox.calls
        assert (placed.ref_id, placed.rings) == (call.ref_id, 1), "one ring, however often it was asked for"
        if number.name == "no-record":
            with pytest.raises(CdrTimeoutError) as caught:
                sdk.wait_for_cdr(call.ref_id, timeout=0.2)
            assert number.outcome == f"`CdrTimeoutError`, {caught.value.outcome.name}"
            return
        record = sdk.wait_for_cdr(call.ref_id, timeout=60)
        assert str(record.status) == number.plan.status
        stated = re.fullmatch(r"record with status `(.+)`", number.outcome)
        assert stated is None or stated[1] == str(record.status)


@pytest.mark.parametrize("number", EARLY, ids=lambda number: number.name)
def test_what_comes_before_the_record_does_not_end_a_wait(sandbox: Sandbox, number: Any) -> None:
    found: list[Cdr | None] = []

    def advance(progress: WaitProgress) -> None:
        found.append(progress.record)
        sandbox.advance(100)

    with client(sandbox) as sdk:
        call = sdk.run_otp(number.phone_number, "LUAN001")
        record = sdk.wait_for_cdr(call.ref_id, timeout=60, progress=advance)
    assert [early is None or not early.finished for early in found] == [True]
    assert record.answered


@pytest.mark.parametrize("number", FAILING, ids=lambda number: number.name)
def test_a_call_that_fails_raises_what_the_table_says(sandbox: Sandbox, number: Any) -> None:
    timeout = 0.5 if number.answer is Answer.STALLED else 20.0
    with client(sandbox, timeout) as sdk, pytest.raises(AutocallError) as caught:
        sdk.run_otp(number.phone_number, "LUAN001")
    assert number.outcome == f"`{type(caught.value).__name__}`, {caught.value.outcome.name}"
    assert len(sandbox.calls) == (1 if number.plan else 0), "no phone rings twice"
    if number.plan:
        assert caught.value.outcome is Outcome.UNKNOWN
        assert sandbox.calls[0].ref_id == caught.value.ref_id, "so it can be looked up"


def test_every_error_of_the_table_is_the_sdks() -> None:
    named = {name for number in NUMBERS for name in re.findall(r"`(\w+Error)`", number.outcome)}
    assert [name for name in named if not hasattr(autocall_otp, name)] == []
