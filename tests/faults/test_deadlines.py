"""A call ends by its deadline, NOT_PLACED where nothing was sent, and nothing is sent after it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any
from unittest import mock

import httpx
import pytest
from support.exchange import Network, Route

from autocall_otp import Outcome, TransportTimeoutError
from faults import scenes
from faults.server import Wire
from faults.users import LATE, Told, User, own, serves
from faults.ways import Shell

To = Callable[..., User]
SOON = 1.0
"""Seconds until the deadline of every call here."""


def one_by_one(peer: Wire, data: bytes) -> None:
    """Send these bytes, each long before the time-out of a read."""
    for byte in data:
        peer.send(bytes([byte]))
        peer.pause(0.02)


SLOW = {
    "a head byte by byte": b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 0123456789\r\n" * 1000,
    "1xx without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000,
}


@pytest.fixture
def user(user: To) -> To:
    return lambda host, **more: user(host, deadline=SOON, **more)


def has_ended(told: Told, outcome: Outcome) -> bool:
    """Whether it is a time-out with this outcome, in time."""
    assert isinstance(told.error, TransportTimeoutError), told
    assert told.seconds < SOON + LATE
    return told.outcome is outcome


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize("slow", SLOW)
def test_an_idle_connection_was_closed_and_the_next_answers_slowly(
    net: Network, user: To, route: Route, slow: str
) -> None:
    def script(peer: Wire) -> None:
        entry = peer.receive(rings=True)
        if entry.ref_id == "slow":
            one_by_one(peer, SLOW[slow])
        peer.send(own(entry))

    server, url = net.reach(script, route)
    one = user(url)
    one.succeeds()
    assert net.all_closed()
    assert has_ended(one.call("slow"), Outcome.UNKNOWN)
    assert net.all_closed()
    one.succeeds()
    assert set(server.ledger.rings.values()) == {1}


@pytest.mark.parametrize("route", ["plain", "proxy"])
@pytest.mark.parametrize("lives", [True, False], ids=["all but one", "all"])
def test_addresses_of_the_host_are_dead(net: Network, user: To, route: Route, *, lives: bool) -> None:
    server, url = net.reach(serves, route)
    one = user(url, timeout=httpx.Timeout(8.0, connect=0.6))
    entrance, look_up = net.servers[-1].port, socket.getaddrinfo
    with scenes.no_handshake(serves) as dead:
        ports = [httpx.URL(dead.host).port] * 5 + ([entrance] if lives else [])

        def six(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            found = look_up(host, port, *rest, **more)
            return [(*found[0][:4], ("127.0.0.1", each)) for each in ports] if port == entrance else found

        with mock.patch("socket.getaddrinfo", six):
            if lives:
                one.succeeds()
            else:
                assert has_ended(one.call("r1"), Outcome.NOT_PLACED)
    one.succeeds()
    one.close()
    assert net.all_closed()
    assert server.ledger.rings["r1"] == 0


def nothing_left(net: Network) -> bool:
    """Whether every connection ended and nothing had come on one; nothing can come any more."""
    return net.all_closed() and not any(server.ledger.seen for server in net.servers)


@pytest.mark.parametrize("route", ["plain", "proxy"])
def test_a_look_up_of_the_name_outlasts_the_deadline(net: Network, user: To, route: Route) -> None:
    _, url = net.reach(serves, route)
    one, found, look_up = user(url), threading.Event(), socket.getaddrinfo

    def slow(*args: Any, **more: Any) -> Any:
        # It cannot be cut in a thread.
        found.wait(SOON)
        return look_up(*args, **more)

    with mock.patch("socket.getaddrinfo", slow):
        assert has_ended(one.call("r1"), Outcome.NOT_PLACED)
        found.set()
    assert nothing_left(net)
    one.succeeds()


@pytest.mark.parametrize("route", ["plain", "proxy"])
def test_a_token_takes_longer_than_the_deadline_for_all_who_wait_for_it(
    net: Network, user: To, shell: Shell, route: Route
) -> None:
    _, url = net.reach(serves, route)
    asked, given = threading.Event(), threading.Event()

    def token() -> str:
        asked.set()
        given.wait(30)
        return "token"

    async def atoken() -> str:
        return await asyncio.to_thread(token)

    one = user(url, token=atoken if shell == "async" else token)
    first = one.start("r1")
    assert asked.wait(30)
    assert has_ended(one.call("r2"), Outcome.NOT_PLACED)
    given.set()
    assert has_ended(first.result(55), Outcome.NOT_PLACED)
    assert nothing_left(net)
    one.succeeds()
