"""Memory that a client takes: `python -m benchmarks.footprint CLIENT WHICH BASE_URL`.

A fresh client with the settings of production (https, the machine's trust store), and one that has made a call.
"""

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


def _kinds(name: str) -> tuple[Callable[[str], Any], Callable[[Any], object]]:
    """How a client is made, and how it makes a call."""
    if name == "httpx":
        import httpx

        return lambda base: httpx.Client(base_url=base), lambda client: client.get("/v3/autocall/log/A/ref_id").json()
    from autocall_otp import Client

    return lambda base: Client(base, "token", campaign_uuid=_ID, template="t"), lambda client: client.get_cdr("A")


def _run(name: str, which: str, base: str) -> dict[str, float]:
    """Bytes for one of many, the first one apart: it loads what all share."""
    make, call = _kinds(name)
    kept: list[Any] = []
    for number in range(_MANY + 1):
        if number == 1:
            before = memory("VmRSS")
        kept.append(make(_AWAY if which == "fresh" else base))
        if which == "used":
            call(kept[-1])
    taken = (memory("VmRSS") - before) / _MANY
    for each in kept:
        each.close()
    return {"bytes": taken}


def footprint(rounds: int) -> dict[str, Any]:
    """Medians over processes, for both clients."""
    found: dict[str, Any] = {}
    with Server() as server:
        for name, which in ((name, which) for name in ("httpx", "ours") for which in ("fresh", "used")):
            runs = list[float]()
            for _ in range(rounds):
                # A process for each: what closed clients leave behind would be used again by the next ones.
                with Alone("footprint", name, which, server.url) as process:
                    runs.append(float(process.result(60)["bytes"]))
            found.setdefault(name, {})[which] = statistics.median(runs)
    return found


if __name__ == "__main__":
    print(json.dumps(_run(*sys.argv[1:4])), flush=True)
