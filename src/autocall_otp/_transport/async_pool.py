"""The connection pool for the tasks of one asyncio loop."""

from __future__ import annotations

import asyncio
from collections import deque

import httpcore

from autocall_otp._clock import now
from autocall_otp._transport.async_wire import AsyncNetwork
from autocall_otp._transport.evidence import Evidence
from autocall_otp._transport.pool import Connect, Pool, PooledConnection


class AsyncConnectionPool(Pool):
    """Connections that tasks share; tasks that wait get them in turn."""

    _network = AsyncNetwork

    def __init__(self, connect: Connect, size: int, *, brackets: bool = False) -> None:
        """Connect to nothing yet."""
        super().__init__(connect, size, brackets=brackets)
        self._loop: asyncio.AbstractEventLoop | None = None
        # The one idle longest is first.
        self._idle: deque[PooledConnection] = deque()
        self._waiters: deque[asyncio.Future[PooledConnection | None]] = deque()

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send the request. The connection is in use until the answer is read to its end, or closed."""
        evidence = self._begin(request)
        self._loop = asyncio.get_running_loop()
        while True:
            connection = await self._take(request, evidence)
            try:
                if (rest := connection.rests_until - now()) > 0:
                    await asyncio.sleep(rest)
                connection.network.evidence = evidence
                response: httpcore.Response = await connection.http.handle_async_request(request)
                self._answer(response, connection, evidence)
            except BaseException as error:  # noqa: BLE001 - raised again there
                self._end(connection, error)
            else:
                return response

    async def _take(self, request: httpcore.Request, evidence: Evidence) -> PooledConnection:
        end: float | None = None
        # A place that came free belongs to the task that waits longest, not to one that comes just now.
        may_open = not self._waiters
        while True:
            if self._idle:
                free: PooledConnection | None = self._idle.popleft()
            else:
                free = self._open(request) if may_open else None
                if free is None:
                    end = end or self._end_of_waiting(request, evidence)
                    free, may_open = await self._wait(end), True
            if (connection := self._choose(free, request)) is not None:
                return connection

    async def _wait(self, end: float) -> PooledConnection | None:
        waiter: asyncio.Future[PooledConnection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(end - now()):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                # It came in the same moment.
                self._hand_over(waiter.result())
            if isinstance(error, TimeoutError):
                raise httpcore.PoolTimeout("no connection came free in time") from None
            raise

    def _hand_over(self, free: PooledConnection | None) -> None:
        """Give a connection, or with None the news of a free place, to the task that waits longest."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(free)
                return
        if free is not None:
            self._idle.append(free)

    def _put(self, connection: PooledConnection) -> None:
        self._hand_over(connection)

    def _wake(self) -> None:
        self._hand_over(None)

    async def aclose(self) -> None:
        """Close what is idle; what is in use closes when its answer is read. Nothing is opened any more."""
        self._closed = True
        while self._idle:
            self.drop(self._idle.popleft())
        self._wake()
        # The loop closes the sockets in its next turn.
        await asyncio.sleep(0)

    def __del__(self) -> None:
        """Say that nobody closed it; the connections close as they go."""
        if self._idle and self._loop is not None and not self._loop.is_closed():
            self._warn()
