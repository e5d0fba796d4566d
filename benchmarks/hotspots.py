"""Where a contender's CPU time goes, by library.

`python -m benchmarks.hotspots CONTENDER KIND IN_FLIGHT BASE_URL SECONDS` prints shares as JSON.
A timer looks at the running frame every millisecond of CPU time; unlike a tracing profiler it slows nothing down.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.contenders import BASELINE, CONTENDERS, OURS
from benchmarks.kinds import SYNC
from benchmarks.machine import pin
from benchmarks.processes import Alone, Server

_TICK = 0.001
_MANY = 12
CASES = ((OURS, "sync", 1), (BASELINE, "sync", 1), (OURS, "async", 32), (BASELINE, "async", 32))


def _place(frame: FrameType) -> tuple[str, str]:
    """Library and function; plain modules of the standard library go by their own names."""
    path = Path(frame.f_code.co_filename)
    parts = path.parts
    if "site-packages" in parts:
        library = parts[parts.index("site-packages") + 1].removesuffix(".py")
    elif path.parent.name == "benchmarks":
        library = "benchmarks"
    else:
        library = path.parent.name if path.parent.name in {"asyncio", "json"} else "standard library"
    return library, f"{path.stem}.{frame.f_code.co_qualname}"


class Sampler:
    """Counts where the time goes."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self.libraries: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()

    def __call__(self, _: int, frame: FrameType | None) -> None:
        """Note the running frame."""
        if frame is not None:
            library, function = _place(frame)
            self.libraries[library] += 1
            self.functions[f"{library}: {function}"] += 1

    def shares(self) -> dict[str, dict[str, float]]:
        """Shares of the samples, the largest first."""
        total = max(self.libraries.total(), 1)
        return {
            kind: {name: count / total for name, count in counter.most_common(_MANY)}
            for kind, counter in (("libraries", self.libraries), ("functions", self.functions))
        }


async def _keep_calling(calls: Any, until: float) -> None:  # noqa: ANN401 - a contender's calls
    while time.perf_counter() < until:
        await calls.post()
        await calls.get()


async def _load(make: Any, base: str, in_flight: int, seconds: float) -> dict[str, Any]:  # noqa: ANN401 - see above
    calls = await make(base, "ABC123")
    await asyncio.gather(*(calls.get() for _ in range(in_flight)))
    with _Sampling() as sampler:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(_keep_calling(calls, until) for _ in range(in_flight)))
    await asyncio.wait_for(calls.close(), 5)
    return sampler.shares()


class _Sampling:
    """The timer, for the length of a block."""

    def __enter__(self) -> Sampler:
        sampler = Sampler()
        signal.signal(signal.SIGPROF, sampler)
        signal.setitimer(signal.ITIMER_PROF, _TICK, _TICK)
        return sampler

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _sample(name: str, kind: str, in_flight: int, base: str, seconds: float) -> dict[str, Any]:
    make: Any = CONTENDERS[name].make[kind]
    if kind != SYNC:
        return asyncio.run(_load(make, base, in_flight, seconds))
    calls = make(base, "ABC123")
    calls.post()
    with _Sampling() as sampler:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            calls.post()
            calls.get()
    calls.close()
    return sampler.shares()


def hotspots(seconds: float) -> dict[str, Any]:
    """Shares for ours and for naïve httpx."""
    found: dict[str, Any] = {}
    with Server() as server:
        for name, kind, in_flight in CASES:
            with Alone("hotspots", name, kind, str(in_flight), server.url, str(seconds)) as process:
                found[f"{name}, {kind}, {in_flight} in flight"] = process.result(60)
    return found


if __name__ == "__main__":
    pin("client")
    print(json.dumps(_sample(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], float(sys.argv[5]))), flush=True)
