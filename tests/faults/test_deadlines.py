"""A call ends by its deadline, NOT_PLACED where nothing was sent, and nothing is sent after it."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any
from unittest import mock

import httpx
import pytest
from support.network import Network, Route

from autocall_otp import Outcome, TransportTimeoutError
from faults import scenes
from faults.scripts import dribbles, head, stalls
from faults.server import Script, Wire
from faults.users import LATE, To, User, own, serves

SOON, AT_ONCE = 1.0, 0.4
"""Seconds until the deadline of a call that is sent, and of one that is not."""


def floods(peer: Wire) -> None:
    """Send informational answers without end, as fast as they go."""
    peer.receive(rings=True)
    while True:
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" * 100)


SLOW: dict[str, tuple[Script, list[Route]]] = {
    "silence": (stalls(b""), ["plain"]),
    "a head byte by byte": (
        dribbles(b"HTTP/1.1 200 OK\r\n", b"X-Filler: 0123456789\r\n" * 99, gap=0.02),
        ["plain", "tls proxy"],
    ),
    "1xx byte by byte": (dribbles(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 99, gap=0.02), ["proxy"]),
    "1xx in a flood": (floods, ["tls"]),
    "a body byte by byte": (dribbles(head(size=999), b" " * 999, gap=0.02), ["tls"]),
}


@pytest.fixture
def user(user: To) -> To:
    return lambda host, **more: user(host, **{"deadline": SOON} | more)


def ends(one: User, ref_id: str) -> Outcome:
    """Ask for a call that ends by its deadline; its outcome."""
    start = time.perf_counter()
    error = one.fails(ref_id)
    assert time.perf_counter() - start < SOON + LATE
    assert isinstance(error, TransportTimeoutError)
    return error.outcome


def is_untouched(net: Network) -> bool:
    """Whether nothing was sent: nobody even connected."""
    return not any(server.ledger.connections for server in net.servers)


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize(("slow", "route"), [(slow, route) for slow, (_, routes) in SLOW.items() for route in routes])
def test_an_idle_connection_was_closed_and_the_next_is_slow(net: Network, user: To, slow: str, route: Route) -> None:
    def script(peer: Wire) -> None:
        entry = peer.receive(rings=True)
        if entry.ref_id == "slow":
            SLOW[slow][0](peer.put_back(entry))
        peer.send(own(entry))

    server, url = net.reach(script, route)
    one = user(url)
    assert one.recovers()
    assert net.all_closed()
    assert ends(one, "slow") is Outcome.UNKNOWN
    assert net.all_closed()
    assert one.recovers()
    assert server.ledger.rings == {"slow": 1}


@pytest.mark.parametrize(("route", "lives"), [("plain", False), ("proxy", True)], ids=["all", "all but one"])
def test_addresses_of_the_host_are_dead(net: Network, user: To, route: Route, *, lives: bool) -> None:
    server, url = net.reach(serves, route)
    one = user(url, timeout=httpx.Timeout(8.0, connect=0.6))
    entrance, look_up = net.servers[-1].port, socket.getaddrinfo
    with scenes.no_handshake(serves) as dead:
        ports = [httpx.URL(dead.host).port] * 5 + ([entrance] if lives else [])

        def several(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            found = look_up(host, port, *rest, **more)
            return [(*found[0][:4], ("127.0.0.1", each)) for each in ports] if port == entrance else found

        with mock.patch("socket.getaddrinfo", several):
            assert one.recovers() if lives else ends(one, "r1") is Outcome.NOT_PLACED
    assert one.recovers()
    one.close()
    assert net.all_closed()
    assert not server.ledger.rings


def test_a_handshake_comes_byte_by_byte(net: Network, user: To) -> None:
    def script(peer: Wire) -> None:
        peer.wait_for_words()
        for byte in b"\x16\x03\x03\x40\x00" + b"\x02" * 999:
            peer.send(bytes([byte]))
            peer.pause(0.02)

    assert ends(user(net.serve(script).url.replace("http:", "https:"), deadline=AT_ONCE), "r1") is Outcome.NOT_PLACED
    assert net.all_closed()


def test_a_look_up_of_the_name_outlasts_the_deadline(net: Network, user: To) -> None:
    _, url = net.reach(serves, "plain")
    one, ended, look_up = user(url, deadline=AT_ONCE), threading.Event(), socket.getaddrinfo

    def slow(*args: Any, **more: Any) -> Any:
        # It cannot be cut in a thread.
        ended.wait(AT_ONCE)
        return look_up(*args, **more)

    with mock.patch("socket.getaddrinfo", slow):
        assert ends(one, "r1") is Outcome.NOT_PLACED
        ended.set()
    assert is_untouched(net)
    assert one.recovers()


def test_a_token_outlasts_the_deadline_of_all_who_wait_for_it(net: Network, user: To) -> None:
    asked, given = threading.Event(), threading.Event()

    def token() -> str:
        asked.set()
        given.wait(30)
        return "token"

    _, url = net.reach(serves, "plain")
    one = user(url, token=token, deadline=AT_ONCE)
    first = one.start("r1")
    assert asked.wait(30)
    assert ends(one, "r2") is Outcome.NOT_PLACED
    given.set()
    with pytest.raises(TransportTimeoutError) as caught:
        first.result(55)
    assert caught.value.outcome is Outcome.NOT_PLACED
    assert is_untouched(net)
    assert one.recovers()
