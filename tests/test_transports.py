"""Transports that are not ours: mocks, retrying ones, HTTP/2. Each is seen as it is, and rings no phone twice."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from support.clients import KINDS, ask, error_of
from support.flows import CODE, NUMBER
from support.page import payload
from support.prism import settings

from autocall_otp import AsyncClient, Client, ConflictError, Outcome, Retry

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
URL = "https://api.example.vn"


def needs(*names: str) -> pytest.MarkDecorator:
    missing = any(importlib.util.find_spec(name) is None for name in names)
    return pytest.mark.skipif(missing, reason="not in the lowest environment")


BEFORE, AFTER = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout), (httpx.ReadTimeout, httpx.WriteError)


@KINDS
def test_httpx_s_mock_fails_as_its_error_says(kind: type[Any]) -> None:
    """It reads the body and sends nothing, so only the error's name can count."""
    for errors, outcome in ((BEFORE, Outcome.NOT_PLACED), (AFTER, Outcome.UNKNOWN)):
        for error in errors:

            def reply(_: httpx.Request, failure: type[httpx.RequestError] = error) -> httpx.Response:
                raise failure("mocked")

            assert error_of(kind, reply=reply).outcome is outcome


@needs("respx")
@KINDS
def test_respx_stands_in_for_the_client_s_own_transport(kind: type[Any]) -> None:
    import respx  # noqa: PLC0415 - where it is installed

    with respx.mock(base_url=URL) as router:
        route = router.post("/v3/autocall/otp").respond(json=ANSWER)
        assert ask(kind).call_id == ANSWER["call_id"]
        assert json.loads(route.calls.last.request.content)["code_otp"] == CODE
    for errors, outcome in ((BEFORE, Outcome.NOT_PLACED), (AFTER, Outcome.UNKNOWN)):
        for error in errors:
            with respx.mock(base_url=URL) as router:
                router.post("/v3/autocall/otp").mock(side_effect=error)
                assert error_of(kind).outcome is outcome


@needs("pytest_httpx")
@KINDS
def test_pytest_httpx_stands_in_for_the_client_s_own_transport(kind: type[Any], request: pytest.FixtureRequest) -> None:
    httpx_mock = request.getfixturevalue("httpx_mock")
    httpx_mock.add_response(status_code=429, headers={"Retry-After": "0"}, method="POST")
    httpx_mock.add_response(json=ANSWER, method="POST", url=f"{URL}/v3/autocall/otp")
    assert ask(kind, retry=Retry(base=0)).call_id == ANSWER["call_id"]
    assert len(httpx_mock.get_requests()) == 2
    httpx_mock.add_exception(httpx.ReadTimeout("slow"))
    assert error_of(kind).outcome is Outcome.UNKNOWN


class Foreign(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport that takes the body in its own way, and then fails, where it does."""

    def __init__(self, take: Callable[[httpx.Request], bytes], failure: Exception | None = None) -> None:
        self.take, self.failure, self.sent = take, failure, list[bytes]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(self.take(request))
        if self.failure:
            raise self.failure
        return httpx.Response(200, json=ANSWER)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


def stream(request: httpx.Request) -> bytes:
    assert isinstance(request.stream, httpx.SyncByteStream)
    return b"".join(request.stream)


@KINDS
def test_what_was_taken_decides_not_what_a_failure_is_called(kind: type[Any]) -> None:
    """Seen: a lost connection that was called ConnectTimeout; one call rang three times."""
    for failure in (httpx.ConnectTimeout("lost"), httpx.ConnectError("lost"), httpx.ProxyError("lost")):
        for take, outcome in (
            (stream, Outcome.UNKNOWN),
            (httpx.Request.read, Outcome.UNKNOWN),
            (lambda _: b"", Outcome.NOT_PLACED),
        ):
            transport = Foreign(take, failure)
            assert error_of(kind, transport=transport, retry=Retry(attempts=2, base=0)).outcome is outcome
            assert len(transport.sent) == (1 if outcome is Outcome.UNKNOWN else 2)


@KINDS
def test_a_transport_that_would_send_the_content_is_stopped(kind: type[Any]) -> None:
    """It could send it again behind our back; httpx-aiohttp takes the stream then."""
    transport = Foreign(lambda request: request.content)
    assert error_of(kind, transport=transport).outcome is Outcome.UNKNOWN
    assert transport.sent == []


HTTP2 = needs("hypercorn", "h2")


async def answer(request: Request) -> JSONResponse:
    """The page's answers, over HTTP/2 alone; a conflict for the reference `twice`."""
    if request.scope["http_version"] != "2":
        return JSONResponse({"error": "not HTTP/2"}, status_code=505)
    if request.method == "GET":
        return JSONResponse(RECORD)
    if (await request.json())["ref_id"] == "twice":
        return JSONResponse({"error": "Conflict"}, status_code=409)
    return JSONResponse(ANSWER)


AUTHORITY = trustme.CA()


@pytest.fixture
def trust() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - where it is installed
    from hypercorn.config import Config  # noqa: PLC0415 - where it is installed

    made = AUTHORITY.issue_cert("127.0.0.1")
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


@HTTP2
def test_calls_share_a_connection_of_http_2(url: str, trust: ssl.SSLContext) -> None:
    with Client(**settings(url, transport=httpx.HTTPTransport(http2=True, http1=False, verify=trust))) as client:
        assert client.run_otp(NUMBER, CODE, ref_id="R1").outcome is Outcome.PLACED
        with pytest.raises(ConflictError) as caught:
            client.run_otp(NUMBER, CODE, ref_id="twice")
    assert caught.value.outcome is Outcome.NOT_PLACED

    async def many(client: Any) -> list[bool]:
        return [record.answered for record in await asyncio.gather(*(client.get_cdr("R1") for _ in range(20)))]

    transport = httpx.AsyncHTTPTransport(http2=True, http1=False, verify=trust)
    assert ask(AsyncClient, many, url, transport=transport) == [True] * 20
