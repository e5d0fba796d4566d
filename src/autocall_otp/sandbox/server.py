"""The HTTP server: one application, served by uvicorn in a background thread or in the foreground."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from autocall_otp.sandbox.clock import monotonic
from autocall_otp.sandbox.connections import Connections
from autocall_otp.sandbox.contract import provider_contract
from autocall_otp.sandbox.control import Control
from autocall_otp.sandbox.guard import Guard
from autocall_otp.sandbox.page import is_page, page
from autocall_otp.sandbox.reporter import Reporter
from autocall_otp.sandbox.service import Service

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from autocall_otp.sandbox.switchboard import Switchboard

# Streams and stalled answers end when the sandbox stops; this is for what does not.
GRACE_SECONDS = 1
START_SECONDS = 10.0


def application(board: Switchboard, connections: Connections, *, token: str, host: str) -> ASGIApp:
    """The page, the testing API and, for every other path, the provider's API."""
    service = Service(board, connections).endpoints(provider_contract(), token)
    control = Guard(Control(board, token, service).endpoints(), host)
    guarded_page = Guard(page, host)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if is_page(path):
            await guarded_page(scope, receive, send)
        elif path.startswith("/sandbox/"):
            await control(scope, receive, send)
        else:
            await service(scope, receive, send)

    return app


class Loop(asyncio.SelectorEventLoop):
    """An event loop that a test which freezes or patches the clock does not bring to a stand."""

    def time(self) -> float:
        """Seconds, for the timers of the loop."""
        return monotonic()


class Server(uvicorn.Server):
    """uvicorn's server on one socket; when it stops, every open stream is ended first.

    Args:
        board: What it serves.
        host: Address or name to bind.
        port: Port to bind; 0 takes a free one.
        token: The bearer token that the service asks for.

    Raises:
        OSError: If the address cannot be bound.
    """

    def __init__(self, board: Switchboard, *, host: str, port: int, token: str) -> None:
        self._board = board
        self._socket = _bound(host, port)
        connections = Connections()
        super().__init__(
            uvicorn.Config(
                application(board, connections, token=token, host=host),
                http=connections.protocol(),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._thread: threading.Thread | None = None
        self._reporting: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens; a wildcard address is shown as the loopback address."""
        address: tuple[str, int] = self._socket.getsockname()[:2]
        host, port = address
        if ipaddress.ip_address(host).is_unspecified:
            host = "::1" if ":" in host else "127.0.0.1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def serve_here(self) -> None:
        """Serve until Ctrl-C or SIGTERM."""
        try:
            with asyncio.Runner(loop_factory=Loop) as runner:
                runner.run(self.serve(sockets=[self._socket]))
        finally:
            self._socket.close()

    def start(self) -> None:
        """Serve in a background thread; returns once the server runs.

        Raises:
            RuntimeError: If it does not come up.
        """
        run = threading.Thread(target=self.serve_here, name="autocall-otp-sandbox", daemon=True)
        self._thread = run
        run.start()
        deadline = monotonic() + START_SECONDS
        while not self.started:
            if not run.is_alive() or monotonic() > deadline:
                msg = "the sandbox's server did not start"
                raise RuntimeError(msg)
            threading.Event().wait(0.001)  # not time.sleep, which tests replace

    def stop(self) -> None:
        """Stop the background thread and wait for its end."""
        self.should_exit = True
        if self._thread:
            self._thread.join()
            self._thread = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, and tell each call to its end in the log."""
        await super().startup(sockets)
        self._reporting = asyncio.create_task(Reporter(self._board).run())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let streams and stalled answers end, then shut down as uvicorn does."""
        self._board.stop()
        if self._reporting:
            self._reporting.cancel()
            await asyncio.wait([self._reporting])
        await super().shutdown(sockets)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on this host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # From here on a connection waits until the server runs, instead of being refused.
        bound.listen()
    except OSError:
        bound.close()
        raise
    return bound
