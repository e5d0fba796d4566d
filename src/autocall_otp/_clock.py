"""The clock of every deadline: one that a test which freezes or patches `time.monotonic` leaves running."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial


def _monotonic() -> float:
    return time.monotonic()


now: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else _monotonic
)
"""Seconds of a clock that only goes forward."""
