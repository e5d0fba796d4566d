"""Many waits for a record at the same time, in one process."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote

import attrs

from autocall_otp import Cdr
from faults.background import Background
from faults.clients import async_client
from faults.scripts import RECORD, whole
from faults.ways import CONNECTIONS

_MISSING = whole(b'{"error": "not found"}', "404 Not Found")
_UNFINISHED = whole(json.dumps({**RECORD, "status": "", "time_ended": ""}).encode())
_FINISHED = whole(json.dumps(RECORD).encode())
_STEPS = (_MISSING, _UNFINISHED, _FINISHED)
_MEBI = 1024 * 1024


class Records(Background):
    """A service whose records appear with the second look-up and have an end with the third."""

    def __init__(self, *, stalls: bool = False) -> None:
        super().__init__()
        self.look_ups: Counter[str] = Counter()
        self.stalls = stalls

    def wait_for(self, condition: Callable[[], bool], patience: float = 60.0) -> bool:
        """Whether the condition came true in time."""
        with self.changed:
            return self.changed.wait_for(condition, patience)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one look-up; the connection stays."""
        start = await reader.readuntil(b"\r\n\r\n")
        ref_id = unquote(start.split(b" ", 2)[1].decode()).split("/")[-2]
        with self.changed:
            self.look_ups[ref_id] += 1
            self.changed.notify_all()
        if self.stalls:
            await reader.read(1)
        writer.write(_STEPS[min(self.look_ups[ref_id], len(_STEPS)) - 1])
        await writer.drain()
        return True


@attrs.frozen
class Report:
    """How it went."""

    waits: int
    ended: int
    """How many waits ended with a finished record."""
    others: Counter[str]
    """How the rest ended."""
    longest: float
    connections: int
    look_ups: int
    memory: int
    """Bytes by which the process grew at the most, the service in it included."""

    @property
    def sound(self) -> bool:
        """Every wait ended well, over a bounded number of connections."""
        return self.ended == self.waits and self.connections <= CONNECTIONS

    def __str__(self) -> str:
        """The figures."""
        others = f"{sum(self.others.values())} otherwise {dict(self.others)}"
        memory = f"{self.memory / _MEBI:.0f} MiB, {self.memory / self.waits / 1024:.1f} KiB for each wait"
        return (
            f"{self.waits} waits at the same time: {self.ended} ended with a finished record, {others}; "
            f"the longest took {self.longest:.1f} s; {self.look_ups} look-ups over at most {self.connections} "
            f"connections; the process grew by {memory}"
        )


def many_waits(number: int, *, patience: float = 120.0) -> Report:
    """Begin them all at once, and wait for their ends."""
    before = _peak()
    with Records() as service:
        ends, longest = asyncio.run(_wait(service.port, number, patience))
        kinds = Counter(type(end).__name__ if isinstance(end, BaseException) else _kind(end) for end in ends)
        return Report(
            waits=number,
            ended=kinds.pop("finished", 0),
            others=kinds,
            longest=longest,
            connections=service.most_open,
            look_ups=sum(service.look_ups.values()),
            memory=_peak() - before,
        )


def _kind(record: Cdr) -> str:
    return "finished" if record.finished else "unfinished"


async def _wait(port: int, number: int, patience: float) -> tuple[list[Cdr | BaseException], float]:
    start = time.perf_counter()
    async with async_client(f"http://127.0.0.1:{port}") as one:
        waits = [one.wait_for_cdr(f"wait-{index}", timeout=patience) for index in range(number)]
        ends = await asyncio.gather(*waits, return_exceptions=True)
    return ends, time.perf_counter() - start


def _peak() -> int:
    """The most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
