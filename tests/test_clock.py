"""The clock of deadlines."""

from __future__ import annotations

import time
from unittest import mock

import pytest

from autocall_otp._clock import now


def test_it_only_goes_forward() -> None:
    times = [now() for _ in range(100)]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(time.monotonic(), abs=60.0)


def test_a_test_that_stops_the_clock_does_not_stop_it() -> None:
    """Frozen, no deadline would ever pass, and a wait would go on for ever."""
    with mock.patch("time.monotonic", return_value=0.0), mock.patch("time.time", return_value=0.0):
        first = now()
        while now() <= first:
            pass
