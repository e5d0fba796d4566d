from __future__ import annotations

import gc
import logging
import logging.config
import re
import socket
import threading
import time
import warnings
from typing import TYPE_CHECKING

import httpx
import pytest

from autocall_otp.sandbox import server as module
from autocall_otp.sandbox.server import Server, is_loopback
from autocall_otp.sandbox.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Iterator


def made(host: str = "127.0.0.1", port: int = 0) -> Server:
    return Server(Switchboard(speed=0), host=host, port=port, token="t0ken")


@pytest.fixture
def served() -> Iterator[Server]:
    server = made()
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", None),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - bound for a moment
        ("::1", "[::1]"),
        ("::", "[::1]"),
    ],
)
def test_it_shows_an_address_that_it_can_be_reached_by(host: str, shown: str | None) -> None:
    try:
        server = made(host)
    except OSError:
        pytest.skip("this machine has no such address")
    server.start()
    try:
        assert httpx.get(f"{server.url}/sandbox/clock", trust_env=False).status_code == 200
        if shown:
            assert re.fullmatch(rf"http://{re.escape(shown)}:\d+", server.url)
    finally:
        server.stop()


def test_it_serves_in_a_thread_of_its_own_until_it_is_stopped(served: Server) -> None:
    (thread,) = (each for each in threading.enumerate() if each.name == "autocall-otp-sandbox")
    assert thread.daemon
    assert served.started
    url = served.url
    served.stop()
    assert not thread.is_alive()
    served.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_each_path_goes_where_it_belongs(served: Server) -> None:
    with httpx.Client(base_url=served.url) as http:
        assert http.get("/sandbox/info").json()["token"] == "t0ken"
        assert http.get("/sandbox").json() == {"error": "Not Found"}
        assert http.get("/page.html").json() == {"error": "Not Found"}
        assert http.get("/").headers["content-type"].startswith("text/html")
        secured = http.post("/v3/autocall/otp", json={}, headers={"Authorization": "Bearer t0ken"})
        assert secured.json()["error"][0] == {"campaign_uuid": "campaign_uuid is required"}
        assert http.post("/v3/autocall/otp", json={}).status_code == 401
        for path in ("/", "/sandbox/info"):
            assert http.get(path, headers={"Host": "evil.test"}).status_code == 403
            assert http.get(path, headers={"Host": "127.0.0.1"}).status_code == 200


def test_it_says_nothing_of_itself_or_of_its_requests(served: Server) -> None:
    answer = httpx.get(f"{served.url}/sandbox/info", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert not logging.getLogger("uvicorn.access").propagate, "queries hold numbers"


def test_it_leaves_the_program_s_logging_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(logging.config, "dictConfig", told.append)
    vars(made())["_socket"].close()
    assert told == []


def test_a_proxy_s_word_does_not_make_it_cut_another_caller(served: Server) -> None:
    body = {
        "campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e",
        "phone_number": "0900000031",
        "template": "t",
        "code_otp": "1",
    }
    headers = {"Authorization": "Bearer t0ken", "X-Forwarded-For": "10.1.2.3"}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{served.url}/v3/autocall/otp", json=body, headers=headers, timeout=20)


def test_what_was_asked_before_it_runs_is_answered_when_it_does() -> None:
    server = made()
    host, port = httpx.URL(server.url).host, httpx.URL(server.url).port or 0
    with socket.create_connection((host, port)) as early:
        early.sendall(b"GET /sandbox/clock HTTP/1.1\r\nHost: localhost\r\n\r\n")
        server.start()
        try:
            assert early.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            server.stop()


def test_a_server_that_ends_at_once_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    server = made()
    monkeypatch.setattr(server, "serve_here", lambda: None)
    with pytest.raises(RuntimeError, match="^the sandbox's server did not start$"):
        server.start()
    vars(server)["_socket"].close()


def test_a_server_that_does_not_come_up_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    server, end = made(), threading.Event()
    assert module.START_SECONDS == 10.0
    monkeypatch.setattr(module, "START_SECONDS", 0.2)
    monkeypatch.setattr(server, "serve_here", lambda: end.wait(30))
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match="did not start"):
        server.start()
    assert 0.2 <= time.monotonic() - begun < 20
    end.set()
    server.stop()
    vars(server)["_socket"].close()


def test_an_address_in_use_leaves_no_socket_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(OSError, match="in use"):
            made(port=taken.getsockname()[1])
        gc.collect()


def test_a_port_can_be_taken_again_at_once(served: Server) -> None:
    port = httpx.URL(served.url).port or 0
    with httpx.Client(base_url=served.url) as http:
        http.get("/sandbox/clock")
        served.stop()
    again = made(port=port)
    again.start()
    assert httpx.get(f"{again.url}/sandbox/clock").status_code == 200
    again.stop()


def test_a_stream_that_does_not_hear_of_the_end_does_not_keep_it_from_ending(
    served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vars(served)["_board"], "stop", lambda: None)
    with httpx.stream("GET", f"{served.url}/sandbox/events", timeout=60) as stream:
        lines = stream.iter_lines()
        next(lines)
        stopping = threading.Thread(target=served.stop, daemon=True)
        stopping.start()
        stopping.join(40)
        assert not stopping.is_alive()


def test_its_end_is_told_to_the_switchboard_and_its_socket_closed() -> None:
    board = Switchboard(speed=0)
    server = Server(board, host="127.0.0.1", port=0, token="t0ken")
    server.start()
    assert not board.stopping
    server.stop()
    assert board.stopping
    assert vars(server)["_socket"].fileno() == -1


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("LocalHost", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::", False),
        ("192.0.2.7", False),
        ("example.test", False),
    ],
)
def test_only_this_machine_s_names_are_loopback(host: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_loopback(host) is expected
