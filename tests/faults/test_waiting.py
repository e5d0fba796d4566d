"""Waiting for a record over real connections."""

import asyncio
from collections.abc import Callable

from faults.clients import async_client
from faults.server import Ledger, Server
from faults.waits import Records, many_waits
from faults.ways import CONNECTIONS


def test_waits_in_flight_that_are_cancelled_leave_no_connection_open() -> None:
    async def cancel(server: Server) -> None:
        async with async_client(server.url) as one:
            for number in range(1, 6):
                tasks = [asyncio.create_task(one.wait_for_cdr(f"{number}-{index}")) for index in range(2 * CONNECTIONS)]
                await holds(server, lambda ledger, number=number: len(ledger.seen) == number * CONNECTIONS)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await holds(server, lambda ledger: ledger.open == 0)
            records.stalls = False
            async with asyncio.timeout(30):
                await asyncio.gather(*(one.wait_for_cdr(f"after-{index}") for index in range(CONNECTIONS)))
        assert server.ledger.most_open <= CONNECTIONS

    async def holds(server: Server, condition: Callable[[Ledger], bool]) -> None:
        assert await asyncio.to_thread(server.ledger.wait_for, condition)

    records = Records(stalls=True)
    with Server(records) as server:
        asyncio.run(cancel(server))


def test_a_thousand_waits_at_the_same_time_all_end(figure: Callable[[str], None]) -> None:
    report = many_waits(1000)
    figure(str(report))
    assert report.sound, str(report)
