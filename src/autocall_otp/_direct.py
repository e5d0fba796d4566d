"""One connection of httpcore, without the pool that httpx puts around it: a fifth less work for a free list's lane.

httpcore is what httpx itself is made of; only its public names are used. Whoever traces, mocks or records httpx does so
by replacing methods of httpx's transports or of httpcore's pools. While one of these is replaced, requests go through
httpx's own transport, so that nobody misses one.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from types import FunctionType
from typing import Any, NoReturn, cast

import httpcore
import httpx


def _plain(method: Any) -> object:  # noqa: ANN401 - whatever stands in the method's place
    """The method, if it is the library's own; else something that is nothing else."""
    own = type(method) is FunctionType and method.__module__.partition(".")[0] in {"httpx", "httpcore"}
    return method if own and not hasattr(method, "__wrapped__") else object()


_SYNC = (_plain(httpx.HTTPTransport.handle_request), _plain(httpcore.ConnectionPool.handle_request))
_ASYNC = (
    _plain(httpx.AsyncHTTPTransport.handle_async_request),
    _plain(httpcore.AsyncConnectionPool.handle_async_request),
)


def _is_watched() -> bool:
    """Whether somebody replaced what sync requests usually go through."""
    return httpx.HTTPTransport.handle_request is not _SYNC[0] or httpcore.ConnectionPool.handle_request is not _SYNC[1]


def _is_watched_async() -> bool:
    """Whether somebody replaced what async requests usually go through."""
    return (
        httpx.AsyncHTTPTransport.handle_async_request is not _ASYNC[0]
        or httpcore.AsyncConnectionPool.handle_async_request is not _ASYNC[1]
    )


def _request(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=cast("Any", request.stream),
        extensions=request.extensions,
    )


def _raise(error: Exception) -> NoReturn:
    """Raise httpx's error in place of httpcore's, which has the same name."""
    kind = getattr(httpx, type(error).__name__, None)
    if kind is None or not type(error).__module__.startswith("httpcore"):
        raise error
    raise kind(str(error)) from error


class Connection(httpx.BaseTransport):
    """A connection to one host, made anew where the service closed it; for one request at a time."""

    def __init__(self, trust: ssl.SSLContext, httpx_transport: Callable[[], httpx.HTTPTransport]) -> None:
        """Connect to nothing yet; the callable makes what requests go through while somebody watches httpx."""
        self._trust, self._make = trust, httpx_transport
        self._connection: httpcore.HTTPConnection | None = None
        self._watched: httpx.HTTPTransport | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and return the answer with its body still to be read."""
        if _is_watched() is not (self._watched is not None):
            # One connection at a time: whoever cuts it at the deadline knows of one socket.
            self.close()
            self._connection, self._watched = None, self._make() if _is_watched() else None
        if self._watched is not None:
            return self._watched.handle_request(request)
        sent = _request(request)
        try:
            response = self._usable(sent.url.origin).handle_request(sent)
        except Exception as error:  # noqa: BLE001 - only httpcore's are replaced
            _raise(error)
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def _usable(self, origin: httpcore.Origin) -> httpcore.HTTPConnection:
        connection = self._connection
        if connection is not None and (connection.is_closed() or connection.has_expired()):
            connection.close()
            connection = None
        if connection is None:
            connection = self._connection = httpcore.HTTPConnection(origin, ssl_context=self._trust)
        return connection

    def close(self) -> None:
        """Close what is open."""
        for each in (self._connection, self._watched):
            if each is not None:
                each.close()


class _Body(httpx.SyncByteStream):
    """The body of an answer, its errors in httpx's names."""

    def __init__(self, response: httpcore.Response) -> None:
        self._stream = cast("Any", response.stream)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except Exception as error:  # noqa: BLE001 - only httpcore's are replaced
            _raise(error)

    def close(self) -> None:
        self._stream.close()


class AsyncConnection(httpx.AsyncBaseTransport):
    """A connection to one host, made anew where the service closed it; for one request at a time."""

    def __init__(self, trust: ssl.SSLContext, httpx_transport: Callable[[], httpx.AsyncHTTPTransport]) -> None:
        """Connect to nothing yet; the callable makes what requests go through while somebody watches httpx."""
        self._trust, self._make = trust, httpx_transport
        self._connection: httpcore.AsyncHTTPConnection | None = None
        self._watched: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and return the answer with its body still to be read."""
        if _is_watched_async() is not (self._watched is not None):
            await self.aclose()
            self._connection, self._watched = None, self._make() if _is_watched_async() else None
        if self._watched is not None:
            return await self._watched.handle_async_request(request)
        sent = _request(request)
        try:
            connection = await self._usable(sent.url.origin)
            response = await connection.handle_async_request(sent)
        except Exception as error:  # noqa: BLE001 - only httpcore's are replaced
            _raise(error)
        return httpx.Response(response.status, headers=response.headers, stream=_AsyncBody(response))

    async def _usable(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        connection = self._connection
        if connection is not None and (connection.is_closed() or connection.has_expired()):
            await connection.aclose()
            connection = None
        if connection is None:
            connection = self._connection = httpcore.AsyncHTTPConnection(origin, ssl_context=self._trust)
        return connection

    async def aclose(self) -> None:
        """Close what is open."""
        for each in (self._connection, self._watched):
            if each is not None:
                await each.aclose()


class _AsyncBody(httpx.AsyncByteStream):
    """The body of an answer, its errors in httpx's names."""

    def __init__(self, response: httpcore.Response) -> None:
        self._stream = cast("Any", response.stream)

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._chunks: AsyncIterator[bytes] = aiter(self._stream)
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            raise
        except Exception as error:  # noqa: BLE001 - only httpcore's are replaced
            _raise(error)

    async def aclose(self) -> None:
        await self._stream.aclose()
