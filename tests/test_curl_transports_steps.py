"""What the fast transports make of each thing that libcurl tells them, and for how long they wait."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

pytest.importorskip("pycurl", reason="the extra is not installed")

import pycurl
from support.curl import NOW, End, Loop, Multi, Transfer

from autocall_otp import _curl_transports
from autocall_otp._curl import SILENT
from autocall_otp._curl_transports import AsyncCurlTransport, CurlTransport

DONE, FAILED = (0, ["handle"], []), (0, [], [("handle", 7, "refused")])
IN, OUT = pycurl.POLL_IN, pycurl.POLL_OUT
REQUEST = httpx.Request("GET", "https://api.test/", extensions={"timeout": {"read": 2.5}})


@pytest.fixture(autouse=True)
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(pycurl, "CurlMulti", Multi)
    monkeypatch.setattr(_curl_transports, "Transfer", Transfer)
    # This module's clock alone: other threads of the run go by the real one.
    monkeypatch.setattr(_curl_transports, "time", SimpleNamespace(monotonic=lambda: NOW, sleep=slept.append))
    return slept


def threads() -> tuple[CurlTransport, Any, Any]:
    transport = CurlTransport({})
    return transport, transport._multi, transport._transfer


@pytest.mark.parametrize(("end", "failure"), [(DONE, None), (FAILED, (7, "refused"))])
def test_a_thread_goes_on_until_libcurl_is_done(end: Any, failure: object) -> None:
    transport, multi, transfer = threads()
    multi.ends = [(0, [], []), end]
    assert transport.handle_request(REQUEST) == failure
    assert len(transfer.waits) == 1
    assert multi.handles == []


@pytest.mark.parametrize(
    ("left", "alarm", "wait"),
    [
        (0.05, -1, 0.05),
        (5.0, -1, 0.1),
        (5.0, 20, 0.02),
        (0.01, 20, 0.01),
        (5.0, 1, 0.001),
        (5.0, 0, 0.0),
        (5.0, 60_000, 0.1),
    ],
)
def test_a_thread_waits_for_what_comes_first(left: float, alarm: int, wait: float) -> None:
    transport, multi, transfer = threads()
    multi.ends, multi.alarm, transfer.left = [(0, [], []), DONE], alarm, [left]
    transport.handle_request(REQUEST)
    assert transfer.waits == multi.selects == [wait]


@pytest.mark.parametrize(
    ("sent", "selected", "left", "slept"),
    [
        (True, -1, 5.0, []),
        (False, 1, 5.0, []),
        (False, 0, 5.0, []),
        (False, -1, 5.0, [0.002]),
        (False, -1, 0.001, [0.001]),
    ],
)
def test_where_libcurl_does_not_say_what_it_waits_for_a_thread_sleeps_a_moment(
    sleeps: list[float], *, sent: bool, selected: int, left: float, slept: list[float]
) -> None:
    transport, multi, transfer = threads()
    multi.ends, multi.selected, transfer.sent, transfer.left = [(0, [], []), DONE], selected, sent, [left]
    transport.handle_request(REQUEST)
    assert sleeps == slept
    assert bool(multi.selects) is not sent, "what is sent has a socket to wait for"


def test_a_service_that_is_silent_for_too_long_is_given_up() -> None:
    transport, _, transfer = threads()
    transfer.left = [0.5, 0.0]
    assert transport.handle_request(REQUEST) == SILENT
    assert len(transfer.waits) == 1


@pytest.mark.parametrize("shell", ["sync", "async"])
@pytest.mark.parametrize("looks_up", [False, True])
def test_closing_never_waits_for_a_name(monkeypatch: pytest.MonkeyPatch, shell: str, *, looks_up: bool) -> None:
    started: list[dict[str, Any]] = []

    class Thread:
        def __init__(self, **how: Any) -> None:
            self._how = how

        def start(self) -> None:
            started.append(self._how)

    monkeypatch.setattr(_curl_transports, "threading", SimpleNamespace(Thread=Thread))
    transport: Any = CurlTransport({}) if shell == "sync" else AsyncCurlTransport({})
    transport._transfer.looks_up = looks_up
    if shell == "sync":
        transport.close()
    else:
        coroutine = transport.aclose()
        with pytest.raises(StopIteration):
            coroutine.send(None)
    expected = {"target": transport._multi.close, "name": "autocall-otp-closing", "daemon": True}
    assert started == ([expected] if looks_up else [])
    assert (transport._transfer.closed, transport._multi.closed) == (True, not looks_up)


def tasks(*, waiting: bool = True) -> tuple[Any, Any, Any, Loop, End]:
    transport: Any = AsyncCurlTransport({})
    transport._loop, transport._end = Loop(), End() if waiting else None
    return transport, transport._multi, transport._transfer, transport._loop, transport._end


def test_libcurl_tells_the_transport_of_its_sockets_and_timers() -> None:
    transport, multi, transfer, loop, _ = tasks()
    told = {pycurl.M_SOCKETFUNCTION: transport._on_socket, pycurl.M_TIMERFUNCTION: transport._on_timer}
    assert multi.told == told
    transport._readers, loop.readers = {5}, {5: ()}
    transfer.on_connect()
    assert loop.readers == {}, "a new connection ends the watch of what libcurl has closed"


@pytest.mark.parametrize(("milliseconds", "alarm"), [(-1, math.inf), (0, NOW), (1, NOW + 0.001), (2500, NOW + 2.5)])
def test_a_timer_of_libcurl_s_is_set(milliseconds: int, alarm: float) -> None:
    transport, _, _, loop, _ = tasks()
    transport._on_timer(milliseconds)
    assert transport._alarm == alarm
    assert loop.calls == ([] if alarm == math.inf else [(alarm - NOW, transport._wake)])
    transport, _, _, loop, _ = tasks(waiting=False)
    transport._on_timer(milliseconds)
    assert (transport._alarm, loop.calls) == (alarm, []), "nobody waits, so nobody is woken"


def test_the_earliest_timer_is_the_one_that_rings() -> None:
    transport, _, _, loop, _ = tasks()
    for moment in (NOW + 3, NOW + 3, NOW + 4, NOW + 0.5, NOW - 1):
        transport._wake_at(moment)
    assert [delay for delay, _ in loop.calls] == [3, 0.5, 0]
    assert (loop.cancelled, transport._wakes) == (2, NOW - 1)


def test_nobody_is_woken_who_no_longer_waits() -> None:
    transport, multi, _, loop, _ = tasks(waiting=False)
    transport._alarm = NOW
    transport._wake()
    assert (multi.acts, loop.calls, transport._timer, transport._wakes) == ([], [], None, math.inf)


@pytest.mark.parametrize(
    ("alarm", "left", "acts", "delay"),
    [
        (NOW, 4.0, 1, 4.0),
        (NOW - 1, 0.5, 1, 0.5),
        (NOW + 0.1, 4.0, 0, 0.1),
        (NOW + 9, 4.0, 0, 4.0),
        (math.inf, 0.5, 0, 0.5),
    ],
)
def test_whoever_wakes_does_what_is_due_and_sleeps_on(alarm: float, left: float, acts: int, delay: float) -> None:
    transport, multi, transfer, loop, end = tasks()
    transport._alarm, transfer.left = alarm, [left]
    transport._wake()
    assert multi.acts == [(pycurl.SOCKET_TIMEOUT, 0)] * acts
    assert [(round(each, 6), call) for each, call in loop.calls] == [(delay, transport._wake)]
    assert transport._alarm == (math.inf if acts else alarm)
    assert end.results == []


@pytest.mark.parametrize("left", [0.0, -1.0])
def test_whoever_wakes_to_a_long_silence_gives_up(left: float) -> None:
    transport, _, transfer, loop, end = tasks()
    transfer.left = [left]
    transport._wake()
    transport._wake()
    assert (end.results, loop.calls) == ([SILENT], [])


@pytest.mark.parametrize(
    ("end_of", "kept", "results"), [((0, [], []), set(), []), (DONE, {5}, [None]), (FAILED, set(), [(7, "refused")])]
)
def test_of_the_idle_sockets_the_kept_connection_s_alone_is_watched_on(
    end_of: Any, kept: set[int], results: list[object]
) -> None:
    transport, multi, _, loop, end = tasks()
    transport._readers, transport._wanted = {1, 5, 6, 7}, {1: 0, 5: 0, 6: IN}
    loop.readers = dict.fromkeys((1, 5, 6, 7))
    multi.ends = [end_of, end_of]
    transport._act(6, pycurl.CSELECT_IN)
    transport._act(6, pycurl.CSELECT_IN)
    assert multi.acts == [(6, pycurl.CSELECT_IN)] * 2
    assert set(loop.readers) == transport._readers == {6} | kept
    assert end.results == results, "told once"


@pytest.mark.parametrize("looks_up", [False, True])
def test_while_a_name_is_looked_up_every_socket_is_watched(*, looks_up: bool) -> None:
    transport, _, transfer, loop, _ = tasks()
    transfer.looks_up = looks_up
    transport._on_socket(IN, 9)
    assert loop.readers == {}, "not the connection's"
    transport._act(pycurl.SOCKET_TIMEOUT, 0)
    assert set(loop.readers) == ({9} if looks_up else set())


def test_a_socket_is_watched_for_what_libcurl_wants_of_it() -> None:
    transport, _, _, loop, _ = tasks()
    reader, writer = (transport._readable, 5), (transport._act, 5, pycurl.CSELECT_OUT)
    for wanted, readers, writers in [
        (OUT, {}, {5: writer}),
        (IN, {5: reader}, {}),
        (IN | OUT, {5: reader}, {5: writer}),
        (IN | OUT, {5: reader}, {5: writer}),
        (pycurl.POLL_REMOVE, {5: reader}, {}),
    ]:
        transport._on_socket(wanted, 5)
        assert (loop.readers, loop.writers) == (readers, writers), wanted
    assert transport._wanted == {5: 0}


@pytest.mark.parametrize("wanted", [{5: IN}, {5: IN | OUT}])
def test_what_can_be_read_is_read(wanted: dict[int, int]) -> None:
    transport, multi, *_ = tasks()
    transport._wanted = wanted
    transport._readable(5)
    assert multi.acts == [(5, pycurl.CSELECT_IN)]


@pytest.mark.parametrize("wanted", [{5: 0}, {5: OUT}, {}])
def test_an_idle_connection_that_can_be_read_is_over(wanted: dict[int, int]) -> None:
    transport, multi, _, loop, _ = tasks()
    transport._wanted, transport._readers, loop.readers = dict(wanted), {5}, {5: ()}
    transport._readable(5)
    assert (multi.acts, loop.readers, transport._wanted, transport._readers) == ([], {}, {}, set())


def in_a_loop(script: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What a request over a transport comes to, and the transport; the script is told of it before it is sent."""

    async def main() -> tuple[Any, Any]:
        transport: Any = AsyncCurlTransport({})
        transport._wanted, transport._readers, transport._loop = {5: 0}, {5}, Loop()
        task = asyncio.ensure_future(transport.handle_async_request(REQUEST))
        script(transport)
        await asyncio.sleep(0)
        if not transport._multi.acts or transport._end is not None:
            task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        return result, transport

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("end", "result", "watched"), [(DONE, None, {5}), (FAILED, (7, "refused"), set()), (None, "cancelled", set())]
)
def test_a_task_waits_for_the_end_of_its_request(end: Any, result: object, watched: set[int]) -> None:
    def script(transport: Any) -> None:
        transport._multi.ends = [end] if end else []
        if not end:
            transport._on_socket(IN, 6)
            transport._multi.breaks_off = lambda: transport._on_socket(pycurl.POLL_REMOVE, 6)

    found, transport = in_a_loop(script)
    assert ("cancelled" if isinstance(found, asyncio.CancelledError) else found) == result
    assert transport._multi.acts == [(pycurl.SOCKET_TIMEOUT, 0)]
    assert transport._multi.handles == []
    assert transport._end is None
    assert transport._wakes == NOW + 2.5, "for no longer than the service may be silent"
    assert transport._readers == watched
