"""Connections are used again only where that is safe, never lost, and closed when they should be."""

import asyncio
import gc
import os
import sys
import threading
import warnings
from typing import Any
from unittest.mock import Mock

import httpcore
import httpx
import pytest
from faults.clients import async_client
from faults.scripts import in_turn
from faults.server import Wire
from faults.users import To, User, own, serves
from support.network import Network, Route

from autocall_otp import AutocallError, Outcome, TransportError, TransportTimeoutError
from autocall_otp._clock import now
from autocall_otp._sansio.evidence import OneShotBody
from autocall_otp._transport import pool
from autocall_otp._transport.async_pool import AsyncConnectionPool


def test_a_connection_rests_for_25_ms_before_another_call_uses_it(net: Network, user: To) -> None:
    server, url = net.reach(serves, "plain")
    one = user(url)
    one.calls("r1")
    one.rest(until=float("inf"))
    one.calls("r2")
    assert server.ledger.connections == 2
    assert pool._REST == 0.025


@pytest.mark.usefixtures("one_connection")
def test_where_no_other_may_be_opened_it_rests_before_it_is_used(net: Network, user: To) -> None:
    def again(peer: Wire) -> None:
        peer.send(own(peer.receive(rings=True)))
        peer.pause(0.015)
        peer.send(b"HTTP/1.1 200 OK\r\n")
        peer.wait_until_gone()

    # Long, for a busy machine.
    net.monkeypatch.setattr(pool, "_REST", 0.5)
    server, url = net.reach(in_turn(again, serves), "plain")
    one = user(url)
    assert [one.calls(ref_id) for ref_id in ("r1", "r2")] == ["call of r1", "call of r2"]
    assert server.ledger.connections == 2


def test_the_connection_idle_longest_is_taken(net: Network, user: To) -> None:
    one = user(net.reach(serves, "plain")[1])
    for _ in range(3):
        one.calls("r1")
        one.rest(until=float("inf"))
    one.rest()
    taken = [one.calls("r2") and max(one.pool._all, key=lambda each: each.expires_at) for _ in range(3)]
    assert len(set(map(id, taken))) == 3


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("X-Nothing: 1", 30),
        ("Connection: keep-alive", 30),
        ("Keep-Alive: timeout=60", 30),
        ("keep-alive: max=5, TIMEOUT=5", 4),
        ("Keep-Alive: timeout=1", 0),
        ("Keep-Alive: timeout=0", 0),
        ("Connection: close", 0),
    ],
)
def test_a_connection_is_kept_as_long_as_the_service_says(net: Network, user: To, header: str, seconds: int) -> None:
    def script(peer: Wire) -> None:
        while True:
            peer.send(own(peer.receive()).replace(b"\r\n\r\n", b"\r\n%b\r\n\r\n" % header.encode()))

    server, url = net.reach(script, "plain")
    one = user(url)
    one.calls("r1")
    assert [seconds - 20 < each.expires_at - now() <= seconds for each in one.pool._all] == [True] * bool(seconds)
    one.rest()
    one.calls("r2")
    assert server.ledger.connections == (1 if seconds else 2)
    one.rest()
    for each in one.pool._all:
        each.expires_at = now()
    one.calls("r3")
    assert server.ledger.connections == (2 if seconds else 3)
    assert server.ledger.wait_for(lambda ledger: ledger.open <= 1), "the expired one is closed"


def test_idle_connections_that_the_service_closed_are_no_failure(net: Network, user: To) -> None:
    closes = threading.Event()

    def script(peer: Wire) -> None:
        peer.send(own(peer.receive()))
        closes.wait(30)

    server, url = net.reach(in_turn(script, script, script, serves), "plain")
    one = user(url)
    for _ in range(3):
        one.calls("r1")
        one.rest(until=float("inf"))
    one.rest()
    closes.set()
    assert net.all_closed()
    assert one.calls("r2") == "call of r2"
    assert server.ledger.rings["r2"] == 1


def test_an_answer_is_another_s_if_the_body_never_left(net: Network, user: To) -> None:
    def answers(_: object, request: httpcore.Request) -> httpcore.Response:
        request.extensions["autocall_otp"].wired = True
        return httpcore.Response(200)

    async def aanswers(connection: object, request: httpcore.Request) -> httpcore.Response:
        return answers(connection, request)

    net.monkeypatch.setattr(httpcore.HTTPConnection, "handle_request", answers)
    net.monkeypatch.setattr(httpcore.AsyncHTTPConnection, "handle_async_request", aanswers)
    error = user(net.reach(serves, "plain")[1]).fails("r1")
    assert isinstance(error.__cause__, httpx.RemoteProtocolError)
    assert error.outcome is Outcome.NOT_PLACED


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


def test_tasks_that_no_longer_wait_are_in_nobody_s_way() -> None:
    """Seen: a place that came free without a word, and tasks that waited for it in vain; then no call got one."""

    async def main() -> None:
        tasks = AsyncConnectionPool(lambda *_: object(), 1)
        body = OneShotBody(b"", now() + 60, now)
        asked = httpcore.Request("POST", "http://127.0.0.1:9/", extensions={"autocall_otp": body, "timeout": {}})
        lost = [await tasks._take(asked, body)]
        hurried = httpcore.Request("GET", asked.url, extensions=asked.extensions | {"timeout": {"pool": 0.01}})
        with pytest.raises(httpcore.PoolTimeout):
            await tasks._take(hurried, body)
        lost.clear()
        assert await tasks._take(hurried, body)

    asyncio.run(main())


def test_an_answer_that_nobody_holds_frees_its_place() -> None:
    """As one that comes when a hook with a time-out of its own has given up."""
    threads = pool.ConnectionPool(lambda *_: object(), 1)
    body = OneShotBody(b"", now() + 60, now)
    asked = httpcore.Request("POST", "http://127.0.0.1:9/", extensions={"autocall_otp": body, "timeout": {"pool": 0.1}})
    leased = threads._take(asked, body)
    leased.network.body = body
    threads._answer(httpcore.Response(200), leased, body)
    del leased
    gc.collect()
    assert threads._take(asked, body)


def test_tasks_of_an_event_loop_that_is_gone_keep_no_pool_from_closing() -> None:
    loop, waiting = asyncio.new_event_loop(), list[asyncio.Future[Any]]()

    async def leave() -> AsyncConnectionPool:
        tasks = AsyncConnectionPool(lambda *_: object(), 0)
        tasks._loop = loop
        body = OneShotBody(b"", now() + 60, now)
        asked = httpcore.Request("POST", "http://127.0.0.1:9/", extensions={"autocall_otp": body, "timeout": {}})
        waiting.append(asyncio.ensure_future(tasks._take(asked, body)))
        waiting[0]._log_destroy_pending = False  # type: ignore[attr-defined] # asyncio would say so on stderr
        await asyncio.sleep(0)
        return tasks

    left = loop.run_until_complete(leave())
    loop.close()
    asyncio.run(left.aclose())


def test_no_lock_of_httpcore_s_pool_can_be_lost_to_a_signal(net: Network, user: To) -> None:
    """Seen: an exception of a signal's handler while it was taken, then a call that never ended."""
    taken = Mock(side_effect=AssertionError("taken"))
    net.monkeypatch.setattr("httpcore._synchronization.ThreadLock.__enter__", taken)
    one = user(net.reach(serves, "proxy")[1])
    assert all(one.places(ref_id) for ref_id in ("r1", "r2"))


def test_there_are_never_more_connections_than_allowed(net: Network, user: To) -> None:
    net.monkeypatch.setattr("autocall_otp._transport.environment.MAX_CONNECTIONS", 3)
    server, url = net.reach(serves, "plain")
    one = user(url)
    calls = [one.start(f"r{number}") for number in range(50)]
    assert [call.result(55).call_id for call in calls] == [f"call of r{number}" for number in range(50)]
    assert server.ledger.most_open <= 3


class Busy:
    """A service of one connection that is in use until `released`."""

    def __init__(self, net: Network, *, fails: bool = False) -> None:
        self.released, self._waiting, self._fails = threading.Event(), threading.Semaphore(0), fails
        self.server, self.url = net.reach(in_turn(self._holds, serves), "plain")
        end_of_waiting = pool.Pool._end_of_waiting

        def waits(*args: object) -> float:
            self._waiting.release()
            return end_of_waiting(*args)  # type: ignore[arg-type] # as they came

        net.monkeypatch.setattr(pool.Pool, "_end_of_waiting", waits)

    def _holds(self, peer: Wire) -> None:
        entry = peer.receive(rings=True)
        self.released.wait(30)
        if not self._fails:
            peer.send(own(entry))
            serves(peer)

    def is_taken(self) -> bool:
        """Whether the connection is in use, in time."""
        return self.server.ledger.wait_for(lambda ledger: len(ledger.seen) == 1)

    def is_waited_for(self) -> bool:
        """Whether another call waits for the connection, in time."""
        return self._waiting.acquire(timeout=30)


@pytest.mark.usefixtures("one_connection")
def test_no_connection_came_free_in_time(net: Network, user: To) -> None:
    busy = Busy(net)
    one = user(busy.url, timeout=httpx.Timeout(30.0, pool=0.05))
    first = one.start("r1")
    assert busy.is_taken()
    error = one.fails("r2")
    assert (type(error), error.outcome) == (TransportTimeoutError, Outcome.NOT_PLACED)
    busy.released.set()
    assert first.result(55).call_id == "call of r1"
    assert one.calls("r3") == "call of r3"
    assert busy.server.ledger.connections == 1


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("fails", [False, True], ids=["the connection", "its place"])
def test_who_waits_gets_what_comes_free(net: Network, user: To, *, fails: bool) -> None:
    busy = Busy(net, fails=fails)
    one = user(busy.url)
    first = one.start("r1")
    assert busy.is_taken()
    second = one.start("r2")
    assert busy.is_waited_for()
    busy.released.set()
    assert isinstance(first.exception(55), TransportError) is fails
    assert second.result(55).call_id == "call of r2"
    assert busy.server.ledger.connections == 1 + fails


@pytest.mark.usefixtures("one_connection")
def test_calls_that_wait_for_a_connection_end_when_the_client_is_closed(net: Network, user: To) -> None:
    busy = Busy(net)
    one = user(busy.url)
    first = one.start("r0")
    assert busy.is_taken()
    waiting = [one.start(f"r{number}") for number in range(1, 4)]
    assert all(busy.is_waited_for() for _ in waiting)
    one.close()
    for call in waiting:
        error = call.exception(55)
        assert isinstance(error, AutocallError)
        assert error.outcome is Outcome.NOT_PLACED
    busy.released.set()
    assert first.result(55).call_id == "call of r0"
    assert net.all_closed()


@pytest.mark.usefixtures("one_connection")
def test_what_a_task_gets_as_it_is_cancelled_goes_to_the_next(net: Network) -> None:
    busy, put = Busy(net), AsyncConnectionPool._put

    async def main() -> None:
        def puts(pool: AsyncConnectionPool, connection: Any) -> None:
            put(pool, connection)
            second.cancel()

        net.monkeypatch.setattr(AsyncConnectionPool, "_put", puts)
        async with async_client(busy.url) as one:
            first, second, third = (asyncio.create_task(one.get_cdr(f"r{number}")) for number in (1, 2, 3))
            assert await asyncio.to_thread(lambda: busy.is_taken() and busy.is_waited_for() and busy.is_waited_for())
            busy.released.set()
            assert (await first).id == "call of r1"
            with pytest.raises(asyncio.CancelledError):
                await second
            assert (await third).id == "call of r3"

    asyncio.run(main())
    assert busy.server.ledger.connections == 1


@pytest.mark.usefixtures("one_connection")
def test_tasks_get_connections_in_turn(net: Network) -> None:
    server, url = net.reach(serves, "plain")
    with User("async", url) as one:
        calls = [one.start(f"r{number}") for number in range(10)]
        assert all(call.result(55) for call in calls)
    assert [entry.ref_id for entry in server.ledger.seen] == [f"r{number}" for number in range(10)]


@pytest.mark.parametrize("route", ["plain", "tls proxy"])
def test_a_child_leaves_the_sockets_of_its_parent_alone(net: Network, user: To, route: Route) -> None:
    server, url = net.reach(serves, route)
    one = user(url)
    one.calls("r1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            warnings.simplefilter("error")
            noted: list[object] = []
            sys.unraisablehook = noted.append
            one.drop()
            os._exit(len(noted))
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    one.rest()
    assert one.calls("r2") == "call of r2"
    assert server.ledger.connections == 1
