"""Running flows: the only place that sends, receives or sleeps."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, cast

import httpx

from autocall_otp._answers import Answer, BodyTooLargeError, BodyUnreadableError, unpack
from autocall_otp._flow import Attempt, Flow
from autocall_otp._lanes import AsyncLanes, AsyncLent, Lane, Lanes, Lent
from autocall_otp._log import log_attempt, log_result
from autocall_otp._log_filter import current_secrets, install
from autocall_otp._token import AsyncTokenSource, TokenSource
from autocall_otp._watch import AsyncWatch

T = TypeVar("T")
W = TypeVar("W")
S = TypeVar("S")
# The time-outs of an attempt end with the deadline; they say more than a cancelled task, so they go first.
_GRACE = 0.1
install()


def drive(flow: Flow[T], line: Line, sleep: Callable[[float], object] = time.sleep) -> T:
    """Run a flow to its end."""
    try:
        attempt = next(flow)
        while True:
            if attempt.delay:
                sleep(attempt.delay)
            attempt = flow.send(line.exchange(attempt))
    except StopIteration as end:
        result: T = end.value
        return result


async def adrive(flow: Flow[T], line: AsyncLine, sleep: Callable[[float], Awaitable[object]] | None = None) -> T:
    """Run a flow to its end."""
    import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

    pause = sleep or asyncio.sleep
    try:
        attempt = next(flow)
        while True:
            if attempt.delay:
                await pause(attempt.delay)
            attempt = flow.send(await line.exchange(attempt))
    except StopIteration as end:
        result: T = end.value
        return result


class _Reading:
    """The body of an answer as it comes in, up to a bound."""

    __slots__ = ("bound", "chunks", "response", "size", "until")

    def __init__(self, response: httpx.Response, bound: int, until: float) -> None:
        self.response, self.bound, self.until = response, bound, until
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self.bound:
            raise BodyTooLargeError(f"its body is larger than {self.bound} bytes")
        # A server that sends a byte now and then never runs into the time-out of a single read.
        if time.monotonic() > self.until:
            raise httpx.ReadTimeout("the deadline passed while the body came in")
        self.chunks.append(chunk)

    def answer(self, fault: Exception | None = None) -> Answer:
        headers, body = self.response.headers, b"".join(self.chunks)
        # What HTTP says; httpx would find it out anew for each answer.
        headers.encoding = "iso-8859-1"
        if fault is None and "content-encoding" in headers:
            try:
                body = unpack(body, headers["content-encoding"].strip().lower(), self.bound)
            except (BodyTooLargeError, BodyUnreadableError) as error:
                fault = error
        answer = Answer(self.response.status_code, headers, body, fault)
        log_result(answer)
        return answer


class _Line(Generic[W, S]):
    """A way to the service: connections, token, limits."""

    def __init__(self, lanes: W, tokens: S, timeout: httpx.Timeout, max_response_bytes: int) -> None:
        self.lanes, self.tokens, self.max_response_bytes = lanes, tokens, max_response_bytes
        self._limits = timeout.as_dict()
        self._longest = max(math.inf if limit is None else limit for limit in self._limits.values())

    def _prepare(self, attempt: Attempt, token: str) -> httpx.Request:
        """Sign the request and bound each of its phases by what is left of the deadline."""
        attempt.token = token
        current_secrets.set(attempt.secrets | {token: "***"})
        request = attempt.request
        request.headers["Authorization"] = f"Bearer {token}"
        request.extensions["timeout"] = self._bounded(attempt.until - time.monotonic())
        request.extensions["deadline"] = attempt.until
        log_attempt(attempt)
        return request

    def _bounded(self, left: float) -> dict[str, float | None]:
        if left >= self._longest:
            return self._limits.copy()
        left = max(left, 0.001)
        return {phase: left if limit is None else min(limit, left) for phase, limit in self._limits.items()}


class Line(_Line[Lanes | Lent, TokenSource]):
    """For threads."""

    def exchange(self, attempt: Attempt) -> Answer | Exception:
        """Send a request and read its answer; whatever goes wrong is returned, for the flow to judge."""
        lane: Lane | None = None
        reading: _Reading | None = None
        whole = False
        try:
            token = self.tokens.get(attempt.token if attempt.renew else "")
            request = self._prepare(attempt, token)
            lane = self.lanes.take(request)
            response = lane.transport.handle_request(request)
            reading = _Reading(response, self.max_response_bytes, attempt.until)
            stream = cast("httpx.SyncByteStream", response.stream)
            try:
                for chunk in stream:
                    reading.add(chunk)
            finally:
                stream.close()
            whole = True
        except Exception as error:  # noqa: BLE001 - no failure may reach the caller without its outcome
            fault = error if lane is None else lane.failure(error)
            log_result(fault)
            return fault if reading is None else reading.answer(fault)
        finally:
            current_secrets.set(None)
            if lane is not None:
                self.lanes.give_back(lane, whole=whole)
        return reading.answer()


class AsyncLine(_Line[AsyncLanes | AsyncLent, AsyncTokenSource]):
    """For tasks."""

    def __init__(
        self, lanes: AsyncLanes | AsyncLent, tokens: AsyncTokenSource, timeout: httpx.Timeout, max_response_bytes: int
    ) -> None:
        super().__init__(lanes, tokens, timeout, max_response_bytes)
        self._watch = AsyncWatch()

    async def exchange(self, attempt: Attempt) -> Answer | Exception:
        """Send a request and read its answer; whatever goes wrong is returned, for the flow to judge."""
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        reading: _Reading | None = None
        request: httpx.Request | None = None
        bound = asyncio.timeout(None)
        self._watch.arm(bound, attempt.until + _GRACE)
        try:
            async with bound:
                token = await self.tokens.get(attempt.token if attempt.renew else "")
                request = self._prepare(attempt, token)
                lane, whole = await self.lanes.take(request), False
                try:
                    response = await lane.transport.handle_async_request(request)
                    reading = _Reading(response, self.max_response_bytes, attempt.until)
                    await _read(cast("httpx.AsyncByteStream", response.stream), reading)
                    whole = True
                finally:
                    await self.lanes.give_back(lane, whole=whole)
        except Exception as error:  # noqa: BLE001 - no failure may reach the caller without its outcome
            if request is None and isinstance(error, TimeoutError):
                return httpx.ConnectTimeout("the deadline passed before there was a token")
            log_result(error)
            return error if reading is None else reading.answer(error)
        finally:
            self._watch.disarm(bound)
            current_secrets.set(None)
        return reading.answer()  # pyright: ignore[reportOptionalMemberAccess] - nothing above ends early in silence


async def _read(stream: httpx.AsyncByteStream, reading: _Reading) -> None:
    try:
        async for chunk in stream:
            reading.add(chunk)
    finally:
        await stream.aclose()
