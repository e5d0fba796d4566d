"""HTTP/2 where a user asks for it: httpx's own transport, given to the client."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from support.page import payload
from support.prism import settings

from autocall_otp import AsyncClient, Client, ConflictError, Outcome

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("hypercorn") is None, reason="not in the lowest environment"),
    pytest.mark.skipif(importlib.util.find_spec("h2") is None, reason="the same"),
]


async def answer(request: Request) -> JSONResponse:
    """The page's answers, over HTTP/2 alone; a conflict for the reference `twice`."""
    if request.scope["http_version"] != "2":
        return JSONResponse({"error": "not HTTP/2"}, status_code=505)
    if request.method == "GET":
        return JSONResponse(payload("get_cdr.answer"))
    if (await request.json())["ref_id"] == "twice":
        return JSONResponse({"error": "Conflict"}, status_code=409)
    return JSONResponse(payload("run_otp.answer"))


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def url(authority: trustme.CA, tmp_path: Path) -> Iterator[str]:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - where it is installed
    from hypercorn.config import Config  # noqa: PLC0415 - where it is installed

    made = authority.issue_cert("127.0.0.1")
    made.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    config, listener = Config(), socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config.bind = [f"fd://{listener.detach()}"]
    config.certfile = config.keyfile = str(tmp_path / "server.pem")
    config.errorlog = None
    app = Starlette(routes=[Route("/{rest:path}", answer, methods=["GET", "POST"])])
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    serving = serve(app, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type] # any ASGI application
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,))
    thread.start()
    yield f"https://127.0.0.1:{port}"
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def test_a_client_over_http_2(url: str, trust: ssl.SSLContext) -> None:
    transport = httpx.HTTPTransport(http2=True, http1=False, verify=trust)
    with Client(**settings(url, transport=transport)) as client:
        assert client.run_otp("0332665711", "LUAN001", ref_id="R1").outcome is Outcome.PLACED
        assert client.get_cdr("R1").answered
        with pytest.raises(ConflictError) as caught:
            client.run_otp("0332665711", "LUAN001", ref_id="twice")
    assert caught.value.outcome is Outcome.NOT_PLACED


def test_many_calls_share_a_connection_of_http_2(url: str, trust: ssl.SSLContext) -> None:
    async def ask() -> list[bool]:
        transport = httpx.AsyncHTTPTransport(http2=True, http1=False, verify=trust)
        async with AsyncClient(**settings(url, transport=transport)) as client:
            await client.run_otp("0332665711", "LUAN001")
            return [record.answered for record in await asyncio.gather(*(client.get_cdr("R1") for _ in range(20)))]

    assert asyncio.run(ask()) == [True] * 20
