"""How long a client's connections live: one process, one event loop, until it is closed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from autocall_otp._config import wrong

if TYPE_CHECKING:
    import asyncio

L = TypeVar("L")


class Lifetime(Generic[L]):
    """A line to the service, made anew where the one at hand belongs to another process or event loop.

    Sharing a connection across a fork mixes up the answers of two processes, and a connection of an event loop that
    is gone can be neither used nor closed.
    """

    def __init__(self, open_line: Callable[[], L], *, reopens: bool) -> None:
        """Open a line; whether it can be opened again is up to whoever gave its transport."""
        self._open, self._reopens = open_line, reopens
        self._line = open_line()
        self._process = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._used = self._closed = False

    def line(self, loop: asyncio.AbstractEventLoop | None = None) -> L:
        """The line, for use in this process and event loop.

        Raises:
            ConfigurationError: the client is closed, or the line belongs elsewhere and cannot be made anew.
        """
        if self._closed:
            raise wrong("client", "is closed")
        process = os.getpid()
        if process != self._process or loop is not self._loop:
            self._move(process, loop)
        self._used = True
        return self._line

    def close(self, loop: asyncio.AbstractEventLoop | None = None) -> L | None:
        """Take the line out of use; return it to be closed, if this process and event loop may do so."""
        self._closed = True
        if self._process == os.getpid() and (self._loop is loop or not self._used):
            return self._line
        return None

    def _move(self, process: int, loop: asyncio.AbstractEventLoop | None) -> None:
        forked = self._process != process
        if self._used and not self._reopens:
            raise wrong("transport", "was used in another process or event loop: make a client for each")
        if not forked and self._loop is not None and not self._loop.is_closed():
            raise wrong("client", "is in use in another event loop: make a client for each")
        if self._reopens and (forked or self._used):
            # The line left behind is not closed here: after a fork its sockets are the parent's too. Nor is an
            # unused one kept: another thread of the parent may have been about to use it, a lock in hand.
            self._line = self._open()
        self._process, self._loop = process, loop


def running_loop() -> asyncio.AbstractEventLoop:
    """The event loop of the task that asks."""
    import asyncio  # noqa: PLC0415 - threads do without it, and it takes a fifth of the import

    return asyncio.get_running_loop()
