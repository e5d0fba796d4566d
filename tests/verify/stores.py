"""The stores of the package as a world needs them: by its clock, and empty for each world."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autocall_otp.verify import RedisStore, SqliteStore

from .world import ClockedMemory, World

ROOT = Path(__file__).resolve().parents[2]
# The kernel ends what a killed test run would leave behind.
TIED = ["setpriv", "--pdeathsig", "KILL"]


class Slice:
    """A part of a store that no other world uses."""

    world: World
    _numbers = itertools.count()

    def __init__(self, store: Any, *, longer: float = 0.0) -> None:
        self._store = store
        self._longer = longer
        self._suffix = f":{os.getpid()}:{next(self._numbers)}"

    def get(self, key: str) -> str | None:
        self._store.world = self.world
        value: str | None = self._store.get(key + self._suffix)
        return value

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        self._store.world = self.world
        return bool(self._store.swap(key + self._suffix, old, new, ttl + self._longer))


class ClockedSqlite(SqliteStore):
    """A store in a file that lives by the world's clock."""

    world: World

    def _now(self) -> float:
        return self.world.now


def maker(kind: str, place: str) -> Callable[[], Any]:
    """Makes stores: "memory", "sqlite" in a file, or "redis" at a URL."""
    if kind == "memory":
        return ClockedMemory
    if kind == "sqlite":
        # A file for each process: the worlds of another have other times.
        store: Any = ClockedSqlite(f"{place}-{os.getpid()}")
        return lambda: Slice(store)
    import redis  # noqa: PLC0415 - an extra

    store = RedisStore(redis.Redis.from_url(place))
    # Redis has a clock of its own, so nothing ends there before the world ends.
    return lambda: Slice(store, longer=3600.0)


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[str]:
    """A Redis of its own on a free port; gives its URL."""
    found = subprocess.run(["/bin/sh", str(ROOT / "scripts/redis.sh")], capture_output=True, text=True, check=False)
    if found.returncode:
        raise FileNotFoundError(found.stderr.strip())
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [*TIED, found.stdout.strip(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", *options]
        process = subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        # It says so when it listens, and ends when somebody else took the port meanwhile.
        if any("Ready to accept connections" in line for line in process.stdout):
            break
        process.wait()
        process.stdout.close()
    else:
        raise OSError("Redis found no free port")
    drain = threading.Thread(target=process.stdout.read)
    drain.start()
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()
        drain.join()
        process.stdout.close()
