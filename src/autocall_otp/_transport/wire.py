"""The network below httpcore, for threads: each step ends by the deadline, and nothing that came too early is read."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from autocall_otp._clock import now
from autocall_otp._transport.evidence import Evidence, StaleConnectionError, end_of_step
from autocall_otp._transport.tls import TLS, Channel

_LATE = (TimeoutError, BlockingIOError)


class NetworkBackend(httpcore.NetworkBackend):
    """The network of one connection."""

    evidence: Evidence
    """Of the request that the connection serves; set by the pool."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._socket: socket.socket | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - httpcore's signature; nobody sets it
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the same
    ) -> httpcore.NetworkStream:
        """Connect to one of the addresses of the host; each gets a fair share of the time."""
        self.evidence.wired = True
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        end = end_of_step(self.evidence, timeout, httpcore.ConnectTimeout)
        for remaining, (family, kind, protocol, _, address) in zip(range(len(addresses))[::-1], addresses, strict=True):
            try:
                self._socket = peer = socket.socket(family, kind, protocol)
                peer.settimeout(max(0.0, end - now()) / (remaining + 1))
                peer.connect(address)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return NetworkStream(self, peer)
            except OSError as error:
                self.close()
                if not remaining:
                    late = isinstance(error, _LATE)
                    raise (httpcore.ConnectTimeout if late else httpcore.ConnectError)(str(error)) from error
        raise httpcore.ConnectError("the host has no address")

    def close(self) -> None:
        """Close whatever is open; the pool does, whatever ended a connect, a handshake or a request."""
        if self._socket is not None:
            self._socket.close()

    def discard(self) -> None:
        """Free what nobody closed."""
        self.close()


class NetworkStream(httpcore.NetworkStream):
    """What httpcore reads and writes."""

    def __init__(self, network: NetworkBackend, peer: socket.socket) -> None:
        """Take a connected socket."""
        self._network, self._socket = network, peer
        self._channel: Channel = _Plain(peer)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came; nothing where the peer has ended."""
        end = end_of_step(self._network.evidence, timeout, httpcore.ReadTimeout)
        try:
            return self._channel.receive(max_bytes, end)
        except _LATE as error:
            raise httpcore.ReadTimeout("nothing came in time") from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it.

        As long as the body was not asked for, nothing can have come that answers this request. Then an error is not
        httpcore's WriteError, after which httpcore would read an answer.
        """
        if not buffer:
            return
        evidence = self._network.evidence
        end = end_of_step(evidence, timeout, httpcore.WriteTimeout)
        if not evidence.asked and self._has_input():
            raise StaleConnectionError("the connection ended, or something came on it, before the request was sent")
        evidence.wired = True
        try:
            self._channel.send(buffer, end)
        except _LATE as error:
            raise httpcore.WriteTimeout("it could not be sent in time") from error
        except OSError as error:
            raise (httpcore.WriteError if evidence.asked else StaleConnectionError)(str(error)) from error

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on in TLS."""
        end = end_of_step(self._network.evidence, timeout, httpcore.ConnectTimeout)
        # An IPv6 literal stands in brackets for the sake of CONNECT.
        tls = TLS(self._channel, ssl_context, server_hostname and server_hostname.strip("[]"))
        try:
            tls.handshake(end)
        except _LATE as error:
            raise httpcore.ConnectTimeout("the TLS handshake took too long") from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        self._channel = tls
        return self

    def close(self) -> None:
        """Close the connection."""
        self._network.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """What httpcore asks for."""
        if info == "ssl_object":
            return self._channel.object if isinstance(self._channel, TLS) else None
        if info == "is_readable":
            return self._has_input()
        return {
            "socket": lambda: self._socket,
            "client_addr": self._socket.getsockname,
            "server_addr": self._socket.getpeername,
        }.get(info, lambda: None)()

    def _has_input(self) -> bool:
        """Whether something or the end has come. What it reads is lost, so a connection with input must be closed.

        It reads rather than polls, since over TLS what has come may be a session ticket, which is no input.
        """
        try:
            self._channel.receive(1, 0.0)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


class _Plain:
    """A socket as a channel."""

    def __init__(self, peer: socket.socket) -> None:
        self._socket = peer

    def send(self, data: bytes, end: float) -> None:
        self._socket.settimeout(max(0.0, end - now()))
        self._socket.sendall(data)

    def receive(self, max_bytes: int, end: float) -> bytes:
        self._socket.settimeout(max(0.0, end - now()))
        return self._socket.recv(max_bytes)
