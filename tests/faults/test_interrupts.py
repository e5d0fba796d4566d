"""Exceptions that are not ours cross a call as they are; the caller still learns whether the phone may ring."""

import logging
import signal
import threading

import pytest

from autocall_otp import Outcome, TransportTimeoutError
from faults.clients import SECRETS, client
from faults.observe import REF_ID
from faults.scripts import stalls
from faults.server import Server

pytestmark = pytest.mark.parametrize("way", ["own", "httpx"], indirect=True, scope="module")


class SoftTimeLimitError(Exception):
    """As billiard raises it in a Celery task, from a signal's handler."""


class Timeout(BaseException):
    """As gevent raises it from its hub."""


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


@pytest.mark.parametrize("kind", [SoftTimeLimitError, KeyboardInterrupt, Timeout])
def test_a_signal_amid_a_call(kind: type[BaseException], caplog: pytest.LogCaptureFixture) -> None:
    error = kind("now")
    with Server(stalls(b"")) as server, client(server.url) as one:
        with pytest.raises(kind) as caught, Interrupted(server, error):
            one.run_otp(SECRETS.number, SECRETS.code, ref_id=REF_ID)
        assert caught.value is error
        (note,) = error.__notes__
        warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert [REF_ID in said and "UNKNOWN" in said for said in (note, *warnings)] == [True, True]
        assert server.ledger.wait_for(lambda ledger: ledger.open == 0), "the connection is still open"
        assert server.ledger.rings.total() == 1


def test_an_alarm_that_calls_itself_a_time_out_is_taken_for_one() -> None:
    with Server(stalls(b"")) as server, client(server.url) as one:
        with pytest.raises(TransportTimeoutError) as caught, Interrupted(server, TimeoutError("alarm")):
            one.run_otp(SECRETS.number, SECRETS.code)
        assert caught.value.outcome is Outcome.UNKNOWN
