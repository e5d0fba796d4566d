"""Both clients: one signature, one behaviour."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, get_type_hints

import httpx
import pytest
from support.page import payload
from support.prism import settings

from autocall_otp import (
    AsyncClient,
    Cdr,
    Client,
    InvalidRequestError,
    OtpCall,
    Outcome,
    WaitProgress,
    __version__,
)

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
METHODS = ["get_cdr", "run_otp", "wait_for_cdr"]
KINDS = pytest.mark.parametrize("kind", [Client, AsyncClient])
NUMBER, CODE = "0332665711", "LUAN001"


def ask(
    kind: type[Any], call: Callable[[Any], Any], reply: Callable[[httpx.Request], httpx.Response], **more: Any
) -> Any:
    """What the call gives."""
    client = kind(**settings("api.example.vn", **({"transport": httpx.MockTransport(reply)} | more)))
    if isinstance(client, Client):
        with client:
            return call(client)

    async def main() -> Any:
        async with client:
            found = call(client)
            return await found if inspect.isawaitable(found) else found

    return asyncio.run(main())


class Service:
    """Answers as documented, after so many look-ups without a record; keeps what it was sent."""

    def __init__(self, missing: int = 0) -> None:
        self.requests: list[httpx.Request] = []
        self._missing = missing

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method == "POST":
            return httpx.Response(200, json=ANSWER)
        self._missing -= 1
        return httpx.Response(404 if self._missing >= 0 else 200, json=RECORD)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]


def test_both_clients_have_the_same_methods_and_settings() -> None:
    def public(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert public(Client) - {"close"} == public(AsyncClient) - {"aclose"} == set(METHODS)
    for name in METHODS:
        ours, theirs = getattr(Client, name), getattr(AsyncClient, name)
        assert inspect.signature(ours) == inspect.signature(theirs)
        assert get_type_hints(ours) == get_type_hints(theirs)
        assert (inspect.iscoroutinefunction(ours), inspect.iscoroutinefunction(theirs)) == (False, True)
    ours, theirs = (inspect.signature(kind.__init__).parameters.values() for kind in (Client, AsyncClient))
    assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]


def test_the_hints_of_the_clients_can_be_read_at_run_time() -> None:
    for client, token, transport in (
        (Client, str | Callable[[], str], httpx.BaseTransport),
        (AsyncClient, str | Callable[[], str | Awaitable[str]], httpx.AsyncBaseTransport),
    ):
        hints = get_type_hints(client.__init__)
        assert (hints["token"], hints["transport"]) == (token | None, transport | None)


@KINDS
def test_a_call_is_placed_and_its_record_found_by_call_or_reference(kind: type[Any]) -> None:
    service = Service()
    call = ask(kind, lambda client: client.run_otp(NUMBER, CODE, ref_id=ANSWER["ref_id"]), service)
    assert isinstance(call, OtpCall)
    assert (call.call_id, call.outcome, call.phone_number) == (ANSWER["call_id"], Outcome.PLACED, NUMBER)
    for reference in (call, call.ref_id):
        for method in ("get_cdr", "wait_for_cdr"):
            record = ask(kind, lambda client, m=method, r=reference: getattr(client, m)(r), service)
            assert isinstance(record, Cdr)
            assert (record.id, record.answered) == (call.call_id, True)


@KINDS
def test_a_client_shows_its_host_and_never_its_token(kind: type[Any]) -> None:
    client = kind("api.example.vn", "s3cret", deadline=7)
    assert repr(client) == str(client) == f"<{kind.__name__} https://api.example.vn>"
    assert (client.host, client.deadline) == ("https://api.example.vn", 7.0)
    for name in ("host", "deadline"):
        with pytest.raises(AttributeError):
            setattr(client, name, "x")
    with pytest.raises(TypeError, match="make one in each process"):
        pickle.dumps(client)


@KINDS
def test_what_a_call_is_given_comes_before_what_the_client_has(kind: type[Any]) -> None:
    service = Service()
    given = {"campaign_uuid": "00000000-0000-4000-8000-000000000009", "template": "of_the_call", "ref_id": "R1"}
    ask(kind, lambda client: client.run_otp(f"+84{NUMBER[1:]}", CODE, **given), service)
    assert service.bodies == [{"phone_number": NUMBER, "code_otp": CODE} | given]
    assert service.requests[0].headers["User-Agent"] == f"autocall-otp/{__version__}"


@KINDS
def test_numbers_of_other_countries_are_for_who_asks_for_them(kind: type[Any]) -> None:
    abroad = "+14155550123"
    for of_client, of_call, taken in (
        (None, None, False),
        (True, None, True),
        (None, True, True),
        (True, False, False),
    ):
        service = Service()
        client_settings = {} if of_client is None else {"allow_international": of_client}

        def call(client: Any, *, more: bool | None = of_call) -> Any:
            return client.run_otp(abroad, CODE, allow_international=more)

        if taken:
            ask(kind, call, service, **client_settings)
        else:
            with pytest.raises(InvalidRequestError, match="is of another country"):
                ask(kind, call, service, **client_settings)
        assert [body["phone_number"] for body in service.bodies] == [abroad] * taken


@KINDS
@pytest.mark.parametrize(("zone", "hours"), [(None, 7), ("UTC", 0)])
def test_times_are_in_the_client_s_zone(kind: type[Any], zone: str | None, hours: int) -> None:
    record = ask(kind, lambda client: client.get_cdr("R1"), Service(), timezone=zone)
    assert record.time_started.utcoffset() == timedelta(hours=hours)


@KINDS
def test_a_wait_reports_its_progress(kind: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autocall_otp._operations.wait_for_cdr._FIRST_PAUSE", 0.01)
    steps: list[WaitProgress] = []
    record = ask(kind, lambda client: client.wait_for_cdr("R1", progress=steps.append), Service(missing=2))
    assert record.finished
    assert [step.look_ups for step in steps] == [1, 2]


class Closing(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Counts how often it was closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


@KINDS
def test_a_block_closes_the_transport(kind: type[Any]) -> None:
    transport = Closing()
    assert ask(kind, lambda _: transport.closed, Service(), transport=transport) == 0
    assert transport.closed == 1
