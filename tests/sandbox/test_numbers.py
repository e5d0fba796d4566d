from __future__ import annotations

import re
from pathlib import Path

import pytest

from autocall_otp.sandbox.numbers import NUMBERS, special

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


def test_a_number_means_the_same_in_every_spelling_and_others_mean_nothing() -> None:
    for number in NUMBERS:
        assert special(f"+84 {number.phone_number[1:]}") == number
    assert special("0332665711") is None
    assert len({number.phone_number for number in NUMBERS}) == len({number.name for number in NUMBERS}) == len(NUMBERS)
    assert {number.plan.status for number in NUMBERS if number.plan} <= {number.name for number in NUMBERS}


@pytest.mark.dev
def test_the_page_and_the_command_tell_the_same() -> None:
    cells = re.findall(r"^\| `(09\d+)` \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert cells == [(number.phone_number, number.happens, number.outcome) for number in NUMBERS]
