"""Memory that a client takes: `python -m benchmarks.footprint CLIENT WHICH BASE_URL`.

A fresh client with the settings of production (https, the machine's trust store), and one that has made a call.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.machine import memory
from benchmarks.processes import Alone, Server

_MANY = 40
_AWAY = "https://api.example"
_ID = "f77dfcf4-0759-4179-93cb-741f481a776e"


def _httpx() -> tuple[Callable[[str], Any], Callable[[Any], object]]:
    import httpx

    return lambda base: httpx.Client(base_url=base), lambda client: client.get("/v3/autocall/log/A/ref_id").json()


def _ours() -> tuple[Callable[[str], Any], Callable[[Any], object]]:
    from autocall_otp import Client

    return lambda base: Client(base, "token", campaign_uuid=_ID, template="t"), lambda client: client.get_cdr("A")


def _each(make: Callable[[], Any]) -> float:
    """Bytes for one of many, the first one apart: it loads what all share."""
    kept = [make()]
    before = memory("VmRSS")
    kept += [make() for _ in range(_MANY)]
    taken = (memory("VmRSS") - before) / _MANY
    for each in kept:
        each.close()
    return taken


def _run(name: str, which: str, base: str) -> dict[str, float]:
    make, call = {"httpx": _httpx, "ours": _ours}[name]()

    def used() -> object:
        client = make(base)
        call(client)
        return client

    return {"bytes": _each((lambda: make(_AWAY)) if which == "fresh" else used)}


def footprint(rounds: int) -> dict[str, Any]:
    """Medians over processes, for both clients."""
    found: dict[str, Any] = {}
    with Server() as server:
        for name in ("httpx", "ours"):
            for which in ("fresh", "used"):
                found.setdefault(name, {})[which] = _median(name, which, server.url, rounds)
    return found


def _median(name: str, which: str, base: str, rounds: int) -> float | str:
    runs = []
    for _ in range(rounds):
        # A process for each: what closed clients leave behind would be used again by the next ones.
        with Alone("footprint", name, which, base) as process:
            result = process.result(60)
        if "error" in result:
            return str(result["error"])
        runs.append(float(result["bytes"]))
    return statistics.median(runs)


if __name__ == "__main__":
    print(json.dumps(_run(*sys.argv[1:4])), flush=True)
