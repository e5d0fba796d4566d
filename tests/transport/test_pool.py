"""Connections are used again only where that is safe, never lost, and closed when they should be."""

import asyncio
import gc
import os
import socket
import sys
import threading
import warnings
from collections.abc import Callable

import httpcore
import httpx
import pytest
from faults.server import Ledger, Script, Wire
from support.exchange import (
    Caller,
    Network,
    Route,
    aexchange,
    after,
    answer,
    echoes,
    keep_resting,
    once_connected,
    request,
    small,
    wait_for_rest,
)

from autocall_otp._clock import now
from autocall_otp._sansio.body import OneShotBody
from autocall_otp._transport import pool

To = Callable[[str], Caller]
STRAY = b'{"call_id": "another call\'s"}'


def then(*surplus: bytes, pause: float = 0.0, status: str = "200 OK", short: int = 0) -> Script:
    """Answer the first request and send what belongs to no request behind it; answer the others properly."""

    def script(wire: Wire) -> None:
        body = wire.receive(rings=True).body
        first = answer(body[: len(body) - short], status) + body[len(body) - short :]
        if not pause:
            wire.send(first + b"".join(surplus))
        else:
            wire.send(first)
            wire.pause(pause)
            wire.send(b"".join(surplus))
        echoes(wire)

    return script


ATTACKS = {
    "the answer twice in one segment": then(answer(STRAY)),
    "the answer twice, 15 ms between": then(answer(STRAY), pause=0.015),
    "a stray 429": then(answer(b"{}", "429 Too Many Requests")),
    "a stray 401": then(answer(b"{}", "401 Unauthorized")),
    "half an answer": then(answer(STRAY)[:20]),
    "a line end": then(b"\r\n"),
    "a 204 with a body": then(status="204 No Content"),
    "a length that is too short": then(short=5),
    "an informational answer": then(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("rest", [0.025, 0.0])
def test_no_later_call_reads_what_follows_an_answer(
    net: Network, to: To, route: Route, attack: str, rest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rest == 0.0 and "15 ms" in attack:
        pytest.skip("this one is what the rest is for")
    monkeypatch.setattr(pool, "_REST", rest)
    server, url = net.reach(after(1, ATTACKS[attack]), route)
    caller = to(url)
    first = caller.call("r0")
    assert first.error is None, "what follows an answer is no failure of the call before"
    for number in range(1, 5):
        assert caller.call(f"r{number}").echo == b'{"ref_id": "r%d"}' % number
    assert [server.ledger.rings[f"r{number}"] for number in range(5)] == [1] * 5


@pytest.mark.parametrize("status", ["408 Request Timeout", "500 Oops", "502 Bad Gateway", "504 Gateway Timeout"])
def test_no_late_answer_can_come_behind_a_gateway_s_error(net: Network, to: To, status: str) -> None:
    def gives_up(wire: Wire) -> None:
        wire.receive()
        wire.send(answer(b"{}", status))
        wire.wait_until_gone()

    server, url = net.reach(after(1, gives_up), "plain")
    caller = to(url)
    assert caller.call("r0").status == int(status[:3])
    assert server.ledger.wait_for(lambda ledger: ledger.open == 0), "the connection is closed at once"
    assert caller.call("r1").echo == b'{"ref_id": "r1"}'


def test_a_connection_is_used_again_when_it_has_rested(net: Network, to: To, route: Route) -> None:
    server, url = net.reach(echoes, route)
    caller = to(url)
    for number in range(4):
        assert caller.call(f"r{number}").echo
        wait_for_rest(caller)
    assert server.ledger.connections == 1


def test_a_connection_rests_for_25_ms_before_another_call_uses_it(net: Network, to: To) -> None:
    server, url = net.reach(echoes, "plain")
    caller = to(url)
    caller.call()
    keep_resting(caller)
    caller.call()
    assert server.ledger.connections == 2
    assert pool._REST == 0.025


def test_the_connection_idle_longest_is_taken(net: Network, to: To) -> None:
    _, url = net.reach(echoes, "plain")
    caller = to(url)
    for _ in range(3):
        caller.call()
        keep_resting(caller)
    wait_for_rest(caller)
    taken = [caller.call("r") and last_used(caller) for _ in range(3)]
    assert len(set(map(id, taken))) == 3


def last_used(caller: Caller) -> object:
    return max(caller.pool._all, key=lambda connection: connection.expires_at)


@pytest.mark.parametrize(
    ("header", "connections"),
    [
        ("Keep-Alive: timeout=60", 1),
        ("keep-alive: max=5, TIMEOUT=60", 1),
        ("Keep-Alive: timeout=1", 2),
        ("Keep-Alive: timeout=0", 2),
        ("Connection: close", 2),
        ("Connection: keep-alive", 1),
    ],
)
def test_a_connection_is_kept_as_long_as_the_service_says(net: Network, to: To, header: str, connections: int) -> None:
    def script(wire: Wire) -> None:
        while True:
            wire.send(answer(wire.receive().body, "200 OK", header))

    server, url = net.reach(script, "plain")
    caller = to(url)
    for _ in range(2):
        assert caller.call().echo
        wait_for_rest(caller)
    assert server.ledger.connections == connections


@pytest.mark.parametrize(("header", "seconds"), [("Keep-Alive: timeout=5", 4.0), ("X-Nothing: 1", 30.0)])
def test_an_idle_connection_expires(
    net: Network, to: To, header: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, clock = 0.0, pool.now
    monkeypatch.setattr(pool, "now", lambda: clock() + time)
    server, url = net.reach(
        lambda wire: [wire.send(answer(wire.receive().body, "200 OK", header)) for _ in "123"], "plain"
    )
    caller = to(url)
    for idle, connections in ((0.0, 1), (seconds - 1, 1), (seconds + 0.1, 2)):
        time += idle
        assert caller.call(seconds=1000).echo
        assert server.ledger.connections == connections
    assert server.ledger.wait_for(lambda ledger: ledger.open == 1), "the expired one is closed"


def test_an_idle_connection_that_the_service_closed_is_no_failure(net: Network, to: To, route: Route) -> None:
    closes = threading.Event()

    def script(wire: Wire) -> None:
        wire.send(answer(wire.receive(rings=True).body))
        closes.wait(30)

    server, url = net.reach(after(3, script), route)
    caller = to(url)
    for number in range(3):
        assert caller.call(f"r{number}").echo
        keep_resting(caller)
    wait_for_rest(caller)
    closes.set()
    assert net.all_closed()
    assert caller.call("r9").echo == b'{"ref_id": "r9"}'
    assert server.ledger.rings["r9"] == 1


@pytest.mark.parametrize("route", ["plain", "tls"])
def test_an_answer_that_waits_on_a_fresh_connection_is_not_read(net: Network, to: To, route: Route) -> None:
    spoken = threading.Event()

    def speaks_first(wire: Wire) -> None:
        # Else it would be held back until the session tickets are acknowledged.
        wire.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.send(answer(STRAY))
        spoken.set()
        wire.wait_until_gone()

    _, url = net.reach(after(1, speaks_first), route)
    caller = to(url)
    step = "connection.start_tls.complete" if route == "tls" else "connection.connect_tcp.complete"
    trace = once_connected(caller, step, lambda: spoken.wait(30))
    result = caller.call(trace=trace)
    assert isinstance(result.error, httpx.ConnectError)
    assert not result.body.asked
    assert caller.call("r2").echo == b'{"ref_id": "r2"}'


def test_an_answer_is_another_s_if_the_body_never_left(net: Network, to: To, monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(_: object, request: httpcore.Request) -> httpcore.Response:
        request.extensions["autocall_otp"].wired = True
        return httpcore.Response(200)

    async def aanswers(connection: object, request: httpcore.Request) -> httpcore.Response:
        return answers(connection, request)

    monkeypatch.setattr(httpcore.HTTPConnection, "handle_request", answers)
    monkeypatch.setattr(httpcore.AsyncHTTPConnection, "handle_async_request", aanswers)
    result = to(net.reach(echoes, "plain")[1]).call()
    assert isinstance(result.error, httpx.RemoteProtocolError)
    assert result.body.pooled
    assert not result.body.asked


def test_a_thread_that_is_woken_for_two_wakes_the_other() -> None:
    """Seen: it took both wake-ups and opened one connection; the other thread waited beside a free place."""
    threads = pool.ConnectionPool(lambda *_: object(), 2)
    body = OneShotBody(b"", now() + 60, now)
    asked = httpcore.Request("POST", "http://127.0.0.1:9/", extensions={"autocall_otp": body, "timeout": {}})
    for leased in [threads._take(asked, body) for _ in range(2)]:
        threads.drop(leased)
    taken = [threads._take(asked, body)]
    assert threads._idle.qsize() == 1
    taken.append(threads._take(asked, body))
    assert threads._idle.empty(), "no place is left to wake anybody for"


def test_no_lock_of_httpcore_s_pool_can_be_lost_to_a_signal(net: Network, to: To) -> None:
    """Seen: an exception of a signal's handler while it was taken, then a call that never ended."""

    def taken(_: object) -> None:
        raise AssertionError("taken")

    net.monkeypatch.setattr("httpcore._synchronization.ThreadLock.__enter__", taken)
    caller = to(net.reach(echoes, "proxy")[1])
    assert [caller.call(ref_id).status for ref_id in ("r1", "r2")] == [200, 200]


def test_there_are_never_more_connections_than_allowed(net: Network, to: To) -> None:
    server, url = net.reach(echoes, "plain")
    caller = small(to(url), 3)
    calls = [caller.start(f"r{number}")[1] for number in range(50)]
    assert [call.result(30).echo for call in calls] == [b'{"ref_id": "r%d"}' % number for number in range(50)]
    assert server.ledger.most_open <= 3
    assert caller.in_use() == 0


def test_a_connection_that_is_used_at_once_since_no_other_may_be_opened_rests_first(net: Network, to: To) -> None:
    server, url = net.reach(after(1, ATTACKS["the answer twice, 15 ms between"]), "plain")
    caller = small(to(url), 1)
    for number in range(3):
        assert caller.call(f"r{number}").echo == b'{"ref_id": "r%d"}' % number
    assert server.ledger.connections == 2


def holding() -> tuple[Script, threading.Event]:
    """A script that answers when the event is set."""
    release = threading.Event()

    def script(wire: Wire) -> None:
        while True:
            body = wire.receive(rings=True).body
            release.wait(30)
            wire.send(answer(body))

    return script, release


def begun(ledger: Ledger) -> bool:
    """Whether a request has come."""
    return len(ledger.seen) == 1


def test_no_connection_came_free_in_time(net: Network, to: To) -> None:
    script, release = holding()
    server, url = net.reach(script, "plain")
    caller = small(to(url), 1)
    _, first = caller.start("r1")
    assert server.ledger.wait_for(begun)
    for limits in ({"timeout": {"pool": 0.05}}, {"seconds": 0.05}, {"timeout": {"pool": 0.0}}):
        result = caller.call("r2", **limits)
        assert isinstance(result.error, httpx.PoolTimeout)
        assert (result.body.pooled, result.body.wired, result.body.asked) == (True, False, False)
    release.set()
    assert first.result(30).echo == b'{"ref_id": "r1"}'
    assert caller.call("r3").echo == b'{"ref_id": "r3"}'


def test_who_waits_gets_the_connection_that_comes_free(net: Network, to: To) -> None:
    script, release = holding()
    server, url = net.reach(script, "plain")
    caller = small(to(url), 1)
    _, first = caller.start("r1")
    assert server.ledger.wait_for(begun)
    body, second = caller.start("r2")
    assert body.arrived.wait(30)
    release.set()
    assert [call.result(30).echo for call in (first, second)] == [b'{"ref_id": "r1"}', b'{"ref_id": "r2"}']
    assert server.ledger.connections == 1


def test_who_waits_gets_the_place_of_a_connection_that_failed(net: Network, to: To) -> None:
    fails = threading.Event()

    def script(wire: Wire) -> None:
        wire.receive()
        fails.wait(30)

    server, url = net.reach(after(1, script), "plain")
    caller = small(to(url), 1)
    _, first = caller.start("r1")
    assert server.ledger.wait_for(begun)
    body, second = caller.start("r2")
    assert body.arrived.wait(30)
    fails.set()
    assert isinstance(first.result(30).error, httpx.RemoteProtocolError)
    assert second.result(30).echo == b'{"ref_id": "r2"}'


def test_tasks_get_connections_in_turn(net: Network) -> None:
    with Caller("tasks", net.reach(echoes, "plain")[1]) as caller:
        small(caller, 1)
        done: list[int] = []

        async def one(number: int) -> None:
            await aexchange(caller.transport, request(caller.url, f"r{number}"))
            done.append(number)

        async def all_of_them() -> None:
            await asyncio.gather(*map(one, range(10)))

        caller.run(all_of_them())
    assert done == sorted(done)


def test_close_lets_calls_end_then_nothing_is_open_and_nothing_is_opened(net: Network, to: To, route: Route) -> None:
    script, release = holding()
    server, url = net.reach(script, route)
    caller = to(url)
    _, first = caller.start("r1")
    assert server.ledger.wait_for(begun)
    caller.close()
    for _ in range(2):
        late = caller.call("r2")
        assert isinstance(late.error, httpx.ConnectError)
        assert str(late.error) == "the client is closed"
        assert not late.body.asked
        release.set()
        assert first.result(30).echo == b'{"ref_id": "r1"}'
    assert net.all_closed()
    assert server.ledger.connections == 1


def test_calls_that_wait_for_a_connection_end_when_the_client_is_closed(net: Network, to: To) -> None:
    script, release = holding()
    server, url = net.reach(script, "plain")
    caller = small(to(url), 1)
    _, first = caller.start("r0")
    assert server.ledger.wait_for(begun)
    waiting = [caller.start(f"r{number}") for number in range(1, 4)]
    for body, _ in waiting:
        assert body.arrived.wait(30)
    caller.close()
    for body, call in waiting:
        assert str(call.result(30).error) == "the client is closed"
        assert not body.asked
    release.set()
    assert first.result(30).echo == b'{"ref_id": "r0"}'


def test_close_closes_what_is_idle(net: Network, to: To, route: Route) -> None:
    _, url = net.reach(echoes, route)
    caller = to(url)
    caller.call()
    caller.close()
    assert net.all_closed()


@pytest.mark.parametrize("read", ["nothing", "a part"])
def test_an_answer_that_is_not_read_to_its_end_closes_its_connection(net: Network, to: To, read: str) -> None:
    _, url = net.reach(lambda wire: wire.send(answer(wire.receive().body * 100000)) or wire.wait_until_gone(), "plain")
    caller = to(url)
    sent = request(url, "r1")

    async def apart() -> None:
        response = await caller.transport.handle_async_request(sent)
        if read == "a part":
            async for _ in response.stream:
                break
        await response.aclose()

    if caller.is_async:
        caller.run(apart())
    else:
        response = caller.transport.handle_request(sent)
        if read == "a part":
            next(iter(response.stream))
        response.close()
    assert net.all_closed()
    assert len(caller.pool._all) == 0


def drop(caller: Caller) -> None:
    """Lose the transport."""
    del caller.transport
    gc.collect()


def test_a_dropped_client_frees_its_sockets_and_says_so(net: Network, to: To, route: Route) -> None:
    _, url = net.reach(echoes, route)
    caller = to(url)
    caller.call()
    with pytest.warns(ResourceWarning, match="a client was dropped without being closed"):
        drop(caller)
    assert net.all_closed()


def test_a_client_that_was_closed_or_never_used_says_nothing(net: Network, to: To) -> None:
    _, url = net.reach(echoes, "plain")
    used, unused = to(url), to(url)
    used.call()
    used.close()
    drop(used)
    drop(unused)


def test_a_child_leaves_the_sockets_of_its_parent_alone(net: Network, to: To, route: Route) -> None:
    server, url = net.reach(echoes, route)
    caller = to(url)
    caller.call()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            warnings.simplefilter("error")
            noted: list[object] = []
            sys.unraisablehook = noted.append
            drop(caller)
            os._exit(len(noted))
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    wait_for_rest(caller)
    assert caller.call("r2").echo == b'{"ref_id": "r2"}'
    assert server.ledger.connections == 1
