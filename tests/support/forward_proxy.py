"""A service behind TLS, and a forward proxy that alone knows the way to it; both of the standard library."""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs
import trustme

from support.page import payload

HOST = "api.test"
"""A name that no resolver knows (RFC 2606): a request can only arrive through the proxy."""


@attrs.define
class Seen:
    """What passed."""

    connects: list[str] = attrs.field(factory=list[str])
    credentials: list[str | None] = attrs.field(factory=list[str | None])
    relayed: bytearray = attrs.field(factory=bytearray)
    requests: list[dict[str, str]] = attrs.field(factory=list[dict[str, str]])


@contextmanager
def running(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on a free port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def service(authority: trustme.CA, seen: Seen) -> Iterator[int]:
    """The service, with a certificate for HOST."""

    class Service(_Quiet):
        def do_GET(self) -> None:
            self._answer(payload("get_cdr.answer"))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(payload("run_otp.answer"))

        def _answer(self, value: object) -> None:
            seen.requests.append({name.lower(): text for name, text in self.headers.items()})
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    with running(Service, context) as port:
        yield port


@contextmanager
def proxy(upstream: int, seen: Seen, *, refuse: int | None = None) -> Iterator[int]:
    """The proxy: it takes CONNECT for whatever name, and leads to the service."""

    class Proxy(_Quiet):
        def do_CONNECT(self) -> None:
            seen.connects.append(self.path)
            seen.credentials.append(self.headers["Proxy-Authorization"])
            self.send_response_only(refuse or 200)
            self.end_headers()
            self.close_connection = True
            if refuse is None:
                with socket.create_connection(("127.0.0.1", upstream)) as other:
                    self._relay(other)

        def _relay(self, other: socket.socket) -> None:
            ways = {self.connection: other, other: self.connection}
            while True:
                for source in select.select(list(ways), [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    seen.relayed += data
                    ways[source].sendall(data)

    with running(Proxy) as port:
        yield port
