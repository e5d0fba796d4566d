"""A free list of connections: each lane is a public httpx transport with a single connection in it.

httpx's own pool looks at every connection for every request; taking the lane used last costs the same however many
there are. A lane that failed, or whose answer was not read to its end, is closed and never used again.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar, cast

import attrs
import httpx

from autocall_otp._watch import Watch

L = TypeVar("L", "Lane", "AsyncLane")
# A connection used within the last second is taken to be there still; after that a new one may replace it unseen, so
# the lane is told of it. Telling costs a tenth of a call.
_FRESH = 1.0


@attrs.define(eq=False)
class Lane:
    """One connection of a sync client, and the socket under it."""

    transport: httpx.BaseTransport
    idle_since: float = 0.0
    cut: bool = False
    _socket: socket.socket | None = None

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
        return httpx.ReadTimeout("the deadline passed before the answer was whole") if self.cut else error


@attrs.define(eq=False)
class AsyncLane:
    """One connection of an async client."""

    transport: httpx.AsyncBaseTransport
    idle_since: float = 0.0


class _FreeList(Generic[L]):
    """The lanes that are not in use, the one used last on top."""

    def __init__(self, first: L, keep: int, expiry: float) -> None:
        # httpx imports its lower half with the first transport. Here that happens before there are threads: a process
        # that forks while one of them imports leaves its child waiting for ever.
        self._lanes: deque[L] = deque([first])
        self._keep, self._expiry = keep, expiry

    def take(self) -> L | None:
        try:
            return self._lanes.pop()
        except IndexError:
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

    def drain(self) -> Iterator[L]:
        while (lane := self.take()) is not None:
            yield lane


class Lanes(httpx.BaseTransport):
    """A bounded number of connections, shared by threads."""

    def __init__(self, make: Callable[[], httpx.BaseTransport], *, size: int, keep: int, expiry: float) -> None:
        """Connect to nothing yet; `make` makes the transport of each lane."""
        self._make = make
        self._free: _FreeList[Lane] = _FreeList(Lane(make()), keep, expiry)
        # A queue of permits: the quickest lock of the standard library that can wait with a time-out.
        self._permits: SimpleQueue[None] = SimpleQueue()
        for _ in range(size):
            self._permits.put(None)
        self._watch = Watch()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send on a free lane; the answer holds the lane until it is closed."""
        try:
            self._permits.get(timeout=request.extensions["timeout"]["pool"])
        except Empty:
            raise httpx.PoolTimeout("no connection came free in time") from None
        try:
            lane = self._free.take() or Lane(self._make())
        except BaseException:
            self._permits.put(None)
            raise
        if time.monotonic() - lane.idle_since > _FRESH:
            request.extensions["trace"] = lane.trace
        self._watch.arm(lane, request.extensions["deadline"])
        try:
            response = lane.transport.handle_request(request)
        except BaseException as error:
            self.give_back(lane, whole=False)
            if isinstance(error, Exception) and lane.cut:
                raise lane.failure(error) from error
            raise
        response.stream = _LeasedStream(cast("httpx.SyncByteStream", response.stream), lane, self)
        return response

    def give_back(self, lane: Lane, *, whole: bool) -> None:
        """Free the lane for the next request, or close it."""
        self._watch.disarm(lane)
        unwanted = self._free.put(lane) if whole and not lane.cut else [lane]
        self._permits.put(None)
        for each in unwanted:
            each.transport.close()

    def close(self) -> None:
        """Close the connections that nobody uses; the others close when their answers are read."""
        for lane in self._free.drain():
            lane.transport.close()


class _LeasedStream(httpx.SyncByteStream):
    """The body of an answer; closing it gives the lane back."""

    def __init__(self, stream: httpx.SyncByteStream, lane: Lane, lanes: Lanes) -> None:
        self._stream, self._lane = stream, lane
        self._lanes: Lanes | None = lanes
        self._whole = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except Exception as error:
            if self._lane.cut:
                raise self._lane.failure(error) from error
            raise
        self._whole = True

    def close(self) -> None:
        lanes, self._lanes = self._lanes, None
        if lanes is not None:
            try:
                self._stream.close()
            finally:
                lanes.give_back(self._lane, whole=self._whole)


class AsyncLanes(httpx.AsyncBaseTransport):
    """A bounded number of connections, shared by the tasks of one event loop; tasks get them in turn."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport], *, size: int, keep: int, expiry: float) -> None:
        """Connect to nothing yet; `make` makes the transport of each lane."""
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        self._make = make
        self._free: _FreeList[AsyncLane] = _FreeList(AsyncLane(make()), keep, expiry)
        self._slots = asyncio.Semaphore(size)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send on a free lane; the answer holds the lane until it is closed."""
        if self._slots.locked():
            await self._wait_for_turn(request.extensions["timeout"]["pool"])
        else:
            await self._slots.acquire()
        try:
            lane = self._free.take() or AsyncLane(self._make())
        except BaseException:
            self._slots.release()
            raise
        try:
            response = await lane.transport.handle_async_request(request)
        except BaseException:
            await self.give_back(lane, whole=False)
            raise
        response.stream = _AsyncLeasedStream(cast("httpx.AsyncByteStream", response.stream), lane, self)
        return response

    async def _wait_for_turn(self, seconds: float | None) -> None:
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("no connection came free in time") from None

    async def give_back(self, lane: AsyncLane, *, whole: bool) -> None:
        """Free the lane for the next request, or close it."""
        unwanted = self._free.put(lane) if whole else [lane]
        self._slots.release()
        for each in unwanted:
            await each.transport.aclose()

    async def aclose(self) -> None:
        """Close the connections that nobody uses; the others close when their answers are read."""
        for lane in self._free.drain():
            await lane.transport.aclose()


class _AsyncLeasedStream(httpx.AsyncByteStream):
    """The body of an answer; closing it gives the lane back."""

    def __init__(self, stream: httpx.AsyncByteStream, lane: AsyncLane, lanes: AsyncLanes) -> None:
        self._stream, self._lane = stream, lane
        self._lanes: AsyncLanes | None = lanes
        self._whole = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk
        self._whole = True

    async def aclose(self) -> None:
        lanes, self._lanes = self._lanes, None
        if lanes is not None:
            try:
                await self._stream.aclose()
            finally:
                await lanes.give_back(self._lane, whole=self._whole)
