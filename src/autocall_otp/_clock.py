"""The clock of every deadline: one that a test which freezes or patches `time.monotonic` leaves running."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds of a clock that only goes forward."""
    if _CLOCK is None:
        return time.monotonic()
    return time.clock_gettime(_CLOCK)


_CLOCK: int | None = getattr(time, "CLOCK_MONOTONIC", None)
