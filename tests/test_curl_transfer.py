"""One request over libcurl: what libcurl is told, and what is made of what it tells."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
import weakref
from typing import Any

import certifi
import httpx
import pytest

pytest.importorskip("pycurl", reason="the extra is not installed")

import pycurl

from autocall_otp import _curl
from autocall_otp._answers import BodyTooLargeError
from autocall_otp._curl import Transfer, options

SETTINGS: _curl.Options = {pycurl.MAXFILESIZE_LARGE: 1000}
HEAD = [b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n", b"\r\n"]
NOW = 500.0


class Handle:
    """Keeps what it is told in place of libcurl."""

    def __init__(self) -> None:
        self.told: dict[int, Any] = {}
        self.count = 0

    def setopt(self, option: int, value: object) -> None:
        self.told[option] = value
        self.count += 1

    def unsetopt(self, option: int) -> None:
        self.told[option] = "unset"


class Socket:
    """Stands for `select.poll`: whether something can be read, and for how long that was waited for."""

    def __init__(self) -> None:
        self.numbers: list[tuple[int, int]] = []
        self.waits: list[int] = []
        self.ready: list[object] = []

    def register(self, number: int, events: int) -> None:
        self.numbers.append((number, events))

    def poll(self, milliseconds: int) -> list[object]:
        self.waits.append(milliseconds)
        return self.ready


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pycurl, "Curl", Handle)
    monkeypatch.setattr(time, "monotonic", lambda: NOW)
    monkeypatch.setattr(_curl.select, "poll", Socket)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def request(method: str = "GET", content: bytes = b"", **headers: str) -> httpx.Request:
    limits = {"read": 2.5, "connect": 1.25}
    return httpx.Request(
        method,
        "https://api.test/x?y=1",
        content=content,
        headers=headers,
        extensions={"timeout": limits, "deadline": NOW + 7.0001},
    )


def made(settings: _curl.Options = SETTINGS) -> tuple[Transfer, Any]:
    transfer = Transfer(settings)
    return transfer, transfer.handle


def sent(*lines: bytes) -> Transfer:
    """A transfer whose request was sent and whose answer began with these lines."""
    transfer, handle = made()
    transfer.start(request())
    assert handle.told[pycurl.PREREQFUNCTION](handle) == pycurl.PREREQFUNC_OK
    for line in lines:
        handle.told[pycurl.HEADERFUNCTION](line)
    return transfer


def test_a_client_s_settings_are_told_to_each_of_its_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    common = {
        pycurl.NOSIGNAL: 1,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.PATH_AS_IS: 1,
        pycurl.NOPROXY: "",
        pycurl.MAXFILESIZE_LARGE: 1000,
        pycurl.MAXAGE_CONN: 5,
    }

    def trust(file: str | None, folder: str | None) -> dict[int, object]:
        return {
            pycurl.CAINFO: file,
            pycurl.CAPATH: folder,
            pycurl.PROXY_CAINFO: file,
            pycurl.PROXY_CAPATH: folder,
        }

    assert options(None, 1000, 5.9) == common | {pycurl.PROXY: ""} | trust(certifi.where(), None)
    monkeypatch.setenv("SSL_CERT_DIR", "/folder")
    with_folder = options("http://proxy.test:8080", 1000, 5.9)
    assert with_folder == common | {pycurl.PROXY: "http://proxy.test:8080"} | trust(None, "/folder")
    told = made(with_folder)[1].told
    assert (told[pycurl.CAINFO], told[pycurl.CAPATH], told[pycurl.NOSIGNAL]) == ("unset", "/folder", 1)
    monkeypatch.setenv("SSL_CERT_FILE", "/file")
    assert options(None, 1000, 5.9) == common | {pycurl.PROXY: ""} | trust("/file", None)
    with pytest.raises(ValueError, match="scheme"):
        options("no proxy", 1000, 5)


def test_a_look_up_is_told() -> None:
    transfer, handle = made()
    assert not transfer.looks_up
    transfer.start(request(authorization="Bearer t"))
    assert transfer.looks_up
    told = handle.told
    assert told[pycurl.URL] == "https://api.test/x?y=1"
    assert told[pycurl.HTTPGET] == 1
    assert pycurl.POSTFIELDS not in told
    assert told[pycurl.HTTPHEADER] == [b"Host: api.test", b"authorization: Bearer t", b"Expect:"]
    assert told[pycurl.TIMEOUT_MS] == 7001
    assert told[pycurl.CONNECTTIMEOUT_MS] == 1250
    assert told[pycurl.FRESH_CONNECT] == 0


def test_a_call_is_told_with_its_body_whose_length_libcurl_counts() -> None:
    transfer, handle = made()
    transfer.start(request("POST", b'{"a": 1}'))
    assert handle.told[pycurl.POSTFIELDS] == b'{"a": 1}'
    assert handle.told[pycurl.HTTPHEADER] == [b"Host: api.test", b"Expect:"]
    assert pycurl.HTTPGET not in handle.told


def test_what_stays_the_same_is_told_once() -> None:
    transfer, handle = made()
    transfer.start(request())
    before = handle.count
    transfer.start(request())
    assert handle.count == before + 4, "the URL, the method, the fields and the deadline"


@pytest.mark.parametrize(
    ("seconds", "milliseconds"), [(-1, 1), (0, 1), (0.0001, 1), (0.0011, 2), (7, 7000), (1e9, None)]
)
def test_times_are_whole_milliseconds_that_libcurl_can_hold(seconds: float, milliseconds: int | None) -> None:
    assert _curl._milliseconds(seconds) == (milliseconds or 2**31 - 1)


def test_a_connection_that_can_be_read_from_before_it_is_used_again_is_left() -> None:
    transfer, handle = made()
    assert handle.told[pycurl.SOCKOPTFUNCTION](7, 0) == pycurl.SOCKOPT_OK
    assert transfer.sockets == {7}
    socket: Any = transfer._socket
    assert socket.numbers == [(7, _curl.select.POLLIN)]
    transfer.start(request())
    assert (socket.waits, handle.told[pycurl.FRESH_CONNECT]) == ([0], 0)
    socket.ready = [7]
    transfer.start(request())
    assert (socket.waits, handle.told[pycurl.FRESH_CONNECT]) == ([0, 0], 1)


def test_a_new_connection_ends_the_look_up_and_is_told_of() -> None:
    told: list[str] = []
    transfer = Transfer(SETTINGS, lambda: told.append("connected"))
    handle: Any = transfer.handle
    transfer.start(request())
    handle.told[pycurl.SOCKOPTFUNCTION](7, 0)
    handle.told[pycurl.SOCKOPTFUNCTION](8, 0)
    assert transfer.looks_up is False
    assert (transfer.sockets, told) == ({7, 8}, ["connected"] * 2)
    socket: Any = transfer._socket
    assert [number for number, _ in socket.numbers] == [8], "the newest one"


def test_a_request_is_sent_once_and_the_next_one_once_again() -> None:
    transfer, handle = made()
    ask = handle.told[pycurl.PREREQFUNCTION]
    for _ in range(2):
        transfer.start(request())
        assert transfer.looks_up
        assert ask(handle, "127.0.0.1", 1, 2, 3) == pycurl.PREREQFUNC_OK
        assert not transfer.looks_up
        assert ask(handle) == pycurl.PREREQFUNC_ABORT


def test_only_what_was_sent_is_waited_for() -> None:
    transfer, handle = made()
    transfer.start(request())
    socket: Any = transfer._socket
    assert transfer.wait(1) is False
    handle.told[pycurl.PREREQFUNCTION](handle)
    assert transfer.wait(0.0001) is True
    assert transfer.wait(2) is True
    assert socket.waits == [0, 1, 2000], "at the start, a part of a millisecond rounded up, and whole seconds"


def test_a_child_process_never_lets_go_of_what_belongs_to_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    class Transport:
        pass

    monkeypatch.setattr(_curl, "_alive", weakref.WeakSet())
    one, other = Transport(), Transport()
    _curl.keep_from_children(one)
    before = sys.getrefcount(one), sys.getrefcount(other)
    _curl._leave_behind()
    assert (sys.getrefcount(one), sys.getrefcount(other)) == (before[0] + 1, before[1])
    _curl._leave_behind()
    assert sys.getrefcount(one) == before[0] + 1, "once is enough: what the child makes is its own"


def test_patience_begins_anew_with_each_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    now = NOW
    monkeypatch.setattr(time, "monotonic", lambda: now)
    transfer, handle = made()
    transfer.start(request())
    now += 100
    assert transfer.patience(now) == 2.5, "nothing is sent yet"
    handle.told[pycurl.PREREQFUNCTION](handle)
    assert transfer.patience(now + 1) == 1.5
    handle.told[pycurl.HEADERFUNCTION](HEAD[0])
    assert transfer.patience(now + 1) == 2.5
    assert transfer.patience(now + 3) == 0.5
    now += 5
    handle.told[pycurl.WRITEFUNCTION](b"x")
    assert transfer.patience(now + 1) == 1.5
    assert transfer.patience(now + 4) == -1.5
    transfer.start(request())
    assert transfer.patience(now + 4) == 2.5


def test_an_answer_is_its_status_its_fields_and_its_body() -> None:
    transfer = sent(*HEAD)
    handle: Any = transfer.handle
    for chunk in (b"one ", b"two"):
        handle.told[pycurl.WRITEFUNCTION](chunk)
    answer = transfer.answer(None)
    assert (answer.status_code, answer.headers["x-a"], answer.read()) == (200, "1", b"one two")
    transfer.start(request())
    handle.told[pycurl.PREREQFUNCTION](handle)
    for line in (b"HTTP/1.1 404 Not Found\r\n", b"\r\n"):
        handle.told[pycurl.HEADERFUNCTION](line)
    assert (transfer.answer(None).status_code, transfer.answer(None).read()) == (404, b"")
    assert answer.content == b"one two", "the first answer keeps what is its own"

    async def read() -> bytes:
        return await sent(*HEAD).answer(None).aread()

    assert asyncio.run(read()) == b""


def test_what_a_proxy_says_before_the_request_is_sent_is_no_answer() -> None:
    transfer, handle = made()
    transfer.start(request())
    for line in (b"HTTP/1.1 200 Connection established\r\n", b"\r\n"):
        handle.told[pycurl.HEADERFUNCTION](line)
    with pytest.raises(httpx.ConnectError, match="^refused$"):
        transfer.answer((pycurl.E_COULDNT_CONNECT, "refused"))
    handle.told[pycurl.PREREQFUNCTION](handle)
    with pytest.raises(httpx.RemoteProtocolError, match="^no readable head came$"):
        transfer.answer(None)
    for line in (b"HTTP/1.1 503 Busy\r\n", b"\r\n"):
        handle.told[pycurl.HEADERFUNCTION](line)
    assert transfer.answer(None).status_code == 503


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        (pycurl.E_OPERATION_TIMEDOUT, httpx.ConnectTimeout, httpx.ReadTimeout),
        (pycurl.E_COULDNT_CONNECT, httpx.ConnectError, httpx.RemoteProtocolError),
        (pycurl.E_SEND_ERROR, httpx.ConnectError, httpx.WriteError),
        (pycurl.E_RECV_ERROR, httpx.ConnectError, httpx.ReadError),
        (pycurl.E_GOT_NOTHING, httpx.ConnectError, httpx.RemoteProtocolError),
        (pycurl.E_PEER_FAILED_VERIFICATION, httpx.ConnectError, httpx.RemoteProtocolError),
    ],
)
def test_a_failure_is_told_by_when_it_came(
    code: int, before: type[httpx.TransportError], after: type[httpx.TransportError]
) -> None:
    transfer, handle = made()
    transfer.start(request())
    with pytest.raises(httpx.TransportError, match="^words$") as early:
        transfer.answer((code, "words"))
    handle.told[pycurl.PREREQFUNCTION](handle)
    with pytest.raises(httpx.TransportError, match="^words$") as late:
        transfer.answer((code, "words"))
    assert (early.type, late.type) == (before, after)
    assert late.value.__cause__ is None
    cause = early.value.__cause__
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        assert isinstance(cause, ssl.SSLCertVerificationError)
        assert cause.args == ("words",)
    else:
        assert cause is None


def test_an_answer_that_breaks_off_in_its_body_says_so_when_it_is_read() -> None:
    transfer = sent(*HEAD)
    handle: Any = transfer.handle
    handle.told[pycurl.WRITEFUNCTION](b"half")
    answer = transfer.answer((pycurl.E_RECV_ERROR, "reset"))
    read: list[bytes] = []
    with pytest.raises(httpx.ReadError, match="^reset$"):
        read.extend(answer.iter_raw())
    assert (answer.status_code, read) == (200, [b"half"])


def test_a_body_beyond_the_bound_says_how_large_it_may_be() -> None:
    answer = sent(*HEAD).answer((pycurl.E_FILESIZE_EXCEEDED, "too large"))
    with pytest.raises(BodyTooLargeError, match="^its body is larger than 1000 bytes$"):
        answer.read()
    with pytest.raises(httpx.RemoteProtocolError, match="^no readable head came$"):
        sent().answer((pycurl.E_FILESIZE_EXCEEDED, "too large"))


def test_silence_is_a_time_out() -> None:
    with pytest.raises(httpx.ReadTimeout, match="^no byte came in time$"):
        sent().answer(_curl.SILENT)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([b"HTTP/1.1 199 Odd\r\n", b"\r\n"], (0, [])),
        ([b"HTTP/1.1 200\r\n", b"\r\n"], (200, [])),
        ([b"HTTP/2 204 \r\n", b"A:\r\n", b"\r\n"], (204, [(b"A", b"")])),
        ([b"HTTP/1.1 100 Continue\r\n", b"\r\n"], (0, [])),
        ([b"HTTP/1.1 200 OK\r\n", b"Content-Length: 999999999999999999\r\n", b"\r\n"], (200, 1)),
        ([b"HTTP/1.1 200 OK\r\n", b"X: 9999999999999999999\r\n", b"\r\n"], (200, 1)),
        ([b"HTTP/1.1 200 OK\r\n", b"junk\r\n", b" \t\r\n"], (200, [])),
    ],
)
def test_a_head_is_read(lines: list[bytes], found: tuple[int, Any]) -> None:
    status, fields = _curl._head(lines)
    assert (status, len(fields) if isinstance(found[1], int) else fields) == found
