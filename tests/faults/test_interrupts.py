"""Exceptions that are not ours cross a call as they are; the caller still learns whether the phone may ring."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Awaitable
from typing import Any

import pytest

from autocall_otp import Outcome, TransportTimeoutError
from faults.clients import SECRETS, async_client, client
from faults.observe import REF_ID
from faults.scripts import answers, stalls
from faults.server import Server
from faults.ways import Way

pytestmark = pytest.mark.parametrize("way", ["own", "httpx"], indirect=True, scope="module")


class SoftTimeLimitError(Exception):
    """As billiard raises it in a Celery task, from a signal's handler."""


class Timeout(BaseException):
    """As gevent raises it from its hub."""


_INTERRUPTS = (SoftTimeLimitError, KeyboardInterrupt, Timeout)


class Interrupted:
    """Raises an exception in the main thread, from a signal's handler, once a server has read so many requests."""

    def __init__(self, server: Server, error: BaseException) -> None:
        self._server, self._error = server, error
        self._over = threading.Event()

    def __enter__(self) -> None:
        requests = len(self._server.ledger.seen) + 1
        self._before = signal.signal(signal.SIGUSR1, self._raise)
        self._thread = threading.Thread(target=self._interrupt, args=[requests])
        self._thread.start()

    def _raise(self, *_: object) -> None:
        raise self._error

    def _interrupt(self, requests: int) -> None:
        self._server.ledger.wait_for(lambda ledger: len(ledger.seen) == requests)
        while not self._over.is_set():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            # Python ignores an exception that comes while it frees an object.
            self._over.wait(4.0)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        signal.signal(signal.SIGUSR1, self._before)


def _is_told(error: BaseException, outcome: Outcome, caplog: pytest.LogCaptureFixture) -> None:
    """What the note says, and whether there is a warning, which names the call too."""
    (note,) = error.__notes__
    assert REF_ID in note
    assert outcome.name in note
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [REF_ID in warning for warning in warnings] == [True] * (outcome is Outcome.UNKNOWN)


@pytest.mark.parametrize("kind", _INTERRUPTS)
def test_a_signal_amid_a_call(kind: type[BaseException], caplog: pytest.LogCaptureFixture) -> None:
    error = kind("now")
    with Server(stalls(b"")) as server, client(server.url) as one:
        with pytest.raises(kind) as caught, Interrupted(server, error):
            one.run_otp(SECRETS.number, SECRETS.code, ref_id=REF_ID)
        assert caught.value is error
        _is_told(error, Outcome.UNKNOWN, caplog)
        assert server.ledger.wait_for(lambda ledger: ledger.open == 0), "the connection is still open"
        assert server.ledger.rings.total() == 1


@pytest.mark.parametrize("kind", _INTERRUPTS)
def test_a_signal_before_anything_is_sent(
    kind: type[BaseException], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    error = kind("now")

    def interrupted(*_: Any, **__: Any) -> Any:
        raise error

    with Server(answers()) as server, client(server.url) as one:
        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", interrupted)
            with pytest.raises(kind) as caught:
                one.run_otp(SECRETS.number, SECRETS.code, ref_id=REF_ID)
        assert caught.value is error
        # Nobody can say what a foreign transport had done before that.
        _is_told(error, Outcome.NOT_PLACED if way == "own" else Outcome.UNKNOWN, caplog)


def test_an_alarm_that_calls_itself_a_time_out_is_taken_for_one() -> None:
    with Server(stalls(b"")) as server, client(server.url) as one:
        with pytest.raises(TransportTimeoutError) as caught, Interrupted(server, TimeoutError("alarm")):
            one.run_otp(SECRETS.number, SECRETS.code)
        assert caught.value.outcome is Outcome.UNKNOWN


async def _limited(call: Awaitable[object], server: Server) -> None:
    async def expire() -> None:
        await asyncio.to_thread(server.ledger.wait_for, lambda ledger: ledger.seen)
        bound.reschedule(0.0)

    async with asyncio.timeout(None) as bound, asyncio.TaskGroup() as group:
        group.create_task(expire())
        await call


def test_a_task_that_is_stopped_amid_a_call(caplog: pytest.LogCaptureFixture) -> None:
    async def main(server: Server) -> BaseException | None:
        async with async_client(server.url) as one:
            with pytest.raises(TimeoutError) as caught:
                await _limited(one.run_otp(SECRETS.number, SECRETS.code, ref_id=REF_ID), server)
            assert await asyncio.to_thread(server.ledger.wait_for, lambda ledger: ledger.open == 0)
            # Its cause is named since Python 3.11.4 only.
            return caught.value.__cause__ or caught.value.__context__

    with Server(stalls(b"")) as server:
        error = asyncio.run(main(server))
        assert isinstance(error, asyncio.CancelledError)
        _is_told(error, Outcome.UNKNOWN, caplog)
        assert server.ledger.rings.total() == 1
