"""What each process of a crowd does: the same login in many threads at once."""

from __future__ import annotations

import threading
from typing import Any

from autocall_otp.verify import Limits, RedisStore, SqliteStore, Verifier, _flows
from verify.phones import KEY, NUMBER, OWNER, Calls

UNHURRIED = Limits(ring_again_after=600.0, calls_per_caller=((1000, 3600.0),))
_together: list[Any] = []


def open_store(place: str) -> Any:
    if place.startswith("redis:"):
        import redis  # noqa: PLC0415 - an extra

        return RedisStore(redis.Redis.from_url(place))
    return SqliteStore(place)


def join(together: Any) -> None:
    """Begin a process: its jobs wait for the other processes."""
    _together.append(together)
    # A machine that is busy with other tests may need longer than ten seconds, or a minute.
    _flows.STALE = 500.0


def crowd(place: str, what: str, code: str, threads: int) -> tuple[list[str], list[str]]:
    """Do the same in many threads at once: what came of it, and the codes that were read."""
    calls: Any = Calls()
    verifier = Verifier(calls, open_store(place), KEY, limits=UNHURRIED)
    results: list[str] = []
    barrier = threading.Barrier(threads)

    def run() -> None:
        barrier.wait()
        if what == "start":
            results.append("rang" if verifier.start(NUMBER, owner=OWNER, caller="203.0.113.7").rang else "joined")
        else:
            results.append(verifier.check(NUMBER, code, owner=OWNER).verdict.value)

    running = [threading.Thread(target=run) for _ in range(threads)]
    _together[0].wait()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results, [call.code for call in calls.calls]
