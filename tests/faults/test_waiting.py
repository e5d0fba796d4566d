"""Waiting for a record over real connections."""

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from autocall_otp import CdrTimeoutError, Outcome
from faults import scripts
from faults.clients import async_client, client
from faults.server import Server
from faults.waits import Records, many_waits
from faults.ways import CONNECTIONS


def test_a_silent_service_does_not_hold_the_wait() -> None:
    with Server(scripts.says_and_stalls(b"")) as server, client(server.url, timeout=60) as one:
        start = time.monotonic()
        with pytest.raises(CdrTimeoutError) as caught:
            one.wait_for_cdr("1", timeout=1.0)
        assert time.monotonic() - start < 30
        assert caught.value.record is None
        assert caught.value.outcome is Outcome.UNKNOWN


async def _cancel_often(service: Records, rounds: int, in_each: int) -> None:
    draw = random.Random(7)  # noqa: S311 - the same moments in every run
    async with async_client(f"http://127.0.0.1:{service.port}") as one:
        for number in range(rounds):
            tasks = [asyncio.create_task(one.wait_for_cdr(f"{number}-{index}")) for index in range(in_each)]
            for task in tasks:
                # Between no step and the middle of an answer: every stage of a look-up is met.
                for _ in range(draw.randrange(12)):
                    await asyncio.sleep(0)
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ends)
        service.stalls = False
        # None is still checked out: as many calls as there may be connections, all at the same time, succeed.
        async with asyncio.timeout(30):
            await asyncio.gather(*(one.wait_for_cdr(f"after-{index}") for index in range(CONNECTIONS)))
        with service.changed:
            assert service.open <= CONNECTIONS
            assert service.most_open <= CONNECTIONS


def test_a_thousand_cancelled_waits_leave_no_connection_checked_out() -> None:
    with Records(stalls=True) as service:
        asyncio.run(_cancel_often(service, rounds=10, in_each=100))


def _asked(service: Records, look_ups: int) -> Callable[[], bool]:
    return lambda: service.look_ups.total() == look_ups


def test_a_thousand_waits_in_flight_are_cancelled_and_leave_no_connection_open() -> None:
    async def cancel(service: Records) -> None:
        async with async_client(f"http://127.0.0.1:{service.port}") as one:
            for number in range(10):
                tasks = [asyncio.create_task(one.wait_for_cdr(f"{number}-{index}")) for index in range(CONNECTIONS)]
                assert await asyncio.to_thread(service.wait_for, _asked(service, (number + 1) * CONNECTIONS))
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                assert await asyncio.to_thread(service.wait_for, lambda: service.open == 0)
            service.stalls = False
            async with asyncio.timeout(30):
                await asyncio.gather(*(one.wait_for_cdr(f"after-{index}") for index in range(CONNECTIONS)))

    with Records(stalls=True) as service:
        asyncio.run(cancel(service))


def test_a_thousand_waits_at_the_same_time_all_end(figure: Callable[[str], None]) -> None:
    report = many_waits(1000)
    figure(str(report))
    assert report.sound, str(report)
