"""A request whose body can be sent once: the evidence of what has left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NoReturn, Self
from weakref import WeakMethod

import httpx

SENT_BEFORE = "the request was sent already, and may be sent once only"
EXTENSION = "autocall_otp"
"""Where a transport finds the body of a request of ours."""


class OneShotBody(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The bytes of a request, which remember whether anybody asked for them, and can be asked for once.

    So whatever sends this stream can send a call once, and not after its deadline: a library, a proxy, a retrying
    transport. Not an `httpx.ByteStream`: respx would read that one twice.
    """

    __slots__ = ("_clock", "_content", "asked", "close_answer", "deadline", "pooled", "wired")

    def __init__(self, content: bytes, deadline: float, clock: Callable[[], float]) -> None:
        self._content, self.deadline, self._clock = content, deadline, clock
        self.asked = False
        """Somebody asked for the bytes, in order to send them."""
        self.pooled = False
        """Our connection pool was handed the request."""
        self.wired = False
        """Our network backend was used for it."""
        self.close_answer: WeakMethod[Callable[[], None]] | None = None
        """Closes the connection that our pool's answer came on, unless the answer was read to its end. Weak: the
        connection knows this body, and what nobody else holds is to be freed."""

    def release(self) -> None:
        """Let go of the answer: whatever ended the attempt, nothing of it stays open."""
        answer, self.close_answer = self.close_answer, None
        if answer is not None and (close := answer()) is not None:
            close()

    def _ask(self) -> bytes:
        if self.asked:
            raise httpx.WriteError(SENT_BEFORE)
        if self._clock() >= self.deadline:
            raise httpx.WriteTimeout("the deadline passed before the request was sent")
        self.asked = True
        return self._content

    def __iter__(self) -> Iterator[bytes]:
        yield self._ask()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._ask()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a body is sent once, by the process that made it")


class Request(httpx.Request):
    """A request with a one-shot body.

    Mocks and loggers get a copy of the body from `read()` and `aread()`. Before that, `content` raises RequestNotRead,
    so that a transport which would send `content` takes the stream, which remembers.
    """

    body: OneShotBody
    copied = False
    """Somebody took a copy of the body."""
    handed = False
    """A transport was given the request."""
    is_ours_or_mock = False
    """Of the transport: if our pool never saw the request, a mock took it, and nothing was sent."""

    def __init__(  # noqa: PLR0913, PLR0917 - a request, and until when
        self,
        method: str,
        url: httpx.URL,
        headers: httpx.Headers,
        content: bytes,
        deadline: float,
        clock: Callable[[], float],
    ) -> None:
        self._bytes, self.body = content, OneShotBody(content, deadline, clock)
        super().__init__(method, url, headers=headers, stream=self.body, extensions={EXTENSION: self.body})

    def __getstate__(self) -> dict[str, Any]:
        """For a copy of the request, which brings a copy of the body."""
        self.copied = True
        return super().__getstate__()

    @property
    def content(self) -> bytes:
        """The copy of the body, where one was taken.

        Raises:
            httpx.RequestNotRead: none was taken; an empty body aside.
        """
        if self._bytes and not self.copied:
            raise httpx.RequestNotRead
        return self._bytes

    def read(self) -> bytes:
        """A copy of the body."""
        self.copied = True
        return self._bytes

    async def aread(self) -> bytes:
        """A copy of the body."""
        return self.read()


RequestMaker = Callable[[float, Callable[[], float]], Request]
"""Makes a request for one attempt, with its deadline and the clock of that."""
