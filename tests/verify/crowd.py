"""What other processes do: the same login in many threads at once, or one that is killed on its way."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from autocall_otp import AutocallError, Outcome
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


class Fatal:
    """A store whose process is killed before or after its n-th operation."""

    def __init__(self, store: Any, works: int, *, after: bool) -> None:
        self.store, self.works, self.after = store, works, after

    def get(self, key: str) -> Any:
        return self.do(self.store.get, key)

    def swap(self, *arguments: Any) -> Any:
        return self.do(self.store.swap, *arguments)

    def do(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        self.works -= 1
        if self.works < 0 and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = operation(*arguments)
        if self.works < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def killed(place: str, what: str, works: int, after: bool, read: Connection) -> None:  # noqa: FBT001 - through a process
    """Start, or check the code `what`, and be killed on the way; `read` gets each code as it is read to the phone."""
    calls: Any = Calls()

    def rings() -> None:
        read.send(calls.code)
        if what == "refused":
            raise AutocallError("refused", outcome=Outcome.NOT_PLACED)

    calls.fail = rings
    store: Any = Fatal(open_store(place), works, after=after)
    verifier = Verifier(calls, store, KEY)
    with contextlib.suppress(AutocallError):
        if what.isdigit():
            verifier.check(NUMBER, what, owner=OWNER)
        else:
            verifier.start(NUMBER, owner=OWNER, caller="203.0.113.7")


def kill_one(*what: Any) -> tuple[bool, list[str]]:
    """Run `killed` in a process that is forked for it: whether it came to that, and the codes that were read before."""
    forks = multiprocessing.get_context("fork")
    receiving, sending = forks.Pipe(duplex=False)
    process = forks.Process(target=killed, args=(*what, sending))
    process.start()
    sending.close()
    codes = list[str]()
    with receiving, contextlib.suppress(EOFError):
        while True:
            codes.append(receiving.recv())
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0, codes
