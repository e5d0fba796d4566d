"""TLS for threads over any channel, itself perhaps TLS to a proxy."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

T = TypeVar("T")
_READ_SIZE = 65536
WITHOUT_WAITING = 0.0


class Channel(Protocol):
    """Bytes to and from a peer, until `end` on the clock `now`, or WITHOUT_WAITING."""

    def send(self, data: bytes, end: float) -> None:
        """Send all of it, or raise OSError."""
        ...

    def receive(self, max_bytes: int, end: float) -> bytes:
        """What came, nothing where the peer has ended; raises OSError."""
        ...


class TLS:
    """A channel in TLS."""

    def __init__(self, below: Channel, context: ssl.SSLContext, host: str | None) -> None:
        """Wrap the channel; the handshake is still to come."""
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def handshake(self, end: float) -> None:
        """Agree on keys and check the certificate, or raise OSError."""
        self._run(self.object.do_handshake, end)

    def send(self, data: bytes, end: float) -> None:
        """Send all of it."""
        while data:
            data = data[self._run(partial(self.object.write, data), end) :]

    def receive(self, max_bytes: int, end: float) -> bytes:
        """What came, decrypted."""
        try:
            return self._run(partial(self.object.read, max_bytes), end)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    def _run(self, step: Callable[[], T], end: float) -> T:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush(end)
                if data := self._below.receive(_READ_SIZE, end):
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                self._flush(end)
                return result

    def _flush(self, end: float) -> None:
        if self._outgoing.pending:
            self._below.send(self._outgoing.read(), end)
