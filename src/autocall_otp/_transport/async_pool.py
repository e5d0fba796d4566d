"""The connection pool for the tasks of one asyncio loop."""

from __future__ import annotations

import asyncio
from collections import deque

import httpcore

from autocall_otp._clock import async_sleep, now
from autocall_otp._sansio.evidence import OneShotBody
from autocall_otp._transport.async_wire import AsyncNetwork
from autocall_otp._transport.pool import Connect, Pool, PooledConnection


class AsyncConnectionPool(Pool):
    """Connections that tasks share; tasks that wait get them in turn."""

    _network = AsyncNetwork

    def __init__(self, connect: Connect, size: int, *, brackets: bool = False) -> None:
        super().__init__(connect, size, brackets=brackets)
        self._loop: asyncio.AbstractEventLoop | None = None
        # The one idle longest is first.
        self._idle: deque[PooledConnection] = deque()
        self._waiters: deque[tuple[asyncio.Future[PooledConnection], httpcore.Request]] = deque()

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send the request. The connection is in use until the answer is read to its end, or closed."""
        body = self._begin(request)
        self._loop = asyncio.get_running_loop()
        while True:
            connection = await self._take(request, body)
            try:
                if (rest := connection.rests_until - now()) > 0:
                    await async_sleep(rest)
                connection.network.body = body
                response: httpcore.Response = await connection.http.handle_async_request(request)
                self._answer(response, connection, body)
            except BaseException as error:  # noqa: BLE001 - raised again there
                self._end(connection, error)
            else:
                return response

    async def _take(self, request: httpcore.Request, body: OneShotBody) -> PooledConnection:
        end: float | None = None
        while True:
            while self._waiters and self._waiters[0][0].done():
                # Nobody waits there any more.
                self._waiters.popleft()
            if self._idle:
                free: PooledConnection | None = self._idle.popleft()
            else:
                # A place that came free belongs to the task that waits longest, not to one that comes just now.
                free = None if self._waiters else self._open(request)
            if free is None:
                end = end or self._end_of_waiting(request, body)
                free = await self._wait(request, end)
            if (connection := self._choose(free, request)) is not None:
                return connection

    async def _wait(self, request: httpcore.Request, end: float) -> PooledConnection:
        waiter: asyncio.Future[PooledConnection] = asyncio.get_running_loop().create_future()
        self._waiters.append((waiter, request))
        try:
            async with asyncio.timeout(end - now()):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # It came in the same moment.
                self._put(waiter.result())
            if isinstance(error, TimeoutError):
                raise httpcore.PoolTimeout("no connection came free in time") from None
            raise

    def _put(self, connection: PooledConnection) -> None:
        while self._waiters:
            waiter, _ = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if self._closed:
            self.drop(connection)
        else:
            self._idle.append(connection)

    def _wake(self) -> None:
        while self._waiters:
            waiter, request = self._waiters.popleft()
            if waiter.done():
                continue
            if self._closed:
                waiter.set_exception(httpcore.ConnectError("the client is closed"))
            elif (connection := self._open(request)) is not None:
                # Opened here, so that the place is taken before another task can ask for it.
                waiter.set_result(connection)
                return
            else:
                self._waiters.appendleft((waiter, request))
                return

    async def aclose(self) -> None:
        """Close what is idle; what is in use closes when its answer is read. Nothing is opened any more."""
        self._closed = True
        if self._loop is not None and self._loop.is_closed():
            # Their tasks are gone with it.
            self._waiters.clear()
        while self._idle:
            self.drop(self._idle.popleft())
        self._wake()
        if self._loop is not None:
            # It closes the sockets in its next turn. Under trio there is none.
            await async_sleep(0)

    def __del__(self) -> None:
        if self._idle and self._loop is not None and not self._loop.is_closed():
            self._warn()
