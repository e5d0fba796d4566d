"""Sending, reading within bounds, and pausing: the same for both shells."""

import asyncio
import gzip
import logging
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from autocall_otp._answers import Answer, BodyTooLargeError, BodyUnreadableError
from autocall_otp._drive import AsyncLine, Line, adrive, drive
from autocall_otp._flow import Attempt, Flow
from autocall_otp._lanes import AsyncLane, AsyncLent, Lane, Lent
from autocall_otp._token import AsyncTokenSource, TokenSource

SHELLS = ["sync", "async"]


def attempt(**more: Any) -> Attempt:
    return Attempt(httpx.Request("GET", "https://api.example.vn/x"), time.monotonic() + 30.0, **more)


def exchange(shell: str, transport: Any, one: Attempt, bound: int = 100, token: Any = "t0ken") -> Answer | Exception:
    limits = (httpx.Timeout(7.0), bound)
    if shell == "sync":
        return Line(Lent(transport), TokenSource(token), *limits).exchange(one)

    async def run() -> Answer | Exception:
        return await AsyncLine(AsyncLent(transport), AsyncTokenSource(token), *limits).exchange(one)

    return asyncio.run(run())


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


def answering(body: Chunks, status: int = 200, **headers: str) -> httpx.MockTransport:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.MockTransport(lambda _: httpx.Response(status, headers=names, stream=body))


@pytest.mark.parametrize("shell", SHELLS)
def test_an_answer_is_read_whole_and_closed(shell: str) -> None:
    body = Chunks(b"one", b"two")
    answer = exchange(shell, answering(body, 404, x_name="v"), attempt())
    assert isinstance(answer, Answer)
    assert (answer.status_code, answer.body, answer.fault, answer.headers["x-name"]) == (404, b"onetwo", None, "v")
    assert body.closed


@pytest.mark.parametrize("shell", SHELLS)
def test_a_large_body_is_not_read_on(shell: str) -> None:
    body = Chunks(*[b"x" * 60] * 1000)
    answer = exchange(shell, answering(body), attempt())
    assert isinstance(answer, Answer)
    assert isinstance(answer.fault, BodyTooLargeError)
    assert str(answer.fault) == "its body is larger than 100 bytes"
    assert (body.read, body.closed) == (2, True)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_body_of_exactly_the_bound_is_taken(shell: str) -> None:
    answer = exchange(shell, answering(Chunks(b"x" * 100)), attempt())
    assert isinstance(answer, Answer)
    assert answer.fault is None


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("body", "encoding", "fault"),
    [
        (gzip.compress(b"{}", mtime=0), "gzip", None),
        (gzip.compress(b"0" * 9999, mtime=0), "gzip", BodyTooLargeError),
        (b"{}", "br", BodyUnreadableError),
    ],
)
def test_a_packed_body(shell: str, body: bytes, encoding: str, fault: type[Exception] | None) -> None:
    answer = exchange(shell, answering(Chunks(body), content_encoding=encoding), attempt())
    assert isinstance(answer, Answer)
    assert type(answer.fault) is (fault or type(None))
    assert fault is not None or answer.body == b"{}"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_body_that_breaks_keeps_its_status(shell: str) -> None:
    failure, body = httpx.ReadError("reset"), Chunks(b"{")
    body.chunks = (b"{", failure)
    answer = exchange(shell, answering(body, 400), attempt())
    assert isinstance(answer, Answer)
    assert (answer.status_code, answer.fault, body.closed) == (400, failure, True)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_body_that_outlasts_the_deadline_is_a_time_out(shell: str) -> None:
    late = attempt()
    late.until = time.monotonic() - 0.01
    answer = exchange(shell, answering(Chunks(b"{", b"}")), late)
    assert isinstance(answer, Answer)
    assert isinstance(answer.fault, httpx.ReadTimeout)
    assert str(answer.fault) == "the deadline passed while the body came in"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_failure_is_returned_for_the_flow_to_judge(shell: str) -> None:
    for failure in (httpx.ConnectError("no"), RuntimeError("odd")):

        def fail(_: httpx.Request, failure: Exception = failure) -> httpx.Response:
            raise failure

        assert exchange(shell, httpx.MockTransport(fail), attempt()) is failure


@pytest.mark.parametrize("shell", SHELLS)
def test_a_request_is_signed_and_its_phases_end_with_the_deadline(shell: str) -> None:
    seen: list[httpx.Request] = []
    transport = httpx.MockTransport(lambda request: seen.append(request) or httpx.Response(200))
    one = attempt()
    one.until = time.monotonic() + 3.0
    exchange(shell, transport, one)
    assert seen[0].headers["authorization"] == "Bearer t0ken"
    assert one.token == "t0ken"
    assert seen[0].extensions["deadline"] == one.until
    assert all(2.0 < limit <= 3.0 for limit in seen[0].extensions["timeout"].values())
    later = attempt()
    exchange(shell, transport, later)
    assert set(later.request.extensions["timeout"].values()) == {7.0}


@pytest.mark.parametrize("shell", SHELLS)
def test_what_libraries_log_of_our_request_holds_no_secret(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log, coded = logging.getLogger("httpcore.http2"), logging.getLogger("hpack.hpack")

    def answer(request: httpx.Request) -> httpx.Response:
        log.debug("Encoding %s for %s", request.headers["authorization"], b"0332665711")
        coded.debug("Encoded header block to %s", b"W\x8f")
        return httpx.Response(200)

    exchange(shell, httpx.MockTransport(answer), attempt(secrets={"LUAN001": "***"}))
    log.debug("another's %s", "t0ken")
    coded.debug("another's block")
    assert [record.getMessage() for record in caplog.records if record.name.startswith(("httpcore", "hpack"))] == [
        "Encoding Bearer *** for b'0332***711'",
        "another's t0ken",
        "another's block",
    ]


def test_an_async_request_is_cancelled_at_its_deadline() -> None:
    class Stalled(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    one = attempt()
    one.until = time.monotonic() + 0.01
    assert isinstance(exchange("async", Stalled(), one), TimeoutError)


def test_a_token_that_does_not_come_leaves_the_phone_alone() -> None:
    async def never() -> str:
        await asyncio.Event().wait()
        return ""

    one = attempt()
    one.until = time.monotonic() + 0.01
    result = exchange("async", httpx.MockTransport(lambda _: httpx.Response(200)), one, token=never)
    assert isinstance(result, httpx.ConnectTimeout)
    assert str(result) == "the deadline passed before there was a token"


@pytest.mark.parametrize("shell", SHELLS)
def test_pauses_come_before_their_attempt(shell: str) -> None:
    happened: list[object] = []

    def flow() -> Flow[str]:
        yield attempt()
        yield attempt(delay=2.5)
        return "done"

    def answer(_: httpx.Request) -> httpx.Response:
        happened.append("sent")
        return httpx.Response(200)

    async def pause(seconds: float) -> None:
        happened.append(seconds)

    async def run() -> str:
        line = AsyncLine(AsyncLent(httpx.MockTransport(answer)), AsyncTokenSource("t"), httpx.Timeout(1), 100)
        return await adrive(flow(), line, pause)

    if shell == "sync":
        line = Line(Lent(httpx.MockTransport(answer)), TokenSource("t"), httpx.Timeout(1), 100)
        assert drive(flow(), line, happened.append) == "done"
    else:
        assert asyncio.run(run()) == "done"
    assert happened == ["sent", 2.5, "sent"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_fresh_token_is_asked_for_only_where_the_last_one_was_refused(shell: str) -> None:
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return f"token{len(asked)}"

    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    first, again, renewed = attempt(), attempt(token="token1"), attempt(token="token1", renew=True)
    if shell == "sync":
        line = Line(transport, TokenSource(ask), httpx.Timeout(7.0), 100)
        for each in (first, again, renewed):
            line.exchange(each)
    else:

        async def run() -> None:
            line = AsyncLine(transport, AsyncTokenSource(ask), httpx.Timeout(7.0), 100)
            for each in (first, again, renewed):
                await line.exchange(each)

        asyncio.run(run())
    assert [each.token for each in (first, again, renewed)] == ["token1", "token1", "token2"]


class Leases:
    """Stands for a free list: remembers who took its lane, and how it came back."""

    def __init__(self, lane: Any) -> None:
        self.lane, self.taken, self.whole = lane, list[httpx.Request](), list[bool]()

    def take(self, request: httpx.Request) -> Any:
        self.taken.append(request)
        return self.lane

    def give_back(self, _: Any, *, whole: bool) -> None:
        self.whole.append(whole)


class AsyncLeases(Leases):
    async def take(self, request: httpx.Request) -> Any:
        return super().take(request)

    async def give_back(self, _: Any, *, whole: bool) -> None:
        super().give_back(_, whole=whole)


def lease(shell: str, transport: httpx.MockTransport, one: Attempt) -> tuple[Answer | Exception, Leases]:
    limits = (httpx.Timeout(7.0), 100)
    if shell == "sync":
        leases = Leases(Lane(transport))
        return Line(leases, TokenSource("t"), *limits).exchange(one), leases  # type: ignore[arg-type] # a stand-in
    leases = AsyncLeases(AsyncLane(transport))

    async def run() -> Answer | Exception:
        line = AsyncLine(leases, AsyncTokenSource("t"), *limits)  # type: ignore[arg-type] # a stand-in
        watch = line._watch
        watch.arm = lambda bound, until: (watch._armed.update({bound: until}), seen.append(until))  # type: ignore[method-assign,assignment,func-returns-value] # watched
        result = await line.exchange(one)
        assert watch._armed == {}
        return result

    seen: list[float] = []
    result = asyncio.run(run())
    assert seen[0] > one.until, "time-outs of phases go first"
    return result, leases


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("failure", [None, httpx.ReadError("reset")], ids=repr)
def test_a_lane_comes_back_with_word_of_its_answer(shell: str, failure: Exception | None) -> None:
    one = attempt()
    result, leases = lease(shell, answering(Chunks(b"{}", *[failure] * bool(failure))), one)
    assert isinstance(result, Answer)
    assert (result.fault, leases.taken, leases.whole) == (failure, [one.request], [failure is None])


def test_a_failure_on_a_connection_that_was_cut_is_a_time_out() -> None:
    lane, failure = Lane(answering(Chunks(httpx.ReadError("reset")))), httpx.ReadError("reset")
    lane.cut = True
    result = Line(Leases(lane), TokenSource("t"), httpx.Timeout(7.0), 100).exchange(attempt())  # type: ignore[arg-type] # a stand-in
    assert isinstance(result, Answer)
    assert isinstance(result.fault, httpx.ReadTimeout)
    assert repr(result.fault.__cause__) == repr(failure)


def test_each_phase_ends_with_the_deadline_or_before() -> None:
    line = Line(
        Lent(httpx.MockTransport(lambda _: httpx.Response(200))),
        TokenSource("t"),
        httpx.Timeout(9.0, read=None, connect=1.0),
        100,
    )
    assert line._bounded(3.0) == {"connect": 1.0, "read": 3.0, "write": 3.0, "pool": 3.0}
    assert set(line._bounded(-5.0).values()) == {0.001}
