"""The connection pool for the tasks of one asyncio loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Self

import httpcore

from autocall_otp._clock import now
from autocall_otp._transport.async_wire import AsyncNetworkBackend
from autocall_otp._transport.evidence import Evidence, StaleConnectionError
from autocall_otp._transport.pool import Connect, Pool, PooledConnection


class AsyncConnectionPool(Pool):
    """Connections that tasks share; tasks that wait get them in turn."""

    def __init__(self, connect: Connect, size: int, *, brackets: bool = False) -> None:
        """Connect to nothing yet."""
        super().__init__(connect, size, brackets=brackets)
        self._loop: asyncio.AbstractEventLoop | None = None
        # The one idle longest is first.
        self._idle: deque[PooledConnection] = deque()
        self._waiters: deque[asyncio.Future[PooledConnection | None]] = deque()

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send the request; the connection is in use until the answer is read to its end, or closed."""
        evidence = self._begin(request)
        self._loop = asyncio.get_running_loop()
        while True:
            connection = await self._take(request, evidence)
            try:
                connection.network.evidence = evidence
                response: httpcore.Response = await connection.http.handle_async_request(request)
                self._check(evidence)
                connection.note(response)
                response.stream = _Body(self, connection, response.stream)
            except BaseException as error:
                self.drop(connection)
                if isinstance(error, StaleConnectionError) and not connection.is_new:
                    continue
                raise
            return response

    async def _take(self, request: httpcore.Request, evidence: Evidence) -> PooledConnection:
        """The connection idle longest if it has rested, else a new one, else the first that comes free."""
        while True:
            if self._idle:
                connection: PooledConnection | None = self._idle.popleft()
            else:
                connection = self._open(request) or await self._wait(request, evidence)
            if connection is None:
                continue
            time_left = connection.rests_until - now()
            if self._closed or connection.expires_at <= now():
                self.drop(connection)
            elif time_left <= 0:
                return connection
            elif (new := self._open(request)) is not None:
                self._idle.appendleft(connection)
                return new
            else:
                await self._sleep(connection, time_left)
                return connection

    def _open(self, request: httpcore.Request) -> PooledConnection | None:
        return self._new(request, AsyncNetworkBackend)

    async def _sleep(self, connection: PooledConnection, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        except BaseException:
            self.drop(connection)
            raise

    async def _wait(self, request: httpcore.Request, evidence: Evidence) -> PooledConnection | None:
        end = self._end_of_waiting(request, evidence)
        waiter: asyncio.Future[PooledConnection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(end - now()):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                # It came free for this task in the same moment.
                self._hand_over(waiter.result())
            if isinstance(error, TimeoutError):
                raise httpcore.PoolTimeout("no connection came free in time") from None
            raise

    def give_back(self, connection: PooledConnection) -> None:
        """Keep the connection for the next request, if it can be trusted."""
        if self._may_keep(connection):
            self._hand_over(connection)
        else:
            self.drop(connection)

    def drop(self, connection: PooledConnection) -> None:
        """Close the connection, and free its place."""
        self._remove(connection)
        self._hand_over(None)

    def _hand_over(self, connection: PooledConnection | None) -> None:
        """Give the connection, or with None a free place, to the task that waits longest."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is not None:
            self._idle.append(connection)

    async def aclose(self) -> None:
        """Close what is idle; what is in use closes when its answer is read. Nothing is opened any more."""
        self._closed = True
        while self._idle:
            self._remove(self._idle.popleft())
        for _ in range(len(self._waiters)):
            self._hand_over(None)
        # The loop closes the sockets in its next turn.
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        """Do nothing; httpx calls this."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close; httpx calls this."""
        await self.aclose()

    def __del__(self) -> None:
        """Say that nobody closed it; the connections close as they are dropped."""
        if self._idle and self._loop is not None and not self._loop.is_closed():
            self._warn()


class _Body:
    """The body of an answer."""

    def __init__(self, pool: AsyncConnectionPool, connection: PooledConnection, stream: Any) -> None:  # noqa: ANN401 - httpcore's
        self._pool, self._stream = pool, stream
        self._connection: PooledConnection | None = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()
        if (connection := self._connection) is not None:
            self._connection = None
            self._pool.give_back(connection)

    async def aclose(self) -> None:
        """Close the connection, unless the answer was read to its end; nothing is awaited, so nothing can stop it."""
        if (connection := self._connection) is not None:
            self._connection = None
            self._pool.drop(connection)
