"""Many waits for a record at once, on one client: `python -m benchmarks.waits CONTENDER BASE_URL NUMBER`.

Each wait ends with its fourth look-up, so that the work of a wait is the same however many there are.
"""

import asyncio
import json
import sys
import time
from typing import Any

from benchmarks.machine import memory, pin
from benchmarks.processes import Alone, Server
from benchmarks.stats import exponent

_LOOK_UPS = 4


async def _wait(name: str, base: str, number: int) -> dict[str, Any]:
    from benchmarks.contenders import CONTENDERS

    make: Any = CONTENDERS[name].make["async"]
    calls = await make(base, "ABC123")
    await calls.get()
    cpu, start = time.process_time(), time.perf_counter()
    failures = list[Exception]()

    async def one(reference: str) -> None:
        # The record is let go at once: it is the wait that is measured, not what its caller keeps.
        try:
            await calls.wait(reference)
        except Exception as error:  # noqa: BLE001 - to be counted and shown
            failures.append(error)

    await asyncio.gather(*(one(f"W{_LOOK_UPS}-{each}") for each in range(number)))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    await asyncio.wait_for(calls.close(), 10)
    return {
        "seconds": seconds,
        "cpu": cpu,
        "peak": memory("VmHWM"),
        "failed": len(failures),
    }


def waits(name: str, numbers: list[int]) -> dict[str, Any]:
    """Figures for each number of waits, and how CPU time grows with it."""
    found: dict[str, Any] = {}
    for number in numbers:
        with Server() as server, Alone("waits", name, server.url, str(number)) as process:
            result = process.result()
            stats = server.stats()
            found[str(number)] = result | {"look-ups": stats["served"] - 1, "opened": stats["opened"] - 1}
    points = [(float(number), each["cpu"]) for number, each in found.items() if "error" not in each]
    return {"runs": found, "exponent": exponent(points)}


if __name__ == "__main__":
    pin("client")
    print(json.dumps(asyncio.run(_wait(sys.argv[1], sys.argv[2], int(sys.argv[3])))), flush=True)
