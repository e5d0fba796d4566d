"""The open connections, so that one can be closed or reset without an answer; ASGI has no way to say that."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Any, TypeAlias, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

Peer: TypeAlias = tuple[str, int]
# SO_LINGER on, for no time: closing sends a reset. Windows writes it in half the space.
RESET = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Connections:
    """Transports by their peer, which ASGI names in `scope["client"]`."""

    def __init__(self) -> None:
        self._transports: dict[Peer, asyncio.Transport] = {}

    def add(self, transport: asyncio.Transport) -> None:
        """Know a connection from now on."""
        self._transports[_peer(transport)] = transport

    def discard(self, transport: asyncio.Transport) -> None:
        """Forget a connection that is gone."""
        self._transports.pop(_peer(transport), None)

    def close(self, client: Peer | list[Any] | None, *, reset: bool) -> None:
        """Close a client's connection at once, with a reset where one is asked for."""
        transport = self._transports.get((client[0], client[1])) if client else None
        if transport is None:
            return
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        transport.abort()

    def protocol(self) -> type[asyncio.Protocol]:
        """The HTTP protocol of uvicorn, which reports its connections here."""
        connections = self

        class KnownConnection(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
                connections.add(transport)
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.discard(self.transport)
                super().connection_lost(exc)

        return KnownConnection


def _peer(transport: asyncio.Transport) -> Peer:
    return cast("Peer", tuple(transport.get_extra_info("peername")[:2]))
