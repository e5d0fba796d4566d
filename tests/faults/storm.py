"""Many calls at the same time through a service that fails at random, from a seed; what was told, beside what rang."""

from __future__ import annotations

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import NamedTuple

import attrs
import httpx

from autocall_otp import AutocallError, Outcome, Retry
from faults import ways
from faults.clients import QUICK, SECRETS
from faults.scripts import head, whole
from faults.server import Server, Wire
from faults.users import User

_GOOD, _TWICE = "good", "twice"
_RINGS, _SILENT = True, False
READ_TIMEOUT = 1.0
"""Seconds after which a client gives up; what comes late comes after twice as many."""
FOREIGN = "foreign"
"""How the references of calls over transports that are not ours begin."""


class Deed(NamedTuple):
    """What the service does with a request, and how often."""

    weight: int
    rings: bool
    reply: bytes | str
    then: str = "close"


def _either(weight: int, reply: bytes, then: str) -> list[Deed]:
    return [Deed(weight, rings, reply, then) for rings in (_RINGS, _SILENT)]


_BODIES = (b"", b"<html>", b"[]", b"null", b'{"call_id": 7}', b'{"call_id": "\xff"}')
_ODD = (302, 307, 408, 500, 502, 503, 504, 520, 799)
_DEEDS = [
    Deed(40, _RINGS, _GOOD, "keep"),
    Deed(6, _RINGS, _GOOD),
    *_either(3, b"", "close"),
    *_either(3, b"", "reset"),
    *_either(1, b"", "stall"),
    Deed(1, _RINGS, _GOOD, "late"),
    Deed(2, _RINGS, b"HTTP/1.1 200 OK\r\nContent-Ty"),
    Deed(2, _RINGS, head(size=300) + b'{"call_id": '),
    Deed(1, _RINGS, head(size=300) + b'{"call_id": ', "stall"),
    Deed(1, _RINGS, b"what is this?\r\n\r\n"),
    *(Deed(2, _RINGS, whole(body), "keep") for body in _BODIES),
    Deed(2, _SILENT, whole(b'{"error": "insufficient balance"}'), "keep"),
    *(deed for status in _ODD for deed in _either(1, whole(b"{}", f"{status} Odd"), "keep")),
    Deed(1, _RINGS, b"HTTP/1.1 204 No Content\r\n\r\n", "keep"),
    *(Deed(2, _SILENT, whole(b"{}", f"{status} No"), "keep") for status in (400, 401, 403, 404, 409, 422)),
    Deed(3, _SILENT, whole(b"{}", "429 Slow Down", "Retry-After: 0"), "keep"),
    Deed(2, _SILENT, whole(b"{}", "429 Slow Down")),
]
_OWN_DEEDS = [*_DEEDS, Deed(3, _RINGS, _TWICE, "keep")]
"""Only over a client's own transport does nobody read an answer that was sent twice."""


class Service:
    """Rings phones, keeps the ledger, and does what the seed says."""

    def __init__(self, seed: int) -> None:
        self.rings: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self._seed = seed

    def __call__(self, wire: Wire) -> None:
        """Serve a connection."""
        while self._answers(wire) == "keep":
            pass

    def _answers(self, wire: Wire) -> str:
        ref_id = wire.receive().ref_id
        draw = random.Random(f"{self._seed}/{ref_id}/{self.requests[ref_id]}")  # noqa: S311 - to be drawn again
        deeds = _DEEDS if ref_id.startswith(FOREIGN) else _OWN_DEEDS
        deed = draw.choices(deeds, [each.weight for each in deeds])[0]
        self.requests[ref_id] += 1
        self.rings[ref_id] += deed.rings
        if deed.then == "late":
            wire.pause(2 * READ_TIMEOUT)
        good = whole(json.dumps({"call_id": "1", "message": "success", "ref_id": ref_id}).encode())
        wire.send(deed.reply if isinstance(deed.reply, bytes) else good * (1 + (deed.reply == _TWICE)))
        if deed.then == "reset":
            wire.reset()
        if deed.then == "stall":
            wire.wait_until_gone()
        return deed.then


_ref_id: ContextVar[str] = ContextVar("ref_id")


class Unreliable(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport that now and then cannot have a connection, which is known before a byte is sent."""

    def __init__(self, seed: int) -> None:
        self._sync, self._async = httpx.HTTPTransport(), httpx.AsyncHTTPTransport()
        self._seed, self._tries = seed, Counter[str]()

    def _fail_or_not(self) -> None:
        """The same way for the same seed, whatever else goes on."""
        # Not from the request: whoever reads its body may have sent it.
        ref_id = _ref_id.get()
        self._tries[ref_id] += 1
        draw = random.Random(f"{self._seed}/{ref_id}/{self._tries[ref_id]}/luck")  # noqa: S311 - to be drawn again
        if draw.random() < 1 / 3:
            raise draw.choice((httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))("made up")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, if it can."""
        self._fail_or_not()
        return self._sync.handle_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, if it can."""
        self._fail_or_not()
        return await self._async.handle_async_request(request)

    def close(self) -> None:
        """As its clients do."""
        self._sync.close()

    async def aclose(self) -> None:
        """As its clients do."""
        await self._async.aclose()


class Told(NamedTuple):
    """What a caller was told of a call."""

    ref_id: str
    outcome: Outcome
    kind: str


@attrs.frozen
class Tally:
    """All calls of a run."""

    seed: int
    told: list[Told]
    rings: Counter[str]
    requests: Counter[str]

    def misreports(self) -> list[str]:
        """Every call of which the caller was told something else than what rang."""
        return [said for told in self.told if (said := self._misreport(told))]

    def _misreport(self, told: Told) -> str:
        rings = self.rings[told.ref_id]
        if rings > 1:
            return f"{told.ref_id} rang {rings} times ({told.kind})"
        if told.outcome is Outcome.PLACED and not rings:
            return f"{told.ref_id} is called placed, but did not ring"
        if told.outcome is Outcome.NOT_PLACED and rings:
            return f"{told.ref_id} is called not placed ({told.kind}), but rang"
        return ""

    def __str__(self) -> str:
        """The figures."""
        outcomes = Counter(told.outcome.name for told in self.told)
        kinds = Counter(told.kind for told in self.told)
        return (
            f"seed {self.seed}: {len(self.told)} calls, {self.requests.total()} requests, {self.rings.total()} rings\n"
            f"{dict(outcomes)}, {dict(kinds)}, misreported: {len(self.misreports())}"
        )


def storm(shell: ways.Shell, calls: int, seed: int, *, retry: Retry = QUICK) -> Tally:
    """Run them in threads, or in tasks of one event loop."""
    settings = {
        # A callable, so that a 401 is tried again.
        "token": lambda: SECRETS.token,
        "timeout": httpx.Timeout(20.0, read=READ_TIMEOUT),
        "deadline": 30.0,
        "retry": retry,
    }
    service = Service(seed)
    with (
        Server(service) as server,
        User(shell, server.url, **settings) as usual,
        User(shell, server.url, **settings, transport=Unreliable(seed)) as unlucky,
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
