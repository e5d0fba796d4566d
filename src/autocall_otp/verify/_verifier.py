"""The two verifiers: the rules of `_flows`, their operations done one after the other."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar

from autocall_otp import AsyncClient, AutocallError, Cdr, Client, Outcome
from autocall_otp.verify import _arguments
from autocall_otp.verify._flows import Flow, Flows, Get, Operation, Place, Swap
from autocall_otp.verify._limits import Limits
from autocall_otp.verify._results import Challenge, Check
from autocall_otp.verify._stores import AsyncStore, Store

T = TypeVar("T")
_LIMITS = Limits()


class _Verifier(Flows):
    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a pickle would carry the key."""
        raise TypeError(f"{type(self).__name__} holds a key: make one in each process")


class Verifier(_Verifier):
    """Logs people in by a code that a call reads to them. Threads may share one.

    Args:
        client: places the calls; its deadline must be shorter than `Limits.ring_again_after`.
        store: `MemoryStore`, `SqliteStore`, `RedisStore`, or one of your own.
        key: 32 bytes or more, the same on all machines and in no database. Else AUTOCALL_VERIFY_KEY. With another key
            all records are unknown: codes that were read are void, and failures begin anew.
        limits: of calls, guesses and failures.
        purpose: what a code is good for: one for ``"login"`` does not confirm a ``"payment"`` (OWASP ASVS 5.0, 6.6.2).

    Raises:
        ConfigurationError: an argument is missing or does not fit.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        key: bytes | str | None = None,
        *,
        limits: Limits = _LIMITS,
        purpose: str = "login",
    ) -> None:
        _arguments.parts(client, store, limits, asynchronous=False)
        super().__init__(_arguments.key(key), limits, _arguments.purpose(purpose))
        self._client = client
        self._store = store

    def start(self, phone_number: str, *, owner: str, caller: str | None = None) -> Challenge:
        """Have a new code read to a phone, or join the call that was placed for the same owner a moment ago.

        Args:
            phone_number: as it was typed; `normalize_number` says what is taken.
            owner: whoever may enter the code: a text of at least 128 random bits that only this browser or app holds,
                such as a long-lived HttpOnly cookie. Not the session's key, which changes at login.
            caller: whoever asks, for the limits: an address or an account. None is not limited.

        Returns:
            The challenge. The code is good whether its outcome is PLACED or UNKNOWN.

        Raises:
            InvalidRequestError: an argument was refused; nothing was sent.
            TooManyCallsError: a limit was reached, and no call placed; `retry_after` says when to come back.
            AutocallError: the call was not placed, and nothing is counted: by the client, or since the store failed.
        """
        return self._run(self._start(phone_number, owner, caller))

    def check(self, phone_number: str, code: str, *, owner: str) -> Check:
        """Compare a code with those that were read. A right one is right once.

        Args:
            phone_number: the one that `start` was asked for.
            code: as it was typed. What cannot be a code is WRONG and costs no guess.
            owner: the one that `start` was asked by.

        Raises:
            InvalidRequestError: an argument was refused.
            AutocallError: the store failed; nobody is logged in.
        """
        return self._run(self._check(phone_number, code, owner))

    def record(self, phone_number: str, *, owner: str) -> Cdr | None:
        """The record of the owner's newest call to a number; None while there is none.

        A call that is `finished` and not `answered` may be repeated at once: offer it.

        Raises:
            InvalidRequestError: an argument was refused.
            AutocallError: store or look-up failed.
        """
        return self._run(self._record(phone_number, owner))

    def unlock(self, phone_number: str) -> None:
        """Forget the failures of a number, once its holder was identified in another way.

        Raises:
            InvalidRequestError: the number was refused.
            AutocallError: the store failed.
        """
        self._run(self._unlock(phone_number))

    def _run(self, flow: Flow[T]) -> T:
        try:
            operation = next(flow)
            while True:
                try:
                    answer = self._do(operation)
                except BaseException as error:  # noqa: BLE001 - the flow decides, whatever it is
                    operation = flow.throw(error)
                else:
                    operation = flow.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    def _do(self, operation: Operation) -> object:
        if isinstance(operation, Place):
            return self._client.run_otp(operation.number, operation.code, ref_id=operation.ref_id)
        try:
            if isinstance(operation, Get):
                return self._store.get(operation.key)
            if isinstance(operation, Swap):
                return self._store.swap(operation.key, operation.old, operation.new, operation.ttl)
            if operation.within is None:
                return self._client.get_cdr(operation.ref_id)
            return _within(operation.within, lambda: self._client.get_cdr(operation.ref_id))
        except Exception as error:
            raise _failure(error) from error


class AsyncVerifier(_Verifier):
    """`Verifier` for asyncio, with the same arguments; a store without coroutines is run in threads.

    A `start` that is cancelled may have placed its call: nothing is given back, and the code is good.

    Raises:
        ConfigurationError: an argument is missing or does not fit.
    """

    def __init__(
        self,
        client: AsyncClient,
        store: AsyncStore | Store,
        key: bytes | str | None = None,
        *,
        limits: Limits = _LIMITS,
        purpose: str = "login",
    ) -> None:
        _arguments.parts(client, store, limits, asynchronous=True)
        super().__init__(_arguments.key(key), limits, _arguments.purpose(purpose))
        self._client = client
        self._store = store

    async def start(self, phone_number: str, *, owner: str, caller: str | None = None) -> Challenge:
        """`Verifier.start`, awaited.

        Raises:
            TooManyCallsError: a limit was reached, and no call placed.
            AutocallError: the call was not placed, and nothing is counted.
        """
        return await self._run(self._start(phone_number, owner, caller))

    async def check(self, phone_number: str, code: str, *, owner: str) -> Check:
        """`Verifier.check`, awaited.

        Raises:
            AutocallError: an argument was refused, or the store failed; nobody is logged in.
        """
        return await self._run(self._check(phone_number, code, owner))

    async def record(self, phone_number: str, *, owner: str) -> Cdr | None:
        """`Verifier.record`, awaited.

        Raises:
            AutocallError: an argument was refused, or store or look-up failed.
        """
        return await self._run(self._record(phone_number, owner))

    async def unlock(self, phone_number: str) -> None:
        """`Verifier.unlock`, awaited.

        Raises:
            AutocallError: the number was refused, or the store failed.
        """
        await self._run(self._unlock(phone_number))

    async def _run(self, flow: Flow[T]) -> T:
        try:
            operation = next(flow)
            while True:
                try:
                    answer = await self._do(operation)
                except BaseException as error:  # noqa: BLE001 - the flow decides, whatever it is
                    operation = flow.throw(error)
                else:
                    operation = flow.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _do(self, operation: Operation) -> object:
        if isinstance(operation, Place):
            return await self._client.run_otp(operation.number, operation.code, ref_id=operation.ref_id)
        try:
            if isinstance(operation, Get):
                return await _awaited(self._store.get, operation.key)
            if isinstance(operation, Swap):
                return await _awaited(self._store.swap, operation.key, operation.old, operation.new, operation.ttl)
            async with asyncio.timeout(operation.within):
                return await self._client.get_cdr(operation.ref_id)
        except Exception as error:
            raise _failure(error) from error


def _within(seconds: float, look_up: Callable[[], Cdr]) -> Cdr:
    """What a look-up gives in so many seconds; one that takes longer ends in its thread, and nobody listens."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(contextvars.copy_context().run, look_up).result(seconds)
    finally:
        pool.shutdown(wait=False)


async def _awaited(method: Callable[..., Any], *arguments: object) -> object:
    if inspect.iscoroutinefunction(method):
        return await method(*arguments)
    return await asyncio.to_thread(method, *arguments)


def _failure(error: Exception) -> AutocallError:
    if isinstance(error, AutocallError):
        return error
    message = f"store or look-up failed: {type(error).__name__}; no call was placed"
    return AutocallError(message, outcome=Outcome.NOT_PLACED, retryable=True)
