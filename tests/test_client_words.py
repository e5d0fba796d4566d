"""What both clients pass on: the defaults of the client, the arguments of a call, and words about themselves."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support.page import payload
from support.prism import settings

from autocall_otp import AsyncClient, Client, InvalidRequestError, WaitProgress

HOST = "https://api.example.vn"
ABROAD, CAMPAIGN = "+14155550123", "00000000-0000-4000-8000-000000000009"
KINDS = pytest.mark.parametrize("kind", [Client, AsyncClient])


class Service:
    """Answers what the page answers, once there is a record; keeps the bodies that it was sent."""

    def __init__(self, missing: int) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._missing = missing

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.bodies.append(json.loads(request.content))
            return httpx.Response(200, json=payload("run_otp.answer"))
        self._missing -= 1
        return httpx.Response(404 if self._missing >= 0 else 200, json=payload("get_cdr.answer"))


def ask(kind: type, call: Callable[[Any], Any], *, missing: int = 0, **more: Any) -> tuple[Any, list[dict[str, Any]]]:
    """What the call gives, and the bodies that were sent; so many look-ups find no record."""
    service = Service(missing)
    client = kind(**settings(HOST, transport=httpx.MockTransport(service), **more))
    if isinstance(client, Client):
        with client:
            return call(client), service.bodies

    async def main() -> Any:
        async with client:
            found = call(client)
            return await found if inspect.isawaitable(found) else found

    return asyncio.run(main()), service.bodies


@KINDS
def test_a_client_says_what_it_is_and_where_it_asks(kind: type) -> None:
    name = kind.__name__
    assert ask(kind, repr)[0] == f"<{name} {HOST}>"
    with pytest.raises(TypeError) as caught:
        ask(kind, pickle.dumps)
    assert str(caught.value) == f"{name} holds a token and connections: make one in each process"


@KINDS
def test_numbers_of_other_countries_are_for_who_asks_for_them(kind: type) -> None:
    def call(**more: bool) -> Callable[[Any], Any]:
        return lambda client: client.run_otp(ABROAD, "LUAN001", **more)

    with pytest.raises(InvalidRequestError, match="is of another country"):
        ask(kind, call())
    with pytest.raises(InvalidRequestError, match="is of another country"):
        ask(kind, call(allow_international=False), allow_international=True)
    for of_call, of_client in (({}, True), ({"allow_international": True}, False)):
        _, bodies = ask(kind, call(**of_call), allow_international=of_client)
        assert [body["phone_number"] for body in bodies] == [ABROAD]


@KINDS
def test_what_a_call_is_given_comes_before_what_the_client_has(kind: type) -> None:
    given = {"campaign_uuid": CAMPAIGN, "template": "of_the_call", "ref_id": "R1"}
    _, bodies = ask(kind, lambda client: client.run_otp("0332665711", "LUAN001", **given))
    assert bodies == [{"phone_number": "0332665711", "code_otp": "LUAN001"} | given]


@KINDS
@pytest.mark.parametrize(("zone", "hours"), [(None, 7), ("UTC", 0)])
def test_times_are_in_the_client_s_zone(kind: type, zone: str | None, hours: int) -> None:
    more = {} if zone is None else {"timezone": zone}
    record, _ = ask(kind, lambda client: client.get_cdr("R1"), **more)
    assert record.time_started.utcoffset() == timedelta(hours=hours)


@KINDS
def test_a_wait_tells_how_it_goes(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autocall_otp._operations._FIRST_POLL", 0.01)
    told: list[WaitProgress] = []
    record, _ = ask(kind, lambda client: client.wait_for_cdr("R1", progress=told.append), missing=2)
    assert record.finished
    assert [each.look_ups for each in told] == [1, 2]
