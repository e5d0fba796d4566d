"""Many waits for a record at the same time, in one process."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any, NamedTuple

from faults.clients import async_client
from faults.scripts import RECORD, whole
from faults.server import Server, Wire
from faults.ways import CONNECTIONS

_STEPS = (
    whole(b'{"error": "not found"}', "404 Not Found"),
    whole(json.dumps({**RECORD, "status": "", "time_ended": ""}).encode()),
    whole(json.dumps(RECORD).encode()),
)


class Records:
    """A service whose records appear with the second look-up and have an end with the third."""

    def __init__(self, *, stalls: bool = False) -> None:
        self.look_ups: Counter[str] = Counter()
        self.stalls = stalls

    def __call__(self, wire: Wire) -> None:
        """Serve the look-ups of a connection, or none."""
        while True:
            ref_id = wire.receive().ref_id
            self.look_ups[ref_id] += 1
            if self.stalls:
                wire.wait_until_gone()
            wire.send(_STEPS[min(self.look_ups[ref_id], len(_STEPS)) - 1])


class Report(NamedTuple):
    """How it went."""

    ends: Counter[str]
    """How many waits ended with a finished record, an unfinished one, or which error."""
    longest: float
    connections: int
    look_ups: int

    @property
    def sound(self) -> bool:
        """Every wait ended well, over a bounded number of connections."""
        return set(self.ends) == {"finished"} and self.connections <= CONNECTIONS

    def __str__(self) -> str:
        """The figures."""
        return (
            f"{self.ends.total()} waits at the same time ended {dict(self.ends)}; the longest took "
            f"{self.longest:.1f} s; {self.look_ups} look-ups over at most {self.connections} connections"
        )


def many_waits(number: int) -> Report:
    """Begin them all at once, and wait for their ends."""

    async def all_of_them(url: str) -> list[Any]:
        async with async_client(url) as one:
            waits = (one.wait_for_cdr(f"wait-{index}", timeout=120.0) for index in range(number))
            return await asyncio.gather(*waits, return_exceptions=True)

    start, records = time.perf_counter(), Records()
    with Server(records) as server:
        found = asyncio.run(all_of_them(server.url))
        ends = Counter("finished" if getattr(each, "finished", False) else repr(each) for each in found)
        longest = time.perf_counter() - start
        return Report(ends, longest, server.ledger.most_open, records.look_ups.total())
