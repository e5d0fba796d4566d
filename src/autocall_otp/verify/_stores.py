"""What a store has to do, and the one that lives in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Store(Protocol):
    """Keeps short texts for a while. A store of your own: a database table with a key, a value and a time."""

    def get(self, key: str) -> str | None:
        """The value; None where there is none, or its time is over."""
        ...

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """Put `new` in the place of `old` in one atomic step, for `ttl` seconds; say whether it was done.

        Nothing happens where the value is not exactly `old`. None stands for no value, as `old` or as `new`.
        """
        ...


class AsyncStore(Protocol):
    """The same for asyncio."""

    async def get(self, key: str) -> str | None:
        """`Store.get`, awaited."""
        ...

    async def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """`Store.swap`, awaited."""
        ...


class MemoryStore:
    """For tests, and for one process that may forget everything at its end. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[str, tuple[str, float]] = {}
        self._sweep_at = 1000

    def get(self, key: str) -> str | None:
        """`Store.get`."""
        value, until = self._records.get(key, (None, 0.0))
        return value if until > self._now() else None

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """`Store.swap`."""
        with self._lock:
            if self.get(key) != old:
                return False
            if new is None:
                self._records.pop(key, None)
            else:
                self._records[key] = new, self._now() + ttl
                self._sweep()
            return True

    def _sweep(self) -> None:
        # When the records have doubled in number, so that the cost of each stays the same.
        if len(self._records) >= self._sweep_at:
            now = self._now()
            self._records = {key: record for key, record in self._records.items() if record[1] > now}
            self._sweep_at = max(1000, 2 * len(self._records))

    def _now(self) -> float:
        return time.time()


def run(flow: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that has nothing to wait for: without an event loop it runs to its end at once."""
    try:
        flow.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("a flow had to wait, and there is no event loop")
