from __future__ import annotations

import re
from pathlib import Path

import pytest

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.calls import Plan
from autocall_otp.sandbox.numbers import NUMBERS, Answer, special

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"
# number: short name, the answer to the request, the call's end, seconds until its record
MEANINGS: dict[str, tuple[str, str, Plan | None, float | None]] = {
    "0900000001": ("answered", "normal", calls.ANSWERED, 15),
    "0900000002": ("busy", "normal", calls.BUSY, 3),
    "0900000003": ("no-answered", "normal", calls.NO_ANSWER, 27),
    "0900000004": ("not-available", "normal", calls.NOT_AVAILABLE, 4),
    "0900000005": ("invalid-number", "normal", calls.INVALID_NUMBER, 1),
    "0900000006": ("phone-block", "normal", calls.PHONE_BLOCK, 2),
    "0900000007": ("congestion", "normal", calls.CONGESTION, 1),
    "0900000008": ("voicemail", "normal", calls.VOICEMAIL, 26),
    "0900000009": ("failed", "normal", calls.FAILED, 6),
    "0900000021": ("slow-record", "normal", calls.ANSWERED, 45),
    "0900000022": ("no-record", "normal", calls.ANSWERED, None),
    "0900000031": ("answer-lost", "lost", calls.ANSWERED, 15),
    "0900000032": ("answer-stalled", "stalled", calls.ANSWERED, 15),
    "0900000033": ("answer-malformed", "malformed", calls.ANSWERED, 15),
    "0900000401": ("unauthorized", "401", None, None),
    "0900000403": ("forbidden", "403", None, None),
    "0900000429": ("rate-limited", "429 once", calls.ANSWERED, 15),
    "0900000500": ("server-error", "500", None, None),
    "0900000502": ("bad-gateway", "HTML 502", calls.ANSWERED, 15),
    "0900000503": ("unavailable", "503", None, None),
}


def test_these_numbers_mean_something_and_no_other() -> None:
    assert [number.phone_number for number in NUMBERS] == list(MEANINGS)
    assert special("0332665711") is None


@pytest.mark.parametrize("phone_number", MEANINGS)
def test_a_number_means_what_it_is_for(phone_number: str) -> None:
    name, answer, plan, record = MEANINGS[phone_number]
    number = special(f"+84{phone_number[1:]}")
    assert number
    assert (number.phone_number, number.name, number.answer) == (phone_number, name, Answer(answer))
    assert (number.plan is None) == (plan is None)
    if number.plan and plan:
        assert number.plan.record == record
        assert (number.plan.status, number.plan.ended, number.plan.answered) == (plan.status, plan.ended, plan.answered)


@pytest.mark.dev
def test_the_page_and_the_command_tell_the_same() -> None:
    cells = re.findall(r"^\| `(09\d+)` \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert cells == [(number.phone_number, number.happens, number.outcome) for number in NUMBERS]
