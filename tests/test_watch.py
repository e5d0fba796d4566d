import asyncio
import threading
import time
from typing import cast

import pytest

from autocall_otp._watch import AsyncWatch, Watch


class Target:
    """Says when it was cut off."""

    def __init__(self) -> None:
        self.cut = threading.Event()

    def cut_off(self) -> None:
        self.cut.set()


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    monkeypatch.setattr(Watch, "TICK", 0.005)
    monkeypatch.setattr(Watch, "IDLE", 0.02)
    return Watch()


def test_what_is_overdue_is_cut_and_the_rest_is_left_alone(watch: Watch) -> None:
    overdue, disarmed, later = Target(), Target(), Target()
    watch.arm(disarmed, time.monotonic() + 0.02)
    watch.disarm(disarmed)
    watch.arm(later, time.monotonic() + 3600)
    watch.arm(overdue, time.monotonic() + 0.02)
    assert overdue.cut.wait(30)
    assert not disarmed.cut.is_set()
    assert not later.cut.is_set()
    watch.disarm(later)


def test_its_thread_ends_when_there_is_nothing_to_watch_and_starts_again(watch: Watch) -> None:
    for _ in range(2):
        target = Target()
        watch.arm(target, time.monotonic())
        assert target.cut.wait(30)
        until = time.monotonic() + 30
        while watch._running and time.monotonic() < until:
            time.sleep(0.005)
        assert not watch._running


def test_its_thread_has_a_name_and_never_keeps_a_program_from_ending(watch: Watch) -> None:
    before, target = set(threading.enumerate()), Target()
    watch.arm(target, time.monotonic() + 3600)
    (thread,) = set(threading.enumerate()) - before
    assert (thread.name, thread.daemon) == ("autocall-otp-deadlines", True)
    watch.disarm(target)


def test_its_usual_pace() -> None:
    assert (Watch.TICK, Watch.IDLE) == (0.1, 5.0)
    assert not Watch()._running


def test_a_watched_request_keeps_the_thread_however_long_it_takes(watch: Watch) -> None:
    target = Target()
    watch.arm(target, time.monotonic() + 0.3)
    assert target.cut.wait(30)
    late = Target()
    watch.arm(late, time.monotonic() - 1)
    assert late.cut.wait(30)
    watch.disarm(late)


def test_one_thread_watches_all_and_stays_for_the_next(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    monkeypatch.setattr(Watch, "IDLE", 3600.0)
    before, targets = set(threading.enumerate()), [Target() for _ in range(3)]
    for target in targets:
        watch.arm(target, time.monotonic() + 3600)
    (thread,) = set(threading.enumerate()) - before
    for target in targets:
        watch.disarm(target)
    thread.join(0.1)
    assert thread.is_alive()
    monkeypatch.setattr(Watch, "IDLE", 0.0)
    thread.join(30)
    assert not thread.is_alive()


def test_an_overdue_time_out_strikes_and_the_rest_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AsyncWatch, "TICK", 0.005)

    async def overdue(watch: AsyncWatch) -> str:
        bound = asyncio.timeout(None)
        watch.arm(bound, time.monotonic() + 0.02)
        try:
            async with bound:
                await asyncio.Event().wait()
        except TimeoutError:
            return "late"
        return "never"

    async def in_time(watch: AsyncWatch, until: float) -> str:
        bound = asyncio.timeout(None)
        watch.arm(bound, until)
        async with bound:
            await asyncio.sleep(0)
        watch.disarm(bound)
        await asyncio.sleep(0.05)
        return "in time"

    async def main() -> list[str]:
        watch = AsyncWatch()
        soon, later = time.monotonic() + 0.01, time.monotonic() + 3600
        return await asyncio.gather(overdue(watch), in_time(watch, soon), in_time(watch, later))

    assert asyncio.run(main()) == ["late", "in time", "in time"]


def test_its_timer_ends_when_there_is_nothing_to_watch_and_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AsyncWatch, "TICK", 0.005)

    async def main() -> None:
        watch = AsyncWatch()
        for _ in range(2):
            bound = asyncio.timeout(None)
            watch.arm(bound, time.monotonic())
            with pytest.raises(TimeoutError):
                async with bound:
                    await asyncio.sleep(30)
            await asyncio.sleep(0.02)
            assert not watch._ticking

    asyncio.run(main())


def test_one_timer_serves_all_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[None] = []
    monkeypatch.setattr(AsyncWatch, "_wait", lambda _: timers.append(None))
    watch = AsyncWatch()
    for _ in range(3):
        watch.arm(cast("asyncio.Timeout", object()), time.monotonic() + 3600)
    assert len(timers) == 1


def test_a_deadline_is_looked_at_often_enough_to_be_kept() -> None:
    assert Watch.TICK <= 0.2
    assert AsyncWatch.TICK <= 0.2
