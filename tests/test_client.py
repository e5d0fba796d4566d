"""Both clients: one signature, one behaviour."""

import inspect
import json
import pickle
from collections.abc import Awaitable, Callable
from datetime import timedelta
from operator import methodcaller
from typing import Any, get_type_hints

import httpx
import pytest
from support.clients import KINDS, ask, error_of, look_up
from support.flows import CODE, NUMBER
from support.page import payload

from autocall_otp import AsyncClient, Cdr, Client, InvalidRequestError, OtpCall, Outcome, WaitProgress

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
METHODS = ["get_cdr", "run_otp", "wait_for_cdr"]


class Service:
    """Answers as documented, after so many look-ups without a record; keeps the bodies that it was sent."""

    def __init__(self, missing: int = 0) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._missing = missing

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.bodies.append(json.loads(request.content))
            return httpx.Response(200, json=ANSWER)
        self._missing -= 1
        return httpx.Response(404 if self._missing >= 0 else 200, json=RECORD)


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
    for client, token, transport in (
        (Client, str | Callable[[], str], httpx.BaseTransport),
        (AsyncClient, str | Callable[[], str | Awaitable[str]], httpx.AsyncBaseTransport),
    ):
        hints = get_type_hints(client.__init__)
        assert (hints["token"], hints["transport"]) == (token | None, transport | None)


@KINDS
def test_a_call_is_placed_and_its_record_found_by_call_or_reference(kind: type[Any]) -> None:
    service = Service()
    call = ask(kind, reply=service)
    assert isinstance(call, OtpCall)
    assert (call.call_id, call.outcome, call.phone_number) == (ANSWER["call_id"], Outcome.PLACED, NUMBER)
    for reference in (call, call.ref_id):
        for method in ("get_cdr", "wait_for_cdr"):
            record = ask(kind, methodcaller(method, reference), reply=service)
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
def test_a_client_hands_on_what_it_and_a_call_are_given(kind: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows from it is in operations/."""
    monkeypatch.setattr("autocall_otp._operations.wait_for_cdr._FIRST_PAUSE", 0.01)
    service, steps = Service(missing=2), list[WaitProgress]()
    record = ask(kind, lambda client: client.wait_for_cdr("R1", progress=steps.append), reply=service, timezone="UTC")
    assert [step.look_ups for step in steps] == [1, 2]
    assert record.time_started.utcoffset() == timedelta(0)
    given = {"campaign_uuid": "00000000-0000-4000-8000-000000000009", "template": "of_the_call", "ref_id": "R1"}
    ask(kind, methodcaller("run_otp", NUMBER, CODE, **given), reply=service)
    assert service.bodies.pop() == {"phone_number": NUMBER, "code_otp": CODE} | given
    abroad = "+14155550123"
    for of_client, of_call in ((True, None), (False, True)):
        call = methodcaller("run_otp", abroad, CODE, allow_international=of_call)
        ask(kind, call, reply=service, allow_international=of_client)
    assert [body["phone_number"] for body in service.bodies] == [abroad] * 2
    error = error_of(kind, lambda client: client.run_otp(abroad, CODE), reply=service)
    assert isinstance(error, InvalidRequestError)
    assert ask(kind, look_up, reply=service).time_started.utcoffset() == timedelta(hours=7)


class Closing(httpx.BaseTransport, httpx.AsyncBaseTransport):
    closed = 0

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


@KINDS
def test_a_block_closes_the_transport(kind: type[Any]) -> None:
    transport = Closing()
    assert ask(kind, lambda _: transport.closed, transport=transport) == 0
    assert transport.closed == 1
