"""Transports that are not ours: mocks, retrying ones, HTTP/2. Each is seen as it is, and rings no phone twice."""

import asyncio
import importlib.util
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from faults.server import Server, Wire
from support.clients import KINDS, ask, error_of, look_up, place
from support.flows import CODE
from support.page import payload

from autocall_otp import AsyncClient, Cdr, Client, OtpCall, Outcome, Retry

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
URL = "https://api.example.vn"


def needs(*names: str) -> pytest.MarkDecorator:
    missing = any(importlib.util.find_spec(name) is None for name in names)
    return pytest.mark.skipif(missing, reason="not in the lowest environment")


FAILURES: list[tuple[type[httpx.RequestError], Outcome]] = [
    *((error, Outcome.NOT_PLACED) for error in (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)),
    *((error, Outcome.UNKNOWN) for error in (httpx.ReadTimeout, httpx.WriteError)),
]


@KINDS
def test_httpx_s_mock_fails_as_its_error_says(kind: type[Any]) -> None:
    """It reads the body and sends nothing, so only the error's name can count."""
    for error, outcome in FAILURES:
        assert error_of(kind, reply=Mock(side_effect=error("mocked"))).outcome is outcome


@needs("respx")
@KINDS
def test_respx_stands_in_for_the_client_s_own_transport(kind: type[Any]) -> None:
    import respx  # noqa: PLC0415 - where it is installed

    with respx.mock(base_url=URL) as router:
        route = router.post("/v3/autocall/otp").respond(json=ANSWER)
        assert ask(kind).call_id == ANSWER["call_id"]
        assert json.loads(route.calls.last.request.content)["code_otp"] == CODE
    for error, outcome in FAILURES:
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
    """A transport that takes the body in its own way, and then fails."""

    def __init__(self, take: Callable[[httpx.Request], bytes], failure: Exception) -> None:
        self.take, self.failure, self.sent = take, failure, list[bytes]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(self.take(request))
        raise self.failure

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


def stream(request: httpx.Request) -> bytes:
    assert isinstance(request.stream, httpx.SyncByteStream)
    return b"".join(request.stream)


@KINDS
def test_what_was_taken_decides_not_what_a_failure_is_called(kind: type[Any]) -> None:
    """Seen: a lost connection that was called ConnectTimeout; one call rang three times."""
    for failure in (httpx.ConnectTimeout("lost"), httpx.ConnectError("lost"), httpx.ProxyError("lost")):
        for take in (stream, httpx.Request.read, lambda _: b""):
            transport = Foreign(take, failure)
            outcome = error_of(kind, transport=transport, retry=Retry(attempts=2, base=0)).outcome
            assert (outcome, len(transport.sent)) == (
                (Outcome.UNKNOWN, 1) if any(transport.sent) else (Outcome.NOT_PLACED, 2)
            )


def speaks_http2(wire: Wire) -> None:
    """Answer as documented, over HTTP/2 alone."""
    import h2.config  # noqa: PLC0415 - where it is installed
    import h2.connection  # noqa: PLC0415 - the same
    import h2.events  # noqa: PLC0415 - the same

    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    bodies = defaultdict[int, bytes](bytes)
    while data := wire.peer.recv(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                bodies[event.stream_id] += event.data
            elif isinstance(event, h2.events.StreamEnded):
                connection.send_headers(event.stream_id, [(":status", "200")])
                answer = ANSWER if CODE.encode() in bodies[event.stream_id] else RECORD
                connection.send_data(event.stream_id, json.dumps(answer).encode(), end_stream=True)
        wire.send(connection.data_to_send())


@needs("h2")
def test_calls_share_a_connection_of_http_2() -> None:
    async def many(client: Any) -> list[OtpCall | Cdr]:
        return await asyncio.gather(*(call(client) for call in (place, look_up) for _ in range(10)))

    http2 = {"http2": True, "http1": False}
    with Server(speaks_http2) as server:
        assert ask(Client, host=server.url, transport=httpx.HTTPTransport(**http2)).outcome is Outcome.PLACED
        *calls, record = ask(AsyncClient, many, server.url, transport=httpx.AsyncHTTPTransport(**http2))
        assert (len(calls), record.answered) == (19, True)
        assert server.ledger.connections == 2
