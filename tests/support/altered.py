"""A service that answers as another one does, but for what a test changes on the way."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from support.serving import serving


@attrs.frozen
class Reply:
    """An answer on its way to the client."""

    method: str
    status: int
    content_type: str
    body: bytes

    @property
    def values(self) -> Any:
        return json.loads(self.body)

    def with_json(self, values: object, **more: Any) -> Reply:
        return attrs.evolve(self, body=json.dumps(values).encode(), **more)


Change = Callable[[Reply], Reply]
# There is no TLS here; loading whom to trust would take longer than all else.
_TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def in_record(**fields: Any) -> Change:
    """Change fields of a call's record; None takes one away."""

    def change(reply: Reply) -> Reply:
        if (reply.method, reply.status) != ("GET", 200):
            return reply
        values = {**reply.values, **fields}
        return reply.with_json({name: value for name, value in values.items() if value is not None})

    return change


def at(method: str, status: int, make: Change) -> Change:
    """Change the answers to this method that have this status."""
    return lambda reply: make(reply) if (reply.method, reply.status) == (method, status) else reply


def body(values: object, **more: Any) -> Change:
    return lambda reply: reply.with_json(values, **more)


def page(text: str, status: int = 404) -> Change:
    return lambda reply: Reply(reply.method, status, "text/html", text.encode())


@contextmanager
def altered(url: str, change: Change) -> Iterator[str]:
    """The address of a service that passes everything on to this one, and changes its answers."""

    async def forward(request: Request) -> Response:
        headers = {name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers}
        path = request.scope["raw_path"].decode()
        async with httpx.AsyncClient(trust_env=False, verify=_TRUST, timeout=50) as http:
            answer = await http.request(request.method, url + path, headers=headers, content=await request.body())
        reply = change(Reply(request.method, answer.status_code, answer.headers["content-type"], answer.content))
        kind = {"content-type": reply.content_type} if reply.content_type else {}
        return Response(reply.body, reply.status, headers=kind)

    with serving(Starlette(routes=[Route("/{path:path}", forward, methods=["GET", "POST"])])) as address:
        yield address
