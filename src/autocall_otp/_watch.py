"""Ending requests whose deadline has passed.

A read has a time-out of its own, which a server that sends a byte now and then never meets. A task is cancelled at its
deadline; a thread needs somebody else to cut its connection.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from typing import Protocol

    class _Cuttable(Protocol):
        def cut_off(self) -> None: ...


class Watch:
    """One thread that cuts what is overdue. It starts with the first request and ends when there has been none."""

    TICK = 0.1
    IDLE = 5.0

    def __init__(self) -> None:
        """Start no thread yet."""
        self._armed: dict[_Cuttable, float] = {}
        self._lock = threading.Lock()
        self._running = False

    def arm(self, target: _Cuttable, until: float) -> None:
        """Cut the target off when the monotonic clock passes a point."""
        self._armed[target] = until
        if not self._running:
            self._start()

    def disarm(self, target: _Cuttable) -> None:
        """Leave the target alone from now on."""
        self._armed.pop(target, None)

    def _start(self) -> None:
        with self._lock:
            if not self._running:
                threading.Thread(target=self._run, name="autocall-otp-deadlines", daemon=True).start()
                # Not before: where no thread could be had, the next request tries again.
                self._running = True

    def _run(self) -> None:
        idle_since = time.monotonic()
        while True:
            time.sleep(self.TICK)
            now = time.monotonic()
            for target, until in self._armed.copy().items():
                idle_since = now
                # Whoever takes the target out of the table may cut it: a request that just ended is left alone.
                if until < now and self._armed.pop(target, None) is not None:
                    target.cut_off()
            if now - idle_since > self.IDLE:
                with self._lock:
                    # Armed since the look above: stay for it.
                    if not self._armed:
                        self._running = False
                        return


class AsyncWatch:
    """One timer for all requests of an event loop; a timer for each costs as much as the rest of the SDK's rules."""

    TICK = 0.1

    def __init__(self) -> None:
        """Start no timer yet."""
        self._armed: dict[asyncio.Timeout, float] = {}
        self._ticking = False

    def arm(self, bound: asyncio.Timeout, until: float) -> None:
        """Let a time-out strike when the monotonic clock passes a point."""
        self._armed[bound] = until
        if not self._ticking:
            self._ticking = True
            self._wait()

    def disarm(self, bound: asyncio.Timeout) -> None:
        """Leave the time-out alone from now on."""
        self._armed.pop(bound, None)

    def _wait(self) -> None:
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        asyncio.get_running_loop().call_later(self.TICK, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        for bound in [bound for bound, until in self._armed.items() if until < now]:
            del self._armed[bound]
            # Any time of the past will do: it strikes at the loop's next turn.
            bound.reschedule(0.0)
        self._ticking = bool(self._armed)
        if self._ticking:
            self._wait()
