from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from support.eventually import eventually

from autocall_otp.sandbox.connections import Connections

if TYPE_CHECKING:
    from autocall_otp.sandbox import Sandbox


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
