"""The stores of the package as a world needs them: by its clock, and empty for each world."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import Any

from autocall_otp.verify import RedisStore, SqliteStore

from .world import ClockedMemory, World


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
