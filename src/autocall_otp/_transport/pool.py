"""The connection pool: for threads here, and what it shares with the one for tasks."""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any
from weakref import WeakMethod, WeakSet, finalize

import httpcore

from autocall_otp._clock import now, sleep
from autocall_otp._sansio.evidence import EXTENSION, SENT_BEFORE, OneShotBody
from autocall_otp._transport.internals import ended_cleanly, remove_locks
from autocall_otp._transport.wire import Network, StaleConnectionError, end_of_step

_REST = 0.025
"""Seconds: by then an answer that is sent twice has come, and shows that its connection cannot be trusted."""
_IDLE_EXPIRY = 30.0
_MARGIN = 1.0
"""Seconds that a connection is given up before the service would close it."""
_KEEP_ALIVE = re.compile(rb"\btimeout\s*=\s*(\d{1,9})", re.IGNORECASE)
_REQUEST_TIMEOUT, _SERVER_ERRORS = 408, 500
Connect = Callable[[httpcore.Origin, Any], Any]


class PooledConnection:
    """One connection, and when it may be used again."""

    def __init__(self, http: Any, network: Any) -> None:  # noqa: ANN401 - httpcore's and ours, for threads or for tasks
        self.http, self.network = http, network
        remove_locks(http)
        self.is_new = True
        self.rests_until, self.expires_at = 0.0, float("inf")
        self._lifetime = 0.0
        # Frees what a signal made us lose, or a client that was dropped.
        self._finalizer = finalize(self, network.discard)
        self._finalizer.atexit = False

    def read_head(self, response: httpcore.Response) -> None:
        """Take from the head of an answer for how long the connection may be kept after it."""
        if response.status == _REQUEST_TIMEOUT or response.status >= _SERVER_ERRORS:
            # Of a gateway that gave up: the answer that it waited for may still come.
            return
        self._lifetime = _IDLE_EXPIRY
        for name, value in response.headers:
            if name.lower() == b"keep-alive" and (found := _KEEP_ALIVE.search(value)):
                self._lifetime = min(self._lifetime, int(found[1]) - _MARGIN)

    def rest(self) -> bool:
        """Begin to rest after an answer; False where the connection must not be used again."""
        if self._lifetime <= 0 or not ended_cleanly(self.http):
            return False
        time = now()
        self.is_new = False
        self.rests_until, self.expires_at = time + _REST, time + self._lifetime
        self._lifetime = 0.0
        return True

    def close(self) -> None:
        """Close it, whatever ended its use."""
        self.network.close()
        # Last: a signal before it leaves a finalizer that closes what is closed.
        self._finalizer.detach()


class Pool:
    """At most `size` connections, each of which serves another request only if its last answer ended cleanly."""

    _network: Callable[[], Any]

    def __init__(self, connect: Connect, size: int, *, brackets: bool = False) -> None:
        """Connect to nothing yet.

        Args:
            connect: makes httpcore's connection to an origin over a network.
            size: how many may be open.
            brackets: httpcore gets IPv6 literals as `[::1]`: in CONNECT it would write `::1:443`.
        """
        self._connect, self._size, self._brackets = connect, size, brackets
        self._closed = False
        self._process = os.getpid()
        # Weak: a connection that a signal made us lose takes no place. The lock lets in the thread that holds it, since
        # the handler of a signal may use the client, too.
        self._all: WeakSet[PooledConnection] = WeakSet()
        self._lock = threading.RLock()

    def _put(self, connection: PooledConnection) -> None:
        """Make a connection free for others."""
        raise NotImplementedError

    def _wake(self) -> None:
        """Give a place that came free to the next who waits."""
        raise NotImplementedError

    def give_back(self, connection: PooledConnection) -> None:
        """Keep a connection whose answer was read to its end, if it can be trusted."""
        try:
            kept = connection.rest() and not self._closed and self._process == os.getpid()
        except BaseException:
            # Of a signal's handler.
            self.drop(connection)
            raise
        if kept:
            self._put(connection)
        else:
            self.drop(connection)

    def drop(self, connection: PooledConnection) -> None:
        """Close a connection, and free its place."""
        connection.close()
        self._all.discard(connection)
        self._wake()

    def _begin(self, request: Any) -> OneShotBody:  # noqa: ANN401 - httpcore does not type its extensions
        body: OneShotBody | None = request.extensions.get(EXTENSION)
        if body is None:
            raise httpcore.UnsupportedProtocol("a hook made a request without the extensions of ours")
        again, body.pooled = body.pooled, True
        if request.stream is not body:
            # Somebody between us sends a copy of it, and nothing tells when.
            if again:
                raise httpcore.WriteError(SENT_BEFORE)
            body.asked = True
        if self._brackets and b":" in request.url.host:
            request.url.host = b"[%b]" % request.url.host
        return body

    def _end_of_waiting(self, request: Any, body: OneShotBody) -> float:  # noqa: ANN401 - as above
        return end_of_step(body, request.extensions["timeout"].get("pool"), httpcore.PoolTimeout)

    def _open(self, request: httpcore.Request) -> PooledConnection | None:
        """A new connection, if there is a place for it."""
        if self._closed:
            self._wake()
            raise httpcore.ConnectError("the client is closed")
        with self._lock:
            if len(self._all) >= self._size:
                return None
            network = self._network()
            connection = PooledConnection(self._connect(request.url.origin, network), network)
            self._all.add(connection)
            return connection

    def _choose(self, connection: PooledConnection | None, request: httpcore.Request) -> PooledConnection | None:
        """The connection; or a new one while it rests, if there is a place; None where it is of no use."""
        if connection is None:
            return None
        if self._closed or connection.expires_at <= now():
            self.drop(connection)
            return None
        if connection.rests_until > now() and (new := self._open(request)) is not None:
            self._put(connection)
            return new
        return connection

    def _answer(self, response: httpcore.Response, connection: PooledConnection, body: OneShotBody) -> None:
        if body.wired and not body.asked:
            raise httpcore.RemoteProtocolError("an answer came before the request was sent")
        if connection.is_new:
            # What httpcore made for the first request has locks of its own.
            remove_locks(connection.http)
        connection.read_head(response)
        response.stream = answer = _AnswerStream(self, connection, response.stream)
        body.close_answer = WeakMethod(answer.close)

    def _end(self, connection: PooledConnection, error: BaseException) -> None:
        """Close the connection of a request that failed, and raise why.

        Where nothing was sent, since a kept connection had ended, it returns: another connection may serve the request.
        """
        self.drop(connection)
        if isinstance(error, StaleConnectionError) and not connection.is_new:
            return
        if type(error).__module__.partition(".")[0] == "socksio":
            # httpcore lets these pass, which are no errors of httpx.
            raise httpcore.ProxyError("the proxy does not speak SOCKS 5") from error
        raise error

    def _warn(self) -> None:
        if not self._closed and self._process == os.getpid():
            warnings.warn("a client was dropped without being closed", ResourceWarning, stacklevel=2, source=self)


class ConnectionPool(Pool):
    """Connections that threads share."""

    _network = Network

    def __init__(self, connect: Connect, size: int, *, brackets: bool = False) -> None:
        super().__init__(connect, size, brackets=brackets)
        # The one idle longest is first. None wakes a thread.
        self._idle: SimpleQueue[PooledConnection | None] = SimpleQueue()

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send the request. The connection is in use until the answer is read to its end, or closed."""
        body = self._begin(request)
        while True:
            connection = self._take(request, body)
            try:
                if (rest := connection.rests_until - now()) > 0:
                    sleep(rest)
                connection.network.body = body
                response: httpcore.Response = connection.http.handle_request(request)
                self._answer(response, connection, body)
            except BaseException as error:  # noqa: BLE001 - raised again there
                self._end(connection, error)
            else:
                return response

    def _take(self, request: httpcore.Request, body: OneShotBody) -> PooledConnection:
        end, woken = 0.0, False
        while True:
            try:
                while (free := self._idle.get_nowait()) is None:
                    woken = True
            except Empty:
                if (free := self._open(request)) is None:
                    end = end or self._end_of_waiting(request, body)
                    free = self._wait(request, end)
                    woken = woken or free is None
            if (connection := self._choose(free, request)) is not None:
                if woken and len(self._all) < self._size:
                    # Of several that woke threads, one may have taken all.
                    self._wake()
                return connection

    def _wait(self, request: httpcore.Request, end: float) -> PooledConnection | None:
        try:
            return self._idle.get(timeout=max(0.0, end - now()))
        except Empty:
            # A signal handler's exception may have lost a place without waking anybody.
            if (connection := self._open(request)) is not None:
                return connection
            raise httpcore.PoolTimeout("no connection came free in time") from None

    def _put(self, connection: PooledConnection) -> None:
        self._idle.put(connection)
        if self._closed:
            self.close()

    def _wake(self) -> None:
        self._idle.put(None)

    def close(self) -> None:
        """Close what is idle; what is in use closes when its answer is read. Nothing is opened any more."""
        self._closed = True
        for connection in self._pop_all():
            self.drop(connection)
        self._wake()

    def _pop_all(self) -> Iterator[PooledConnection]:
        with suppress(Empty):
            while True:
                if (connection := self._idle.get_nowait()) is not None:
                    yield connection

    def __del__(self) -> None:
        # A closed one is let alone: as the process ends, gevent's queues cannot be asked any more.
        if not self._closed and any(self._pop_all()):
            self._warn()


class _AnswerStream:
    """The body of an answer, for threads or for tasks. Read to its end, it gives the connection back."""

    def __init__(self, pool: Pool, connection: PooledConnection, stream: Any) -> None:  # noqa: ANN401 - httpcore's
        self._pool, self._stream = pool, stream
        self._connection: PooledConnection | None = connection
        self._is_read = False

    def __iter__(self) -> Iterator[bytes]:
        self._ensure_unread()
        yield from self._stream
        if hasattr(self._stream, "close"):
            self._stream.close()
        self._leave(self._pool.give_back)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._ensure_unread()
        async for chunk in self._stream:
            yield chunk
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()
        self._leave(self._pool.give_back)

    def _ensure_unread(self) -> None:
        if self._is_read or self._connection is None:
            # The connection may serve another request by now.
            raise httpcore.ReadError("the answer was read already")
        self._is_read = True

    def close(self) -> None:
        self._leave(self._pool.drop)

    async def aclose(self) -> None:
        # Nothing is awaited here, so no cancellation can come between.
        self.close()

    def _leave(self, how: Callable[[PooledConnection], None]) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            how(connection)
