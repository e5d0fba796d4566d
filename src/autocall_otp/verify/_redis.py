"""The stores for several machines: one key of Redis or Valkey for each record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autocall_otp import ConfigurationError, Outcome

if TYPE_CHECKING:
    import redis
    import redis.asyncio


class _Redis:
    def __init__(self, client: Any, prefix: str = "autocall:") -> None:  # noqa: ANN401 - typed below
        try:
            from redis import WatchError  # noqa: PLC0415 - an extra
        except ImportError:
            message = "client: needs redis-py, which pip install 'autocall-otp[redis]' brings"
            raise ConfigurationError(message, outcome=Outcome.NOT_PLACED) from None
        self._client = client
        self._prefix = prefix
        self._lost = WatchError
        self._checked = False

    def _refuse_eviction(self, memory: Mapping[str, Any]) -> None:
        if memory.get("maxmemory") and memory.get("maxmemory_policy") != "noeviction":
            message = "client: this Redis evicts; set maxmemory-policy noeviction, or failures would be forgotten"
            raise ConfigurationError(message, outcome=Outcome.NOT_PLACED)
        self._checked = True


class RedisStore(_Redis):
    """Records in Redis or Valkey, each changed under WATCH, MULTI and EXEC on its one key. Threads may share it.

    Run it with ``appendfsync always`` and without eviction: a failure count that is lost is a count begun anew.

    Args:
        client: a ``redis.Redis``, with or without ``decode_responses``; give it a short ``socket_timeout``.
        prefix: of all keys.

    Raises:
        ConfigurationError: redis-py is not installed; or, at the first operation, the server has a ``maxmemory`` and
            evicts.
    """

    def __init__(self, client: redis.Redis, prefix: str = "autocall:") -> None:
        """Connect at the first operation only."""
        super().__init__(client, prefix)

    def get(self, key: str) -> str | None:
        """`Store.get`."""
        if not self._checked:
            self._refuse_eviction(self._client.info("memory"))
        return _text(self._client.get(self._prefix + key))

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """`Store.swap`."""
        key, milliseconds = self._prefix + key, math.ceil(ttl * 1000)
        if old is None and new is not None:
            return bool(self._client.set(key, new, nx=True, px=milliseconds))
        with self._client.pipeline(transaction=True) as pipeline:
            try:
                pipeline.watch(key)
                if _text(pipeline.get(key)) != old:
                    return False
                pipeline.multi()
                pipeline.delete(key) if new is None else pipeline.set(key, new, px=milliseconds)
                pipeline.execute()
            except self._lost:
                return False
        return True


class AsyncRedisStore(_Redis):
    """`RedisStore` for asyncio.

    Args:
        client: a ``redis.asyncio.Redis``, which belongs to one event loop.
        prefix: of all keys.

    Raises:
        ConfigurationError: as `RedisStore`.
    """

    def __init__(self, client: redis.asyncio.Redis, prefix: str = "autocall:") -> None:
        """Connect at the first operation only."""
        super().__init__(client, prefix)

    async def get(self, key: str) -> str | None:
        """`Store.get`, awaited."""
        if not self._checked:
            self._refuse_eviction(await self._client.info("memory"))
        return _text(await self._client.get(self._prefix + key))

    async def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """`Store.swap`, awaited."""
        key, milliseconds = self._prefix + key, math.ceil(ttl * 1000)
        if old is None and new is not None:
            return bool(await self._client.set(key, new, nx=True, px=milliseconds))
        async with self._client.pipeline(transaction=True) as pipeline:
            try:
                await pipeline.watch(key)
                if _text(await pipeline.get(key)) != old:
                    return False
                pipeline.multi()
                pipeline.delete(key) if new is None else pipeline.set(key, new, px=milliseconds)
                await pipeline.execute()
            except self._lost:
                return False
        return True


def _text(value: Any) -> str | None:  # noqa: ANN401 - redis-py answers in bytes or in text
    return value.decode() if isinstance(value, bytes) else value
