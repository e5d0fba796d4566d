"""The connection pool for threads, and what it shares with the one for tasks.

A connection serves another request only if its last answer ended cleanly. It rests before that: an answer that is sent
twice has come by then, and shows that the connection cannot be trusted.
"""

from __future__ import annotations

import os
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Self
from weakref import WeakSet

import httpcore

from autocall_otp._clock import now
from autocall_otp._transport.evidence import Evidence, StaleConnectionError, end_of_step, evidence_of
from autocall_otp._transport.internals import has_unread_bytes
from autocall_otp._transport.wire import NetworkBackend

_REST = 0.025
_IDLE_EXPIRY = 30.0
_MARGIN = 1.0
"""Seconds before the service's own end of an idle connection at which it is not used any more."""
_KEEP_ALIVE = re.compile(rb"\btimeout\s*=\s*(\d{1,9})", re.IGNORECASE)
_REQUEST_TIMEOUT, _SERVER_ERRORS = 408, 500

Connect = Callable[[httpcore.Origin, Any], Any]
"""Makes httpcore's connection to an origin over a network, without connecting yet."""


class PooledConnection:
    """One connection, and until when it may be used again."""

    def __init__(self, http: Any, network: Any) -> None:  # noqa: ANN401 - httpcore's, for threads or for tasks
        """Take httpcore's connection, and the network that was made for it."""
        self.http, self.network = http, network
        self.is_new = True
        self.rests_until, self.expires_at = 0.0, float("inf")
        self._lifetime = 0.0

    def note(self, response: httpcore.Response) -> None:
        """Take from an answer how long the connection may stay idle.

        A gateway that gave up (408, 5xx) may still send what it waited for.
        """
        if response.status == _REQUEST_TIMEOUT or response.status >= _SERVER_ERRORS:
            return
        self._lifetime = _IDLE_EXPIRY
        for name, value in response.headers:
            if name.lower() == b"keep-alive" and (found := _KEEP_ALIVE.search(value)):
                self._lifetime = min(self._lifetime, int(found[1]) - _MARGIN)

    def rest(self) -> bool:
        """Begin to rest after an answer; False where nobody may use the connection again."""
        # A proxy's pool holds one connection.
        http = next(iter(self.http.connections), None) if hasattr(self.http, "connections") else self.http
        if self._lifetime <= 0 or has_unread_bytes(http) or not http.is_idle():
            return False
        time = now()
        self.is_new = False
        self.rests_until, self.expires_at = time + _REST, time + self._lifetime
        self._lifetime = 0.0
        return True

    def __del__(self) -> None:
        """Free what a signal or a dropped client left behind."""
        self.network.discard()


class Pool:
    """What both pools have in common: at most `size` connections, and none once it is closed."""

    def __init__(self, connect: Connect, size: int, *, brackets: bool = False) -> None:
        """Connect to nothing yet.

        With `brackets`, httpcore gets IPv6 literals as `[::1]`: it would write `CONNECT ::1:443`.
        """
        self._connect, self._size, self._brackets = connect, size, brackets
        self._closed = False
        self._process = os.getpid()
        # Weak, so that a connection which a signal made us lose frees its place.
        self._all: WeakSet[PooledConnection] = WeakSet()

    def _begin(self, request: httpcore.Request) -> Evidence:
        evidence = evidence_of(request)
        evidence.pooled = True
        if self._brackets and b":" in request.url.host:
            request.url.host = b"[%b]" % request.url.host
        return evidence

    def _end_of_waiting(self, request: httpcore.Request, evidence: Evidence) -> float:
        return end_of_step(evidence, request.extensions.get("timeout", {}).get("pool"), httpcore.PoolTimeout)

    def _new(self, request: httpcore.Request, make_network: Callable[[], Any]) -> PooledConnection | None:
        """A new connection, if there is a place for it."""
        if self._closed:
            raise httpcore.ConnectError("the client is closed")
        if len(self._all) >= self._size:
            return None
        network = make_network()
        connection = PooledConnection(self._connect(request.url.origin, network), network)
        self._all.add(connection)
        return connection

    def _check(self, evidence: Evidence) -> None:
        """An answer to a request of which the body never left is another's."""
        if evidence.wired and not evidence.asked:
            raise httpcore.RemoteProtocolError("an answer came before the request was sent")

    def _may_keep(self, connection: PooledConnection) -> bool:
        return connection.rest() and not self._closed and self._process == os.getpid()

    def _remove(self, connection: PooledConnection) -> None:
        connection.network.close()
        self._all.discard(connection)

    def _warn(self) -> None:
        if not self._closed and self._process == os.getpid():
            warnings.warn("a client was dropped without being closed", ResourceWarning, stacklevel=2, source=self)


class ConnectionPool(Pool):
    """Connections that threads share."""

    def __init__(self, connect: Connect, size: int, *, brackets: bool = False) -> None:
        """Connect to nothing yet."""
        super().__init__(connect, size, brackets=brackets)
        # It lets in the thread that holds it: a signal's handler may use the client, too.
        self._lock = threading.RLock()
        # The one idle longest is first. None wakes a thread that waits for a place.
        self._idle: SimpleQueue[PooledConnection | None] = SimpleQueue()

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send the request; the connection is in use until the answer is read to its end, or closed."""
        evidence = self._begin(request)
        while True:
            connection = self._take(request, evidence)
            try:
                connection.network.evidence = evidence
                response: httpcore.Response = connection.http.handle_request(request)
                self._check(evidence)
                connection.note(response)
                response.stream = _Body(self, connection, response.stream)
            except BaseException as error:
                self.drop(connection)
                if isinstance(error, StaleConnectionError) and not connection.is_new:
                    continue
                raise
            return response

    def _take(self, request: httpcore.Request, evidence: Evidence) -> PooledConnection:
        """The connection idle longest if it has rested, else a new one, else the first that comes free."""
        while True:
            try:
                connection = self._idle.get_nowait()
            except Empty:
                connection = self._open(request) or self._wait(request, evidence)
            if connection is None:
                continue
            time_left = connection.rests_until - now()
            if self._closed or connection.expires_at <= now():
                self.drop(connection)
            elif time_left <= 0:
                return connection
            elif (new := self._open(request)) is not None:
                self._put(connection)
                return new
            else:
                time.sleep(time_left)
                return connection

    def _open(self, request: httpcore.Request) -> PooledConnection | None:
        if self._closed:
            # The next thread that waits learns it, too.
            self._idle.put(None)
        with self._lock:
            return self._new(request, NetworkBackend)

    def _wait(self, request: httpcore.Request, evidence: Evidence) -> PooledConnection | None:
        end = self._end_of_waiting(request, evidence)
        try:
            return self._idle.get(timeout=max(0.0, end - now()))
        except Empty:
            # A signal may have made us lose a place without a word.
            if (connection := self._open(request)) is not None:
                return connection
            raise httpcore.PoolTimeout("no connection came free in time") from None

    def give_back(self, connection: PooledConnection) -> None:
        """Keep the connection for the next request, if it can be trusted."""
        if self._may_keep(connection):
            self._put(connection)
        else:
            self.drop(connection)

    def drop(self, connection: PooledConnection) -> None:
        """Close the connection, and free its place."""
        self._remove(connection)
        self._idle.put(None)

    def _put(self, connection: PooledConnection) -> None:
        self._idle.put(connection)
        if self._closed:
            self.close()

    def _pop_all(self) -> Iterator[PooledConnection]:
        with suppress(Empty):
            while True:
                if (connection := self._idle.get_nowait()) is not None:
                    yield connection

    def close(self) -> None:
        """Close what is idle; what is in use closes when its answer is read. Nothing is opened any more."""
        self._closed = True
        for connection in self._pop_all():
            self._remove(connection)
        self._idle.put(None)

    def __enter__(self) -> Self:
        """Do nothing; httpx calls this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close; httpx calls this."""
        self.close()

    def __del__(self) -> None:
        """Say that nobody closed it; the connections close as they are dropped."""
        if any(self._pop_all()):
            self._warn()


class _Body:
    """The body of an answer."""

    def __init__(self, pool: ConnectionPool, connection: PooledConnection, stream: Any) -> None:  # noqa: ANN401 - httpcore's
        self._pool, self._stream = pool, stream
        self._connection: PooledConnection | None = connection

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream
        if hasattr(self._stream, "close"):
            self._stream.close()
        if (connection := self._connection) is not None:
            self._connection = None
            self._pool.give_back(connection)

    def close(self) -> None:
        """Close the connection, unless the answer was read to its end."""
        if (connection := self._connection) is not None:
            self._connection = None
            self._pool.drop(connection)
