from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from autocall_otp.sandbox.bell import Bell


def test_it_counts_from_nothing() -> None:
    bell = Bell()
    assert bell.count == 0
    bell.ring()
    assert bell.count == 1


def test_a_thread_waits_until_it_rings() -> None:
    bell = Bell()
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(bell.wait, 0, 20)
        with pytest.raises(TimeoutError):
            heard.result(0.05)
        bell.ring()
        assert heard.result(10) == 1


def test_a_thread_that_nobody_wakes_waits_as_long_as_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    bell = Bell()
    waits: list[float] = []

    def wait(timeout: float) -> bool:
        waits.append(timeout)
        return len(waits) < 3

    monkeypatch.setattr(vars(bell)["_condition"], "wait", wait)
    monkeypatch.setattr(time, "monotonic", iter([100.0, 100.0, 100.5, 100.9]).__next__)
    assert bell.wait(0, 1.0) == 0
    assert waits == pytest.approx([1.0, 0.5, 0.1]), "woken for nothing, it waits for the rest"


def test_no_time_left_is_no_wait() -> None:
    bell = Bell()
    assert bell.wait(0, -5) == bell.wait(0, 0) == 0


def test_a_loop_that_is_closed_does_not_keep_others_from_hearing() -> None:
    bell = Bell()
    gone = asyncio.new_event_loop()
    listening = gone.create_task(bell.listen(0, None))
    gone.run_until_complete(asyncio.sleep(0))
    gone.close()

    async def listen() -> int:
        threading.Timer(0.01, bell.ring).start()
        return await asyncio.wait_for(bell.listen(0, None), 10)

    assert asyncio.run(listen()) == 1
    listening.get_coro().close()


def test_a_listener_that_is_late_hears_at_once() -> None:
    bell = Bell()
    bell.ring()
    assert asyncio.run(asyncio.wait_for(bell.listen(0, None), 10)) == 1
    assert vars(bell)["_waiting"] == set()


def test_the_bell_misses_no_ring() -> None:
    bell = Bell()
    known = bell.count
    bell.ring()
    assert bell.wait(known, 5) == known + 1, "rung before the wait"
    assert bell.wait(bell.count, 0.001) == bell.count, "no ring in time"

    async def listen() -> tuple[int, int]:
        known = bell.count
        waiting = asyncio.create_task(bell.listen(known, None))
        await asyncio.sleep(0)
        threading.Thread(target=bell.ring).start()
        heard = await asyncio.wait_for(waiting, 5)
        return heard, await bell.listen(heard, 0.001)

    known = bell.count
    assert asyncio.run(listen()) == (known + 1, known + 1)
    assert vars(bell)["_waiting"] == set()
