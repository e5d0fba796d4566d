"""Whatever ends a call early, or the client it belongs to: no place is lost, nothing stays open, nobody is misled."""

from __future__ import annotations

import asyncio
import random
import threading
from functools import partial
from itertools import count
from unittest.mock import Mock

import pytest
from support.cancelling import cancelled_at
from support.network import ROUTES, Network, Route, leads_to
from support.tracing import interrupt

from autocall_otp import AsyncClient, AutocallError, ConfigurationError, Outcome
from faults.clients import SECRETS, async_client, client
from faults.server import Server, Wire
from faults.users import To, own, serves

FEWEST_AND_MOST = pytest.mark.parametrize("route", ["plain", "tls proxy"])
"""Layers between a client and the service."""


def misled(notes: dict[str, str], server: Server) -> list[str]:
    """The calls that rang though their notes do not say that they may have."""
    rings = server.ledger.rings
    return [ref_id for ref_id, note in notes.items() if rings[ref_id] > ("UNKNOWN" in note)]


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("state", ["new", "idle"])
def test_a_call_is_cancelled_at_each_await(net: Network, route: Route, state: str) -> None:
    server, url = net.reach(serves, route)
    notes: dict[str, str] = {}

    async def at_each() -> None:
        for point in range(1, 1000):
            async with async_client(url) as one:
                if state == "idle":
                    await one.get_cdr("before")
                call = one.run_otp(SECRETS.number, SECRETS.code, ref_id=f"r{point}")
                try:
                    await asyncio.create_task(cancelled_at(point, call))
                except asyncio.CancelledError as error:
                    notes[f"r{point}"] = str(error.__notes__)
                    assert await asyncio.to_thread(net.all_closed), f"cancelled at await {point}"
                    assert (await one.get_cdr("after")).finished, f"cancelled at await {point}"
                else:
                    return

    asyncio.run(at_each())
    assert notes
    assert net.all_closed()
    assert misled(notes, server) == []


class Interrupted(BaseException):
    """What a signal's handler might raise."""


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("state", ["new", "idle"])
@pytest.mark.parametrize("route", ["plain", "tls"])
def test_a_call_is_interrupted_at_each_line(net: Network, route: Route, state: str) -> None:
    server, url = net.reach(serves, route)
    net.monkeypatch.setattr("autocall_otp._transport.pool._REST", 0.0)
    notes: dict[str, str] = {}
    for line in count(1):
        with client(url) as one:
            if state == "idle":
                one.get_cdr("before")
            try:
                call = partial(one.run_otp, SECRETS.number, SECRETS.code, ref_id=f"r{line}")
                interrupt(call, "_transport", line, Mock(side_effect=Interrupted))
            except Interrupted as error:
                notes[f"r{line}"] = str(error.__notes__)
            assert one.get_cdr("after").finished, f"interrupted at line {line}"
        if len(notes) < line:
            break
    assert line > 100
    assert net.all_closed()
    assert misled(notes, server) == []


@FEWEST_AND_MOST
def test_seven_calls_of_ten_are_cancelled(net: Network, route: Route) -> None:
    server, url = net.reach(serves, route)
    said: dict[str, str] = {}
    chance = random.Random(20261126)  # noqa: S311 - no secret hangs on it

    async def calls(one: AsyncClient, worker: int) -> None:
        for number in range(20):
            ref_id = f"r{worker}-{number}"
            task = asyncio.create_task(one.run_otp(SECRETS.number, SECRETS.code, ref_id=ref_id))
            if chance.random() < 0.7:
                for _ in range(chance.randrange(10)):
                    await asyncio.sleep(0)
                task.cancel()
            try:
                said[ref_id] = (await task).call_id
            except asyncio.CancelledError as error:
                said[ref_id] = str(getattr(error, "__notes__", "never began"))

    async def storm() -> None:
        async with async_client(url) as one:
            await asyncio.gather(*(calls(one, worker) for worker in range(30)))

    asyncio.run(storm())
    assert net.all_closed()
    assert len(said) == 600
    placed = {ref_id for ref_id, words in said.items() if words == f"call of {ref_id}"}
    doubtful = {ref_id for ref_id, words in said.items() if "UNKNOWN" in words}
    assert min(len(placed), len(said) - len(placed)) > 30
    assert not [words for words in said.values() if words.startswith("call of ") and words[8:] not in placed]
    assert set(server.ledger.rings.values()) == {1}
    assert placed <= server.ledger.rings.keys() <= placed | doubtful


STAGES = [("token", "plain"), ("connect", "proxy"), ("connect", "tls proxy"), *(("answer", route) for route in ROUTES)]


@pytest.mark.parametrize(("stage", "route"), STAGES)
def test_the_client_is_closed_amid_a_call(net: Network, user: To, stage: str, route: Route) -> None:
    begun, released = threading.Event(), threading.Event()

    def at(name: str) -> None:
        if name == stage:
            begun.set()
            released.wait(30)

    def token() -> str:
        at("token")
        return "token"

    def answers(peer: Wire) -> None:
        entry = peer.receive(rings=True)
        at("answer")
        peer.send(own(entry))
        serves(peer)

    def connects(peer: Wire) -> None:
        at("connect")
        leads_to(server.port)(peer)

    server, url = net.reach(answers, route)
    if stage == "connect":
        net.proxy(connects, tls=route == "tls proxy")
    one = user(url, token=token)
    call = one.start("r1")
    assert begun.wait(30)
    one.close()
    assert isinstance(one.fails("late"), ConfigurationError)
    released.set()
    if stage == "token":
        error = call.exception(55)
        assert isinstance(error, AutocallError)
        assert error.outcome is Outcome.NOT_PLACED
    else:
        assert call.result(55).call_id == "call of r1"
    assert net.all_closed()
    assert isinstance(one.fails("late"), ConfigurationError)
    assert server.ledger.connections == server.ledger.rings.total() == (stage != "token")


@FEWEST_AND_MOST
def test_a_client_that_is_dropped_frees_its_sockets_and_says_so(net: Network, user: To, route: Route) -> None:
    _, url = net.reach(serves, route)
    one = user(url)
    assert one.places("r1")
    with pytest.warns(ResourceWarning, match="a client was dropped without being closed"):
        one.drop()
    assert net.all_closed()
