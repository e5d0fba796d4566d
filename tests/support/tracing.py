"""Calls that a test interrupts at a line."""

import sys
from collections.abc import Callable, Iterator
from typing import Any


def call_traced(trace: Any, call: Callable[[], object]) -> None:
    """Call, while `trace` sees each line (`sys.settrace`) and may raise.

    Raised within an `except`, its exception may leave there what was caught, which Python 3.11 then takes for still
    being handled, also in the tests that follow. It ends with the generator.
    """

    def calling() -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(before)
        yield

    next(calling())
