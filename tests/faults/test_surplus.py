"""What belongs to no request reaches no call: later calls are placed, once each, and nobody gets another's answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable
from functools import partialmethod
from typing import Any

import attrs
import pytest
from support.exchange import ROUTES, Network, Route, after

from autocall_otp import Outcome, Retry
from autocall_otp._transport import async_wire, wire
from faults.scripts import whole
from faults.server import Seen, Wire
from faults.users import User, own, serves

pytestmark = pytest.mark.usefixtures("_one_connection")
To = Callable[..., User]
STRAY = whole(b'{"call_id": "call of another"}')


@attrs.frozen
class Attack:
    """What the service does on its first connection."""

    answer: Callable[[Seen], bytes] = own
    behind: bytes = b""
    """It follows the answer in one segment."""
    between: bytes = b""
    """It comes between this call and the next."""
    amid: bytes = b""
    """It comes when the next request was sent."""
    closes: bool = False
    outcome: Outcome = Outcome.PLACED
    """Of the call that this answers."""


def _too_short(entry: Seen) -> bytes:
    right = own(entry)
    size = len(right.partition(b"\r\n\r\n")[2])
    return right.replace(b"Length: %d" % size, b"Length: %d" % (size - 5))


_DOUBT = Outcome.UNKNOWN
ATTACKS = {
    "the answer twice in one segment": Attack(behind=STRAY),
    "the answer twice in two segments": Attack(between=STRAY),
    "a stray 429": Attack(behind=whole(b"{}", "429 Too Many Requests")),
    "a stray 401": Attack(behind=whole(b"{}", "401 Unauthorized")),
    "a stray 401 later": Attack(between=whole(b"{}", "401 Unauthorized")),
    "a line end": Attack(behind=b"\r\n"),
    "a line end later": Attack(between=b"\r\n"),
    "a 204 with a body": Attack(lambda entry: own(entry).replace(b"200 OK", b"204 No Content"), outcome=_DOUBT),
    "a length that is too short": Attack(_too_short, outcome=_DOUBT),
    "a late answer behind a 504": Attack(lambda _: whole(b"{}", "504 Gateway Timeout"), amid=STRAY, outcome=_DOUBT),
    "the end of the connection": Attack(closes=True),
}


def _at_once(peer: Wire) -> None:
    """Let the system hold nothing back until what came before is acknowledged, such as a session ticket."""
    peer.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


# Through a proxy nobody can tell when something has come.
CASES = [(name, route) for name in ATTACKS for route in ROUTES if not (ATTACKS[name].between and "proxy" in route)]


@pytest.mark.parametrize(("name", "route"), CASES)
def test_no_later_call_gets_what_follows_an_answer(net: Network, user: To, route: Route, name: str) -> None:
    attack, called, sent = ATTACKS[name], threading.Event(), threading.Event()

    def script(peer: Wire) -> None:
        _at_once(peer)
        peer.send(attack.answer(peer.receive(rings=True)) + attack.behind)
        called.wait(30)
        if attack.between:
            peer.send(attack.between)
        sent.set()
        if not attack.closes:
            entry = peer.receive(rings=True)
            peer.send(attack.amid + own(entry))
            serves(peer)

    server, url = net.reach(after(1, script, serves), route)
    # Another try would make good a call that should not have failed.
    one = user(url, retry=Retry(attempts=1))
    assert one.call("r0").outcome is attack.outcome
    called.set()
    assert sent.wait(30)
    assert not attack.closes or net.all_closed()
    for number in range(1, 4):
        told = one.call(f"r{number}")
        assert told.call, told.error
        assert told.is_own(f"r{number}")
        assert one.finds(told.call)
    one.close()
    assert net.all_closed()
    assert server.ledger.rings == Counter(f"r{number}" for number in range(4))


@pytest.mark.parametrize("route", ["plain", "tls"])
def test_an_answer_that_waits_on_a_fresh_connection_is_nobody_s(
    net: Network, user: To, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = threading.Event()

    def speaks_first(peer: Wire) -> None:
        _at_once(peer)
        peer.send(STRAY)
        spoken.set()
        peer.receive(rings=True)

    def connects(self: Any, *args: Any, by: Any, **more: Any) -> Any:
        stream = by(self, *args, **more)
        spoken.wait(30)
        return stream

    async def aconnects(self: Any, *args: Any, by: Any, **more: Any) -> Any:
        stream = await by(self, *args, **more)
        await asyncio.to_thread(spoken.wait, 30)
        return stream

    step = "start_tls" if route == "tls" else "connect_tcp"
    for kind, slowly in ((wire.Network, connects), (async_wire.AsyncNetwork, aconnects)):
        monkeypatch.setattr(kind, step, partialmethod(slowly, by=getattr(kind, step)))
    server, url = net.reach(after(1, speaks_first, serves), route)
    one = user(url)
    for number in range(2):
        assert one.call(f"r{number}").is_own(f"r{number}")
    one.close()
    assert net.all_closed()
    assert server.ledger.rings == Counter(["r0", "r1"])
