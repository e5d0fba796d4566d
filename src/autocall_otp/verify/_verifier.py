"""The two verifiers: what users see. The rules are in `_flows`."""

from __future__ import annotations

from autocall_otp import AsyncClient, Cdr, Client
from autocall_otp.verify._flows import Flows
from autocall_otp.verify._limits import Limits
from autocall_otp.verify._results import Challenge, Check
from autocall_otp.verify._stores import AsyncStore, Store, run

_LIMITS = Limits()


class Verifier(Flows):
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

    _asynchronous = False

    def __init__(
        self,
        client: Client,
        store: Store,
        key: bytes | str | None = None,
        *,
        limits: Limits = _LIMITS,
        purpose: str = "login",
    ) -> None:
        super().__init__(client, store, key, limits, purpose)

    def start(self, phone_number: str, *, owner: str, caller: str | None = None) -> Challenge:
        """Have a new code read to a phone, or join the call that was placed for the same owner a moment ago.

        Args:
            phone_number: as it was typed; `normalize_number` says what is taken.
            owner: who may enter the code: a text of at least 128 random bits that only this browser or app holds,
                such as a long-lived HttpOnly cookie. Not the session's key, which changes at login.
            caller: who asks, for the limits: an address or an account. None is not limited.

        Returns:
            The challenge. The code is good whether its outcome is PLACED or UNKNOWN.

        Raises:
            InvalidRequestError: an argument was refused; nothing was sent.
            TooManyCallsError: a limit was reached, and no call placed; `retry_after` says when to come back.
            AutocallError: the call was not placed, and nothing is counted: by the client, or since the store failed.
        """
        return run(self._start(phone_number, owner, caller))

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
        return run(self._check(phone_number, code, owner))

    def record(self, phone_number: str, *, owner: str) -> Cdr | None:
        """The record of the owner's newest call to a number; None while there is none, and when its code is too old.

        A call that is `finished` and not `answered` may be repeated at once: offer it.

        Raises:
            InvalidRequestError: an argument was refused.
            AutocallError: store or look-up failed.
        """
        return run(self._record(phone_number, owner))

    def unlock(self, phone_number: str) -> None:
        """Forget the failures of a number, once its holder was identified in another way.

        Raises:
            InvalidRequestError: the number was refused.
            AutocallError: the store failed.
        """
        run(self._unlock(phone_number))


class AsyncVerifier(Flows):
    """`Verifier` for asyncio, with the same arguments and errors; a store without coroutines is run in threads.

    A `start` that is cancelled may have placed its call: nothing is given back, and the code is good.
    """

    _asynchronous = True

    def __init__(
        self,
        client: AsyncClient,
        store: AsyncStore | Store,
        key: bytes | str | None = None,
        *,
        limits: Limits = _LIMITS,
        purpose: str = "login",
    ) -> None:
        super().__init__(client, store, key, limits, purpose)

    async def start(self, phone_number: str, *, owner: str, caller: str | None = None) -> Challenge:
        """`Verifier.start`, awaited."""
        return await self._start(phone_number, owner, caller)

    async def check(self, phone_number: str, code: str, *, owner: str) -> Check:
        """`Verifier.check`, awaited."""
        return await self._check(phone_number, code, owner)

    async def record(self, phone_number: str, *, owner: str) -> Cdr | None:
        """`Verifier.record`, awaited."""
        return await self._record(phone_number, owner)

    async def unlock(self, phone_number: str) -> None:
        """`Verifier.unlock`, awaited."""
        await self._unlock(phone_number)
