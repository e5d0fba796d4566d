"""Scripted servers, and every route to them: plain, in TLS, through a proxy."""

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal

import pytest
import trustme
from faults.server import Script, Server, Wire

Route = Literal["plain", "tls", "proxy", "tls proxy"]
ROUTES: tuple[Route, ...] = ("plain", "tls", "proxy", "tls proxy")
HOST = "api.test"
"""A name that no resolver knows (RFC 2606): a request can only arrive through the proxy."""


class Network:
    """Where servers run and how they are reached: the variables of the environment, certificates, a proxy."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.monkeypatch, self.stack = monkeypatch, ExitStack()
        self.servers: list[Server] = []
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        self.authority = trustme.CA()
        path = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(path))
        monkeypatch.setenv("SSL_CERT_FILE", str(path))

    def certificate(self, *names: str) -> ssl.SSLContext:
        """What a server proves its name with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names).configure_cert(context)
        return context

    def serve(self, script: Script, *names: str) -> Server:
        """A server that runs the script, in TLS if it has names; stopped when the test ends."""
        server = self.stack.enter_context(Server(script, tls=self.certificate(*names) if names else None))
        self.servers.append(server)
        return server

    def all_closed(self) -> bool:
        """Whether every connection to every server ends in time."""
        return all(server.ledger.wait_for(lambda ledger: ledger.open == 0) for server in self.servers)

    def proxy(self, script: Script, *, tls: bool = False) -> Server:
        """A proxy that runs the script, and that the environment names."""
        server = self.serve(script, *(["127.0.0.1"] if tls else []))
        self.monkeypatch.setenv("HTTPS_PROXY", server.url)
        return server

    def socks(self, script: Script) -> Server:
        """A SOCKS proxy that runs the script, and that the environment names."""
        server = self.serve(script)
        self.monkeypatch.setenv("ALL_PROXY", server.url.replace("http:", "socks5:"))
        return server

    def reach(self, script: Script, route: Route) -> tuple[Server, str]:
        """A server that runs the script, and the URL that leads there by this route."""
        if route == "plain":
            server = self.serve(script)
            return server, server.url
        server = self.serve(script, "127.0.0.1", HOST)
        if route == "tls":
            return server, server.url
        self.proxy(leads_to(server.port), tls=route == "tls proxy")
        return server, f"https://{HOST}"


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Network]:
    """The same, until the test ends."""
    made = Network(monkeypatch, tmp_path)
    with made.stack:
        yield made


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest) -> Route:
    """Each of the routes."""
    chosen: Route = request.param
    return chosen


def leads_to(port: int) -> Script:
    """A proxy that takes CONNECT for whatever host, and leads to this port."""

    def script(wire: Wire) -> None:
        wire.receive()
        wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        relay(wire.peer, port)

    return script


def speaks_socks(port: int) -> Script:
    """A SOCKS proxy (RFC 1928) that asks for nothing and leads to this port."""

    def script(wire: Wire) -> None:
        wire.peer.recv(262)
        wire.send(b"\x05\x00")
        wire.peer.recv(262)
        wire.send(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        relay(wire.peer, port)

    return script


def relay(peer: socket.socket, port: int) -> None:
    """Carry bytes both ways until one side ends."""
    with socket.create_connection(("127.0.0.1", port)) as other, suppress(OSError):
        ways = {peer: other, other: peer}
        while True:
            waiting = (
                [peer] if isinstance(peer, ssl.SSLSocket) and peer.pending() else select.select([*ways], [], [])[0]
            )
            for source in waiting:
                if not (data := source.recv(65536)):
                    return
                ways[source].sendall(data)
