"""One contender in a process of its own: reads orders as JSON lines, answers each with a JSON line.

`python -m benchmarks.worker CONTENDER KIND BASE_URL REFERENCE`
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.kinds import ASYNC, Calls
from benchmarks.machine import pin

_WARM_UP = 0.03


class _Sync:
    """Calls one after the other."""

    def __init__(self, make: Callable[[str, str], Any], base: str, ref: str) -> None:
        self.calls: Calls = make(base, ref)

    def once(self, what: str) -> object:
        return getattr(self.calls, what)()

    def burst(self, what: str, _: int, seconds: float) -> int:
        """So many calls."""
        call, done, clock = getattr(self.calls, what), 0, time.perf_counter
        until = clock() + seconds
        while True:
            call()
            done += 1
            if clock() >= until:
                return done

    def close(self) -> None:
        self.calls.close()


class _Async(_Sync):
    """So many tasks, each with one call in flight at all times."""

    def __init__(self, make: Callable[[str, str], Any], base: str, ref: str) -> None:
        self._runner = asyncio.Runner()
        self.calls = self._runner.run(make(base, ref))

    async def _await(self, what: str) -> object:
        return await getattr(self.calls, what)()

    def once(self, what: str) -> object:
        return self._runner.run(self._await(what))

    def burst(self, what: str, in_flight: int, seconds: float) -> int:
        """So many calls."""
        return self._runner.run(self._burst(what, in_flight, seconds))

    async def _burst(self, what: str, in_flight: int, seconds: float) -> int:
        call, clock = getattr(self.calls, what), time.perf_counter
        until = clock() + seconds

        async def keep_calling() -> int:
            done = 0
            while True:
                await call()
                done += 1
                if clock() >= until:
                    return done

        return sum(await asyncio.gather(*(keep_calling() for _ in range(in_flight))))

    def close(self) -> None:
        self._runner.run(asyncio.wait_for(self._await("close"), 5))
        self._runner.close()


def _measure(runner: _Sync, order: dict[str, Any]) -> dict[str, Any]:
    what, in_flight = order["what"], order["in_flight"]
    # Connections that went idle while others had their turn are opened again outside the measured time.
    runner.burst(what, in_flight, _WARM_UP)
    gc.collect()
    cpu, start = time.process_time(), time.perf_counter()
    done = runner.burst(what, in_flight, order["seconds"])
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"calls": done, "seconds": seconds, "cpu": cpu}


def main() -> None:
    """Make the contender, then carry out orders until there are no more."""
    # What a library prints must not mix with the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    name, kind, base, ref = sys.argv[1:]
    pin("client")
    runner: _Sync | None = None
    for line in sys.stdin:
        try:
            if runner is None:
                from benchmarks.contenders import CONTENDERS

                runner = (_Async if kind == ASYNC else _Sync)(CONTENDERS[name].make[kind], base, ref)
            order = json.loads(line)
            if order["do"] == "show":
                reply = {what: type(runner.once(what)).__name__ for what in ("post", "get")}
            else:
                reply = _measure(runner, order)
        except BaseException as error:  # noqa: BLE001 - whatever stops a contender is for the table to say
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()
    if runner is not None:
        runner.close()


if __name__ == "__main__":
    main()
