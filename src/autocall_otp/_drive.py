"""Running flows: the only place that sends, receives or sleeps."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, closing
from typing import TypeVar, cast

import attrs
import httpx

from autocall_otp._answers import Answer, BodyTooLargeError, BodyUnreadableError, unpack
from autocall_otp._flow import Attempt, Flow
from autocall_otp._log import log_attempt, log_result
from autocall_otp._log_filter import current_secrets, install
from autocall_otp._token import AsyncTokenSource, TokenSource

T = TypeVar("T")
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


@attrs.define
class _Reading:
    """The body of an answer as it comes in, up to a bound."""

    response: httpx.Response
    bound: int
    until: float
    chunks: list[bytes] = attrs.field(factory=list[bytes])
    size: int = 0

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self.bound:
            raise BodyTooLargeError(f"its body is larger than {self.bound} bytes")
        # A server that sends a byte now and then never runs into the time-out of a single read.
        if time.monotonic() > self.until:
            raise httpx.ReadTimeout("the deadline passed while the body came in")
        self.chunks.append(chunk)

    def answer(self, fault: Exception | None = None) -> Answer:
        head, body = self.response, b"".join(self.chunks)
        if fault is None and "content-encoding" in head.headers:
            try:
                body = unpack(body, head.headers["content-encoding"].strip().lower(), self.bound)
            except (BodyTooLargeError, BodyUnreadableError) as error:
                fault = error
        answer = Answer(head.status_code, head.headers, body, fault)
        log_result(answer)
        return answer


def _prepare(attempt: Attempt, token: str, timeout: httpx.Timeout) -> httpx.Request:
    """Sign the request and bound each of its phases by what is left of the deadline."""
    attempt.token = token
    current_secrets.set(attempt.secrets | {token: "***"})
    request = attempt.request
    request.headers["Authorization"] = f"Bearer {token}"
    left = max(attempt.until - time.monotonic(), 0.001)
    request.extensions["timeout"] = {
        phase: left if limit is None else min(limit, left) for phase, limit in timeout.as_dict().items()
    }
    request.extensions["deadline"] = attempt.until
    log_attempt(attempt)
    return request


@attrs.frozen
class Line:
    """A way to the service: transport, token, limits."""

    transport: httpx.BaseTransport
    tokens: TokenSource
    timeout: httpx.Timeout
    max_response_bytes: int

    def exchange(self, attempt: Attempt) -> Answer | Exception:
        """Send a request and read its answer; whatever goes wrong is returned, for the flow to judge."""
        reading: _Reading | None = None
        try:
            token = self.tokens.get(attempt.token if attempt.renew else "")
            response = self.transport.handle_request(_prepare(attempt, token, self.timeout))
            reading = _Reading(response, self.max_response_bytes, attempt.until)
            with closing(cast("httpx.SyncByteStream", response.stream)) as stream:
                for chunk in stream:
                    reading.add(chunk)
        except Exception as error:  # noqa: BLE001 - no failure may reach the caller without its outcome
            log_result(error)
            return error if reading is None else reading.answer(error)
        finally:
            current_secrets.set(None)
        return reading.answer()


@attrs.frozen
class AsyncLine:
    """A way to the service: transport, token, limits."""

    transport: httpx.AsyncBaseTransport
    tokens: AsyncTokenSource
    timeout: httpx.Timeout
    max_response_bytes: int

    async def exchange(self, attempt: Attempt) -> Answer | Exception:
        """Send a request and read its answer; whatever goes wrong is returned, for the flow to judge."""
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        reading: _Reading | None = None
        request: httpx.Request | None = None
        try:
            async with asyncio.timeout(max(attempt.until - time.monotonic(), 0.0) + _GRACE):
                token = await self.tokens.get(attempt.token if attempt.renew else "")
                request = _prepare(attempt, token, self.timeout)
                response = await self.transport.handle_async_request(request)
                reading = _Reading(response, self.max_response_bytes, attempt.until)
                async with aclosing(cast("httpx.AsyncByteStream", response.stream)) as stream:
                    async for chunk in stream:
                        reading.add(chunk)
        except Exception as error:  # noqa: BLE001 - no failure may reach the caller without its outcome
            if request is None and isinstance(error, TimeoutError):
                return httpx.ConnectTimeout("the deadline passed before there was a token")
            log_result(error)
            return error if reading is None else reading.answer(error)
        finally:
            current_secrets.set(None)
        return reading.answer()
