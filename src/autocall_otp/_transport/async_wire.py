"""The network below httpcore, for the tasks of an asyncio loop."""

from __future__ import annotations

# ruff: noqa: ANN401, ASYNC109 - httpcore's signatures
import asyncio
import os
import select
import socket
import ssl
from contextlib import suppress
from typing import Any

import httpcore

from autocall_otp._clock import async_sleep, now
from autocall_otp._sansio.evidence import OneShotBody
from autocall_otp._transport.wire import StaleConnectionError, end_of_step

_MOST_WAITING = 262144
"""Bytes that may wait to be read before the peer is held up."""
_TURNS = 10
"""Of the loop: more than it needs to read what waits in a socket."""


class AsyncNetwork(asyncio.Protocol, httpcore.AsyncNetworkBackend, httpcore.AsyncNetworkStream):
    """The network of one connection, with the rules of `Network`; head and body leave in one system call."""

    body: OneShotBody
    """Of the request that the connection serves; the pool sets it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._transports: list[Any] = []
        """asyncio's, the one below all TLS first."""
        self._incoming = bytearray()
        self._outgoing: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._ended = self._paused = False
        self._failure: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; asyncio calls this, and the next three."""
        self._transports.append(transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._incoming += data
        if len(self._incoming) > _MOST_WAITING and not self._paused:
            self._paused = True
            self._transports[-1].pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The peer has ended; asyncio closes the socket."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._ended, self._failure = True, exc or self._failure
        self._wake()

    def _wake(self, error: Exception | None = None) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if error is None:
            self._waiter.set_result(None)
        else:
            self._waiter.set_exception(error)

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **_more: Any
    ) -> AsyncNetwork:
        """Connect to one of the addresses of the host; each gets a fair share of the time."""
        self.body.wired = True
        end = end_of_step(self.body, timeout, httpcore.ConnectTimeout)
        try:
            async with asyncio.timeout(end - now()):
                addresses = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, RuntimeError) as error:
            # RuntimeError: no thread was to be had for the look-up.
            raise _failure(error) from error
        for left, (family, *_rest, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                async with asyncio.timeout((end - now()) / left):
                    await self._loop.create_connection(lambda: self, str(address[0]), int(address[1]), family=family)
                    break
            except OSError as error:
                if left == 1:
                    raise _failure(error) from error
        return self

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetwork:
        """Go on in TLS."""
        end = end_of_step(self.body, timeout, httpcore.ConnectTimeout)
        # An IPv6 literal stands in brackets for the sake of CONNECT.
        host = server_hostname and server_hostname.strip("[]")
        if self._incoming or self._ended:
            raise StaleConnectionError("the connection ended, or something came on it, before the TLS handshake")
        try:
            async with asyncio.timeout(end - now()):
                tls = await self._loop.start_tls(self._transports[-1], self, ssl_context, server_hostname=host)
        except (OSError, TypeError) as error:
            # TypeError: where TLS in TLS fails, asyncio of Python 3.11.0 to 3.11.7 passes an argument too many.
            raise _failure(error) from error
        self._transports.append(tls)
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came; nothing where the peer has ended."""
        end = end_of_step(self.body, timeout, httpcore.ReadTimeout)
        self._flush()
        if not self._incoming and not self._ended:
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(end - now(), self._wake, httpcore.ReadTimeout("it took too long"))
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if not self._incoming and self._failure is not None:
            raise httpcore.ReadError(str(self._failure)) from self._failure
        data = bytes(self._incoming[:max_bytes])
        del self._incoming[:max_bytes]
        if self._paused and not self._ended:
            self._paused = False
            self._transports[-1].resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it until the request is whole, when httpcore writes nothing.

        Until the body is asked for, an error is not httpcore's WriteError, after which httpcore would read an answer.
        """
        if not buffer:
            self._flush()
            return
        end_of_step(self.body, timeout, httpcore.WriteTimeout)
        if not self._outgoing and await self._has_input():
            raise StaleConnectionError("the connection ended, or something came on it, before the request was sent")
        self.body.wired = True
        self._outgoing.append(buffer)

    def _flush(self) -> None:
        if self._outgoing:
            data, self._outgoing = b"".join(self._outgoing), []
            if self._ended:
                raise (httpcore.WriteError if self.body.asked else StaleConnectionError)("the connection is closed")
            self._transports[-1].write(data)

    async def _has_input(self) -> bool:
        for _ in range(_TURNS):
            if self._incoming or self._ended:
                return True
            if not _is_readable(self._transports[0].get_extra_info("socket")):
                return False
            # The loop has not read it yet. Over TLS it may be a session ticket, which is no input.
            await async_sleep(0)
        return True

    def get_extra_info(self, info: str) -> Any:
        """The TLS object, where httpcore looks for the protocol that was agreed on."""
        return self._transports[-1].get_extra_info(info)

    async def aclose(self) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection at once; the pool does so, whatever ended a connect, a handshake or a request.

        To close TLS in good order would wait for the peer. After a fork the socket is the parent's, and so is the
        selector behind the loop. A closed loop frees nothing any more: asyncio's transport then closes its socket as it
        is collected.
        """
        self._outgoing.clear()
        self._ended = True
        if self._process == os.getpid():
            for transport in reversed(self._transports):
                # A closed loop cannot; nor can TLS in asyncio of Python 3.11.0 to 3.11.3 whose handshake failed.
                with suppress(RuntimeError, AttributeError):
                    transport.abort()

    def discard(self) -> None:
        """Free what nobody closed, from whatever thread."""
        if not self._ended and self._process == os.getpid():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.close)


def _failure(error: Exception) -> Exception:
    late = isinstance(error, TimeoutError)
    # asyncio has no words where the peer ends a TLS handshake.
    return httpcore.ConnectTimeout("it took too long") if late else httpcore.ConnectError(str(error) or "closed")


def _is_readable(peer: Any) -> bool:
    if peer.fileno() < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([peer], [], [], 0)[0])
    poll = select.poll()
    poll.register(peer, select.POLLIN)
    return bool(poll.poll(0))
