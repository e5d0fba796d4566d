"""A token source for `Client(token=…)` and `AsyncClient(token=…)`.

The endpoint is on another page of the provider than the one that this SDK mirrors: POST /v3/auth/token answers with
`token` and `expired_in`. How the key is sent is not on that page; BODY_FIELD is a guess to check with your provider.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import httpx

from autocall_otp import AutocallError, Outcome, TransportError

PATH = "/v3/auth/token"
BODY_FIELD = "api_key"
MARGIN = 300.0  # seconds before its end in which a token is no longer handed out


class _Token(NamedTuple):
    text: str
    good_until: float


class _Shared:
    """The one token of a process, and how to ask for another."""

    def __init__(self, host: str, api_key: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = f"{host if '://' in host else f'https://{host}'}{PATH}"
        self._api_key = api_key
        self._clock = clock
        self._token: _Token | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._url}>"

    def _good(self, refused: str | None) -> str | None:
        token = self._token
        if token is None or token.text == refused or self._clock() >= token.good_until:
            return None
        return token.text

    def _request(self) -> httpx.Request:
        return httpx.Request("POST", self._url, json={BODY_FIELD: self._api_key})

    def _keep(self, answer: httpx.Response) -> str:
        if answer.is_server_error:
            raise _unavailable(f"answered {answer.status_code}")
        answer.raise_for_status()
        body = answer.json()
        # Its life counts from now, a little late; the margin is longer than any answer takes.
        self._token = _Token(body["token"], self._clock() + float(body["expired_in"]) - MARGIN)
        return self._token.text


class Tokens(_Shared):
    """For threads: hand `for_client()` to each client; all share one token, and one of them fetches the next."""

    def for_client(self) -> Callable[[], str]:
        """A callable for one client, which asks it at first and whenever a token was refused."""
        given: str | None = None

        def ask() -> str:
            nonlocal given
            # A client that asks again does so because the service refused what it was given.
            given = self.get(refused=given)
            return given

        return ask

    def get(self, *, refused: str | None = None) -> str:
        """A good token, other than the one that was refused."""
        with self._lock:
            return self._good(refused) or self._fetch()

    def __init__(self, host: str, api_key: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Fetch nothing yet."""
        super().__init__(host, api_key, clock=clock)
        self._lock = threading.Lock()

    def _fetch(self) -> str:
        try:
            with httpx.Client() as http:
                return self._keep(http.send(self._request()))
        except httpx.TransportError as error:
            raise _unavailable(type(error).__name__) from error


class AsyncTokens(_Shared):
    """The same for tasks of one event loop."""

    def __init__(self, host: str, api_key: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Fetch nothing yet."""
        super().__init__(host, api_key, clock=clock)
        self._lock = asyncio.Lock()

    def for_client(self) -> Callable[[], Awaitable[str]]:
        """A coroutine function for one client, which asks it at first and whenever a token was refused."""
        given: str | None = None

        async def ask() -> str:
            nonlocal given
            given = await self.get(refused=given)
            return given

        return ask

    async def get(self, *, refused: str | None = None) -> str:
        """A good token, other than the one that was refused."""
        async with self._lock:
            return self._good(refused) or await self._fetch()

    async def _fetch(self) -> str:
        try:
            async with httpx.AsyncClient() as http:
                return self._keep(await http.send(self._request()))
        except httpx.TransportError as error:
            raise _unavailable(type(error).__name__) from error


def _unavailable(why: str) -> AutocallError:
    # Without a token nothing is sent, so the phone stays silent, and the client may try again by its own rule.
    return TransportError(f"no token: the token service {why}", outcome=Outcome.NOT_PLACED, retryable=True)
