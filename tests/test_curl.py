"""The fast transports from within."""

from __future__ import annotations

import asyncio
import threading

import pytest

pytest.importorskip("pycurl", reason="the extra is not installed")

from autocall_otp import _curl, _curl_transports


class _Stuck:
    """Stands for libcurl's end where a look-up of a name goes on and on."""

    def __init__(self) -> None:
        self.asked, self.may_end = threading.Event(), threading.Event()

    def close(self) -> None:
        self.asked.set()
        self.may_end.wait(30)


@pytest.mark.parametrize("shell", ["sync", "async"])
def test_closing_does_not_wait_for_the_look_up_of_a_name(monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    make = _curl_transports.CurlTransport if shell == "sync" else _curl_transports.AsyncCurlTransport
    one, stuck = make(_curl.options(None, 1000, 30)), _Stuck()
    one._multi.close()
    monkeypatch.setattr(one, "_multi", stuck)
    monkeypatch.setattr(one._transfer, "looks_up", True)
    if isinstance(one, _curl_transports.CurlTransport):
        one.close()
    else:
        asyncio.run(one.aclose())
    assert stuck.asked.wait(30)
    stuck.may_end.set()


def test_the_head_is_the_last_one_and_ends_where_the_body_begins() -> None:
    lines = [b"HTTP/1.1 103 Early Hints\r\n", b"Link: x\r\n", b"\r\n"]
    lines += [b"HTTP/1.1 200 OK\r\n", b"X-A:  1 \r\n", b"x-a: 2\r\n", b"\r\n", b"X-Trailer: 1\r\n", b"\r\n"]
    assert _curl._head(lines) == (200, [(b"X-A", b"1"), (b"x-a", b"2")])


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"],
        [b"HTTP/1.1 101 Switching Protocols\r\n", b"\r\n"],
        [b"HTTP/1.1 200 OK\r\n", b"Content-Length: 9999999999999999999\r\n", b"\r\n"],
    ],
)
def test_what_is_not_whole_is_no_head(lines: list[bytes]) -> None:
    assert _curl._head(lines) == (0, [])
