"""The fast transport: libcurl, through pycurl, carries the same requests as httpx's own transports would.

libcurl reports each step, so what failed before the request was sent and what failed after it are told apart by
evidence: nothing is sent before `_before_sending` has been asked. It may say yes once for each request. Left to
itself, libcurl sends a request again whose connection closed without an answer, and a phone might ring twice.
"""

from __future__ import annotations

import asyncio
import math
import os
import select
import ssl
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TypeAlias

import attrs
import certifi
import httpx
import pycurl

from autocall_otp._answers import BodyTooLargeError

Options: TypeAlias = "dict[int, int | str | None]"
_EVENTS = {
    pycurl.POLL_NONE: 0,
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}
_LAST_PROVISIONAL, _LONGEST, _LONGEST_LENGTH = 199, 2**31 - 1, 18
_SILENT = pycurl.error(pycurl.E_OPERATION_TIMEDOUT, "no byte came in time")


def options(proxy: str | None, max_bytes: int, expiry: float) -> Options:
    """What all requests of a client have in common. Trust is read from where httpx reads it."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or not folder:
        file, folder = file or certifi.where(), None
    return {
        pycurl.NOSIGNAL: 1,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        # A reference in the path may hold dots.
        pycurl.PATH_AS_IS: 1,
        # Empty, not unset: else libcurl would look at the environment by rules of its own.
        pycurl.PROXY: proxy or "",
        pycurl.NOPROXY: "",
        pycurl.CAINFO: file,
        pycurl.CAPATH: folder,
        pycurl.PROXY_CAINFO: file,
        pycurl.PROXY_CAPATH: folder,
        pycurl.MAXFILESIZE_LARGE: max_bytes,
        pycurl.MAXAGE_CONN: int(expiry),
    }


@attrs.frozen
class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """What came of a body, and why it is not whole, where it is not."""

    chunks: list[bytes]
    fault: Exception | None

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.fault is not None:
            raise self.fault

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


class _Transfer:
    """One request at a time, and what comes back."""

    def __init__(self, settings: Options, on_connect: Callable[[], None] = lambda: None) -> None:
        self.handle = handle = pycurl.Curl()
        self._on_connect = on_connect
        for option, value in settings.items():
            if value is None:
                handle.unsetopt(option)
            else:
                handle.setopt(option, value)
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        # The socket of the connection; a duty of reading while it is idle means that it is no longer of use.
        self._socket = select.poll()
        handle.setopt(pycurl.SOCKOPTFUNCTION, self._connecting)
        handle.setopt(pycurl.PREREQFUNCTION, self._before_sending)
        handle.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        handle.setopt(pycurl.WRITEFUNCTION, self._take)
        self._sends = self._tunnel = self._known = 0
        self._heard = self._read = 0.0

    def start(self, request: httpx.Request) -> None:
        """Say what is to be sent, and how long it may take."""
        self._lines.clear()
        self._chunks = []
        self._sends = self._tunnel = self._known = 0
        handle, limits = self.handle, request.extensions["timeout"]
        handle.setopt(pycurl.URL, str(request.url))
        # libcurl counts the body itself.
        fields = [name + b": " + value for name, value in request.headers.raw if name.lower() != b"content-length"]
        handle.setopt(pycurl.HTTPHEADER, [*fields, b"Expect:"])
        if request.method == "POST":
            handle.setopt(pycurl.POSTFIELDS, request.content)
        else:
            handle.setopt(pycurl.HTTPGET, 1)
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(limits["connect"]))
        handle.setopt(pycurl.TIMEOUT_MS, _milliseconds(request.extensions["deadline"] - time.monotonic()))
        self._read = limits["read"]
        # libcurl looks for closed connections once a second; another call may come sooner.
        handle.setopt(pycurl.FRESH_CONNECT, 1 if self._socket.poll(0) else 0)

    def _connecting(self, number: int, _: int) -> int:
        self._socket = select.poll()
        self._socket.register(number, select.POLLIN)
        self._on_connect()
        return pycurl.SOCKOPT_OK

    def _before_sending(self, *_: object) -> int:
        """Say yes to the first time that the request is about to be sent."""
        self._sends += 1
        # What came before is a proxy's.
        self._tunnel = len(self._lines)
        self._heard = time.monotonic()
        return pycurl.PREREQFUNC_OK if self._sends == 1 else pycurl.PREREQFUNC_ABORT

    def _take(self, chunk: bytes) -> None:
        self._heard = time.monotonic()
        self._chunks.append(chunk)

    def patience(self, now: float) -> float:
        """Seconds after which a service that says nothing more has been silent for too long."""
        if len(self._lines) > self._known or not self._sends:
            self._known, self._heard = len(self._lines), now
        return self._heard + self._read - now

    def answer(self, error: pycurl.error | None) -> httpx.Response:
        """What came back.

        Raises:
            httpx.TransportError: no head of an answer came.
        """
        fault = None if error is None else self._fault(*error.args)
        status, fields = _head(self._lines[self._tunnel :]) if self._sends else (0, [])
        if not status:
            raise (
                fault if isinstance(fault, httpx.TransportError) else httpx.RemoteProtocolError("no readable head came")
            )
        return httpx.Response(status, headers=fields, stream=_Body(self._chunks, fault))

    def _fault(self, code: int, words: str) -> Exception:
        kind: type[httpx.TransportError]
        if code == pycurl.E_FILESIZE_EXCEEDED:
            return BodyTooLargeError("its body is larger than the client takes")
        if code == pycurl.E_OPERATION_TIMEDOUT:
            kind = httpx.ReadTimeout if self._sends else httpx.ConnectTimeout
        elif not self._sends:
            kind = httpx.ConnectError
        else:
            kind = _BROKEN.get(code, httpx.RemoteProtocolError)
        fault = kind(words)
        # Nobody need look for a cause to tell whether the request was sent.
        fault.__suppress_context__ = True
        if code == pycurl.E_PEER_FAILED_VERIFICATION and not self._sends:
            fault.__cause__ = ssl.SSLCertVerificationError(words)
        return fault


_BROKEN = {pycurl.E_SEND_ERROR: httpx.WriteError, pycurl.E_RECV_ERROR: httpx.ReadError}


def _milliseconds(seconds: float) -> int:
    return min(max(math.ceil(seconds * 1000), 1), _LONGEST)


def _head(lines: Iterable[bytes]) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Status and fields of the final answer; status 0 where there is none that is whole."""
    status, fields, whole = 0, list[tuple[bytes, bytes]](), False
    for line in lines:
        text = line.rstrip(b"\r\n")
        if whole:
            # What follows a body is not part of the head.
            break
        if text.startswith(b"HTTP/"):
            status, fields = int(text.split(None, 2)[1]), []
        elif not text:
            whole = status > _LAST_PROVISIONAL
        else:
            name, _, value = text.partition(b":")
            fields.append((name, value.strip()))
            # libcurl passes over a length beyond its integers; no body is as long as that.
            if name.lower() == b"content-length" and len(value.strip()) > _LONGEST_LENGTH:
                break
    return (status, fields) if whole else (0, [])


class CurlTransport(httpx.BaseTransport):
    """One connection, for threads that use it one after the other."""

    def __init__(self, settings: Options) -> None:
        """Connect to nothing yet."""
        self._transfer = _Transfer(settings)
        self._sockets, self._alarm = select.poll(), math.inf
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        _alive.add(self)

    def _on_socket(self, what: int, number: int, *_: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._sockets.unregister(number)
        else:
            self._sockets.register(number, _EVENTS[what])

    def _on_timer(self, milliseconds: int) -> None:
        self._alarm = math.inf if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the answer to its end or its bound."""
        transfer = self._transfer
        transfer.start(request)
        self._multi.add_handle(transfer.handle)
        try:
            error = self._run(transfer)
        finally:
            self._multi.remove_handle(transfer.handle)
        return transfer.answer(error)

    def _run(self, transfer: _Transfer) -> pycurl.error | None:
        # libcurl's own blocking call would keep Ctrl-C and other signals waiting until the answer is there.
        act = self._multi.socket_action
        act(pycurl.SOCKET_TIMEOUT, 0)
        while True:
            _, done, failed = self._multi.info_read()
            if done or failed:
                return pycurl.error(*failed[0][1:]) if failed else None
            now = time.monotonic()
            left = transfer.patience(now)
            if left <= 0:
                return _SILENT
            ready = self._sockets.poll(max(math.ceil(min(left, self._alarm - now) * 1000), 0))
            for number, event in ready:
                seen = pycurl.CSELECT_OUT if event & select.POLLOUT else 0
                act(number, seen | pycurl.CSELECT_IN if event & ~select.POLLOUT else seen)
            if not ready:
                act(pycurl.SOCKET_TIMEOUT, 0)

    def close(self) -> None:
        """Close the connection."""
        self._transfer.handle.close()
        self._multi.close()


class AsyncCurlTransport(httpx.AsyncBaseTransport):
    """One connection, for the tasks of one event loop that use it one after the other.

    pycurl's own class for event loops tells the loop of each socket and timer anew for each request, which takes
    longer than the request. Here the loop watches a socket for as long as it is open, and has one timer.
    """

    def __init__(self, settings: Options) -> None:
        """Connect to nothing yet."""
        self._transfer = _Transfer(settings, self._forget)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        # The socket of the connection that is kept for the next request, -1 where there is none.
        self._kept = -1
        self._wanted: dict[int, int] = {}
        self._readers: set[int] = set()
        self._writers: set[int] = set()
        self._alarm = self._wakes = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._end: asyncio.Future[pycurl.error | None] | None = None
        _alive.add(self)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the answer to its end or its bound."""
        transfer, self._loop = self._transfer, asyncio.get_running_loop()
        transfer.start(request)
        end = self._loop.create_future()
        self._multi.add_handle(transfer.handle)
        kept = -1
        try:
            self._end = end
            self._act(pycurl.SOCKET_TIMEOUT, 0)
            self._wake_at(min(self._alarm, time.monotonic() + request.extensions["timeout"]["read"]))
            error = await end
            # libcurl has kept the connection by now, or closed it.
            kept = transfer.handle.getinfo(pycurl.ACTIVESOCKET)
        finally:
            self._end, self._kept = None, kept
            self._multi.remove_handle(transfer.handle)
            self._forget(but=kept)
        return transfer.answer(error)

    def _act(self, number: int, seen: int) -> None:
        """Let libcurl do what can be done without waiting."""
        self._multi.socket_action(number, seen)
        _, done, failed = self._multi.info_read()
        if (done or failed) and self._end is not None and not self._end.done():
            self._end.set_result(pycurl.error(*failed[0][1:]) if failed else None)

    def _on_socket(self, what: int, number: int, *_: object) -> None:
        wanted = self._wanted[number] = 0 if what == pycurl.POLL_REMOVE else what
        if wanted & pycurl.POLL_IN and number not in self._readers:
            self._readers.add(number)
            self._loop.add_reader(number, self._readable, number)
        if wanted & pycurl.POLL_OUT and number not in self._writers:
            self._writers.add(number)
            self._loop.add_writer(number, self._act, number, pycurl.CSELECT_OUT)
        elif not wanted & pycurl.POLL_OUT and number in self._writers:
            self._writers.remove(number)
            self._loop.remove_writer(number)
        if not wanted and number != self._kept:
            self._drop(number)

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
        """Stop watching sockets that libcurl may close from now on: their numbers may become somebody else's."""
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
            self._end.set_result(_SILENT)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._timer is not None:
            self._timer.cancel()
        self._wanted.clear()
        self._forget()
        self._transfer.handle.close()
        self._multi.close()


_alive: weakref.WeakSet[CurlTransport | AsyncCurlTransport] = weakref.WeakSet()
_left_behind: list[CurlTransport | AsyncCurlTransport] = []


def _leave_behind() -> None:
    """Keep what belongs to the parent process: to let go of a TLS connection is to end it, for the parent too."""
    _left_behind.extend(_alive)
    _alive.clear()


os.register_at_fork(after_in_child=_leave_behind)
