"""The clock of every deadline, and pauses: a test that freezes time or patches `sleep` leaves them as they are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


def _monotonic() -> float:
    return time.monotonic()


now: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else _monotonic
)
"""Seconds of a clock that only goes forward."""


def sleep(seconds: float) -> None:
    """Pause this thread."""
    threading.Event().wait(seconds)


async def async_sleep(seconds: float) -> None:
    """Pause this task."""
    from asyncio import get_running_loop  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

    loop = get_running_loop()
    rested: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(seconds, _end, rested)
    try:
        await rested
    finally:
        timer.cancel()


def _end(pause: asyncio.Future[None]) -> None:
    if not pause.done():
        pause.set_result(None)
