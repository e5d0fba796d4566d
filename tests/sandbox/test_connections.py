from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.eventually import eventually

from autocall_otp.sandbox.connections import Connections

if TYPE_CHECKING:
    from autocall_otp.sandbox import Sandbox


def seen_by_a_client(peer: Any, *, reset: bool, forget: bool = False) -> bytes:
    """What a client reads whose server closes the connection of this peer, by default its own, then all others."""

    async def seen() -> bytes:
        connections, served = Connections(), asyncio.Event()

        class Kept(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                connections.add(transport)
                if forget:
                    connections.discard(transport)
                    connections.discard(transport)
                connections.close(transport.get_extra_info("peername") if peer is ... else peer, reset=reset)
                served.set()
                transport.write(b"still here")
                transport.close()

        server = await asyncio.get_running_loop().create_server(Kept, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            await served.wait()
            try:
                return await asyncio.wait_for(reader.read(), 60)
            finally:
                writer.close()

    return asyncio.run(seen())


def test_a_client_sees_a_reset_or_an_end() -> None:
    with pytest.raises(ConnectionResetError):
        seen_by_a_client(..., reset=True)
    assert seen_by_a_client(..., reset=False) == b""


@pytest.mark.parametrize("peer", [None, ("127.0.0.1", 1), ["::1", 5000]])
def test_a_client_that_is_not_meant_is_left_alone(peer: Any) -> None:
    assert seen_by_a_client(peer, reset=True) == b"still here"
    assert seen_by_a_client(..., reset=True, forget=True) == b"still here"


def test_the_server_forgets_a_client_that_left(sandbox: Sandbox) -> None:
    server = vars(sandbox)["_server"]
    with httpx.Client(base_url=sandbox.url) as http:
        http.get("/sandbox/clock")
        (protocol,) = server.server_state.connections
        closure = type(protocol).connection_made.__closure__ or ()
        (connections,) = (cell.cell_contents for cell in closure if isinstance(cell.cell_contents, Connections))
        known = vars(connections)["_transports"]
        assert len(known) == 1
    eventually(lambda: not known)
