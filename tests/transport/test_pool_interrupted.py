"""Whatever ends a call, a signal's exception or a cancellation, closes its connection and frees its place."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.cancelling import cancelled_at
from support.exchange import Caller, Network, Route, aexchange, echoes, exchange, request, small, wait_for_rest


@pytest.mark.parametrize("route", ["plain", "proxy"])
def test_an_interrupt_at_any_line_loses_no_place(net: Network, route: Route) -> None:
    _, url = net.reach(echoes, route)
    with Caller("threads", url) as caller:
        small(caller, 1)
        line, ended = 0, False
        while not ended:
            line += 1
            sent = request(url, "r1")
            with suppress(Interrupted):
                interrupted_at(line, lambda sent=sent: exchange(caller.transport, sent))
                ended = True
            del sent
            assert caller.call("r2").error is None, f"interrupted at line {line}"
    assert line > 100
    assert net.all_closed()


class Interrupted(BaseException):
    """What a signal's handler might raise."""


def interrupted_at(line: int, run: Callable[[], object]) -> None:
    """Run it, and raise Interrupted at so-and-so many lines of our transport."""
    left = line

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal left
        if "_transport" not in frame.f_code.co_filename:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)


def test_signals_lose_no_place(net: Network, tmp_path: Path) -> None:
    _, url = net.reach(echoes, "plain")
    program = tmp_path / "interrupted.py"
    program.write_text(INTERRUPTED)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, program, url], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert net.all_closed()


INTERRUPTED = """
import random, signal, sys
from support.cancelling import cancelled_at
from support.exchange import Caller

class Interrupted(BaseException):
    pass

def interrupt(*_):
    raise Interrupted

signal.signal(signal.SIGALRM, interrupt)
hits = 0
with Caller("threads", sys.argv[1]) as caller:
    for round in range(3000):
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00005, 0.001))
            caller.call()
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Interrupted:
            hits += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    calls = [caller.start(f"r{number}")[1] for number in range(150)]
    assert all(call.result(30).error is None for call in calls)
    assert caller.in_use() == 0, caller.in_use()
assert hits > 100, hits
"""


@pytest.mark.parametrize("state", ["new", "idle"])
def test_a_cancellation_at_any_await_loses_no_place(net: Network, route: Route, state: str) -> None:
    _, url = net.reach(echoes, route)
    with Caller("tasks", url) as caller:
        small(caller, 1)

        async def at_each() -> int:
            point = 0
            while True:
                point += 1
                if state == "idle":
                    await aexchange(caller.transport, request(url, "r0"))
                    wait_for_rest(caller)
                else:
                    for connection in [*caller.pool._idle]:
                        caller.pool._idle.remove(connection)
                        caller.pool.drop(connection)
                try:
                    await asyncio.create_task(cancelled_at(point, aexchange(caller.transport, request(url, "r1"))))
                except asyncio.CancelledError:
                    assert caller.in_use() == 0, f"cancelled at await {point}"
                    assert not caller.pool._all, f"cancelled at await {point}"
                else:
                    return point

        assert caller.run(at_each()) > 1
    assert net.all_closed()
