"""The clock of deadlines."""

from unittest import mock

from autocall_otp._clock import now


def test_a_test_that_stops_the_clock_does_not_stop_it() -> None:
    """Frozen, no deadline would ever pass, and a wait would go on for ever."""
    with mock.patch("time.monotonic", return_value=0.0), mock.patch("time.time", return_value=0.0):
        first = now()
        while now() <= first:
            pass
