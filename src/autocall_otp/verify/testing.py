"""The tests that any store of a login must pass, for a store of your own.

Give them your store, and pytest runs them:

    from autocall_otp.verify.testing import StoreTests

    class TestMyStore(StoreTests):
        def make_store(self):
            return MyStore()

A store of coroutines is tested the same way. What they cannot show is what a crash leaves: see to it that a swap that
said True is on the disk.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from autocall_otp.verify._stores import AsyncStore, Store

_LONG = 600.0
_SOON = 0.2
_LONGEST = 60.0
_THREADS, _ROUNDS = 8, 25
_RACE = 0.5
_OFTEN = 1e-6


class StoreTests:
    """Subclass it as a test class and say how your store is made."""

    def make_store(self) -> Store | AsyncStore:
        """A store; each test asks for one, and uses a key of its own."""
        raise NotImplementedError

    def close_store(self, store: Any) -> Any:  # noqa: ANN401 - a store of yours; may be a coroutine function
        """Close what `make_store` opened, where that is needed."""

    @contextmanager
    def _fresh(self) -> Generator[tuple[Store, str]]:
        store = _Plain(self)
        try:
            yield store, f"n:{uuid4().hex}"
        finally:
            store.close()

    def test_what_was_never_put_is_none(self) -> None:
        """A new key has no value, and cannot be changed as if it had one."""
        with self._fresh() as (store, key):
            _equal(store.get(key), None)
            _left(store.swap(key, "old", "new", _LONG))
            _left(store.swap(key, "old", None, _LONG))
            _equal(store.get(key), None)

    def test_a_value_is_put_once(self) -> None:
        """None stands for no value: only the first is put."""
        with self._fresh() as (store, key):
            _swapped(store.swap(key, None, "first", _LONG))
            _left(store.swap(key, None, "second", _LONG))
            _equal(store.get(key), "first")

    def test_a_value_is_changed_from_the_one_that_was_read(self) -> None:
        """Another old value changes nothing."""
        with self._fresh() as (store, key):
            store.swap(key, None, "first", _LONG)
            _left(store.swap(key, "other", "second", _LONG))
            _equal(store.get(key), "first")
            _swapped(store.swap(key, "first", "second", _LONG))
            _equal(store.get(key), "second")
            _swapped(store.swap(key, "second", "second", _LONG))

    def test_a_value_is_deleted_only_as_the_one_that_was_read(self) -> None:
        """After that the key is as new."""
        with self._fresh() as (store, key):
            store.swap(key, None, "first", _LONG)
            _left(store.swap(key, "other", None, _LONG))
            _equal(store.get(key), "first")
            _swapped(store.swap(key, "first", None, _LONG))
            _equal(store.get(key), None)
            _swapped(store.swap(key, None, "again", _LONG))

    def test_values_differ_by_every_character(self) -> None:
        """No collation takes a for A, or drops a space."""
        with self._fresh() as (store, key):
            store.swap(key, None, "value", _LONG)
            for other in ("Value", "value ", " value", "valu\u00e9", "value\n", ""):
                _left(store.swap(key, other, "changed", _LONG))
            _equal(store.get(key), "value")

    def test_keys_differ_by_every_character(self) -> None:
        """What is put under one key is found under no other."""
        with self._fresh() as (store, key):
            store.swap(key, None, "value", _LONG)
            for other in (key.upper(), f"{key} ", key[:-1], f"c{key[1:]}"):
                _equal(store.get(other), None)

    def test_a_value_comes_back_as_it_was(self) -> None:
        """JSON with quotes and backslashes, and 64 KiB of it."""
        with self._fresh() as (store, key):
            old = None
            for value in ('[{"at":1764117296.123456,"id":"\\u00e9\\n%s"}]', "é ế 电话", "[" + "1234567," * 8192 + "0]"):
                _swapped(store.swap(key, old, value, _LONG))
                _equal(store.get(key), value)
                old = value

    def test_a_value_is_gone_when_its_time_is_over(self) -> None:
        """It is neither found nor changed any more, and another may be put; a swap sets the time anew."""
        with self._fresh() as (store, key):
            longer = f"{key}longer"
            store.swap(longer, None, "short", 1.5 * _SOON)
            _swapped(store.swap(longer, "short", "long", _LONG))
            store.swap(key, None, "kept", _LONG)
            store.swap(key, "kept", "short", _SOON)
            _wait_until(lambda: store.get(key) is None)
            _left(store.swap(key, "short", "changed", _LONG))
            _swapped(store.swap(key, None, "next", _SOON))
            _wait_until(lambda: store.swap(key, None, "last", _LONG))
            _equal(store.get(key), "last")
            _equal(store.get(longer), "long")

    def test_of_many_that_swap_at_once_one_wins(self) -> None:
        """All have read the same value; the swap of one is done."""
        with self._fresh() as (store, key):
            barrier = threading.Barrier(_THREADS)

            def compete(name: int) -> int:
                won = 0
                for round_ in range(_ROUNDS):
                    old = store.get(key)
                    barrier.wait(_LONGEST)
                    won += store.swap(key, old, f"{round_} {name}", _LONG)
                    barrier.wait(_LONGEST)
                return won

            with ThreadPoolExecutor(_THREADS) as pool:
                _equal(sum(pool.map(compete, range(_THREADS))), _ROUNDS)

    def test_of_many_that_count_at_once_none_is_lost(self) -> None:
        """Each adds one to what it read, as often as it can."""
        with self._fresh() as (store, key):
            store.swap(key, None, "0", _LONG)
            until = time.monotonic() + _RACE

            def count(_: int) -> int:
                counted = 0
                while time.monotonic() < until:
                    old = store.get(key) or "0"
                    counted += store.swap(key, old, str(int(old) + 1), _LONG)
                return counted

            interval = sys.getswitchinterval()
            # Threads take turns within a swap that is more than one step.
            sys.setswitchinterval(_OFTEN)
            try:
                with ThreadPoolExecutor(_THREADS) as pool:
                    counted = sum(pool.map(count, range(_THREADS)))
                _equal(store.get(key), str(counted))
            finally:
                sys.setswitchinterval(interval)


class _Plain:
    """A store with plain methods; one of coroutines is run in an event loop of its own, from any thread."""

    def __init__(self, tests: StoreTests) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._tests = tests
        try:
            self._store: Any = self._run(tests.make_store)
        except BaseException:
            self._stop()
            raise

    def get(self, key: str) -> str | None:
        value: str | None = self._run(self._store.get, key)
        return value

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        done: bool = self._run(self._store.swap, key, old, new, ttl)
        return done

    def close(self) -> None:
        try:
            self._run(self._tests.close_store, self._store)
        finally:
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, method: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - whatever it returns
        if method not in (self._tests.make_store, self._tests.close_store) and not inspect.iscoroutinefunction(method):
            return method(*arguments)

        async def run() -> Any:  # noqa: ANN401 - the same
            result = method(*arguments)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_LONGEST)


def _swapped(said: object) -> None:
    _equal(said, expected=True)


def _left(said: object) -> None:
    _equal(said, expected=False)


def _equal(found: object, expected: object) -> None:
    if found is not expected and found != expected:
        raise AssertionError(f"{found!r:.80} instead of {expected!r:.80}")


def _wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _LONGEST
    while not condition():
        if time.monotonic() > until:
            raise AssertionError("a value outlived its time")
        time.sleep(_SOON / 10)
