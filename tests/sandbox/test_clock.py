from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from autocall_otp.sandbox.clock import HANOI, Clock

START = datetime(2026, 3, 7, 10, 0, tzinfo=HANOI)


def test_a_stopped_clock_moves_only_by_hand() -> None:
    clock = Clock(speed=0, start=START)
    assert clock.now() == clock.now() == START
    clock.advance(0.1)
    assert clock.advance(0.2) == START + timedelta(seconds=0.3)
    assert clock.real_seconds(10) is None


def test_it_counts_real_time_exactly_at_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 0
    monkeypatch.setattr("autocall_otp.sandbox.clock.monotonic_ns", lambda: 10**9 + passed)
    clock = Clock(start=START)
    assert clock.speed == 1.0
    while passed < 3_000_000:
        clock.now()
        passed += 1500
    assert clock.now() == START + timedelta(milliseconds=3), "nothing is lost between two looks"
    clock.set_speed(2)
    assert clock.real_seconds(10) == 5
    passed += 1_000_000
    assert clock.now() == clock.advance(0) == START + timedelta(milliseconds=5)
    assert clock.advance(1) == START + timedelta(seconds=1, milliseconds=5)
    passed += 1_900
    assert clock.now() == START + timedelta(seconds=1, milliseconds=5, microseconds=3), "whole microseconds"


def test_the_longest_step_is_a_year_and_the_top_speed_a_million() -> None:
    clock = Clock(speed=0, start=START)
    assert clock.advance(366 * 86_400) == START + timedelta(days=366)
    clock.set_speed(1e6)
    for wrong in (-1, float("nan"), float("inf"), 366 * 86_400 + 0.5):
        with pytest.raises(ValueError, match=r"^seconds must be between 0 and 31622400 \(a year\): "):
            clock.advance(wrong)
        with pytest.raises(ValueError, match="^speed must be between 0 and 1000000: "):
            Clock(speed=wrong)
    with pytest.raises(ValueError, match="^speed must be between 0 and 1000000: "):
        clock.set_speed(1e6 + 0.5)


def test_without_a_start_it_shows_the_time_of_day_in_vietnam() -> None:
    before, now = datetime.now(HANOI), Clock().now()
    assert before - timedelta(seconds=1) < now < datetime.now(HANOI) + timedelta(seconds=1)
    assert now.utcoffset() == timedelta(hours=7)
