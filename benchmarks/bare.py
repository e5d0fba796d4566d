"""The least that a call can cost in Python: bytes out, bytes in, `json.loads`. No time-outs, no errors, no rules."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any
from urllib.parse import urlsplit

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class _Maker:
    """Makes requests, and finds where an answer ends."""

    def __init__(self, base: str, token: str) -> None:
        parts = urlsplit(base)
        assert parts.hostname
        assert parts.port
        self.address = parts.hostname, parts.port
        self._common = f"host: {parts.netloc}\r\nauthorization: Bearer {token}\r\naccept: application/json\r\n"

    def post(self, path: str, values: object) -> bytes:
        body = json.dumps(values).encode()
        kind = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        return f"POST {path} HTTP/1.1\r\n{self._common}{kind}".encode() + body

    def get(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\n{self._common}\r\n".encode()


def _body(data: bytes) -> bytes | None:
    """The body of a whole answer of the bench server; None while it is not whole."""
    head = data.find(_END)
    if head < 0:
        return None
    mark = data.index(_LENGTH) + len(_LENGTH)
    length = int(data[mark : data.index(b"\r", mark)])
    return data[head + 4 :] if len(data) == head + 4 + length else None


class Socket:
    """One blocking socket."""

    def __init__(self, base: str, token: str) -> None:
        """Connect."""
        self._maker = _Maker(base, token)
        self._socket = socket.create_connection(self._maker.address, timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path: str, values: object) -> Any:  # noqa: ANN401 - any JSON value
        """Send a JSON body, read one back."""
        return self._exchange(self._maker.post(path, values))

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON value
        """Read a JSON body."""
        return self._exchange(self._maker.get(path))

    def _exchange(self, request: bytes) -> Any:  # noqa: ANN401 - any JSON value
        self._socket.sendall(request)
        data = self._socket.recv(65536)
        while (body := _body(data)) is None:
            data += self._socket.recv(1 << 20)
        return json.loads(body)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class _Wire(asyncio.Protocol):
    """One connection, one answer at a time."""

    answer: asyncio.Future[bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        if (body := _body(self._data)) is not None:
            self._data = b""
            self.answer.set_result(body)


class Pool:
    """A free list of connections."""

    def __init__(self, base: str, token: str) -> None:
        """Open nothing yet."""
        self._maker = _Maker(base, token)
        self._free: list[_Wire] = []

    async def post(self, path: str, values: object) -> Any:  # noqa: ANN401 - any JSON value
        """Send a JSON body, read one back."""
        return await self._exchange(self._maker.post(path, values))

    async def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON value
        """Read a JSON body."""
        return await self._exchange(self._maker.get(path))

    async def _exchange(self, request: bytes) -> Any:  # noqa: ANN401 - any JSON value
        loop = asyncio.get_running_loop()
        wire = self._free.pop() if self._free else (await loop.create_connection(_Wire, *self._maker.address))[1]
        wire.answer = loop.create_future()
        wire.transport.write(request)
        body = await wire.answer
        self._free.append(wire)
        return json.loads(body)

    async def close(self) -> None:
        """Close the connections."""
        for wire in self._free:
            wire.transport.close()
