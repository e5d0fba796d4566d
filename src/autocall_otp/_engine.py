"""What a client is driven by: its connections, its tokens, and running its flows over them.

It comes with a program's first client; one that has none yet starts sooner without it.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TypeVar

import httpx

from autocall_otp._config import AsyncToken, Fast, Settings, Token
from autocall_otp._drive import AsyncLine, Line, adrive, drive
from autocall_otp._flow import Flow
from autocall_otp._lanes import AsyncLent, Lent
from autocall_otp._lifetime import Lifetime, running_loop
from autocall_otp._token import AsyncTokenSource, TokenSource
from autocall_otp._transport import async_lanes, read_choice, sync_lanes

T = TypeVar("T")


class Engine:
    """For threads."""

    def __init__(self, settings: Settings, token: Token | None, transport: httpx.BaseTransport | Fast | None) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigurationError: token or transport cannot be used.
        """
        own, fast = read_choice(transport)
        bound = settings.max_response_bytes

        def open_line() -> Line:
            way = Lent(own) if own is not None else sync_lanes(settings.base_url, bound, fast=fast)
            return Line(way, TokenSource(token), settings.timeout, bound)

        self.lifetime = Lifetime(open_line, reopens=own is None)

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end."""
        return drive(flow, self.lifetime.line())

    def close(self) -> None:
        """Close the connections."""
        if line := self.lifetime.close():
            line.lanes.close()


class AsyncEngine:
    """For the tasks of one event loop."""

    def __init__(
        self, settings: Settings, token: AsyncToken | None, transport: httpx.AsyncBaseTransport | Fast | None
    ) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigurationError: token or transport cannot be used.
        """
        own, fast = read_choice(transport)
        bound = settings.max_response_bytes

        def open_line() -> AsyncLine:
            way = AsyncLent(own) if own is not None else async_lanes(settings.base_url, bound, fast=fast)
            return AsyncLine(way, AsyncTokenSource(token), settings.timeout, bound)

        self.lifetime = Lifetime(open_line, reopens=own is None)

    def run(self, flow: Flow[T]) -> Coroutine[object, object, T]:
        """Run a flow to its end, once awaited."""
        return adrive(flow, self.lifetime.line(running_loop()))

    async def aclose(self) -> None:
        """Close the connections."""
        if line := self.lifetime.close(running_loop()):
            await line.lanes.aclose()
