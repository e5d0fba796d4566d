"""The network below httpcore, for the tasks of an asyncio loop; it keeps the same rules as the one for threads."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore

from autocall_otp._clock import now
from autocall_otp._transport.evidence import Evidence, StaleConnectionError, end_of_step

_MOST_WAITING = 262144
"""Bytes that may wait to be read before the peer is held up."""
_TURNS = 10
"""Of the loop: more than it needs to read what waits in a socket."""


class AsyncNetworkBackend(httpcore.AsyncNetworkBackend):
    """The network of one connection."""

    evidence: Evidence
    """Of the request that the connection serves; set by the pool."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._stream: AsyncNetworkStream | None = None
        self._process = os.getpid()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature; nobody sets it
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the same
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the addresses of the host; each gets a fair share of the time."""
        self.evidence.wired = True
        loop = asyncio.get_running_loop()
        end = end_of_step(self.evidence, timeout, httpcore.ConnectTimeout)
        try:
            async with asyncio.timeout(end - now()):
                addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the name was not found in time") from error
        except (OSError, UnicodeError, RuntimeError) as error:
            # RuntimeError: no thread could be had to look the name up.
            raise httpcore.ConnectError(str(error)) from error
        for remaining, (family, *_, address) in zip(range(len(addresses))[::-1], addresses, strict=True):
            try:
                async with asyncio.timeout((end - now()) / (remaining + 1)):
                    _, self._stream = await loop.create_connection(
                        lambda: AsyncNetworkStream(self, loop), address[0], address[1], family=family
                    )
                    return self._stream
            except OSError as error:
                if not remaining:
                    late = isinstance(error, TimeoutError)
                    raise (httpcore.ConnectTimeout if late else httpcore.ConnectError)(str(error)) from error
        raise httpcore.ConnectError("the host has no address")

    def close(self) -> None:
        """Close whatever is open, at once; the pool does, whatever ended a connect, a handshake or a request."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort()

    def discard(self) -> None:
        """Free what nobody closed, from whatever thread.

        After a fork the socket is the parent's, and so is the selector behind the loop. A closed loop frees nothing any
        more; asyncio's transport then closes its socket as it is collected.
        """
        stream, self._stream = self._stream, None
        if stream is not None and self._process == os.getpid():
            with suppress(RuntimeError):
                stream.loop.call_soon_threadsafe(stream.abort)


class AsyncNetworkStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """What httpcore reads and writes. Head and body leave together, in one system call."""

    def __init__(self, network: AsyncNetworkBackend, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for asyncio to connect it."""
        self.loop = loop
        self._network = network
        self._transport: Any = None
        self._lowest: Any = None
        """The transport below all TLS."""
        self._socket: Any = None
        self._incoming = bytearray()
        self._outgoing: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._failure: Exception | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; asyncio calls this."""
        self._transport = self._lowest = transport
        self._socket = transport.get_extra_info("socket")

    def data_received(self, data: bytes) -> None:
        """Keep what came; asyncio calls this."""
        self._incoming += data
        if len(self._incoming) > _MOST_WAITING and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The peer has ended; asyncio calls this, and closes the socket afterwards."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed; asyncio calls this."""
        self._ended = True
        self._failure = exc or self._failure
        self._wake()

    def _wake(self, error: Exception | None = None) -> None:
        if self._waiter is not None and not self._waiter.done():
            if error is None:
                self._waiter.set_result(None)
            else:
                self._waiter.set_exception(error)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came; nothing where the peer has ended."""
        end = end_of_step(self._network.evidence, timeout, httpcore.ReadTimeout)
        self._flush()
        if not self._incoming and not self._ended:
            self._waiter = self.loop.create_future()
            late = httpcore.ReadTimeout("nothing came in time")
            timer = self.loop.call_later(end - now(), self._wake, late)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if self._incoming:
            data = bytes(self._incoming[:max_bytes])
            del self._incoming[:max_bytes]
            if self._paused and not self._ended:
                self._paused = False
                self._transport.resume_reading()
            return data
        if self._failure is not None:
            raise httpcore.ReadError(str(self._failure)) from self._failure
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it until the request is whole: httpcore then writes nothing.

        As long as the body was not asked for, nothing can have come that answers this request. Then an error is not
        httpcore's WriteError, after which httpcore would read an answer.
        """
        if not buffer:
            self._flush()
            return
        evidence = self._network.evidence
        end_of_step(evidence, timeout, httpcore.WriteTimeout)
        if not evidence.asked and await self._has_input():
            raise StaleConnectionError("the connection ended, or something came on it, before the request was sent")
        evidence.wired = True
        self._outgoing.append(buffer)

    def _flush(self) -> None:
        if not self._outgoing:
            return
        data, self._outgoing = b"".join(self._outgoing), []
        if self._ended:
            raise httpcore.WriteError("the connection is closed")
        self._transport.write(data)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Go on in TLS."""
        end = end_of_step(self._network.evidence, timeout, httpcore.ConnectTimeout)
        # An IPv6 literal stands in brackets for the sake of CONNECT.
        host = server_hostname and server_hostname.strip("[]")
        if self._incoming or self._ended:
            raise httpcore.ConnectError("the connection ended, or something came on it, before the TLS handshake")
        try:
            async with asyncio.timeout(end - now()):
                self._transport = await self.loop.start_tls(self._transport, self, ssl_context, server_hostname=host)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the TLS handshake took too long") from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return self

    async def aclose(self) -> None:
        """Close the connection."""
        self.abort()

    def abort(self) -> None:
        """Close the connection at once; closing TLS in good order would wait for the peer."""
        self._outgoing.clear()
        # A closed loop cannot.
        with suppress(RuntimeError):
            for transport in (self._transport, self._lowest):
                if transport is not None:
                    transport.abort()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """What httpcore asks for."""
        if info == "is_readable":
            return bool(self._incoming) or self._ended or _is_readable(self._socket)
        return self._transport.get_extra_info({"client_addr": "sockname", "server_addr": "peername"}.get(info, info))

    async def _has_input(self) -> bool:
        """Whether something or the end has come, also where the loop has not seen it yet."""
        for _ in range(_TURNS):
            if self._incoming or self._ended:
                return True
            if not _is_readable(self._socket):
                return False
            # Over TLS it may be a session ticket, which is no input: let the loop read it.
            await asyncio.sleep(0)
        return True


def _is_readable(peer: Any) -> bool:  # noqa: ANN401 - each loop has its own stand-in for a socket
    if peer.fileno() < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([peer], [], [], 0)[0])
    poll = select.poll()
    poll.register(peer, select.POLLIN)
    return bool(poll.poll(0))
