"""Running use cases: wait, hand a request to the transport, read its answer, and let the use case decide.

A session holds what belongs to one process and one event loop, the connections and the token, and makes it anew in
another: a connection that two processes share mixes up their answers.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from autocall_otp._auth import AsyncTokenSource, TokenSource
from autocall_otp._clock import async_sleep, now, sleep
from autocall_otp._config import AsyncToken, Settings, from_environment
from autocall_otp._errors import AutocallError, misconfigured
from autocall_otp._log import current_secrets, filter_libraries, logger
from autocall_otp._sansio.response import BodyReader, BodyTooLargeError, RawResponse

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Generator

    from autocall_otp._sansio.evidence import Request
    from autocall_otp._sansio.retry import Attempt, Flow

T = TypeVar("T")
_FAILURES = (AutocallError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, BodyTooLargeError)
# Seconds past the deadline: the own time-out of a foreign transport, which names the phase, comes first.
_GRACE = 0.1
filter_libraries()


def _is_failure(error: BaseException) -> bool:
    """Whether network, TLS or HTTP failed; anything else is none of our business and passes through."""
    aiohttp: Any = sys.modules.get("aiohttp")
    return isinstance(error, _FAILURES) or (aiohttp is not None and isinstance(error, aiohttp.ClientError))


@contextlib.contextmanager
def _failures_passed_over() -> Generator[None]:
    """For closing: libraries say with a RuntimeError, too, that it cannot be done. A time limit passes."""
    try:
        yield
    except Exception as error:
        if not _is_failure(error) and not isinstance(error, RuntimeError):
            raise


class _Session:
    """What both sessions do with an attempt before and after it is sent, and where their connections may be used."""

    _base: type[object]

    def __init__(self, settings: Settings, token: AsyncToken | None, transport: object) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigurationError: token or transport cannot be used.
        """
        if transport is not None and not isinstance(transport, self._base):
            raise _unusable(transport, self._base)
        self._settings = settings
        # Read once: the environment may be another by the time of a fork.
        self._token: Any = from_environment("AUTOCALL_TOKEN") if token is None else token
        self._given: Any = transport
        self._timeouts = settings.timeout.as_dict()
        # A request on our own transport that never reached our pool was taken by a mock: nothing was sent.
        self._is_ours_or_mock = transport is None or isinstance(transport, httpx.MockTransport)
        self._used = self._closed = False
        self._process = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open()

    def _open(self) -> None:
        """Make connections and token source, unconnected."""
        raise NotImplementedError

    def _ensure_usable(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """See that the connections may be used here; make new ones in another process or event loop.

        Raises:
            ConfigurationError: the client is closed, or belongs elsewhere.
        """
        if self._closed:
            raise misconfigured("client", "is closed")
        process = os.getpid()
        if process != self._process or loop is not self._loop:
            forked = process != self._process
            if self._used and not self._is_ours_or_mock:
                raise misconfigured("transport", "was used in another process or event loop: make a client for each")
            if self._used and not forked and self._loop is not None and not self._loop.is_closed():
                raise misconfigured("client", "is in use in another event loop: make a client for each")
            if forked or self._used:
                # What is left behind is not closed: its sockets are the parent's, or its event loop is gone.
                self._open()
            self._process, self._loop = process, loop
        self._used = True

    def _prepare(self, attempt: Attempt, token: str) -> Request:
        """The request with its token and time-outs, which end with the deadline."""
        if self._closed:
            # While the token was asked for.
            raise misconfigured("client", "is closed")
        attempt.token = token
        attempt.operation.secrets.add_token(token)
        request = attempt.request
        request.headers["Authorization"] = f"Bearer {token}"
        left = max(attempt.deadline - now(), 0.001)
        request.extensions["timeout"] = {
            phase: left if limit is None else min(limit, left) for phase, limit in self._timeouts.items()
        }
        current_secrets.set(attempt.operation.secrets)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s, after a pause of %.2f s", request.method, request.url.path, attempt.delay)
        request.is_ours_or_mock, request.handed = self._is_ours_or_mock, True
        return request


def _unusable(transport: object, base: type[object]) -> AutocallError:
    if type(transport).__module__.partition(".")[0] == "httpx2":
        return misconfigured("transport", "is of httpx2, and this client uses httpx: see httpx2.alias_httpx()")
    if transport == "fast":
        return misconfigured("transport", '"fast" is gone: leave transport out, or see the extra "aiohttp" in the docs')
    return misconfigured("transport", f"must be an httpx.{base.__name__}, or left out")


class Session(_Session):
    """For threads."""

    _base = httpx.BaseTransport

    def _open(self) -> None:
        from autocall_otp._transport.environment import sync_transport  # noqa: PLC0415 - it loads httpcore

        self._transport = sync_transport(self._settings.base_url) if self._given is None else self._given
        self._tokens = TokenSource(self._token)

    def run(self, flow: Flow[T]) -> T:
        """Run a use case to its end."""
        try:
            attempt = next(flow)
            while True:
                try:
                    result = self._send(attempt)
                except BaseException as error:
                    flow.throw(error)
                    raise
                attempt = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value

    def _send(self, attempt: Attempt) -> RawResponse | Exception:
        """Pause, send a request and read its answer; what failed comes back as the answer would."""
        reader: BodyReader | None = None
        outer = current_secrets.get()
        try:
            if attempt.delay:
                sleep(attempt.delay)
            self._ensure_usable()
            request = self._prepare(attempt, self._tokens.get(attempt.refused_token, attempt.deadline))
            response = self._transport.handle_request(request)
            reader, stream = BodyReader(response, self._settings.max_response_bytes), _unread(response)
            try:
                for chunk in stream:
                    reader.add(chunk)
                    # A server that sends a byte now and then never runs into the time-out of a single read.
                    if now() > attempt.deadline:
                        raise _too_late()
            finally:
                # A connection that cannot be closed says nothing of the answer.
                with _failures_passed_over():
                    stream.close()
            return reader.finish()
        except Exception as error:
            if not _is_failure(error):
                raise
            return error if reader is None else reader.finish(error)
        finally:
            # This call may be made in the course of another: by its transport, say.
            current_secrets.set(outer)
            attempt.request.body.release()

    def close(self) -> None:
        """Close the connections. A request under way ends as it would; nothing more is sent."""
        self._closed = True
        if self._process == os.getpid():
            self._transport.close()


class AsyncSession(_Session):
    """For the tasks of one event loop."""

    _base = httpx.AsyncBaseTransport

    def _open(self) -> None:
        from autocall_otp._transport.environment import async_transport  # noqa: PLC0415 - it loads httpcore

        self._transport = async_transport(self._settings.base_url) if self._given is None else self._given
        self._tokens = AsyncTokenSource(self._token)

    async def run(self, flow: Flow[T]) -> T:
        """Run a use case to its end."""
        try:
            attempt = next(flow)
            while True:
                try:
                    result = await self._send(attempt)
                except BaseException as error:
                    flow.throw(error)
                    raise
                attempt = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value

    async def _send(self, attempt: Attempt) -> RawResponse | Exception:
        """Pause, send a request and read its answer; what failed comes back as the answer would."""
        import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

        reader: BodyReader | None = None
        outer = current_secrets.get()
        try:
            if attempt.delay:
                await async_sleep(attempt.delay)
            self._ensure_usable(_running_loop())
            request = self._prepare(attempt, await self._tokens.get(attempt.refused_token, attempt.deadline))
            # Our own transport minds the deadline at every step.
            left = attempt.deadline - now() + _GRACE
            async with asyncio.timeout(left) if self._given is not None else contextlib.nullcontext():
                response = await self._transport.handle_async_request(request)
                reader, stream = BodyReader(response, self._settings.max_response_bytes), _unread(response)
                try:
                    async for chunk in stream:
                        reader.add(chunk)
                        if now() > attempt.deadline:
                            raise _too_late()
                finally:
                    with _failures_passed_over():
                        await stream.aclose()
            return reader.finish()
        except Exception as error:
            if not _is_failure(error):
                raise
            return error if reader is None else reader.finish(error)
        finally:
            # This call may be made in the course of another: by its transport, say.
            current_secrets.set(outer)
            attempt.request.body.release()

    async def aclose(self) -> None:
        """Close the connections. A request under way ends as it would; nothing more is sent."""
        self._closed = True
        loop = self._loop
        is_gone = loop is not None and loop.is_closed() and self._given is None
        if self._process == os.getpid() and (loop is None or is_gone or loop is _running_loop()):
            await self._transport.aclose()


def _unread(response: httpx.Response) -> Any:  # noqa: ANN401 - for threads or for tasks
    """The body as it comes, or what a hook has read of it: a connection cannot be read twice."""
    if not response.is_stream_consumed or isinstance(response.stream, httpx.ByteStream):
        return response.stream
    # httpx has unpacked it.
    response.headers["content-encoding"] = ""
    return httpx.ByteStream(response.content)


def _too_late() -> httpx.ReadTimeout:
    return httpx.ReadTimeout("the deadline passed while the body came in")


def _running_loop() -> asyncio.AbstractEventLoop:
    """The event loop of the task that asks.

    Raises:
        ConfigurationError: there is none.
    """
    import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise misconfigured("client", "needs a running event loop of asyncio; trio and curio have none") from None
