"""The bearer token: a text, or a callable that is asked once by however many calls need it."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import httpx

from autocall_otp._clock import now
from autocall_otp._config import AsyncToken, Token, is_coroutine_function
from autocall_otp._errors import AutocallError, ConfigurationError, Outcome, TransportError, misconfigured

_asking: ContextVar[tuple[list[object], ...]] = ContextVar("autocall_otp_asking", default=())
"""The sources whose callables run in this thread or task, each in a list that is emptied when its callable is done.

A callable that uses its own client would wait for itself; a task that it left behind may use the client afterwards.
"""


def _validate(token: object) -> str:
    """The token, fit for a header.

    Raises:
        ConfigurationError: it is not; the message does not repeat it.
    """
    if not isinstance(token, str):
        raise misconfigured("token", "must be a text, or a callable that returns one")
    if not token or token != token.strip():
        raise misconfigured("token", "must not be empty or begin or end with white space")
    if not token.isascii() or not token.isprintable():
        raise misconfigured("token", "must be printable ASCII, without a line break")
    if token.lower().split()[0] == "bearer":
        raise misconfigured("token", "must be the token alone, without the word Bearer")
    return token


@contextmanager
def _as_ours() -> Generator[None]:
    """Turn what a callable raises into an error of ours: nothing was sent, and a network may do better next time."""
    try:
        yield
    except AutocallError as error:
        error.outcome = Outcome.NOT_PLACED
        raise
    except Exception as error:
        why = f"token: the callable that should return it raised {type(error).__name__}"
        if isinstance(error, httpx.TransportError | OSError):
            raise TransportError(why, outcome=Outcome.NOT_PLACED, retryable=True) from error
        raise ConfigurationError(why, outcome=Outcome.NOT_PLACED) from error


def _too_late() -> httpx.ConnectTimeout:
    return httpx.ConnectTimeout("the deadline passed before there was a token")


class _Source:
    """A fixed token, or the last one that a callable returned."""

    def __init__(self, token: AsyncToken | None) -> None:
        if token is None:
            raise misconfigured("token", "give a token, or set AUTOCALL_TOKEN")
        self._ask: Any = token
        self._token = None if callable(token) else _validate(token)
        self._renewable = callable(token)

    def _known(self, refused: str) -> str | None:
        """The token at hand, unless it is the one that was refused."""
        token = self._token
        return None if self._renewable and token == refused else token

    @contextmanager
    def _guard(self, deadline: float) -> Generator[None]:
        """See that the callable does not wait for itself, and that its token does not come too late."""
        if any(self in running for running in _asking.get()):
            raise misconfigured("token", "its callable uses the client that asks it: give it a client of its own")
        running: list[object] = [self]
        before = _asking.set((*_asking.get(), running))
        try:
            yield
        finally:
            running.clear()
            _asking.reset(before)
        if now() >= deadline:
            raise _too_late()


class TokenSource(_Source):
    """For threads: one asks, the others wait for what it gets."""

    def __init__(self, token: Token | None) -> None:
        if is_coroutine_function(token):
            raise misconfigured("token", "its callable is a coroutine function, which an AsyncClient can ask")
        super().__init__(token)
        # One that knows its owner, so that it is given back whatever a signal's handler raises.
        self._lock = threading.RLock()

    def get(self, refused: str, deadline: float) -> str:
        """The token; a fresh one when the given one was refused.

        Raises:
            ConfigurationError: there is none, or none that is fit for a header.
            TransportError: the callable could not reach what it needs.
            httpx.ConnectTimeout: the deadline passed first; a callable that runs cannot be cut short in a thread.
        """
        if (token := self._known(refused)) is not None:
            return token
        with self._guard(deadline):
            try:
                if not self._lock.acquire(timeout=max(deadline - now(), 0.0)):
                    raise _too_late()
                # Another thread may have asked meanwhile.
                if (token := self._known(refused)) is None:
                    with _as_ours():
                        answer = self._ask()
                    token = self._token = _validate(answer)
            finally:
                with suppress(RuntimeError):
                    self._lock.release()
        return token


class AsyncTokenSource(_Source):
    """For tasks: one asks, the others wait for what it gets."""

    def __init__(self, token: AsyncToken | None) -> None:
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        super().__init__(token)
        self._lock = asyncio.Lock()

    async def get(self, refused: str, deadline: float) -> str:
        """The token; a fresh one when the given one was refused.

        Raises:
            ConfigurationError: there is none, or none that is fit for a header.
            TransportError: the callable could not reach what it needs.
            httpx.ConnectTimeout: the deadline passed first.
        """
        if (token := self._known(refused)) is not None:
            return token
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        with self._guard(deadline):
            bound = asyncio.timeout(max(deadline - now(), 0.0))
            try:
                async with bound, self._lock:
                    # Another task may have asked meanwhile.
                    if (token := self._known(refused)) is None:
                        with _as_ours():
                            answer = self._ask()
                            answer = await answer if inspect.isawaitable(answer) else answer
                        token = self._token = _validate(answer)
            except TimeoutError:
                if bound.expired():
                    raise _too_late() from None
                raise
        return token
