"""Somebody with a client of either kind, and a service whose answers name their call."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, Self

import pytest
from support.eventually import eventually
from support.network import Network

from autocall_otp import AutocallError, Cdr, OtpCall
from faults.clients import SECRETS, Secrets, async_client, client
from faults.scripts import RECORD, whole
from faults.server import Seen, Wire
from faults.ways import CONNECTIONS, Shell

LATE = 15.0
"""Seconds after its deadline by which a call has ended on the busiest machine."""


class User:
    """A client, and what runs its calls: threads, or tasks of a loop in a thread of its own."""

    def __init__(self, shell: Shell, host: str, **more: Any) -> None:
        if shell == "async" and callable(more.get("token")):
            more["token"] = partial(asyncio.to_thread, more["token"])
        self.client: Any = (async_client if shell == "async" else client)(host, **more)
        # A crowd takes all connections, and others wait for one.
        self._threads = ThreadPoolExecutor(CONNECTIONS + 10)
        self._loop = asyncio.new_event_loop() if shell == "async" else None
        if self._loop is not None:
            self._threads.submit(self._loop.run_forever)

    def _start(self, method: Any, *args: Any, **more: Any) -> Future[Any]:
        if self._loop is None:
            return self._threads.submit(copy_context().run, method, *args, **more)
        return asyncio.run_coroutine_threadsafe(method(*args, **more), self._loop)

    def start(self, ref_id: str, secrets: Secrets = SECRETS) -> Future[OtpCall]:
        """Ask for a call in the background."""
        return self._start(self.client.run_otp, secrets.number, secrets.code, ref_id=ref_id)

    def look_up(self, call: str | OtpCall) -> Future[Cdr]:
        """Ask for a record in the background."""
        return self._start(self.client.get_cdr, call)

    def calls(self, ref_id: str) -> str:
        """Ask for a call; what it is called. An error is raised."""
        return self.start(ref_id).result(55).call_id

    def places(self, ref_id: str) -> bool:
        """Ask for a call; whether the answer and the record are its own. An error is raised."""
        call = self.start(ref_id).result(55)
        return call.call_id == self.look_up(call).result(55).id == f"call of {ref_id}"

    def fails(self, ref_id: str) -> AutocallError:
        """Ask for a call in vain."""
        with pytest.raises(AutocallError) as caught:
            self.start(ref_id).result(55)
        return caught.value

    def recovers(self) -> bool:
        """Look records up until one is found: a busy machine may need longer than a short deadline."""

        def is_found() -> bool:
            return self.look_up("any").exception(55) is None

        eventually(is_found, 50)
        return True

    @property
    def pool(self) -> Any:
        """The pool of the client's own transport."""
        return self.client._session._transport._pool

    def rest(self, until: float = 0.0) -> None:
        """Let the connections that are idle have rested, or rest until then."""
        for connection in self.pool._all:
            connection.rests_until = until

    def drop(self) -> None:
        """Lose the client."""
        del self.client
        gc.collect()

    def close(self) -> None:
        """Close the client."""
        self._start(self.client.close if self._loop is None else self.client.aclose).result(55)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if hasattr(self, "client"):
                self.close()
        finally:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._threads.shutdown()
            if self._loop is not None:
                self._loop.close()


def own(entry: Seen) -> bytes:
    """The answer to this very request."""
    call = f"call of {entry.ref_id}"
    return whole(json.dumps({"call_id": call} if entry.method == "POST" else RECORD | {"id": call}).encode())


def serves(peer: Wire) -> None:
    """Answer every request on the connection."""
    while True:
        peer.send(own(peer.receive(rings=True)))


To = Callable[..., User]


@pytest.fixture(params=["sync", "async"])
def shell(request: pytest.FixtureRequest) -> Shell:
    """Each kind of client."""
    chosen: Shell = request.param
    return chosen


@pytest.fixture
def user(shell: Shell, net: Network) -> To:
    """Makes a user of a host, with settings of the client; it is closed before the servers are."""
    return lambda host, **more: net.stack.enter_context(User(shell, host, **more))


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients have one place: each call takes the connection of the call before, and a place that is lost is missed."""
    monkeypatch.setattr("autocall_otp._transport.environment.MAX_CONNECTIONS", 1)
