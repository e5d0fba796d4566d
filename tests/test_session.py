"""Running use cases: sending, reading within bounds, pausing; in threads, tasks, forks and event loops.

What faults of the network, signals and cancelled tasks do to a call is in tests/faults.
"""

import asyncio
import contextlib
import errno
import gc
import gzip
import os
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest import mock

import httpx
import pytest
from faults.scripts import answers
from faults.server import Server
from support.clients import KINDS, ask, error_of, look_up
from support.flows import CODE, NUMBER
from support.page import payload
from support.prism import settings

import autocall_otp
from autocall_otp import AsyncClient, Client, ConfigurationError, Outcome, Retry

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # newer Pythons warn of what is tested here


class Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces that counts how many were asked for."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks, self.read, self.closed = chunks, 0, False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.read += 1
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True
        raise RuntimeError("what cannot be closed says nothing of the call")


BODY = b'{"call_id": "c1"}'


@KINDS
def test_an_answer_is_read_whole_and_closed(kind: type[Any]) -> None:
    body, packed = Chunks(BODY[:5], BODY[5:]), Chunks(gzip.compress(BODY))
    for stream, headers in ((body, {}), (packed, {"Content-Encoding": "gzip"})):
        assert ask(kind, reply=lambda _, s=stream, h=headers: httpx.Response(200, stream=s, headers=h)).call_id == "c1"
        assert (stream.read, stream.closed) == (len(stream.chunks), True)


@KINDS
def test_phases_end_with_the_deadline_or_before(kind: type[Any]) -> None:
    seen: list[dict[str, float]] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json=ANSWER)

    given = httpx.Timeout(connect=1.5, read=2.5, write=3.5, pool=4.5)
    for timeout in (given, httpx.Timeout(None), httpx.Timeout(60.0, read=3.0)):
        ask(kind, reply=reply, timeout=timeout, deadline=7.0)
    assert seen[0] == given.as_dict()
    assert all(0 < limit <= 7.0 for limit in seen[1].values())
    assert seen[2]["read"] == 3.0
    assert seen[2]["connect"] <= 7.0


@KINDS
def test_pauses_are_kept_though_a_test_patches_sleep_and_the_clock(kind: type[Any]) -> None:
    results = iter([httpx.Response(429), httpx.Response(503), httpx.Response(200, json=RECORD)])

    def look_up_with_longest_pauses(client: Any) -> Any:
        client._policy.draw = max
        return look_up(client)

    def sleeps(*given: Any, sleep: Any = asyncio.sleep) -> Any:
        # Elsewhere in this process a sandbox may run.
        assert threading.current_thread() is not threading.main_thread(), "called"
        return sleep(*given)

    start = time.perf_counter()
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch("time.sleep", side_effect=AssertionError("called")))
        patches.enter_context(mock.patch("asyncio.sleep", sleeps))
        # asyncio's own event loop reads the same clock, and would stand still with it.
        for name in ("time.monotonic", "time.time") if kind is Client else ():
            patches.enter_context(mock.patch(name, return_value=0.0))
        rule = Retry(base=0.05, cap=0.05)
        record = ask(kind, look_up_with_longest_pauses, reply=lambda _: next(results), retry=rule)
    assert record.answered
    assert time.perf_counter() - start >= 0.1


@KINDS
def test_what_the_application_was_handling_is_no_part_of_our_failure(kind: type[Any]) -> None:
    """A voice call is what comes after a text message that failed: its error must neither explain ours nor change."""
    theirs = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    theirs.verify_code = 10  # type: ignore[attr-defined] # as of a certificate that expired
    theirs.args = (NUMBER,)

    reply = mock.Mock(side_effect=httpx.ReadTimeout("slow"))
    try:
        raise theirs
    except ConnectionRefusedError:
        errors = [
            error_of(kind, reply=reply),
            error_of(kind, look_up, reply=reply),
            error_of(kind, reply=reply, token=slow_token, deadline=0.01),
        ]
    assert [str(error).partition("; ")[0] for error in errors] == [
        "no answer from api.example.vn:443: no answer in time",
        "no answer from api.example.vn:443: no answer in time",
        "not connected to api.example.vn:443: the deadline passed before there was a token",
    ]
    assert [error.retryable for error in errors] == [False, True, True]
    assert theirs.args == (NUMBER,)


def slow_token() -> str:
    threading.Event().wait(0.02)
    return "made-up-token"


class SoftTimeLimitExceeded(Exception):  # noqa: N818 - Celery's name for it
    """Raised in whatever a worker is doing."""


@KINDS
def test_a_time_limit_that_ends_while_an_answer_is_closed_passes(kind: type[Any]) -> None:
    class Closing(Chunks):
        def close(self) -> None:
            raise SoftTimeLimitExceeded

        async def aclose(self) -> None:
            self.close()

    with pytest.raises(SoftTimeLimitExceeded) as caught:
        ask(kind, reply=lambda _: httpx.Response(200, stream=Closing(BODY)))
    assert caught.value.__notes__[0].endswith("outcome UNKNOWN")


def test_a_task_under_another_s_transport_ends_by_the_deadline() -> None:
    async def stall(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("it came back")

    error = error_of(AsyncClient, reply=stall, deadline=0.05)
    assert isinstance(error, autocall_otp.TransportTimeoutError)
    assert error.outcome is Outcome.UNKNOWN


@KINDS
def test_a_closed_client_says_so(kind: type[Any]) -> None:
    async def main() -> None:
        client = kind(**settings("api.example.vn"))
        for _ in range(2):
            closing = client.close() if kind is Client else client.aclose()
            if closing is not None:
                await closing
        for call, outcome in ((client.run_otp, Outcome.NOT_PLACED), (client.wait_for_cdr, Outcome.UNKNOWN)):
            with pytest.raises(ConfigurationError, match="^client: is closed$") as caught:
                await call(*([NUMBER, CODE] if outcome is Outcome.NOT_PLACED else ["R1"]))
            assert caught.value.outcome is outcome

    asyncio.run(main())


@KINDS
def test_a_client_that_is_closed_while_the_token_is_asked_for_sends_nothing(kind: type[Any]) -> None:
    def reply(_: httpx.Request) -> httpx.Response:
        raise AssertionError("sent")

    def token() -> Any:
        return client.aclose() if kind is AsyncClient else client.close()

    async def atoken() -> str:
        await token()
        return "t"

    client: Any = kind(
        **settings(
            "api.example.vn",
            transport=httpx.MockTransport(reply),
            token=atoken if kind is AsyncClient else lambda: token() or "t",
        )
    )
    with pytest.raises(ConfigurationError, match="^client: is closed$") as caught:
        asyncio.run(client.run_otp(NUMBER, CODE))
    assert caught.value.outcome is Outcome.NOT_PLACED


def test_outside_asyncio_the_error_says_what_is_needed() -> None:
    """As under trio and curio, whose tasks have no event loop of asyncio. To leave the client is no error there."""
    client = AsyncClient(**settings("api.example.vn"))
    with pytest.raises(ConfigurationError, match="needs a running event loop of asyncio; trio and curio") as caught:
        client.run_otp(NUMBER, CODE).send(None)
    assert caught.value.outcome is Outcome.NOT_PLACED
    with pytest.raises(StopIteration):
        client.aclose().send(None)


@pytest.fixture
def url() -> Iterator[str]:
    """Of a service that answers as documented, and keeps connections open."""
    with Server(answers()) as server:
        yield server.url


def in_a_child(check: Callable[[], object]) -> int:
    """Fork, run the check in the child, and return its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            check()
            code = 0
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@FORKS
def test_a_fork_while_another_thread_asks_for_the_token_does_not_hang(url: str) -> None:
    asked, go_on, parent = threading.Event(), threading.Event(), os.getpid()

    def token() -> str:
        if os.getpid() == parent:
            asked.set()
            go_on.wait(60)
        return "t"

    with Client(**settings(url, token=token)) as client:
        thread = threading.Thread(target=client.get_cdr, args=["r1"])
        thread.start()
        assert asked.wait(60)
        assert in_a_child(lambda: client.get_cdr("r1")) == 0
        go_on.set()
        thread.join(60)
        assert in_a_child(client.close) == 0
        assert client.get_cdr("r1").answered


class Connected(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport that may hold connections, for all that the client knows."""

    def handle_request(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=RECORD)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


@FORKS
def test_a_transport_of_the_caller_s_is_not_shared_across_a_fork() -> None:
    client = Client(**settings("api.example.vn", transport=Connected()))
    # Not used yet, so there is nothing to share.
    assert in_a_child(lambda: client.get_cdr("r1")) == 0
    client.get_cdr("r1")

    def check() -> None:
        with pytest.raises(ConfigurationError, match="^transport: was used in another process"):
            client.get_cdr("r1")

    assert in_a_child(check) == 0


def test_a_client_works_on_in_a_later_event_loop() -> None:
    # What belongs to an event loop that is gone cannot be closed in order: Python says so, and nothing worse.
    with warnings.catch_warnings(), Server(answers()) as server:
        warnings.simplefilter("ignore", ResourceWarning)
        client = AsyncClient(**settings(server.url))
        for _ in range(3):
            assert asyncio.run(client.get_cdr("r1")).answered
        asyncio.run(client.aclose())
        gc.collect()
        assert server.ledger.wait_for(lambda ledger: ledger.open == 0)


def test_a_client_is_not_shared_by_two_event_loops_at_once(url: str) -> None:
    async def main() -> None:
        async with AsyncClient(**settings(url)) as client:
            await client.get_cdr("r1")

            def elsewhere() -> None:
                with pytest.raises(ConfigurationError, match="in another event loop") as caught:
                    asyncio.run(client.run_otp(NUMBER, CODE))
                assert caught.value.outcome is Outcome.NOT_PLACED

            await asyncio.to_thread(elsewhere)
            assert (await client.get_cdr("r1")).answered

    asyncio.run(main())


def test_a_transport_of_the_caller_s_stays_in_its_event_loop() -> None:
    client = AsyncClient(**settings("api.example.vn", transport=Connected()))
    asyncio.run(client.get_cdr("r1"))
    for call, outcome in (("get_cdr", Outcome.UNKNOWN), ("wait_for_cdr", Outcome.UNKNOWN)):
        with pytest.raises(ConfigurationError, match="^transport: was used in another") as caught:
            asyncio.run(getattr(client, call)("r1"))
        assert caught.value.outcome is outcome
