from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from autocall_otp.sandbox.clock import HANOI, Clock

START = datetime(2026, 3, 7, 10, 0, tzinfo=HANOI)


def test_a_stopped_clock_moves_only_by_hand() -> None:
    clock = Clock(speed=0, start=START)
    assert clock.now() == clock.now() == START
    clock.advance(0.1)
    assert clock.advance(0.2) == START + timedelta(seconds=0.3)


def test_a_fast_clock_runs_ahead_and_loses_nothing_when_read_often() -> None:
    often, seldom = Clock(speed=1000, start=START), Clock(speed=1000, start=START)
    for _ in range(2000):
        often.now()
    gap = abs((often.now() - seldom.now()).total_seconds())
    assert often.now() > START
    assert gap < 1000 * 0.005, "read within 5 ms of each other"


def test_the_speed_changes_from_now_on() -> None:
    clock = Clock(speed=0, start=START)
    clock.set_speed(1_000_000)
    moved = clock.now()
    clock.set_speed(0)
    assert START <= moved <= clock.now() == clock.now()


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e9])
def test_a_step_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds must be between 0"):
        Clock().advance(seconds)


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf"), 1e7])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be between 0"):
        Clock(speed=speed)


def test_times_are_those_of_vietnam() -> None:
    assert Clock().now().utcoffset() == timedelta(hours=7)


def test_it_counts_real_time_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 0
    monkeypatch.setattr(time, "monotonic_ns", lambda: 10**9 + passed)
    clock = Clock(start=START)
    assert clock.speed == 1.0
    while passed < 3_000_000:
        clock.now()
        passed += 1500
    assert clock.now() == START + timedelta(milliseconds=3), "nothing is lost between two looks"
    clock.set_speed(2)
    passed += 1_000_000
    assert clock.now() == START + timedelta(milliseconds=5)
    assert clock.advance(0) == clock.now()
    assert clock.advance(1) == START + timedelta(seconds=1, milliseconds=5)
    passed += 1_500
    assert clock.now() == START + timedelta(seconds=1, milliseconds=5, microseconds=3)
    passed += 400
    assert clock.now() == START + timedelta(seconds=1, milliseconds=5, microseconds=3), "whole microseconds"


def test_the_longest_step_is_a_year_and_the_top_speed_a_million() -> None:
    clock = Clock(speed=0, start=START)
    assert clock.advance(366 * 86_400) == START + timedelta(days=366)
    with pytest.raises(ValueError, match=r"^seconds must be between 0 and 31622400 \(a year\): 31622400.5$"):
        clock.advance(366 * 86_400 + 0.5)
    clock.set_speed(1e6)
    with pytest.raises(ValueError, match=r"^speed must be between 0 and 1000000: 1000000.5$"):
        clock.set_speed(1e6 + 0.5)
    assert clock.speed == 1e6


def test_real_seconds_go_by_the_speed() -> None:
    clock = Clock(speed=4)
    assert clock.real_seconds(10) == 2.5
    clock.set_speed(0)
    assert clock.real_seconds(10) is None


def test_without_a_start_it_shows_the_time_of_day() -> None:
    before = datetime.now(HANOI)
    assert before - timedelta(seconds=1) < Clock().now() < datetime.now(HANOI) + timedelta(seconds=1)
