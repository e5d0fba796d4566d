"""Somebody with a client of either kind: what each call comes to, and a service whose answers name their call."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import attrs
from support.eventually import eventually

from autocall_otp import AutocallError, OtpCall, Outcome
from faults.clients import async_client, client
from faults.observe import SECRETS
from faults.scripts import RECORD, whole
from faults.server import Seen, Wire
from faults.ways import Shell

LATE = 15.0
"""Seconds after its deadline by which a call has ended on the busiest machine."""


@attrs.frozen
class Told:
    """What a caller gets: a call, or an error."""

    call: OtpCall | None
    error: AutocallError | None
    seconds: float

    @property
    def outcome(self) -> Outcome:
        """What either says of the phone."""
        return (self.call or self.error).outcome  # type: ignore[union-attr] # one of them is there

    def is_own(self, ref_id: str) -> bool:
        """Whether it is the answer to this very call."""
        return self.call is not None and self.call.call_id == f"call of {ref_id}"


class User:
    """A client, and what runs its calls: threads, or tasks of a loop in a thread of its own."""

    def __init__(self, shell: Shell, host: str, **more: Any) -> None:
        self.client: Any = (async_client if shell == "async" else client)(host, **more)
        self._threads = ThreadPoolExecutor(8)
        self._loop = asyncio.new_event_loop() if shell == "async" else None
        if self._loop is not None:
            self._threads.submit(self._loop.run_forever)

    def start(self, ref_id: str | None) -> Future[Told]:
        """Ask for a call in the background."""
        return self._run(self._call(ref_id))

    def call(self, ref_id: str | None) -> Told:
        """Ask for a call."""
        return self.start(ref_id).result(55)

    def succeeds(self) -> None:
        """Ask for calls until one is placed: a busy machine may need longer than a short deadline."""
        eventually(lambda: self.call(None).outcome is Outcome.PLACED, 50)

    def finds(self, call: OtpCall) -> bool:
        """Whether the record of the call is found, and its own."""

        async def find() -> Any:
            return (await _value(self.client.get_cdr(call))).id == call.call_id

        return bool(self._run(find()).result(55))

    def close(self) -> None:
        """Close the client."""

        async def close() -> None:
            await _value(self.client.close() if self._loop is None else self.client.aclose())

        self._run(close()).result(55)

    async def _call(self, ref_id: str | None) -> Told:
        start, call, error = time.perf_counter(), None, None
        try:
            call = await _value(self.client.run_otp(SECRETS.number, SECRETS.code, ref_id=ref_id))
        except AutocallError as caught:
            error = caught
        return Told(call, error, time.perf_counter() - start)

    def _run(self, work: Any) -> Future[Any]:
        if self._loop is not None:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        return self._threads.submit(_without_a_loop, work)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.close()
        finally:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._threads.shutdown()
            if self._loop is not None:
                self._loop.close()


async def _value(value: Any) -> Any:
    """What a method of either client returns; a sync one awaits nothing."""
    return await value if inspect.isawaitable(value) else value


def _without_a_loop(work: Any) -> Any:
    """Run a coroutine that awaits nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it awaits something")


def own(entry: Seen) -> bytes:
    """The answer to this very request."""
    call = f"call of {entry.ref_id}"
    return whole(json.dumps({"call_id": call} if entry.method == "POST" else RECORD | {"id": call}).encode())


def serves(wire: Wire) -> None:
    """Answer every request on the connection."""
    while True:
        wire.send(own(wire.receive(rings=True)))
