"""What belongs to no request reaches no call: later calls are placed, once each, and nobody gets another's answer."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partialmethod
from typing import Any

import attrs
import httpx
import pytest
from support.network import ROUTES, Network, Route

from autocall_otp import Outcome, Retry
from autocall_otp._transport import async_wire, wire
from faults.scripts import MIB, closes_after, head, in_turn, whole
from faults.server import Seen, Wire
from faults.users import To, own, serves

pytestmark = pytest.mark.usefixtures("one_connection")
STRAY = whole(b'{"call_id": "call of another"}')
UNAUTHORIZED = whole(b"{}", "401 Unauthorized")


@attrs.frozen
class Attack:
    """What the service does on its first connection."""

    answer: Callable[[Seen], bytes] = own
    is_placed: bool = True
    behind: bytes = b""
    """It follows the answer in one segment."""
    between: bytes = b""
    """It comes between this call and the next."""
    amid: bytes = b""
    """It comes when the next request was sent."""
    closes: bool = False
    connections: int = 2
    """How many the calls need: the first is not used again."""


def _too_short(entry: Seen) -> bytes:
    first, _, body = own(entry).partition(b"\r\n\r\n")
    return first.replace(b"Length: %d" % len(body), b"Length: %d" % (len(body) - 5)) + b"\r\n\r\n" + body


ATTACKS = {
    "the answer twice in one segment": Attack(behind=STRAY),
    "the answer twice in two segments": Attack(between=STRAY),
    "a stray 429": Attack(behind=whole(b"{}", "429 Too Many Requests")),
    "a stray 401": Attack(behind=UNAUTHORIZED),
    "a stray 401 later": Attack(between=UNAUTHORIZED),
    "half an answer": Attack(behind=STRAY[:20]),
    "an informational answer": Attack(behind=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a line end": Attack(behind=b"\r\n"),
    "a line end later": Attack(between=b"\r\n"),
    "a 204 with a body": Attack(lambda entry: own(entry).replace(b"200 OK", b"204 No Content"), is_placed=False),
    "a length that is too short": Attack(_too_short, is_placed=False),
    "a late answer behind a 504": Attack(lambda _: whole(b"{}", "504 Late"), is_placed=False, amid=STRAY),
    "a late answer behind a 408": Attack(lambda _: whole(b"{}", "408 Late"), is_placed=False, amid=STRAY),
    "the end of the connection": Attack(closes=True),
    "nothing": Attack(connections=1),
}
# What is between the two makes a difference to how a connection ended, not to what came on it.
BY_PROXY_TOO = {"the answer twice in one segment", "a late answer behind a 504", "the end of the connection", "nothing"}
CASES = [(name, route) for name in ATTACKS for route in ROUTES if "proxy" not in route or name in BY_PROXY_TOO]


@pytest.mark.parametrize(("name", "route"), CASES)
def test_no_later_call_gets_what_follows_an_answer(net: Network, user: To, name: str, route: Route) -> None:
    attack, called, sent = ATTACKS[name], threading.Event(), threading.Event()

    def script(peer: Wire) -> None:
        peer.send(attack.answer(peer.receive(rings=True)) + attack.behind)
        called.wait(30)
        if attack.between:
            peer.send(attack.between)
        sent.set()
        if not attack.closes:
            entry = peer.receive(rings=True)
            peer.send(attack.amid + own(entry))
            serves(peer)

    server, url = net.reach(in_turn(script, serves), route)
    # Another try would make good a call that should not have failed.
    one = user(url, retry=Retry(attempts=1))
    first = one.start("r0").exception(55)
    assert (first is None) is attack.is_placed
    assert getattr(first, "outcome", Outcome.UNKNOWN) is Outcome.UNKNOWN
    called.set()
    assert sent.wait(30)
    assert not attack.closes or net.all_closed()
    assert one.places("r1")
    assert one.calls("r2") == "call of r2"
    one.close()
    assert net.all_closed()
    assert server.ledger.connections == attack.connections
    assert server.ledger.rings == Counter(["r0", "r1", "r2"])


def test_an_answer_that_is_not_read_to_its_end_closes_its_connection(net: Network, user: To) -> None:
    def script(peer: Wire) -> None:
        peer.receive()
        peer.send(head(size=1000 * MIB) + b" " * 2 * MIB)
        peer.wait_until_gone()

    one = user(net.reach(in_turn(script, serves), "plain")[1])
    assert one.fails("r0").outcome is Outcome.UNKNOWN
    assert net.all_closed()
    assert one.places("r1")


def _hook(net: Network, sends: Callable[..., Any], asends: Callable[..., Any] | None = None) -> None:
    """Put a hook around httpx's transports, as instrumentation does."""
    for kind, method, how in (
        (httpx.HTTPTransport, "handle_request", sends),
        (httpx.AsyncHTTPTransport, "handle_async_request", asends or sends),
    ):
        net.monkeypatch.setattr(kind, method, partialmethod(how, by=getattr(kind, method)))


def _copied(request: httpx.Request) -> httpx.Request:
    given = {"headers": request.headers, "content": request.read(), "extensions": request.extensions}
    return httpx.Request(request.method, request.url, **given)


@pytest.mark.parametrize("name", [name for name in ATTACKS if ATTACKS[name].between])
def test_nor_where_a_hook_sends_a_copy_of_the_request(net: Network, user: To, name: str) -> None:
    def sends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        return by(self, _copied(request))

    _hook(net, sends)
    test_no_later_call_gets_what_follows_an_answer(net, user, name, "plain")


def test_an_answer_that_a_hook_has_read_is_read_once(net: Network, user: To) -> None:
    """Seen: it was read again, from a connection that served another call by then."""

    def sends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        response = by(self, request)
        response.read()
        return response

    async def asends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        response = await by(self, request)
        await response.aread()
        return response

    server, url = net.reach(serves, "plain")
    _hook(net, sends, asends)
    one = user(url)
    assert all(one.places(f"r{number}") for number in (1, 2))
    assert server.ledger.connections == 1


def test_an_answer_whose_bytes_a_hook_keeps_is_nobody_s(net: Network, user: To) -> None:
    def sends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        response = by(self, request)
        list(response.stream)
        return response

    async def asends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        response = await by(self, request)
        [_ async for _ in response.stream]
        return response

    _hook(net, sends, asends)
    error = user(net.reach(serves, "plain")[1]).fails("r1")
    assert error.outcome is Outcome.UNKNOWN
    assert "the answer was read already" in str(error)


def test_a_hook_that_makes_a_request_of_its_own_rings_nobody(net: Network, user: To) -> None:
    def sends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        return by(self, httpx.Request(request.method, request.url, content=request.read()))

    _hook(net, sends)
    server, url = net.reach(serves, "plain")
    assert user(url).fails("r1").outcome is Outcome.NOT_PLACED
    assert not server.ledger.seen


def test_a_hook_that_sends_its_copy_again_rings_once(net: Network, user: To) -> None:
    def sends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        copy = _copied(request)
        with suppress(httpx.ReadError, httpx.RemoteProtocolError):
            return by(self, copy)
        return by(self, copy)

    async def asends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        copy = _copied(request)
        with suppress(httpx.ReadError, httpx.RemoteProtocolError):
            return await by(self, copy)
        return await by(self, copy)

    _hook(net, sends, asends)
    server, url = net.reach(in_turn(closes_after, serves), "plain")
    assert user(url).fails("r1").outcome is Outcome.UNKNOWN
    assert server.ledger.rings == Counter(["r1"])


def test_an_answer_that_a_hook_keeps_to_itself_leaves_its_place(net: Network, user: To) -> None:
    """As one that fails, or is cancelled, once the head of the answer is there."""
    kept: list[httpx.Response] = []

    def sends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        kept.append(by(self, request))
        raise ValueError("a bug of the hook's")

    async def asends(self: Any, request: httpx.Request, *, by: Any) -> Any:
        kept.append(await by(self, request))
        raise ValueError("a bug of the hook's")

    url = net.reach(serves, "plain")[1]
    one = user(url)
    _hook(net, sends, asends)
    errors = [one.start(ref_id).exception(55) for ref_id in ("r1", "r2")]
    assert [(type(error), len(error.__notes__)) for error in errors if error] == [(ValueError, 1)] * 2
    assert len(kept) == 2
    assert net.all_closed()


@pytest.mark.parametrize("route", ["plain", "tls"])
def test_an_answer_that_waits_on_a_fresh_connection_is_nobody_s(net: Network, user: To, route: Route) -> None:
    spoken = threading.Event()

    def speaks_first(peer: Wire) -> None:
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
        net.monkeypatch.setattr(kind, step, partialmethod(slowly, by=getattr(kind, step)))
    server, url = net.reach(in_turn(speaks_first, serves), route)
    one = user(url)
    assert all(one.places(f"r{number}") for number in (1, 2))
    one.close()
    assert net.all_closed()
    assert server.ledger.rings == Counter(["r1", "r2"])
