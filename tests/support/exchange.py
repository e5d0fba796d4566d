"""Requests straight through a transport, for threads or for tasks alike, to scripted servers by every route."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, cast

import attrs
import httpx
import pytest
import trustme
from faults.server import Script, Server, Wire

from autocall_otp._clock import now
from autocall_otp._transport import environment

T = TypeVar("T")
Kind = Literal["threads", "tasks"]
Route = Literal["plain", "tls", "proxy", "tls proxy"]
KINDS: tuple[Kind, ...] = ("threads", "tasks")
ROUTES: tuple[Route, ...] = ("plain", "tls", "proxy", "tls proxy")
HOST = "api.test"
"""A name that no resolver knows (RFC 2606): a request can only arrive through the proxy."""


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that remembers whether it was asked for, as the session's does."""

    def __init__(self, content: bytes, deadline: float) -> None:
        self.content, self.deadline = content, deadline
        self.asked = self.wired = False
        self.arrived = threading.Event()

    @property
    def pooled(self) -> bool:
        """The pool was handed the request."""
        return self.arrived.is_set()

    @pooled.setter
    def pooled(self, _: bool) -> None:
        self.arrived.set()

    def _ask(self) -> bytes:
        assert not self.asked, "asked for twice"
        self.asked = True
        return self.content

    def __iter__(self) -> Iterator[bytes]:
        yield self._ask()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._ask()


@attrs.frozen
class Result:
    """What came of a request."""

    body: Body
    status: int = 0
    content: bytes = b""
    error: Exception | None = None
    ended: float = attrs.field(factory=now)

    @property
    def late(self) -> float:
        """Seconds from the deadline to the end."""
        return self.ended - self.body.deadline

    @property
    def echo(self) -> bytes:
        """The body of the answer, which is that of the request where all is well."""
        if self.error is not None:
            raise self.error
        return self.content


def request(url: str, name: str, *, seconds: float = 20.0, **more: Any) -> httpx.Request:
    """A POST of one call; `timeout` holds httpx's time-outs."""
    body = Body(b'{"ref_id": "%b"}' % name.encode(), now() + seconds)
    headers = {"Host": httpx.URL(url).netloc.decode(), "Content-Length": str(len(body.content))}
    extensions = {"autocall_otp": body, "timeout": {}} | more
    return httpx.Request("POST", url, headers=headers, stream=body, extensions=extensions)


class Caller:
    """A transport of ours, and what runs requests through it: threads, or tasks of a loop in a thread of its own."""

    def __init__(self, kind: Kind, url: str) -> None:
        self.url = url
        self.is_async = kind == "tasks"
        self.threads = ThreadPoolExecutor(20)
        self.loop = asyncio.new_event_loop() if self.is_async else None
        if self.loop is not None:
            self.threads.submit(self.loop.run_forever)
        self.transport: Any = (environment.async_transport if self.is_async else environment.sync_transport)(url)

    @property
    def pool(self) -> Any:
        """The pool below the transport."""
        return self.transport._pool

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it in the loop of the tasks."""
        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)

    def call(self, name: str = "r1", **more: Any) -> Result:
        """Send a request, read the answer; an error is part of the result."""
        return self.send(request(self.url, name, **more))

    def send(self, sent: httpx.Request) -> Result:
        """Send this one; in this thread, if it is for threads."""
        return self.run(self._atry(sent)) if self.is_async else self._try(sent)

    def start(self, name: str, **more: Any) -> tuple[Body, Future[Result]]:
        """Send a request in the background."""
        sent = request(self.url, name, **more)
        if self.loop is not None:
            return cast("Body", sent.stream), asyncio.run_coroutine_threadsafe(self._atry(sent), self.loop)
        return cast("Body", sent.stream), self.threads.submit(self._try, sent)

    def _try(self, sent: httpx.Request) -> Result:
        try:
            status, content = exchange(self.transport, sent)
        except (httpx.HTTPError, OSError) as error:
            return Result(cast("Body", sent.stream), error=error)
        return Result(cast("Body", sent.stream), status, content)

    async def _atry(self, sent: httpx.Request) -> Result:
        try:
            status, content = await aexchange(self.transport, sent)
        except (httpx.HTTPError, OSError) as error:
            return Result(cast("Body", sent.stream), error=error)
        return Result(cast("Body", sent.stream), status, content)

    def in_use(self) -> int:
        """How many connections are neither closed nor idle."""
        idle = self.pool._idle
        return len(self.pool._all) - (len(idle) if self.is_async else sum(1 for each in _all_of(idle) if each))

    def close(self) -> None:
        """Close the transport."""
        if self.is_async:
            self.run(self.transport.aclose())
        else:
            self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "transport"):
            self.close()
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.loop.stop)
        self.threads.shutdown()
        if self.loop is not None:
            self.loop.close()


def exchange(transport: httpx.BaseTransport, sent: httpx.Request) -> tuple[int, bytes]:
    """Send a request and read its answer."""
    response = transport.handle_request(sent)
    try:
        return response.status_code, b"".join(cast("httpx.SyncByteStream", response.stream))
    finally:
        response.close()


async def aexchange(transport: httpx.AsyncBaseTransport, sent: httpx.Request) -> tuple[int, bytes]:
    """The same for tasks."""
    response = await transport.handle_async_request(sent)
    try:
        chunks = [chunk async for chunk in cast("httpx.AsyncByteStream", response.stream)]
        return response.status_code, b"".join(chunks)
    finally:
        await response.aclose()


def _all_of(queue: Any) -> list[Any]:
    items = [queue.get() for _ in range(queue.qsize())]
    for item in items:
        queue.put(item)
    return items


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

    def tunnel(self, port: int, *, tls: bool = False) -> Server:
        """A proxy that leads to this port, whatever it is asked for."""
        return self.proxy(leads_to(port), tls=tls)

    def socks(self, port: int, script: Script | None = None) -> Server:
        """A SOCKS proxy that leads to this port, and that the environment names."""
        server = self.serve(script or speaks_socks(port))
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
        self.tunnel(server.port, tls=route == "tls proxy")
        return server, f"https://{HOST}"


@contextmanager
def network(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Network]:
    """The same, until the block ends."""
    made = Network(monkeypatch, folder)
    with made.stack:
        yield made


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


def echoes(wire: Wire) -> None:
    """Answer every request with its own body."""
    while True:
        wire.send(answer(wire.receive(rings=True).body))


def answer(body: bytes, status: str = "200 OK", *extra: str) -> bytes:
    """An answer with its body."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *extra, "", ""]
    return "\r\n".join(head).encode() + body


def after(count: int, script: Script, then: Script = echoes) -> Script:
    """Run the script for the first connections, then the other."""
    return lambda wire: (script if wire.number < count else then)(wire)


Waiter = Callable[[], object]


def once_connected(caller: Caller, event: str, wait: Waiter) -> Any:
    """A trace hook, as httpx documents it, that waits for something when this step is done."""
    if not caller.is_async:
        return lambda name, _: wait() if name == event else None

    async def trace(name: str, _: object) -> None:
        if name == event:
            await asyncio.to_thread(wait)

    return trace


def wait_for_rest(caller: Caller) -> None:
    """Let the connections that are idle rest."""
    for connection in caller.pool._all:
        connection.rests_until = 0.0


def keep_resting(caller: Caller) -> None:
    """Let no connection that is idle be used again."""
    for connection in caller.pool._all:
        connection.rests_until = float("inf")


def small(caller: Caller, size: int) -> Caller:
    """The same with a smaller pool."""
    caller.pool._size = size
    return caller
