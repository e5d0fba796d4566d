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
