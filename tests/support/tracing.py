"""Calls that a test interrupts at a line."""

import sys
from collections.abc import Callable, Iterator
from typing import Any


def interrupt(call: Callable[[], object], folder: str, line: int, how: Callable[[], object]) -> None:
    """Call, and interrupt at the so-and-so many-th line that modules of a folder run.

    Raised within an `except`, an exception may leave there what was caught, which Python 3.11 then takes for still
    being handled, also in the tests that follow. It ends with the generator.
    """
    left = line

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal left
        # Python ignores what is raised while it frees an earlier object.
        if folder not in frame.f_code.co_filename or frame.f_code.co_name == "__del__":
            return None
        left -= event == "line"
        if event == "line" and left == 0:
            how()
        return trace

    def calling() -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(before)
        yield

    next(calling())
