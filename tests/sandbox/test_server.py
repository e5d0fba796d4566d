from __future__ import annotations

import gc
import logging
import logging.config
import re
import socket
import threading
import warnings
from typing import TYPE_CHECKING

import httpx
import pytest

from autocall_otp.sandbox import server as module
from autocall_otp.sandbox.server import Server, is_loopback
from autocall_otp.sandbox.switchboard import Switchboard

if TYPE_CHECKING:
    from autocall_otp.sandbox import Sandbox


def made(host: str = "127.0.0.1", port: int = 0) -> Server:
    return Server(Switchboard(speed=0), host=host, port=port, token="t0ken")


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", r"127\.0\.0\.1"),
        ("localhost", ".*"),
        ("0.0.0.0", r"127\.0\.0\.1"),  # noqa: S104 - bound for a moment
        ("::1", r"\[::1\]"),
        ("::", r"\[::1\]"),
    ],
)
def test_it_shows_an_address_that_it_can_be_reached_by(host: str, shown: str) -> None:
    try:
        server = made(host)
    except OSError:
        pytest.skip("this machine has no such address")
    server.start()
    try:
        assert httpx.get(f"{server.url}/sandbox/clock", trust_env=False).status_code == 200
        assert re.fullmatch(rf"http://{shown}:\d+", server.url)
    finally:
        server.stop()


def test_it_serves_in_a_thread_of_its_own_until_it_is_stopped_and_its_port_can_be_taken_again() -> None:
    server = made()
    server.start()
    board, thread = (vars(server)[name] for name in ("_board", "_thread"))
    assert (thread.daemon, server.started, board.stopping) == (True, True, False)
    url = server.url
    httpx.get(f"{url}/sandbox/clock")
    server.stop()
    assert (thread.is_alive(), board.stopping, vars(server)["_socket"].fileno()) == (False, True, -1)
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    again = made(port=httpx.URL(url).port or 0)
    again.start()
    assert httpx.get(f"{again.url}/sandbox/clock").status_code == 200
    again.stop()


def test_it_says_nothing_of_itself_or_of_its_requests(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = httpx.get(f"{sandbox.url}/sandbox/info", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert (answer.status_code, "server" in answer.headers) == (200, False)
    assert not logging.getLogger("uvicorn.access").propagate, "queries hold numbers"
    told: list[object] = []
    monkeypatch.setattr(logging.config, "dictConfig", told.append)
    vars(made())["_socket"].close()
    assert told == [], "the program's logging is left alone"


def test_a_proxy_s_word_does_not_make_it_cut_another_caller(http: httpx.Client, otp_request: dict[str, str]) -> None:
    lost = otp_request | {"phone_number": "0900000031"}
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/v3/autocall/otp", json=lost, headers={"X-Forwarded-For": "10.1.2.3"})


def test_what_was_asked_before_it_runs_is_answered_when_it_does() -> None:
    server = made()
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port or 0)) as early:
        early.sendall(b"GET /sandbox/clock HTTP/1.1\r\nHost: localhost\r\n\r\n")
        server.start()
        try:
            assert early.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            server.stop()


def test_a_server_that_ends_at_once_or_does_not_come_up_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()
    for seconds, serve in ((60, lambda: None), (0.05, lambda: end.wait(60))):
        server = made()
        monkeypatch.setattr(module, "START_SECONDS", seconds)
        monkeypatch.setattr(server, "serve_here", serve)
        with pytest.raises(RuntimeError, match="^the sandbox's server did not start$"):
            server.start()
        end.set()
        server.stop()
        vars(server)["_socket"].close()


def test_an_address_in_use_leaves_no_socket_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(OSError, match="in use"):
            made(port=taken.getsockname()[1])
        gc.collect()


def test_a_stream_that_does_not_hear_of_the_end_does_not_keep_it_from_ending(
    sandbox: Sandbox, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vars(sandbox)["_board"], "stop", lambda: None)
    with http.stream("GET", "/sandbox/events") as stream:
        next(stream.iter_lines())
        stopping = threading.Thread(target=sandbox.stop)
        stopping.start()
        stopping.join(60)
        assert not stopping.is_alive()


def test_only_this_machine_s_names_are_loopback() -> None:
    assert all(map(is_loopback, ("LocalHost", "127.8.9.1", "::1")))
    assert not any(map(is_loopback, ("::", "192.0.2.7", "example.test")))
