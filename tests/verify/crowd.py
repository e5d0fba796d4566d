"""A program for tests: a crowd of threads that log in at once, or one that is killed at an operation of its store."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from autocall_otp import AutocallError, OtpCall, Outcome
from autocall_otp.verify import Limits, RedisStore, SqliteStore, Verifier, _flows

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from verify.phones import KEY, NUMBER, OWNER, Calls, Phones


def open_store(place: str) -> Any:
    if place.startswith("redis:"):
        import redis  # noqa: PLC0415 - an extra

        return RedisStore(redis.Redis.from_url(place))
    return SqliteStore(place)


UNHURRIED = Limits(ring_again_after=600.0, calls_per_caller=((1000, 3600.0),))


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


def killed(place: str, what: str, code: str, at: int, after: str) -> None:
    """Start or check, and die on the way; says which codes were read before."""

    def read(number: str, code: str, ref_id: str) -> OtpCall:
        say([code, ref_id])
        if what == "refused":
            raise AutocallError("refused", outcome=Outcome.NOT_PLACED, ref_id=ref_id)
        return OtpCall(call_id=number, ref_id=ref_id)

    phones = Phones()
    phones.place = read  # type: ignore[method-assign] # to be asked as each call is made
    verifier = Verifier(Calls(phones), Fatal(open_store(place), at, after=after == "after"), KEY)  # type: ignore[arg-type] # a client of the test's own
    with contextlib.suppress(AutocallError):
        if what == "check":
            verifier.check(NUMBER, code, owner=OWNER)
        else:
            verifier.start(NUMBER, owner=OWNER, caller="203.0.113.7")


def deaths(place: str) -> None:
    """Read what to do from each line, do it in a process that is forked for it, and say whether that was killed."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            killed(place, *json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        say(os.WIFSIGNALED(status))


def say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def crowd(place: str, what: str, code: str, threads: str) -> None:
    """Do the same in many threads at once, and say what came of it."""
    # A machine that is busy with other tests may need longer than ten seconds, or a minute.
    _flows.STALE = 500.0
    store, phones = open_store(place), Phones()
    verifier = Verifier(Calls(phones), store, KEY, limits=UNHURRIED)  # type: ignore[arg-type] # see above
    results: list[str] = []
    barrier = threading.Barrier(int(threads))

    def run() -> None:
        barrier.wait()
        if what == "start":
            results.append("rang" if verifier.start(NUMBER, owner=OWNER, caller="203.0.113.7").rang else "joined")
        else:
            results.append(verifier.check(NUMBER, code, owner=OWNER).verdict.value)

    running = [threading.Thread(target=run) for _ in range(int(threads))]
    say("ready")
    sys.stdin.readline()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    say([results, [call.code for call in phones.calls]])


if __name__ == "__main__":
    {"deaths": deaths, "crowd": crowd}[sys.argv[1]](*sys.argv[2:])
