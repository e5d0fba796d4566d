"""The network below httpcore, for threads."""

from __future__ import annotations

# ruff: noqa: ANN401 - httpcore's signatures
import socket
import ssl
from typing import Any

import httpcore

from autocall_otp._clock import now
from autocall_otp._sansio.evidence import OneShotBody
from autocall_otp._transport.tls import TLS, WITHOUT_WAITING, Channel

_LATE = (TimeoutError, BlockingIOError)
_LONGEST_STEP = 86400.0


class StaleConnectionError(httpcore.ConnectError):
    """The connection ended, or something came on it, before the request was sent."""


def end_of_step(body: OneShotBody, timeout: float | None, late: type[Exception]) -> float:
    """When the next connect, read or write must have ended, on the clock `now`; raises `late` where that has passed."""
    time = now()
    end = min(body.deadline, time + (_LONGEST_STEP if timeout is None else timeout))
    if end <= time:
        raise late("the deadline passed")
    return end


class Network(httpcore.NetworkBackend, httpcore.NetworkStream):
    """The network of one connection: what httpcore connects with, and then the stream that it reads and writes.

    Each step ends by the deadline of the request, but for the look-up of a name, which nobody can interrupt in a
    thread. Nothing that came before the request is read as its answer. Head and body leave in one system call.
    """

    body: OneShotBody
    """Of the request that the connection serves; the pool sets it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._channel: Channel
        self._outgoing: list[bytes] = []

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **_more: Any) -> Network:
        """Connect to one of the addresses of the host; each gets a fair share of the time."""
        self.body.wired = True
        end = end_of_step(self.body, timeout, httpcore.ConnectTimeout)
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        if end <= now():
            raise httpcore.ConnectTimeout("the deadline passed")
        for left, (family, kind, protocol, _name, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                self._socket = peer = socket.socket(family, kind, protocol)
                peer.settimeout(max(0.0, end - now()) / left)
                peer.connect(address)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                self.close()
                if left == 1:
                    raise _failure(error, httpcore.ConnectTimeout, httpcore.ConnectError) from error
            else:
                self._channel = _Plain(peer)
                break
        return self

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Network:
        """Go on in TLS."""
        end = end_of_step(self.body, timeout, httpcore.ConnectTimeout)
        # An IPv6 literal stands in brackets for the sake of CONNECT.
        tls = TLS(self._channel, ssl_context, server_hostname and server_hostname.strip("[]"))
        try:
            tls.handshake(end)
        except OSError as error:
            raise _failure(error, httpcore.ConnectTimeout, httpcore.ConnectError) from error
        self._channel = tls
        return self

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came; nothing where the peer has ended."""
        end = end_of_step(self.body, timeout, httpcore.ReadTimeout)
        if self._outgoing:
            # With SOCKS, httpcore does not say when its message is whole.
            self._flush(end)
        try:
            return self._channel.receive(max_bytes, end)
        except OSError as error:
            raise _failure(error, httpcore.ReadTimeout, httpcore.ReadError) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it until the request is whole, when httpcore writes nothing; then send all of it.

        Until the body is asked for, an error is not httpcore's WriteError, after which httpcore would read an answer.
        """
        end = end_of_step(self.body, timeout, httpcore.WriteTimeout)
        if buffer:
            if not self._outgoing and self._has_input():
                raise StaleConnectionError("the connection ended, or something came on it, before the request was sent")
            self.body.wired = True
            self._outgoing.append(buffer)
        elif self._outgoing:
            self._flush(end)

    def _flush(self, end: float) -> None:
        data, self._outgoing = b"".join(self._outgoing), []
        try:
            self._channel.send(data, end)
        except OSError as error:
            lost = httpcore.WriteError if self.body.asked else StaleConnectionError
            raise _failure(error, httpcore.WriteTimeout, lost) from error

    def _has_input(self) -> bool:
        # Read, not polled: what came over TLS may be a session ticket, which is no input. What is read is lost, and so
        # is the connection.
        try:
            self._channel.receive(1, WITHOUT_WAITING)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def get_extra_info(self, info: str) -> Any:
        """The TLS object, where httpcore looks for the protocol that was agreed on."""
        return self._channel.object if info == "ssl_object" and isinstance(self._channel, TLS) else None

    def close(self) -> None:
        """Close the socket; the pool does so, whatever ended a connect, a handshake or a request."""
        if self._socket is not None:
            self._socket.close()

    discard = close
    """Free what nobody closed."""


def _failure(error: OSError, late: type[Exception], failed: type[Exception]) -> Exception:
    return late("it took too long") if isinstance(error, _LATE) else failed(str(error))


class _Plain:
    """A socket as a channel."""

    def __init__(self, peer: socket.socket) -> None:
        self._socket = peer

    def send(self, data: bytes, end: float) -> None:
        self._limit(end)
        self._socket.sendall(data)

    def receive(self, max_bytes: int, end: float) -> bytes:
        self._limit(end)
        return self._socket.recv(max_bytes)

    def _limit(self, end: float) -> None:
        seconds = end - now()
        if seconds <= 0 and end != WITHOUT_WAITING:
            raise TimeoutError
        self._socket.settimeout(max(0.0, seconds))
