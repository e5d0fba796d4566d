"""What the SDK makes of each special number, as the table says it: the only test here that uses the SDK."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sandbox.conftest import CAMPAIGN

import autocall_otp
from autocall_otp import AutocallError, Cdr, CdrTimeoutError, Client, Outcome, WaitProgress
from autocall_otp.sandbox import Sandbox
from autocall_otp.sandbox.numbers import NUMBERS, Answer, LookUp

PLACED = [number for number in NUMBERS if number.answer in {Answer.NORMAL, Answer.RATE_LIMITED_ONCE}]
FAILING = [number for number in NUMBERS if number not in PLACED]


def client(sandbox: Sandbox, timeout: float = 60.0) -> Client:
    return Client(sandbox.url, sandbox.token, campaign_uuid=CAMPAIGN, template="otp_script_01", timeout=timeout)


@pytest.mark.parametrize("number", PLACED, ids=lambda number: number.name)
def test_a_call_that_is_placed_has_the_record_that_the_table_says(sandbox: Sandbox, number: Any) -> None:
    early: list[Cdr | None] = []

    def advance(progress: WaitProgress) -> None:
        early.append(progress.record)
        sandbox.advance(100)

    with client(sandbox) as sdk:
        call = sdk.run_otp(number.phone_number, "LUAN001")
        (placed,) = sandbox.calls
        assert (placed.ref_id, placed.rings) == (call.ref_id, 1), "one ring, however often it was asked for"
        if number.look_up in {LookUp.NORMAL, LookUp.CAPITALS}:
            sandbox.advance(100)
        if "CdrTimeoutError" in number.outcome:
            with pytest.raises(CdrTimeoutError) as caught:
                sdk.wait_for_cdr(call.ref_id, timeout=0.2)
            assert number.outcome == f"`CdrTimeoutError`, {caught.value.outcome.name}"
            return
        record = sdk.wait_for_cdr(call.ref_id, timeout=60, progress=advance)
    assert all(each is None or not each.finished for each in early), "what comes before it does not end a wait"
    assert str(record.status) == number.plan.status
    stated = re.fullmatch(r"record with status `(.+)`", number.outcome)
    assert stated is None or stated[1] == str(record.status)


@pytest.mark.parametrize("number", FAILING, ids=lambda number: number.name)
def test_a_call_that_fails_raises_what_the_table_says(sandbox: Sandbox, number: Any) -> None:
    timeout = 0.5 if number.answer is Answer.STALLED else 60.0
    with client(sandbox, timeout) as sdk, pytest.raises(AutocallError) as caught:
        sdk.run_otp(number.phone_number, "LUAN001")
    assert number.outcome == f"`{type(caught.value).__name__}`, {caught.value.outcome.name}"
    assert hasattr(autocall_otp, type(caught.value).__name__)
    assert len(sandbox.calls) == (1 if number.plan else 0), "no phone rings twice"
    if number.plan:
        assert caught.value.outcome is Outcome.UNKNOWN
        assert sandbox.calls[0].ref_id == caught.value.ref_id, "so it can be looked up"
