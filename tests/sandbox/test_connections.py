from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.eventually import eventually

from autocall_otp.sandbox.connections import Connections

if TYPE_CHECKING:
    from autocall_otp.sandbox import Sandbox


class Transport:
    """A connection as far as it is asked for: who is at the other end, and whether it was cut."""

    def __init__(self, *peer: object) -> None:
        self._peer = peer
        self.cut = False

    def get_extra_info(self, name: str) -> Any:
        return {"peername": self._peer}[name]

    def abort(self) -> None:
        self.cut = True


def test_a_connection_is_known_by_its_peer_until_it_is_gone() -> None:
    connections = Connections()
    one, other = Transport("::1", 5000, 0, 0), Transport("::1", 5001, 0, 0)
    for transport in (one, other):
        connections.add(transport)  # type: ignore[arg-type] # as much of a transport as it needs
    connections.close(["::1", 5000], reset=False)
    assert (one.cut, other.cut) == (True, False)
    connections.discard(other)  # type: ignore[arg-type]
    connections.discard(other)  # type: ignore[arg-type]
    connections.close(("::1", 5001), reset=False)
    assert not other.cut, "it was gone"


def test_a_client_that_the_server_cannot_name_is_left_alone() -> None:
    connections = Connections()
    one = Transport("::1", 5000)
    connections.add(one)  # type: ignore[arg-type]
    connections.close(None, reset=True)
    assert not one.cut


@pytest.mark.parametrize("reset", [True, False])
def test_a_client_sees_a_reset_or_an_end(reset: bool) -> None:  # noqa: FBT001 - a parameter
    async def seen() -> bytes:
        connections = Connections()

        class Kept(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                connections.add(transport)
                connections.close(transport.get_extra_info("peername"), reset=reset)

        server = await asyncio.get_running_loop().create_server(Kept, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            try:
                return await asyncio.wait_for(reader.read(), 10)
            finally:
                writer.close()

    if reset:
        with pytest.raises(ConnectionResetError):
            asyncio.run(seen())
    else:
        assert asyncio.run(seen()) == b""


def test_the_server_forgets_a_client_that_left(sandbox: Sandbox) -> None:
    server = vars(sandbox)["_server"]
    with httpx.Client(base_url=sandbox.url) as http:
        http.get("/sandbox/clock")
        assert len(server.server_state.connections) == 1
        (protocol,) = server.server_state.connections
        known = known_to(protocol)
        assert len(known) == 1
    eventually(lambda: not known)


def known_to(protocol: asyncio.Protocol) -> dict[Any, Any]:
    """The connections that its server's list holds."""
    closure = type(protocol).connection_made.__closure__ or ()
    (connections,) = (cell.cell_contents for cell in closure if isinstance(cell.cell_contents, Connections))
    found: dict[Any, Any] = vars(connections)["_transports"]
    return found
