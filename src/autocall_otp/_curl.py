"""One request over libcurl, through pycurl, and what comes of it, in terms of httpx.

libcurl reports each step, so what failed before the request was sent and what failed after it are told apart by
evidence: nothing is sent before `_before_sending` has been asked. It may say yes once for each request. Left to
itself, libcurl sends a request again whose connection closed without an answer, and a phone might ring twice.
"""

from __future__ import annotations

import ctypes
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
_LAST_PROVISIONAL, _LONGEST, _LONGEST_LENGTH = 199, 2**31 - 1, 18
Failure: TypeAlias = tuple[int, str]
"""What libcurl says of a failed transfer: a code and words."""
SILENT: Failure = (pycurl.E_OPERATION_TIMEDOUT, "no byte came in time")


def options(proxy: str | None, max_bytes: int, expiry: float) -> Options:
    """What all requests of a client have in common. Trust is read from where httpx reads it.

    Raises:
        ValueError: the proxy is not the URL of one.
    """
    if proxy:
        httpx.Proxy(proxy)
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


class Transfer:
    """One request at a time, and what comes back."""

    def __init__(self, settings: Options, on_connect: Callable[[], None] = lambda: None) -> None:
        self.handle = handle = pycurl.Curl()
        self._on_connect, self._bound = on_connect, settings[pycurl.MAXFILESIZE_LARGE]
        for option, value in settings.items():
            if value is None:
                handle.unsetopt(option)
            else:
                handle.setopt(option, value)
        self._last: dict[int, int] = {}
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        self.sockets: set[int] = set()
        """Numbers that connections have had; what else libcurl has opened serves the look-up of names."""
        # The socket of the connection. What can be read from an idle one is its end, or nothing that was asked for.
        self._socket = select.poll()
        handle.setopt(pycurl.SOCKOPTFUNCTION, self._connecting)
        handle.setopt(pycurl.PREREQFUNCTION, self._before_sending)
        handle.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        handle.setopt(pycurl.WRITEFUNCTION, self._take)
        self._sends = self._tunnel = self._known = 0
        self._heard = self._read = 0.0
        self.looks_up = False
        """Whether the look-up of a name may go on, in a thread of libcurl's."""

    def start(self, request: httpx.Request) -> None:
        """Say what is to be sent, and how long it may take."""
        self._lines.clear()
        self._chunks = []
        self._sends = self._tunnel = self._known = 0
        self.looks_up = True
        handle, limits = self.handle, request.extensions["timeout"]
        handle.setopt(pycurl.URL, str(request.url))
        fields = [b"%b: %b" % field for field in request.headers.raw]
        if request.method == "POST":
            # libcurl counts the body itself.
            fields = [field for field in fields if not field.lower().startswith(b"content-length:")]
            handle.setopt(pycurl.POSTFIELDS, request.content)
        else:
            handle.setopt(pycurl.HTTPGET, 1)
        fields.append(b"Expect:")
        handle.setopt(pycurl.HTTPHEADER, fields)
        handle.setopt(pycurl.TIMEOUT_MS, _milliseconds(request.extensions["deadline"] - time.monotonic()))
        self._read = limits["read"]
        self._set(pycurl.CONNECTTIMEOUT_MS, _milliseconds(limits["connect"]))
        # libcurl looks for closed connections once a second; another call may come sooner.
        self._set(pycurl.FRESH_CONNECT, 1 if self._socket.poll(0) else 0)

    def _set(self, option: int, value: int) -> None:
        """Set what is the same for most requests."""
        if self._last.get(option) != value:
            self._last[option] = value
            self.handle.setopt(option, value)

    def _connecting(self, number: int, _: int) -> int:
        self.sockets.add(number)
        self._socket = select.poll()
        self._socket.register(number, select.POLLIN)
        self.looks_up = False
        self._on_connect()
        return pycurl.SOCKOPT_OK

    def _before_sending(self, *_: object) -> int:
        """Say yes to the first time that the request is about to be sent."""
        self._sends += 1
        self.looks_up = False
        # What came before is a proxy's.
        self._tunnel = len(self._lines)
        self._heard = time.monotonic()
        return pycurl.PREREQFUNC_OK if self._sends == 1 else pycurl.PREREQFUNC_ABORT

    def _take(self, chunk: bytes) -> None:
        self._heard = time.monotonic()
        self._chunks.append(chunk)

    def wait(self, seconds: float) -> bool:
        """Wait for the answer, if the request is sent."""
        if self._sends:
            self._socket.poll(math.ceil(seconds * 1000))
        return self._sends > 0

    def patience(self, now: float) -> float:
        """Seconds after which a service that says nothing more has been silent for too long."""
        if len(self._lines) > self._known or not self._sends:
            self._known, self._heard = len(self._lines), now
        return self._heard + self._read - now

    def answer(self, failure: Failure | None) -> httpx.Response:
        """What came back.

        Raises:
            httpx.TransportError: no head of an answer came.
        """
        fault = None if failure is None else self._fault(*failure)
        status, fields = _head(self._lines[self._tunnel :]) if self._sends else (0, [])
        if not status:
            raise (
                fault if isinstance(fault, httpx.TransportError) else httpx.RemoteProtocolError("no readable head came")
            )
        return httpx.Response(status, headers=fields, stream=_Body(self._chunks, fault))

    def _fault(self, code: int, words: str) -> Exception:
        kind: type[httpx.TransportError]
        if code == pycurl.E_FILESIZE_EXCEEDED:
            return BodyTooLargeError(f"its body is larger than {self._bound} bytes")
        if code == pycurl.E_OPERATION_TIMEDOUT:
            kind = httpx.ReadTimeout if self._sends else httpx.ConnectTimeout
        elif not self._sends:
            kind = httpx.ConnectError
        else:
            kind = _BROKEN.get(code, httpx.RemoteProtocolError)
        fault = kind(words)
        if code == pycurl.E_PEER_FAILED_VERIFICATION and not self._sends:
            fault.__cause__ = ssl.SSLCertVerificationError(words)
        return fault


_BROKEN = {pycurl.E_SEND_ERROR: httpx.WriteError, pycurl.E_RECV_ERROR: httpx.ReadError}


def _milliseconds(seconds: float) -> int:
    return min(max(math.ceil(seconds * 1000), 1), _LONGEST)


def _head(lines: Iterable[bytes]) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Status and fields of the final answer; status 0 where there is none that is whole."""
    status, fields = 0, list[tuple[bytes, bytes]]()
    for line in lines:
        name, colon, value = line.partition(b":")
        if line.startswith(b"HTTP/"):
            status, fields = int(line.split(None, 2)[1]), []
        elif colon:
            fields.append((name, value := value.strip()))
            # libcurl passes over a length beyond its integers; no body is as long as that.
            if len(value) > _LONGEST_LENGTH and name.lower() == b"content-length":
                break
        elif status > _LAST_PROVISIONAL and not line.strip():
            # What follows a body is not part of the head.
            return status, fields
    return 0, []


_alive: weakref.WeakSet[object] = weakref.WeakSet()


def keep_from_children(transport: object) -> None:
    """Have a child process leave this transport alone, should there be one."""
    _alive.add(transport)


def _leave_behind() -> None:
    """Never let go of what belongs to the parent: to free a TLS connection is to say goodbye on it, for the parent too.

    The interpreter lets go of everything at its end, so one more reference is counted than there is.
    """
    for transport in list(_alive):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(transport))
    _alive.clear()


os.register_at_fork(after_in_child=_leave_behind)
