"""The stores for several machines: one key of Redis or Valkey for each record."""

from __future__ import annotations

import inspect
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from autocall_otp.verify._results import misconfigured
from autocall_otp.verify._stores import run

if TYPE_CHECKING:
    import redis.asyncio


class _Redis:
    def __init__(self, client: Any, prefix: str, *, asynchronous: bool) -> None:  # noqa: ANN401 - typed below
        try:
            from redis import ResponseError, WatchError  # noqa: PLC0415 - an extra
        except ImportError:
            raise misconfigured("client: needs redis-py, which pip install 'autocall-otp[redis]' brings") from None
        command = getattr(client, "execute_command", None)
        if isinstance(client, type) or not callable(command) or inspect.iscoroutinefunction(command) != asynchronous:
            raise misconfigured(f"client: must be a redis.{'asyncio.' if asynchronous else ''}Redis")
        if not isinstance(prefix, str):
            raise misconfigured("prefix: must be a text")
        self._client, self._prefix, self._checked = client, prefix, False
        self._lost, self._refused = WatchError, ResponseError

    async def _ensure_kept(self) -> None:
        """Refuse a server that evicts. One that does not allow INFO is believed."""
        if self._checked:
            return
        memory: dict[str, Any] = {}
        with suppress(self._refused):
            memory = await _awaited(self._client.info("memory"))
        if memory.get("maxmemory") and memory.get("maxmemory_policy") != "noeviction":
            message = "this Redis evicts; set maxmemory-policy noeviction, or failures would be forgotten"
            raise misconfigured(f"client: {message}")
        self._checked = True

    async def _get(self, key: str) -> str | None:
        await self._ensure_kept()
        return _text(await _awaited(self._client.get(self._prefix + key)))

    async def _swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        await self._ensure_kept()
        key, milliseconds = self._prefix + key, math.ceil(ttl * 1000)
        if old is None and new is not None:
            return bool(await _awaited(self._client.set(key, new, nx=True, px=milliseconds)))
        pipeline = self._client.pipeline(transaction=True)
        try:
            await _awaited(pipeline.watch(key))
            if _text(await _awaited(pipeline.get(key))) != old:
                return False
            pipeline.multi()
            pipeline.delete(key) if new is None else pipeline.set(key, new, px=milliseconds)
            await _awaited(pipeline.execute())
        except self._lost:
            return False
        finally:
            await _awaited(pipeline.reset())
        return True


class RedisStore(_Redis):
    """Records in Redis or Valkey, each changed under WATCH, MULTI and EXEC on its one key. Threads may share it.

    Run it with ``appendfsync always`` and without eviction: a failure count that is lost is a count begun anew.

    Args:
        client: a ``redis.Redis``, with or without ``decode_responses``; give it a short ``socket_timeout``.
        prefix: of all keys.

    Raises:
        ConfigurationError: redis-py is not installed, or the client is for asyncio; or, at the first operation, the
            server says by INFO that it has a ``maxmemory`` and evicts.
    """

    def __init__(self, client: redis.Redis, prefix: str = "autocall:") -> None:
        super().__init__(client, prefix, asynchronous=False)

    def get(self, key: str) -> str | None:
        """`Store.get`."""
        return run(self._get(key))

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """`Store.swap`."""
        return run(self._swap(key, old, new, ttl))


class AsyncRedisStore(_Redis):
    """`RedisStore` for asyncio, with the same errors; its client is a ``redis.asyncio.Redis`` of one event loop."""

    def __init__(self, client: redis.asyncio.Redis, prefix: str = "autocall:") -> None:
        super().__init__(client, prefix, asynchronous=True)

    async def get(self, key: str) -> str | None:
        """`Store.get`, awaited."""
        return await self._get(key)

    async def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """`Store.swap`, awaited."""
        return await self._swap(key, old, new, ttl)


async def _awaited(answer: Any) -> Any:  # noqa: ANN401 - the answer of a command, from either client
    return await answer if inspect.isawaitable(answer) else answer


def _text(value: Any) -> str | None:  # noqa: ANN401 - redis-py answers in bytes or in text
    return value.decode() if isinstance(value, bytes) else value
