"""A free list of connections: each lane is a public httpx transport with a single connection in it.

httpx's own pool looks at every connection for every request; taking the lane used last costs the same however many
there are. A lane that failed, or whose answer was not read to its end, is closed and never used again.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import httpx

from autocall_otp._watch import Watch

if TYPE_CHECKING:
    from queue import SimpleQueue

# A connection used within the last second is taken to be there still; after that a new one may replace it unseen, so
# the lane is told of it. Telling costs a tenth of a call.
_FRESH = 1.0


class Lane:
    """One connection of a sync client, and the socket under it."""

    __slots__ = ("_socket", "cut", "idle_since", "transport")

    def __init__(self, transport: httpx.BaseTransport) -> None:
        """Take a transport that keeps a single connection."""
        self.transport = transport
        self.idle_since = 0.0
        self.cut = False
        self._socket: socket.socket | None = None

    def is_known(self) -> bool:
        """Whether the socket at hand is surely the one that the next request uses."""
        known = self._socket is not None and self._socket.fileno() >= 0
        return known and time.monotonic() - self.idle_since < _FRESH

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Remember the socket of a new connection; httpx documents this hook and what it is told."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._socket = info["return_value"].get_extra_info("socket")

    def cut_off(self) -> None:
        """End whatever is being read, from another thread."""
        self.cut = True
        if self._socket is not None:
            with suppress(OSError):
                # Not the method of a TLS socket, which would go on in clear.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def failure(self, error: Exception) -> Exception:
        """The error, or a time-out where the connection was cut because of one."""
        if not self.cut:
            return error
        late = httpx.ReadTimeout("the deadline passed before the answer was whole")
        late.__cause__ = error
        return late


class AsyncLane:
    """One connection of an async client."""

    __slots__ = ("idle_since", "transport")

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        """Take a transport that keeps a single connection."""
        self.transport = transport
        self.idle_since = 0.0


L = TypeVar("L", Lane, AsyncLane)


class _FreeList(Generic[L]):
    """The lanes that are not in use, the one used last on top."""

    def __init__(self, first: L, keep: int, expiry: float) -> None:
        # httpx imports its lower half with the first transport. Here that happens before there are threads: a process
        # that forks while one of them imports leaves its child waiting for ever.
        self._lanes: deque[L] = deque([first])
        self._keep, self._expiry = keep, expiry

    def take(self, expired: list[L]) -> L | None:
        """The lane used last; those that have been idle for too long are added to the list."""
        try:
            lane = self._lanes.pop()
        except IndexError:
            return None
        if not 0.0 < lane.idle_since < time.monotonic() - self._expiry:
            return lane
        expired.append(lane)
        expired.extend(self.drain())
        return None

    def put(self, lane: L) -> list[L]:
        """Put a lane back; return those that have been idle for too long or are too many."""
        lane.idle_since = now = time.monotonic()
        self._lanes.append(lane)
        surplus: list[L] = []
        try:
            while len(self._lanes) > self._keep or self._lanes[0].idle_since < now - self._expiry:
                surplus.append(self._lanes.popleft())
        except IndexError:
            # Another thread has taken the last one meanwhile.
            pass
        return surplus

    def drain(self) -> list[L]:
        drained: list[L] = []
        with suppress(IndexError):
            while True:
                drained.append(self._lanes.pop())
        return drained


class Lanes:
    """A bounded number of connections, shared by threads."""

    def __init__(self, make: Callable[[], httpx.BaseTransport], *, size: int, keep: int, expiry: float) -> None:
        """Connect to nothing yet; `make` makes the transport of each lane."""
        from queue import Empty, SimpleQueue  # noqa: PLC0415 - tasks do without it

        self._make = make
        self._free: _FreeList[Lane] = _FreeList(Lane(make()), keep, expiry)
        # A queue of permits: the quickest lock of the standard library that can wait with a time-out.
        self._permits: SimpleQueue[None] = SimpleQueue()
        self._none_free = Empty
        for _ in range(size):
            self._permits.put(None)
        self._watch = Watch()

    def take(self, request: httpx.Request) -> Lane:
        """A lane for the request and its answer, to be given back afterwards whatever comes.

        Raises:
            httpx.PoolTimeout: none came free in the time that the request allows.
        """
        try:
            self._permits.get(timeout=request.extensions["timeout"]["pool"])
        except self._none_free:
            raise httpx.PoolTimeout("no connection came free in time") from None
        try:
            expired: list[Lane] = []
            lane = self._free.take(expired)
            _close(expired)
            lane = lane or Lane(self._make())
        except BaseException:
            self._permits.put(None)
            raise
        if not lane.is_known():
            request.extensions["trace"] = lane.trace
        elif "trace" in request.extensions:
            # Of the lane that an earlier attempt took.
            del request.extensions["trace"]
        try:
            self._watch.arm(lane, request.extensions["deadline"])
        except BaseException:
            # There may be no thread left to be had.
            self.give_back(lane, whole=False)
            raise
        return lane

    def give_back(self, lane: Lane, *, whole: bool) -> None:
        """Free the lane for the next request, or close it where its answer was not read to the end."""
        self._watch.disarm(lane)
        unwanted = self._free.put(lane) if whole and not lane.cut else [lane]
        self._permits.put(None)
        _close(unwanted)

    def close(self) -> None:
        """Close the connections that nobody uses; the others close when their answers are read."""
        _close(self._free.drain())


def _close(lanes: list[Lane]) -> None:
    for lane in lanes:
        # A connection that cannot be closed says nothing of the call.
        with suppress(Exception):
            lane.transport.close()


class AsyncLanes:
    """A bounded number of connections, shared by the tasks of one event loop; tasks get them in turn."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport], *, size: int, keep: int, expiry: float) -> None:
        """Connect to nothing yet; `make` makes the transport of each lane."""
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        self._make = make
        self._free: _FreeList[AsyncLane] = _FreeList(AsyncLane(make()), keep, expiry)
        self._slots = asyncio.Semaphore(size)

    async def take(self, request: httpx.Request) -> AsyncLane:
        """A lane for the request and its answer, to be given back afterwards whatever comes.

        Raises:
            httpx.PoolTimeout: none came free in the time that the request allows.
        """
        if self._slots.locked():
            await self._wait_for_turn(request.extensions["timeout"]["pool"])
        else:
            await self._slots.acquire()
        try:
            expired: list[AsyncLane] = []
            lane = self._free.take(expired)
            if expired:
                await _aclose(expired)
            return lane or AsyncLane(self._make())
        except BaseException:
            self._slots.release()
            raise

    async def _wait_for_turn(self, seconds: float | None) -> None:
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("no connection came free in time") from None

    async def give_back(self, lane: AsyncLane, *, whole: bool) -> None:
        """Free the lane for the next request, or close it where its answer was not read to the end."""
        unwanted = self._free.put(lane) if whole else [lane]
        self._slots.release()
        if unwanted:
            await _aclose(unwanted)

    async def aclose(self) -> None:
        """Close the connections that nobody uses; the others close when their answers are read."""
        await _aclose(self._free.drain())


async def _aclose(lanes: list[AsyncLane]) -> None:
    for lane in lanes:
        # A connection that cannot be closed says nothing of the call.
        with suppress(Exception):
            await lane.transport.aclose()


class Lent:
    """A transport of the caller's, which minds its connections itself."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        """Take what the caller gave."""
        self._lane = Lane(transport)

    def take(self, _: httpx.Request) -> Lane:
        """The one lane, however many requests use it."""
        return self._lane

    def give_back(self, lane: Lane, *, whole: bool) -> None:
        """Leave it as it is."""

    def close(self) -> None:
        """Close the transport."""
        self._lane.transport.close()


class AsyncLent:
    """A transport of the caller's, which minds its connections itself."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        """Take what the caller gave."""
        self._lane = AsyncLane(transport)

    async def take(self, _: httpx.Request) -> AsyncLane:
        """The one lane, however many requests use it."""
        return self._lane

    async def give_back(self, lane: AsyncLane, *, whole: bool) -> None:
        """Leave it as it is."""

    async def aclose(self) -> None:
        """Close the transport."""
        await self._lane.transport.aclose()
