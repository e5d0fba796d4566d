"""Wakes those who wait for a change, in threads and in event loops, so that nothing polls."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from autocall_otp.sandbox.clock import monotonic


class Bell:
    """Counts its rings; a waiter names the count that it knows and misses no ring in between."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def count(self) -> int:
        """Rings so far."""
        return self._count

    def ring(self) -> None:
        """Wake every waiter; safe to call from any thread."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()
            for loop, event in self._waiting:
                # A waiter may be there whose loop is closed already.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(event.set)

    def wait(self, known: int, timeout: float) -> int:
        """Block until the count differs from the known one, at most timeout seconds; returns the count."""
        deadline = monotonic() + timeout
        with self._condition:
            while self._count == known:
                left = deadline - monotonic()
                if left <= 0 or not self._condition.wait(left):
                    break
            return self._count

    async def listen(self, known: int, timeout: float | None) -> int:  # noqa: ASYNC109 - returns, never raises
        """Like `wait`, for an event loop; without a timeout it waits for a ring alone."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._condition:
            if self._count != known:
                return self._count
            self._waiting.add(waiter)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(waiter[1].wait(), timeout)
        finally:
            with self._condition:
                self._waiting.discard(waiter)
        return self._count
