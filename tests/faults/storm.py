"""Many calls at the same time through a service that fails at random."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import httpx

from autocall_otp import AutocallError, Retry
from faults import ways
from faults.clients import QUICK, SECRETS
from faults.ledger import Tally, Told
from faults.server import Server
from faults.service import FOREIGN, READ_TIMEOUT, Service
from faults.users import User


def storm(shell: ways.Shell, calls: int, seed: int, *, retry: Retry = QUICK) -> Tally:
    """Run them in threads, or in tasks of one event loop."""
    settings = {
        # A callable, so that a 401 is tried again.
        "token": lambda: SECRETS.token,
        "timeout": httpx.Timeout(20.0, read=READ_TIMEOUT),
        "deadline": 30.0,
        "retry": retry,
    }
    unreliable = Unreliable(seed) if shell == "sync" else AsyncUnreliable(seed)
    service = Service(seed)
    with (
        Server(service) as server,
        User(shell, server.url, **settings) as usual,
        User(shell, server.url, **settings, transport=unreliable) as unlucky,
    ):

        def place(number: int) -> Told:
            # Every fifth call meets failures of its own machine too.
            is_unlucky = number % 5 == 0
            ref_id = f"{FOREIGN if is_unlucky or ways.chosen() != 'own' else 'call'}-{seed}-{number}"
            _ref_id.set(ref_id)
            call = (unlucky if is_unlucky else usual).start(ref_id)
            result = call.exception() or call.result()
            if isinstance(result, BaseException) and not isinstance(result, AutocallError):
                raise result
            return Told(ref_id, result.outcome, type(result).__name__)

        with ThreadPoolExecutor(32 if shell == "sync" else 200) as pool:
            told = list(pool.map(place, range(calls)))
    return Tally(seed, told, service.rings, service.requests)


_ref_id: ContextVar[str] = ContextVar("ref_id")


class _Luck:
    """Now and then a connection cannot be had, which is known before a byte is sent."""

    def __init__(self, seed: int) -> None:
        super().__init__()
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


class Unreliable(_Luck, httpx.HTTPTransport):
    """A transport with such failures."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, if it can."""
        self.try_it()
        return super().handle_request(request)


class AsyncUnreliable(_Luck, httpx.AsyncHTTPTransport):
    """The same for asyncio."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, if it can."""
        self.try_it()
        return await super().handle_async_request(request)
