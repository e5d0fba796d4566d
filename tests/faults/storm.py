"""Many calls at the same time through a service that fails at random."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import httpx

from autocall_otp import AutocallError, OtpCall, Retry
from faults import ways
from faults.clients import QUICK, async_client, client
from faults.ledger import Tally, Told
from faults.observe import SECRETS
from faults.service import FOREIGN, READ_TIMEOUT, Service


def async_storm(calls: int, seed: int, *, at_once: int = 200, retry: Retry = QUICK) -> Tally:
    """Run them in tasks of one event loop."""
    with Service(seed) as service:
        told = asyncio.run(_tasks(service, _ids(calls, seed), seed, at_once, retry))
    return Tally(seed, told, service.rings, service.requests)


def sync_storm(calls: int, seed: int, *, at_once: int = 32, retry: Retry = QUICK) -> Tally:
    """Run them in threads."""
    with (
        Service(seed) as service,
        client(**_settings(service, retry)) as usual,
        client(**_settings(service, retry), transport=Unreliable(seed)) as unlucky,
    ):

        def place(number: int, ref_id: str) -> Told:
            _ref_id.set(ref_id)
            try:
                one = unlucky if _is_unlucky(number) else usual
                return _told(ref_id, one.run_otp(SECRETS.number, SECRETS.code, ref_id=ref_id))
            except AutocallError as error:
                return _told(ref_id, error)

        with ThreadPoolExecutor(at_once) as pool:
            told = list(pool.map(place, range(calls), _ids(calls, seed)))
    return Tally(seed, told, service.rings, service.requests)


async def _tasks(service: Service, ids: list[str], seed: int, at_once: int, retry: Retry) -> list[Told]:
    turns = asyncio.Semaphore(at_once)
    async with (
        async_client(**_settings(service, retry)) as usual,
        async_client(**_settings(service, retry), transport=AsyncUnreliable(seed)) as unlucky,
    ):

        async def place(number: int, ref_id: str) -> Told:
            _ref_id.set(ref_id)
            async with turns:
                try:
                    one = unlucky if _is_unlucky(number) else usual
                    return _told(ref_id, await one.run_otp(SECRETS.number, SECRETS.code, ref_id=ref_id))
                except AutocallError as error:
                    return _told(ref_id, error)

        return await asyncio.gather(*(place(number, ref_id) for number, ref_id in enumerate(ids)))


def _settings(service: Service, retry: Retry) -> dict[str, Any]:
    return {
        "host": f"http://127.0.0.1:{service.port}",
        # A callable, so that a 401 is tried again.
        "token": lambda: SECRETS.token,
        "timeout": httpx.Timeout(20.0, read=READ_TIMEOUT),
        "deadline": 30.0,
        "retry": retry,
    }


def _ids(calls: int, seed: int) -> list[str]:
    kinds = (FOREIGN if ways.chosen() != "own" or _is_unlucky(number) else "call" for number in range(calls))
    return [f"{kind}-{seed}-{number}" for number, kind in enumerate(kinds)]


def _is_unlucky(number: int) -> bool:
    """Every fifth call meets failures of its own machine too."""
    return number % 5 == 0


def _told(ref_id: str, result: OtpCall | AutocallError) -> Told:
    return Told(ref_id, result.outcome, type(result).__name__)


_ref_id: ContextVar[str] = ContextVar("ref_id")


class _Luck:
    """Now and then a connection cannot be had, which is known before a byte is sent."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._tries: Counter[str] = Counter()

    def try_it(self) -> None:
        """Fail, or not; the same way for the same seed, whatever else goes on."""
        # Not from the request: whoever reads its body may have sent it.
        ref_id = _ref_id.get()
        self._tries[ref_id] += 1
        draw = random.Random(f"{self._seed}/{ref_id}/{self._tries[ref_id]}/luck")  # noqa: S311 - to be drawn again
        if draw.random() < 1 / 3:
            raise draw.choice((httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))("made up")


class Unreliable(httpx.HTTPTransport):
    """A transport with such failures."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._luck = _Luck(seed)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, if it can."""
        self._luck.try_it()
        return super().handle_request(request)


class AsyncUnreliable(httpx.AsyncHTTPTransport):
    """The same for asyncio."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._luck = _Luck(seed)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, if it can."""
        self._luck.try_it()
        return await super().handle_async_request(request)
