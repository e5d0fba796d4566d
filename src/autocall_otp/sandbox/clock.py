"""The sandbox's clock: it runs at any speed and can be moved forward by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from math import isfinite

HANOI = timezone(timedelta(hours=7))
LONGEST_STEP = 366 * 24 * 3600.0
TOP_SPEED = 1_000_000.0


def _stdlib_ns() -> int:
    return time.monotonic_ns()


monotonic_ns: Callable[[], int] = (
    partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime_ns") else _stdlib_ns
)
"""Real time, on a clock that only goes forward and that tests which freeze or patch `time.monotonic` leave running."""


def monotonic() -> float:
    """The same in seconds."""
    return monotonic_ns() / 1e9


class Clock:
    """A wall clock in UTC+07:00 that only moves forward.

    Args:
        speed: Sandbox seconds for each real second; 0 stops the clock, so that only `advance` moves it.
        start: The time to begin at; now when left out.

    Raises:
        ValueError: If speed is negative, not finite or above a million.
    """

    def __init__(self, *, speed: float = 1.0, start: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._base = (start or datetime.now(HANOI)).astimezone(HANOI)
        self._mark = monotonic_ns()
        self._speed = _checked_speed(speed)

    @property
    def speed(self) -> float:
        """Sandbox seconds for each real second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on; raises ValueError as the constructor does."""
        checked = _checked_speed(speed)
        with self._lock:
            self._begin_anew()
            self._speed = checked

    def now(self) -> datetime:
        """The sandbox's time, with its zone."""
        with self._lock:
            return self._now(monotonic_ns())

    def advance(self, seconds: float) -> datetime:
        """Move forward and return the new time.

        Raises:
            ValueError: If seconds is negative, not finite or more than a year.
        """
        if not (isfinite(seconds) and 0 <= seconds <= LONGEST_STEP):
            msg = f"seconds must be between 0 and {LONGEST_STEP:.0f} (a year): {seconds!r}"
            raise ValueError(msg)
        with self._lock:
            self._base += timedelta(seconds=seconds)
            return self._begin_anew()

    def real_seconds(self, seconds: float) -> float | None:
        """How long these sandbox seconds take in reality; None while the clock stands still."""
        return seconds / self._speed if self._speed else None

    def _now(self, mark: int) -> datetime:
        return self._base + timedelta(microseconds=int((mark - self._mark) * self._speed) // 1000)

    def _begin_anew(self) -> datetime:
        """Count from the present moment on, which it returns."""
        mark = monotonic_ns()
        self._base, self._mark = self._now(mark), mark
        return self._base


def _checked_speed(speed: float) -> float:
    if not (isfinite(speed) and 0 <= speed <= TOP_SPEED):
        msg = f"speed must be between 0 and {TOP_SPEED:.0f}: {speed!r}"
        raise ValueError(msg)
    return float(speed)
