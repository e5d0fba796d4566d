"""One contender in a process of its own: reads orders as JSON lines, answers each with a JSON line.

`python -m benchmarks.worker CONTENDER KIND BASE_URL REFERENCE`
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.kinds import ASYNC, Calls
from benchmarks.machine import memory, pin, waited

_WARM_UP = 0.03


class _Runner(Protocol):
    def once(self, what: str) -> object: ...
    def burst(self, what: str, in_flight: int, seconds: float) -> int: ...
    def close(self) -> None: ...


class _Sync:
    """Calls one after the other."""

    def __init__(self, make: Callable[[str, str], Calls], base: str, ref: str) -> None:
        self._calls = make(base, ref)

    def once(self, what: str) -> object:
        return getattr(self._calls, what)()

    def burst(self, what: str, in_flight: int, seconds: float) -> int:
        assert in_flight == 1
        call, done, clock = getattr(self._calls, what), 0, time.perf_counter
        until = clock() + seconds
        while True:
            call()
            done += 1
            if clock() >= until:
                return done

    def close(self) -> None:
        self._calls.close()


class _Async:
    """So many tasks, each with one call in flight at all times."""

    def __init__(self, make: Callable[[str, str], Any], base: str, ref: str) -> None:
        self._runner = asyncio.Runner()
        self._calls: Calls = self._runner.run(make(base, ref))

    def once(self, what: str) -> object:
        return self._runner.run(self._await(what))

    async def _await(self, what: str) -> object:
        return await getattr(self._calls, what)()

    def burst(self, what: str, in_flight: int, seconds: float) -> int:
        return self._runner.run(self._burst(what, in_flight, seconds))

    async def _burst(self, what: str, in_flight: int, seconds: float) -> int:
        call, clock = getattr(self._calls, what), time.perf_counter
        until = clock() + seconds

        async def keep_calling() -> int:
            done = 0
            while True:
                await call()
                done += 1
                if clock() >= until:
                    return done

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(keep_calling()) for _ in range(in_flight)]
        return sum(task.result() for task in tasks)

    def close(self) -> None:
        async def bounded() -> None:
            await asyncio.wait_for(self._calls.close(), 5)

        self._runner.run(bounded())
        self._runner.close()


def _name(value: object) -> str:
    return type(value).__name__


def _measure(runner: _Runner, order: dict[str, Any]) -> dict[str, Any]:
    what, in_flight = order["what"], order["in_flight"]
    # Connections that went idle while others had their turn are opened again outside the measured time.
    runner.burst(what, in_flight, _WARM_UP)
    gc.collect()
    waited_before, cpu, start = waited(), time.process_time(), time.perf_counter()
    done = runner.burst(what, in_flight, order["seconds"])
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "calls": done,
        "seconds": seconds,
        "cpu": cpu,
        "waited": (waited() - waited_before) / seconds,
        "peak": memory("VmHWM"),
    }


def _answer(runner: _Runner, order: dict[str, Any]) -> dict[str, Any]:
    if order["do"] == "show":
        return {"post": _name(runner.once("post")), "get": _name(runner.once("get"))}
    return _measure(runner, order)


def main() -> None:
    """Make the contender, then carry out orders until there are no more."""
    # What a library prints must not mix with the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    name, kind, base, ref = sys.argv[1:]
    pin("client")
    runner: _Runner | None = None
    for line in sys.stdin:
        try:
            if runner is None:
                from benchmarks.contenders import CONTENDERS

                make: Any = CONTENDERS[name].make[kind]
                runner = _Async(make, base, ref) if kind == ASYNC else _Sync(make, base, ref)
            reply = _answer(runner, json.loads(line))
        except BaseException as error:  # noqa: BLE001 - whatever stops a contender is for the table to say
            reply = {"error": f"{type(error).__name__}: {error}"[:300]}
            if isinstance(error, BaseExceptionGroup):
                reply["error"] = f"{type(error.exceptions[0]).__name__}: {error.exceptions[0]}"[:300]
        answers.write(json.dumps(reply) + "\n")
        answers.flush()
    if runner is not None:
        runner.close()


if __name__ == "__main__":
    main()
