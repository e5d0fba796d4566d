"""Waiting for what no event tells of."""

import threading
import time
from collections.abc import Callable


def eventually(fits: Callable[[], object], seconds: float = 60.0) -> None:
    """Return once it fits; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < deadline, "it never came to pass"
        threading.Event().wait(0.01)
