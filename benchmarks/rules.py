"""What each rule of the SDK costs by itself: `python -m benchmarks.rules BASE_URL SECONDS`.

Each piece is called on plain values, without a socket; the shares are of real calls made by the same process.
A piece that has been renamed is reported as not measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from benchmarks.machine import pin
from benchmarks.pieces import GROUPS, Piece
from benchmarks.processes import Alone, Server
from benchmarks.stats import spread

_REPEATS = 5


def _run(piece: Piece, call: Any, seconds: float) -> float:  # noqa: ANN401 - either kind of function
    """CPU microseconds of one run, over about as many seconds as given."""
    if piece.awaited:
        return asyncio.run(_run_awaited(call, seconds))
    done, clock, until = 0, time.process_time, time.perf_counter() + seconds
    start = clock()
    while time.perf_counter() < until:
        for _ in range(10):
            call()
        done += 10
    return (clock() - start) / done * 1e6


async def _run_awaited(call: Any, seconds: float) -> float:  # noqa: ANN401 - see above
    done, clock, until = 0, time.process_time, time.perf_counter() + seconds
    start = clock()
    while time.perf_counter() < until:
        for _ in range(10):
            await call()
        done += 10
    return (clock() - start) / done * 1e6


def _cost(piece: Piece, seconds: float) -> dict[str, float]:
    costs = [_run(piece, piece.run, seconds) for _ in range(_REPEATS)]
    if piece.less is not None:
        costs = [cost - _run(piece, piece.less, seconds) for cost in costs]
    return spread(costs)


def _calls(base: str, seconds: float) -> dict[str, dict[str, float]]:
    """What whole calls cost here."""
    from benchmarks.contenders import CONTENDERS, OURS

    make: Any = CONTENDERS[OURS].make["sync"]
    calls = make(base, "ABC123")
    for _ in range(50):
        calls.post(), calls.get()
    found = {what: _cost(Piece("a call", what, getattr(calls, what)), seconds * 3) for what in ("post", "get")}
    calls.close()
    return found


def _measured(piece: Piece, calls: dict[str, dict[str, float]], seconds: float) -> dict[str, Any]:
    cost = _cost(piece, seconds)
    wholes = [whole["median"] for what, whole in calls.items() if piece.part_of in {what, "both"}]
    share = cost["median"] * len(wholes) / sum(wholes) if wholes else None
    return {"rule": piece.rule, "part of": piece.part_of, "us": cost, "share": share}


def _measure(base: str, seconds: float) -> dict[str, Any]:
    calls, found = _calls(base, seconds), list[dict[str, Any]]()
    for group in GROUPS:
        try:
            found += [_measured(piece, calls, seconds) for piece in group()]
        except Exception as error:  # noqa: BLE001 - the pieces are private: one may be gone
            why = f"{type(error).__name__}: {error}"[:200]
            found.append({"rule": group.__doc__, "part of": "none", "error": why})
    return {"calls": calls, "pieces": found}


def rules(seconds: float) -> dict[str, Any]:
    """Figures for every rule."""
    with Server() as server, Alone("rules", server.url, str(seconds)) as process:
        return process.result()


if __name__ == "__main__":
    pin("client")
    print(json.dumps(_measure(sys.argv[1], float(sys.argv[2]))), flush=True)
