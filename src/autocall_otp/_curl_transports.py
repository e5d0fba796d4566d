"""The fast transports: one connection of libcurl each, for threads and for tasks."""

from __future__ import annotations

import asyncio
import math
import threading
import time

import httpx
import pycurl

from autocall_otp._curl import SILENT, Failure, Options, Transfer, keep_from_children

# Seconds after which a thread looks again, whatever it waits for; and where libcurl does not say what that is.
_STEP, _MOMENT = 0.1, 0.002


def _close(transfer: Transfer, multi: pycurl.CurlMulti) -> None:
    transfer.handle.close()
    if transfer.looks_up:
        # libcurl would wait for the look-up to end, however long after its time that is.
        threading.Thread(target=multi.close, name="autocall-otp-closing", daemon=True).start()
    else:
        multi.close()


class CurlTransport(httpx.BaseTransport):
    """One connection, for threads that use it one after the other."""

    def __init__(self, settings: Options) -> None:
        """Connect to nothing yet."""
        self._transfer = Transfer(settings)
        self._multi = pycurl.CurlMulti()
        keep_from_children(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the answer to its end or its bound."""
        transfer = self._transfer
        transfer.start(request)
        self._multi.add_handle(transfer.handle)
        try:
            failure = self._run(transfer)
        finally:
            self._multi.remove_handle(transfer.handle)
        return transfer.answer(failure)

    def _run(self, transfer: Transfer) -> Failure | None:
        # libcurl's own blocking call would keep Ctrl-C and other signals waiting until the answer is there.
        while True:
            self._multi.perform()
            _, done, failed = self._multi.info_read()
            if done or failed:
                return failed[0][1:] if failed else None
            left = transfer.patience(time.monotonic())
            if left <= 0:
                return SILENT
            alarm = self._multi.timeout()
            wait = min(left, alarm / 1000 if alarm >= 0 else left, _STEP)
            # Before the request is sent libcurl may wait for several things, of which it tells only so.
            if not transfer.wait(wait) and self._multi.select(wait) < 0:
                time.sleep(min(wait, _MOMENT))

    def close(self) -> None:
        """Close the connection."""
        _close(self._transfer, self._multi)


class AsyncCurlTransport(httpx.AsyncBaseTransport):
    """One connection, for the tasks of one event loop that use it one after the other.

    pycurl's own class for event loops tells the loop of each socket and timer anew for each request, which takes
    longer than the request. Here the loop watches a socket for as long as it is open, and has one timer.
    """

    def __init__(self, settings: Options) -> None:
        """Connect to nothing yet."""
        self._transfer = Transfer(settings, self._forget)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._wanted: dict[int, int] = {}
        self._readers: set[int] = set()
        self._writers: set[int] = set()
        self._alarm = self._wakes = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._end: asyncio.Future[Failure | None] | None = None
        keep_from_children(self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the answer to its end or its bound."""
        transfer, self._loop = self._transfer, asyncio.get_running_loop()
        transfer.start(request)
        end = self._loop.create_future()
        self._multi.add_handle(transfer.handle)
        failure: Failure | None = SILENT
        try:
            self._end = end
            self._act(pycurl.SOCKET_TIMEOUT, 0)
            self._wake_at(min(self._alarm, time.monotonic() + request.extensions["timeout"]["read"]))
            failure = await end
        finally:
            self._end = None
            self._multi.remove_handle(transfer.handle)
            if failure is not None:
                # A connection whose transfer is broken off is closed at once.
                self._forget()
        return transfer.answer(failure)

    def _act(self, number: int, seen: int) -> None:
        """Let libcurl do what can be done without waiting."""
        self._multi.socket_action(number, seen)
        _, done, failed = self._multi.info_read()
        # Before anybody else has a turn: what libcurl does not wait for, it may have closed, but for the one connection
        # that it has kept for the next request.
        self._forget(but=self._transfer.handle.getinfo(pycurl.ACTIVESOCKET) if done else -1)
        if self._transfer.looks_up:
            for each in self._wanted:
                self._watch(each)
        if (done or failed) and self._end is not None and not self._end.done():
            self._end.set_result(failed[0][1:] if failed else None)

    def _on_socket(self, what: int, number: int, *_: object) -> None:
        self._wanted[number] = 0 if what == pycurl.POLL_REMOVE else what
        if number in self._transfer.sockets:
            self._watch(number)

    def _watch(self, number: int) -> None:
        wanted = self._wanted[number]
        if wanted & pycurl.POLL_IN and number not in self._readers:
            self._readers.add(number)
            self._loop.add_reader(number, self._readable, number)
        if wanted & pycurl.POLL_OUT and number not in self._writers:
            self._writers.add(number)
            self._loop.add_writer(number, self._act, number, pycurl.CSELECT_OUT)
        elif not wanted & pycurl.POLL_OUT and number in self._writers:
            self._writers.remove(number)
            self._loop.remove_writer(number)

    def _readable(self, number: int) -> None:
        if self._wanted.get(number, 0) & pycurl.POLL_IN:
            self._act(number, pycurl.CSELECT_IN)
        else:
            # An idle connection was closed by the other side.
            self._drop(number)

    def _drop(self, number: int) -> None:
        """Stop watching a socket."""
        self._wanted.pop(number, None)
        if number in self._readers:
            self._readers.remove(number)
            if not self._loop.is_closed():
                self._loop.remove_reader(number)

    def _forget(self, but: int = -1) -> None:
        """Stop watching sockets that libcurl does not wait for: their numbers may become somebody else's."""
        for number in [each for each in self._readers if each != but and not self._wanted.get(each)]:
            self._drop(number)

    def _on_timer(self, milliseconds: int) -> None:
        self._alarm = math.inf if milliseconds < 0 else time.monotonic() + milliseconds / 1000
        if self._end is not None:
            self._wake_at(self._alarm)

    def _wake_at(self, moment: float) -> None:
        """Have the loop call back by then; a timer that rings earlier is left as it is, and set again when it has."""
        if moment < self._wakes:
            if self._timer is not None:
                self._timer.cancel()
            self._wakes = moment
            self._timer = self._loop.call_later(max(moment - time.monotonic(), 0), self._wake)

    def _wake(self) -> None:
        self._timer, self._wakes = None, math.inf
        now = time.monotonic()
        if self._end is None:
            return
        if self._alarm <= now:
            self._alarm = math.inf
            self._act(pycurl.SOCKET_TIMEOUT, 0)
        left = self._transfer.patience(now)
        if left > 0:
            self._wake_at(min(self._alarm, now + left))
        elif not self._end.done():
            self._end.set_result(SILENT)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._timer is not None:
            self._timer.cancel()
        self._wanted.clear()
        self._forget()
        _close(self._transfer, self._multi)
