"""The client's own connections: shared, made anew, and open to whoever watches httpx."""

from __future__ import annotations

import asyncio
import functools
import json
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from support.forward_proxy import running
from support.page import payload
from support.prism import settings
from support.serving import serving

from autocall_otp import AsyncClient, Client, Retry, TransportError
from autocall_otp._direct import AsyncConnection, Connection, _plain, _raise

RECORD = payload("get_cdr.answer")
# What is counted here are calls: none is to be tried again because a machine is busy.
PATIENT = {"timeout": 50, "deadline": 100}
BOTH = pytest.mark.parametrize("shell", ["sync", "async"])


class Service:
    """Answers every look-up; remembers which connections the requests came by."""

    def __init__(self) -> None:
        self.connections: list[int] = []
        self.headers: dict[str, str] = {}

    async def answer(self, request: Request) -> JSONResponse:
        assert request.client is not None
        self.connections.append(request.client.port)
        return JSONResponse(RECORD, headers=self.headers)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    with serving(Starlette(routes=[Route("/v3/autocall/log/{ref}/ref_id", service.answer)])) as address:
        yield address


def look_up(shell: str, url: str, *, times: int = 3, **more: Any) -> None:
    """Look a record up again and again, with one client."""
    if shell == "sync":
        with Client(**settings(url, **(PATIENT | more))) as client:
            for _ in range(times):
                assert client.get_cdr("R1").id == RECORD["id"]
        return

    async def ask() -> None:
        async with AsyncClient(**settings(url, **(PATIENT | more))) as client:
            for _ in range(times):
                assert (await client.get_cdr("R1")).id == RECORD["id"]

    asyncio.run(ask())


@BOTH
def test_one_connection_serves_one_call_after_another(shell: str, url: str, service: Service) -> None:
    look_up(shell, url)
    assert len(set(service.connections)) == 1


@BOTH
def test_a_connection_that_the_service_closes_is_made_anew(shell: str, url: str, service: Service) -> None:
    service.headers = {"Connection": "close"}
    look_up(shell, url)
    assert len(set(service.connections)) == 3


WATCHED = {
    "httpx, as instrumentation does": {
        "sync": (httpx.HTTPTransport, "handle_request"),
        "async": (httpx.AsyncHTTPTransport, "handle_async_request"),
    },
    "httpcore, as recorders of traffic do": {
        "sync": (httpcore.ConnectionPool, "handle_request"),
        "async": (httpcore.AsyncConnectionPool, "handle_async_request"),
    },
}


@BOTH
@pytest.mark.parametrize("watched", WATCHED)
def test_whoever_watches_sees_every_call_until_they_stop(
    watched: str, shell: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, name = WATCHED[watched][shell]
    original, seen = getattr(library, name), []

    @functools.wraps(original)
    def watch(*given: Any) -> Any:
        seen.append(given)
        return original(*given)

    with monkeypatch.context() as patch:
        patch.setattr(library, name, watch)
        look_up(shell, url)
    assert len(seen) == 3
    look_up(shell, url)
    assert len(seen) == 3


@BOTH
def test_a_client_in_use_is_watched_from_the_next_call_on(
    shell: str, url: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, name = WATCHED["httpx, as instrumentation does"][shell]
    original, seen = getattr(library, name), []

    def watch(*given: Any) -> Any:
        seen.append(given)
        return original(*given)

    async def ask() -> None:
        async with AsyncClient(**settings(url, **PATIENT)) as client:
            await client.get_cdr("R1")
            with monkeypatch.context() as patch:
                patch.setattr(library, name, watch)
                await client.get_cdr("R1")
            await client.get_cdr("R1")

    if shell == "sync":
        with Client(**settings(url, **PATIENT)) as client:
            client.get_cdr("R1")
            with monkeypatch.context() as patch:
                patch.setattr(library, name, watch)
                client.get_cdr("R1")
            client.get_cdr("R1")
    else:
        asyncio.run(ask())
    assert len(seen) == 1
    assert len(set(service.connections)) == 3, "two connections of one lane would be mixed up"


def test_a_library_s_own_method_is_told_from_a_replaced_one() -> None:
    own = httpx.HTTPTransport.handle_request
    assert _plain(own) is own
    assert _plain(functools.wraps(own)(lambda *_: None)) is not own
    wrapped = functools.wraps(own)(lambda *_: None)
    assert _plain(wrapped) is not wrapped
    assert _plain(look_up) is not look_up
    assert _plain(functools.partial(own)) is not own


@BOTH
def test_errors_have_httpx_s_names_and_httpcore_s_causes(shell: str) -> None:
    with pytest.raises(TransportError) as caught:
        look_up(shell, "http://127.0.0.1:9", retry=Retry.none())
    error = caught.value.__cause__
    assert isinstance(error, httpx.ConnectError)
    assert isinstance(error.__cause__, httpcore.ConnectError)


def test_an_own_method_of_httpcore_is_known_too() -> None:
    assert _plain(httpcore.ConnectionPool.handle_request) is httpcore.ConnectionPool.handle_request


class ReadError(Exception):
    """Not httpcore's, in spite of its name."""


@pytest.mark.parametrize("error", [RuntimeError("odd"), ReadError("ours")], ids=repr)
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        _raise(error)
    assert caught.value is error


def test_an_error_keeps_its_words() -> None:
    with pytest.raises(httpx.ReadTimeout, match="^slow$"):
        _raise(httpcore.ReadTimeout("slow"))


def test_httpx_s_transport_is_made_only_while_somebody_watches(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    made: list[httpx.HTTPTransport] = []

    def make() -> httpx.HTTPTransport:
        made.append(httpx.HTTPTransport())
        return made[-1]

    def send() -> None:
        connection.handle_request(to(url)).read()

    connection = Connection(ssl.create_default_context(), make)
    send()
    with monkeypatch.context() as patch:
        patch.setattr(
            httpx.HTTPTransport, "handle_request", functools.partialmethod(httpx.HTTPTransport.handle_request)
        )
        send()
        send()
    send()
    connection.close()
    assert len(made) == 1


def test_for_tasks_too_it_is_made_only_while_somebody_watches(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    made: list[httpx.AsyncHTTPTransport] = []

    def make() -> httpx.AsyncHTTPTransport:
        made.append(httpx.AsyncHTTPTransport())
        return made[-1]

    async def ask() -> None:
        async def send() -> None:
            await (await connection.handle_async_request(to(url))).aread()

        connection = AsyncConnection(ssl.create_default_context(), make)
        await send()
        with monkeypatch.context() as patch:
            watched = functools.partialmethod(httpx.AsyncHTTPTransport.handle_async_request)
            patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", watched)
            await send()
            await send()
        await send()
        await connection.aclose()

    asyncio.run(ask())
    assert len(made) == 1


def to(url: str) -> httpx.Request:
    return httpx.Request("GET", f"{url}/v3/autocall/log/R1/ref_id", extensions={"timeout": {}})


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A service with a certificate of an authority that SSL_CERT_FILE alone names."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    for name in ("https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(RECORD).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with running(Handler, context) as port:
        yield f"https://127.0.0.1:{port}"


@BOTH
def test_the_authority_of_the_environment_is_trusted(shell: str, tls: str) -> None:
    look_up(shell, tls)


@BOTH
def test_the_time_out_of_a_read_is_the_one_that_was_asked_for(shell: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TransportError) as caught:
        look_up(shell, f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.1, deadline=60, retry=Retry.none())
    error = caught.value.__cause__
    assert isinstance(error, httpx.ReadTimeout)
    assert isinstance(error.__cause__, httpcore.ReadTimeout)


@BOTH
def test_the_trust_that_was_given_is_the_only_one(shell: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trust, seen = ssl.create_default_context(), []
    request = httpx.Request("GET", f"{url}/v3/autocall/log/R1/ref_id", extensions={"timeout": {}})
    name = "HTTPConnection" if shell == "sync" else "AsyncHTTPConnection"
    original = getattr(httpcore, name)
    monkeypatch.setattr(httpcore, name, lambda *given, **more: seen.append(more) or original(*given, **more))

    async def send() -> None:
        connection = AsyncConnection(trust, httpx.AsyncHTTPTransport)
        await (await connection.handle_async_request(request)).aread()
        assert connection._watched is None
        await connection.aclose()

    if shell == "sync":
        connection = Connection(trust, httpx.HTTPTransport)
        connection.handle_request(request).read()
        connection.close()
    else:
        asyncio.run(send())
    assert seen == [{"ssl_context": trust}]
