"""A program for tests: a crowd of threads that log in at once, or one that is killed at an operation of its store."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

from autocall_otp import AutocallError
from autocall_otp.verify import Limits, RedisStore, SqliteStore, Verifier

sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))
from verify.phones import KEY, NUMBER, OWNER, Calls, Phones


def open_store(place: str) -> Any:
    if place.startswith("redis:"):
        import redis  # noqa: PLC0415 - an extra

        return RedisStore(redis.Redis.from_url(place))
    return SqliteStore(place)


class Fatal:
    """A store whose process is killed before or after its n-th operation."""

    def __init__(self, store: Any, at: int, *, after: bool) -> None:
        self.store = store
        self.at = at
        self.after = after

    def get(self, key: str) -> str | None:
        value: str | None = self.do(self.store.get, key)
        return value

    def swap(self, *arguments: Any) -> bool:
        return bool(self.do(self.store.swap, *arguments))

    def do(self, operation: Any, *arguments: Any) -> Any:
        self.at -= 1
        if self.at < 0 and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = operation(*arguments)
        if self.at < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def killed(place: str, what: str, code: str, at: str, after: str) -> None:
    """Start or check, and die on the way; prints the codes that were read before."""
    phones = Phones()
    place_call = phones.place

    def show(number: str, read: str, ref_id: str) -> Any:
        print(json.dumps([read, ref_id]), flush=True)
        if what == "refused":
            raise AutocallError("refused", outcome=type(AutocallError("").outcome)("not placed"), ref_id=ref_id)
        return place_call(number, read, ref_id)

    phones.place = show  # type: ignore[method-assign] # to be told of each call as it is made
    store = Fatal(open_store(place), int(at), after=after == "after")
    verifier = Verifier(Calls(phones), store, KEY)  # type: ignore[arg-type] # a client of the test's own
    if what == "check":
        verifier.check(NUMBER, code, owner=OWNER)
    else:
        verifier.start(NUMBER, owner=OWNER, caller="203.0.113.7")


def crowd(place: str, what: str, code: str, threads: str, _: str) -> None:
    """Do the same in many threads at once; prints what came of it."""
    store, phones = open_store(place), Phones()
    verifier = Verifier(Calls(phones), store, KEY, limits=Limits(guesses=5))  # type: ignore[arg-type] # see above
    results: list[str] = []
    barrier = threading.Barrier(int(threads))

    def run() -> None:
        barrier.wait()
        if what == "start":
            results.append("rang" if verifier.start(NUMBER, owner=OWNER, caller="203.0.113.7").rang else "joined")
        else:
            results.append(verifier.check(NUMBER, code, owner=OWNER).verdict.value)

    running = [threading.Thread(target=run) for _ in range(int(threads))]
    print("ready", flush=True)
    sys.stdin.readline()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    print(json.dumps([results, [call.code for call in phones.calls]]), flush=True)


if __name__ == "__main__":
    {"killed": killed, "crowd": crowd}[sys.argv[1]](*sys.argv[2:])
