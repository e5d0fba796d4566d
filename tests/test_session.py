"""Running use cases: sending, reading within bounds, pausing; in threads, tasks, forks and event loops."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import gzip
import inspect
import json
import logging
import os
import pickle
import re
import socket
import ssl
import threading
import time
import traceback
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest import mock
from urllib.parse import quote

import httpx
import pytest
import trustme
from support.flows import longest
from support.page import payload
from support.peer import Peer, listen
from support.prism import settings

import autocall_otp
from autocall_otp import AsyncClient, AutocallError, Client, ConfigurationError, Outcome, Retry, TransportError

ANSWER, RECORD = payload("run_otp.answer"), payload("get_cdr.answer")
NUMBER, CODE, TOKEN = "0332665711", "LUAN001", "made-up-token"
KINDS = pytest.mark.parametrize("kind", [Client, AsyncClient])
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # newer Pythons warn of what is tested here


def run(kind: type[Any], host: str = "api.example.vn", call: Callable[[Any], Any] | None = None, **more: Any) -> Any:
    """What a call gives, by default to `run_otp`."""
    call = call or (lambda client: client.run_otp(NUMBER, CODE, ref_id="R1"))
    client = kind(**settings(host, **more))
    if isinstance(client, Client):
        with client:
            return call(client)

    async def main() -> Any:
        async with client:
            found = call(client)
            return await found if inspect.isawaitable(found) else found

    return asyncio.run(main())


def error_of(kind: type[Any], reply: Any, **more: Any) -> Any:
    """The error of a call to a service that replies so."""
    with pytest.raises(AutocallError) as caught:
        run(kind, transport=httpx.MockTransport(reply), retry=Retry.none(), **more)
    return caught.value


class Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces that counts how many were asked for."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self.chunks, self.read, self.closed = chunks, 0, False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.read += 1
            if isinstance(chunk, Exception):
                raise chunk
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
        reply = httpx.MockTransport(lambda _, s=stream, h=headers: httpx.Response(200, stream=s, headers=h))
        assert run(kind, transport=reply).call_id == "c1"
        assert (stream.read, stream.closed) == (len(stream.chunks), True)


@KINDS
def test_a_large_body_is_not_read_on(kind: type[Any]) -> None:
    body = Chunks(*[b"x" * 50] * 9)
    error = error_of(kind, lambda _: httpx.Response(200, stream=body), max_response_bytes=100)
    assert isinstance(error, autocall_otp.InvalidResponseError)
    assert "its body is larger than 100 bytes" in str(error)
    assert (error.outcome, body.read, body.closed) == (Outcome.UNKNOWN, 3, True)


@KINDS
@pytest.mark.parametrize(("status", "outcome"), [(200, Outcome.UNKNOWN), (403, Outcome.NOT_PLACED)])
def test_a_body_that_breaks_off_keeps_its_status(kind: type[Any], status: int, outcome: Outcome) -> None:
    body = Chunks(b"{", httpx.ReadError("reset"))
    error = error_of(kind, lambda _: httpx.Response(status, stream=body))
    assert (error.outcome, body.closed) == (outcome, True)
    assert getattr(error, "status_code", None) == (403 if status == 403 else None)


@KINDS
def test_a_body_that_outlasts_the_deadline_is_a_time_out(kind: type[Any]) -> None:
    """A service that sends a byte now and then never runs into the time-out of a single read."""

    class Slow(Chunks):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                threading.Event().wait(0.01)
                yield b" "

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(0.01)
                yield b" "

    error = error_of(kind, lambda _: httpx.Response(200, stream=Slow()), deadline=0.1)
    assert isinstance(error, autocall_otp.TransportTimeoutError)
    assert error.outcome is Outcome.UNKNOWN


@KINDS
def test_phases_end_with_the_deadline_or_before(kind: type[Any]) -> None:
    seen: list[dict[str, float]] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json=ANSWER)

    given = httpx.Timeout(connect=1.5, read=2.5, write=3.5, pool=4.5)
    for timeout in (given, httpx.Timeout(None), httpx.Timeout(60.0, read=3.0)):
        run(kind, timeout=timeout, deadline=7.0, transport=httpx.MockTransport(reply))
    assert seen[0] == given.as_dict()
    assert all(0 < limit <= 7.0 for limit in seen[1].values())
    assert seen[2]["read"] == 3.0
    assert seen[2]["connect"] <= 7.0


@KINDS
def test_pauses_are_kept_though_a_test_patches_sleep_and_the_clock(kind: type[Any]) -> None:
    answers = iter([httpx.Response(429), httpx.Response(503), httpx.Response(200, json=RECORD)])

    def look_up(client: Any) -> Any:
        client._policy.draw = longest
        return client.get_cdr("R1")

    start = time.perf_counter()
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch("time.sleep", side_effect=AssertionError("called")))
        # asyncio's own event loop reads the same clock, and would stand still with it.
        for name in ("time.monotonic", "time.time") if kind is Client else ():
            patches.enter_context(mock.patch(name, return_value=0.0))
        transport = httpx.MockTransport(lambda _: next(answers))
        record = run(kind, call=look_up, transport=transport, retry=Retry(base=0.05, cap=0.05))
    assert record.answered
    assert time.perf_counter() - start >= 0.1


@KINDS
def test_no_failure_to_connect_rings_a_phone(kind: type[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransportError) as caught:
        run(kind, f"http://127.0.0.1:{port}", retry=Retry.none())
    assert str(caught.value) == f"not connected to 127.0.0.1:{port}: connection refused"
    assert (caught.value.outcome, caught.value.retryable, caught.value.ref_id) == (Outcome.NOT_PLACED, True, "R1")


@KINDS
def test_a_host_without_scheme_on_this_machine_gets_a_hint(kind: type[Any]) -> None:
    for peer in listen():
        host = peer.url.removeprefix("http://")
        with pytest.raises(TransportError, match="TLS expected, plain HTTP answered.*http://") as caught:
            run(kind, host, retry=Retry.none())
        assert caught.value.outcome is Outcome.NOT_PLACED


@KINDS
def test_a_certificate_that_nobody_vouches_for_is_named(kind: type[Any]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    for peer in listen(context):
        with pytest.raises(TransportError, match="certificate not trusted") as caught:
            run(kind, peer.url)
        assert (caught.value.outcome, caught.value.retryable) == (Outcome.NOT_PLACED, False)


@KINDS
def test_what_the_application_was_handling_is_no_part_of_our_failure(kind: type[Any]) -> None:
    """A voice call is what comes after a text message that failed: its error must neither explain ours nor change."""
    theirs = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    theirs.verify_code = 10  # type: ignore[attr-defined] # as of a certificate that expired
    theirs.args = (NUMBER,)

    def reply(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    def look_up(client: Any) -> Any:
        return client.get_cdr("R1")

    try:
        raise theirs
    except ConnectionRefusedError:
        errors = [
            error_of(kind, reply),
            error_of(kind, reply, call=look_up),
            error_of(kind, reply, token=slow_token, deadline=0.01),
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
    return TOKEN


ODD_CODE, ODD_TOKEN = "mã\"1\\\\2'3", "t0k/en+x=="
ECHO = f"{ODD_CODE} to +84 332\u00a0665\u2011711 with {quote(ODD_TOKEN, safe='')}"
CANARIES = re.compile(r"mã|m\\+(u00e3|xe3|xc3)|m%C3|1\\+2|332.{0,9}665.{0,9}711|t0k", re.IGNORECASE)


def echo(status: int, body: object) -> Callable[[httpx.Request], httpx.Response]:
    """A service that answers so; without a status, a library whose failure quotes what was sent."""

    def reply(request: httpx.Request) -> httpx.Response:
        logging.getLogger("httpcore.http11").debug("sending %r %r", request.headers.raw, request.content)
        if status:
            return httpx.Response(status, json=body, headers={"Location": f"https://{quote(ECHO)}"})
        error = httpx.ReadError(f"while reading {ECHO!r}")
        error.add_note(json.dumps(ECHO))
        error.__cause__ = OSError(5, json.dumps({"sent": ECHO}))
        raise error

    return reply


@KINDS
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (0, None), (302, ECHO), (401, {"message": ECHO}), (429, ECHO), (503, {"error": ECHO}),
        (400, {"error": [{ECHO: ECHO}, json.dumps({"x": ECHO})], "message": [[ECHO]]}),
        (200, {"message": {"deep": [ECHO, json.dumps(ECHO)]}}),
        (200, {"call_id": "c1", "error": json.dumps(json.dumps(ECHO))}),
    ],
)  # fmt: skip
def test_no_exit_of_a_failed_call_shows_a_secret(
    kind: type[Any], status: int, body: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def place(client: Any) -> Any:
        return client.run_otp(NUMBER, ODD_CODE, ref_id=f"for-{ODD_CODE}-{NUMBER}")

    error = error_of(kind, echo(status, body), call=place, token=ODD_TOKEN)
    ref_id, error.ref_id = error.ref_id, None
    assert ref_id == f"for-{ODD_CODE}-{NUMBER}", "the caller's own, to look the call up by"
    exits = ["".join(traceback.format_exception(error)), repr(error), ascii(error), caplog.text, repr(vars(error))]
    exits += [pickle.dumps(error).decode("latin-1"), repr(error.__cause__), repr(getattr(error, "errors", ()))]
    assert [found for found in map(CANARIES.search, exits) if found] == []


class SoftTimeLimitExceeded(Exception):  # noqa: N818 - Celery's name for it
    """Raised in whatever a worker is doing."""


@pytest.mark.parametrize(
    "foreign", [SoftTimeLimitExceeded("late"), RuntimeError("a bug"), KeyboardInterrupt()], ids=repr
)
@KINDS
def test_what_is_no_failure_of_the_network_passes_through_with_a_note(
    kind: type[Any], foreign: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def reply(_: httpx.Request) -> httpx.Response:
        raise foreign

    with pytest.raises(type(foreign)) as caught:
        run(kind, transport=httpx.MockTransport(reply))
    assert caught.value is foreign
    assert "run_otp, ref_id R1, outcome UNKNOWN" in foreign.__notes__
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == [f"run_otp, ref_id R1, outcome UNKNOWN: interrupted by {type(foreign).__name__}"]


@KINDS
def test_a_time_limit_that_ends_while_an_answer_is_closed_passes(kind: type[Any]) -> None:
    class Closing(Chunks):
        def close(self) -> None:
            raise SoftTimeLimitExceeded

        async def aclose(self) -> None:
            self.close()

    with pytest.raises(SoftTimeLimitExceeded) as caught:
        run(kind, transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Closing(BODY))))
    assert caught.value.__notes__[0].endswith("outcome UNKNOWN")


def test_a_pause_that_is_interrupted_leaves_the_phone_alone(caplog: pytest.LogCaptureFixture) -> None:
    pause = mock.patch("threading.Event.wait", side_effect=SoftTimeLimitExceeded)
    with pause, pytest.raises(SoftTimeLimitExceeded) as caught:
        run(Client, transport=httpx.MockTransport(lambda _: httpx.Response(429)))
    assert caught.value.__notes__ == ["run_otp, ref_id R1, outcome NOT_PLACED"]
    assert caplog.records == []


@pytest.mark.parametrize("how", ["wait_for", "timeout", "cancel"])
def test_a_cancelled_call_is_noted_and_warned_of(how: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        entered = asyncio.Event()

        async def stall(_: httpx.Request) -> httpx.Response:
            entered.set()
            await asyncio.Event().wait()
            raise AssertionError("it came back")

        async with AsyncClient(**settings("api.example.vn", transport=httpx.MockTransport(stall))) as client:
            call = asyncio.ensure_future(client.run_otp(NUMBER, CODE, ref_id="R1"))
            await entered.wait()
            if how == "cancel":
                call.cancel()
                await call
            elif how == "wait_for":
                await asyncio.wait_for(call, 0.001)
            else:
                async with asyncio.timeout(0.001):
                    await call

    with pytest.raises((asyncio.CancelledError, TimeoutError)) as caught:
        asyncio.run(main())
    assert not isinstance(caught.value, AutocallError)
    assert caplog.messages == ["run_otp, ref_id R1, outcome UNKNOWN: interrupted by CancelledError"]
    assert not [secret for secret in (NUMBER, CODE, TOKEN) if secret in caplog.text]


def test_a_task_under_another_s_transport_ends_by_the_deadline() -> None:
    async def stall(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("it came back")

    with pytest.raises(autocall_otp.TransportTimeoutError) as caught:
        run(AsyncClient, transport=httpx.MockTransport(stall), deadline=0.05)
    assert caught.value.outcome is Outcome.UNKNOWN


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


def test_outside_asyncio_the_error_says_what_is_needed() -> None:
    """As under trio and curio, whose tasks have no event loop of asyncio."""
    client = AsyncClient(**settings("api.example.vn"))
    with pytest.raises(ConfigurationError, match="needs a running event loop of asyncio; trio and curio") as caught:
        client.run_otp(NUMBER, CODE).send(None)
    assert caught.value.outcome is Outcome.NOT_PLACED


@pytest.fixture
def peer() -> Iterator[Peer]:
    yield from listen()


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
def test_a_client_works_on_after_a_fork_on_both_sides(peer: Peer) -> None:
    with Client(**settings(peer.url)) as client:
        assert client.get_cdr("r1").answered
        assert [in_a_child(lambda: client.get_cdr("r1")) for _ in range(3)] == [0, 0, 0]
        assert in_a_child(client.close) == 0
        assert client.get_cdr("r1").answered


@FORKS
def test_a_fork_while_another_thread_asks_for_the_token_does_not_hang(peer: Peer) -> None:
    asked, go_on, parent = threading.Event(), threading.Event(), os.getpid()

    def token() -> str:
        if os.getpid() == parent:
            asked.set()
            go_on.wait(60)
        return "t"

    with Client(**settings(peer.url, token=token)) as client:
        thread = threading.Thread(target=client.get_cdr, args=["r1"])
        thread.start()
        assert asked.wait(60)
        assert in_a_child(lambda: client.get_cdr("r1")) == 0
        go_on.set()
        thread.join(60)


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


def test_a_client_works_on_in_a_later_event_loop(peer: Peer) -> None:
    # What belongs to an event loop that is gone cannot be closed in order: Python says so, and nothing worse.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        client = AsyncClient(**settings(peer.url))
        for _ in range(3):
            assert asyncio.run(client.get_cdr("r1")).answered
        asyncio.run(client.aclose())
        del client
        gc.collect()


def test_a_client_is_not_shared_by_two_event_loops_at_once(peer: Peer) -> None:
    async def main() -> None:
        async with AsyncClient(**settings(peer.url)) as client:
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
