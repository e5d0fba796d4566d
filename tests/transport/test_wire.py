"""Every step ends by the deadline, and nothing is sent after it."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any
from unittest import mock

import httpx
import pytest
import trustme
from faults.server import Script, Wire
from support.exchange import (
    HOST,
    Caller,
    Network,
    Route,
    after,
    answer,
    echoes,
    request,
    wait_for_rest,
)

from autocall_otp._clock import now
from autocall_otp._transport import wire

To = Callable[[str], Caller]
SOON = 0.4
"""Seconds until the deadline, where a test waits for it."""


def dribbles(data: bytes) -> Script:
    """Send these bytes one by one, for ever, each long before the time-out of a read."""

    def script(wire: Wire) -> None:
        wire.receive()
        while True:
            for byte in data:
                wire.send(bytes([byte]))
                wire.pause(0.02)

    return script


def floods(wire: Wire) -> None:
    """Send informational answers without end, as fast as they go."""
    wire.receive()
    while True:
        wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" * 100)


SLOW = {
    "silence": lambda wire: wire.wait_until_gone(),
    "a head byte by byte": dribbles(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 0123456789\r\n" * 1000),
    "informational answers": dribbles(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a flood of informational answers": floods,
    "a body byte by byte": dribbles(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b" " * 100000),
}


@pytest.mark.parametrize("slow", SLOW)
def test_a_read_ends_by_the_deadline(net: Network, to: To, route: Route, slow: str) -> None:
    _, url = net.reach(SLOW[slow], route)
    result = to(url).call(seconds=SOON)
    assert isinstance(result.error, httpx.ReadTimeout)
    assert result.body.asked
    assert 0 <= result.late < 5


def test_a_read_ends_by_its_own_time_out(net: Network, to: To, route: Route) -> None:
    _, url = net.reach(lambda wire: wire.wait_until_gone(), route)
    result = to(url).call(timeout={"read": 0.2})
    assert isinstance(result.error, httpx.ReadTimeout)
    assert result.late < -5


@pytest.mark.parametrize("route", ["plain", "proxy"])
def test_the_deadline_holds_on_a_new_connection_in_place_of_one_that_was_closed(
    net: Network, to: To, route: Route
) -> None:
    closed = threading.Event()

    def closes(wire: Wire) -> None:
        wire.send(answer(wire.receive().body))
        closed.wait(30)

    _, url = net.reach(after(1, closes, SLOW["a head byte by byte"]), route)
    caller = to(url)
    assert caller.call().echo
    closed.set()
    assert net.all_closed()
    wait_for_rest(caller)
    result = caller.call(seconds=SOON)
    assert isinstance(result.error, httpx.ReadTimeout)
    assert result.late < 5


def test_nothing_is_sent_after_the_deadline(net: Network, to: To, route: Route) -> None:
    server, url = net.reach(echoes, route)
    caller = to(url)
    for warm in (False, True):
        if warm:
            assert caller.call("r1").echo
            wait_for_rest(caller)
        sent = len(server.ledger.seen)
        result = caller.call("r2", seconds=-1)
        assert isinstance(result.error, httpx.TimeoutException)
        assert not result.body.asked
        assert len(server.ledger.seen) == sent


def test_nothing_is_sent_after_a_name_took_longer_than_the_deadline(
    net: Network, to: To, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = net.serve(echoes)
    look_up = socket.getaddrinfo
    sent = request(f"http://localhost:{server.port}", "r1", seconds=SOON)
    body: Any = sent.stream

    def slow(*args: Any, **more: Any) -> Any:
        while now() < body.deadline:
            threading.Event().wait(0.05)
        return look_up(*args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    result = to(server.url).send(sent)
    assert isinstance(result.error, httpx.ConnectTimeout)
    assert (result.body.wired, result.body.asked) == (True, False)
    assert server.ledger.connections == 0


@pytest.fixture
def dead(net: Network) -> tuple[str, int]:
    """An address that never answers: its queue is full, so that the system drops further attempts to connect."""
    listener = net.stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    for _ in range(4):
        peer = net.stack.enter_context(socket.socket())
        peer.settimeout(0)
        peer.connect_ex(listener.getsockname())
    address: tuple[str, int] = listener.getsockname()
    return address


def every_name_has(*addresses: tuple[str, int]) -> Any:
    """These addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address) for address in addresses]
    return mock.patch("socket.getaddrinfo", return_value=found)


def test_a_name_with_dead_addresses_is_reached_by_the_one_that_lives(
    net: Network, to: To, dead: tuple[str, int]
) -> None:
    server = net.serve(echoes)
    caller = to(server.url)
    with every_name_has(*[dead] * 5, ("127.0.0.1", server.port)):
        assert caller.call(timeout={"connect": 1.2}).echo


def test_connecting_ends_by_the_deadline(to: To, dead: tuple[str, int]) -> None:
    caller = to(f"http://127.0.0.1:{dead[1]}")
    with every_name_has(*[dead] * 3):
        result = caller.call(seconds=SOON)
    assert isinstance(result.error, httpx.ConnectTimeout)
    assert not result.body.asked
    assert 0 <= result.late < 5


def test_what_has_come_is_not_read_after_the_deadline(net: Network) -> None:
    spoken = threading.Event()

    def speaks(script: Wire) -> None:
        script.send(b"x")
        spoken.set()
        script.wait_until_gone()

    with socket.create_connection(("127.0.0.1", net.serve(speaks).port)) as peer:
        channel = wire._Plain(peer)
        assert spoken.wait(30)
        for step in (lambda: channel.receive(1, now() - 1), lambda: channel.send(b"x", now() - 1)):
            with pytest.raises(TimeoutError):
                step()
        assert channel.receive(1, now() + 30) == b"x"
        with pytest.raises(BlockingIOError):
            channel.receive(1, wire.WITHOUT_WAITING)


def test_nobody_listens(to: To) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        result = to(f"http://127.0.0.1:{taken.getsockname()[1]}").call()
    assert isinstance(result.error, httpx.ConnectError)
    assert (result.body.wired, result.body.asked) == (True, False)


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_cannot_be_looked_up(to: To, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise error

    caller = to("http://127.0.0.1:9")
    monkeypatch.setattr(socket, "getaddrinfo", fails)
    result = caller.call()
    assert isinstance(result.error, httpx.ConnectError)
    assert not result.body.asked


def test_no_thread_is_to_be_had_for_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("can't start new thread")

    with Caller("tasks", "http://127.0.0.1:9") as caller:
        monkeypatch.setattr(caller.loop, "getaddrinfo", fails)
        result = caller.call()
    assert isinstance(result.error, httpx.ConnectError)


HANDSHAKES = {
    "silence": lambda wire: wire.wait_until_gone(),
    "byte by byte": lambda wire: [
        (wire.send(byte), wire.pause(0.02)) for byte in [b"\x16", b"\x03", b"\x03", b"\x40", b"\x00"] + [b"\x02"] * 2000
    ],
}
BROKEN_HANDSHAKES = {
    "closed": lambda _: None,
    "reset": lambda wire: (wire.wait_for_words(), wire.reset()),
    "in plain text": lambda wire: wire.send(answer(b"{}")),
}


@pytest.mark.parametrize("slow", HANDSHAKES)
def test_a_handshake_ends_by_the_deadline(net: Network, to: To, slow: str) -> None:
    server = net.serve(HANDSHAKES[slow])
    result = to(server.url.replace("http:", "https:")).call(seconds=SOON)
    assert isinstance(result.error, httpx.ConnectTimeout)
    assert not result.body.asked
    assert result.late < 5
    assert net.all_closed()


@pytest.mark.parametrize("broken", BROKEN_HANDSHAKES)
def test_a_handshake_that_fails_is_a_failure_to_connect(net: Network, to: To, broken: str) -> None:
    server = net.serve(BROKEN_HANDSHAKES[broken])
    result = to(server.url.replace("http:", "https:")).call()
    assert isinstance(result.error, httpx.ConnectError)
    assert not result.body.asked
    assert net.all_closed()


@pytest.mark.parametrize("route", ["tls", "proxy", "tls proxy"])
@pytest.mark.parametrize("fault", ["another authority", "another name"])
def test_a_certificate_that_proves_nothing_is_refused(net: Network, to: To, route: Route, fault: str) -> None:
    if fault == "another authority":
        good, net.authority = net.authority, trustme.CA()
        server = net.serve(echoes, "127.0.0.1", HOST)
        net.authority = good
    else:
        server = net.serve(echoes, "other.test")
    url = server.url
    if route != "tls":
        net.tunnel(server.port, tls=route == "tls proxy")
        url = f"https://{HOST}"
    result = to(url).call()
    assert isinstance(result.error, httpx.ConnectError)
    assert not result.body.asked
    error: BaseException | None = result.error
    while error and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    assert error, "the cause is kept"
    assert net.all_closed()


PROXIES: dict[str, tuple[Script, type[Exception]]] = {
    "refuses": (lambda wire: wire.receive() and wire.send(answer(b"", "403 Forbidden")), httpx.ProxyError),
    "wants a password": (
        lambda wire: wire.receive() and wire.send(answer(b"", "407 Proxy Authentication Required")),
        httpx.ProxyError,
    ),
    "closes at once": (lambda _: None, httpx.TransportError),
    "closes": (lambda wire: wire.receive() and None, httpx.RemoteProtocolError),
    "resets": (lambda wire: (wire.receive(), wire.reset()), httpx.TransportError),
    "speaks no HTTP": (lambda wire: wire.receive() and wire.send(b"SSH-2.0-OpenSSH_9.6\r\n"), httpx.TransportError),
    "speaks first, then stalls": (
        lambda wire: (wire.send(answer(b"{}")), wire.wait_until_gone()),
        httpx.TransportError,
    ),
    "stalls": (lambda wire: wire.wait_until_gone(), httpx.ReadTimeout),
    "stalls in its answer": (dribbles(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 1000), httpx.ReadTimeout),
    "leads nowhere": (
        lambda wire: (wire.receive(), wire.send(b"HTTP/1.1 200 OK\r\n\r\n"), wire.wait_until_gone()),
        httpx.ConnectTimeout,
    ),
    "leads to plain text": (
        lambda wire: wire.receive() and wire.send(b"HTTP/1.1 200 OK\r\n\r\n" + answer(b"{}") * 3),
        httpx.ConnectError,
    ),
}


@pytest.mark.parametrize("fault", PROXIES)
@pytest.mark.parametrize("tls", ["plain", "tls"])
def test_whatever_a_proxy_does_to_connect_places_no_call(net: Network, to: To, fault: str, tls: str) -> None:
    script, error = PROXIES[fault]
    net.proxy(script, tls=tls == "tls")
    result = to(f"https://{HOST}").call(seconds=SOON if "stalls" in fault or "nowhere" in fault else 20)
    assert isinstance(result.error, error)
    assert (result.body.pooled, result.body.asked) == (True, False)
    assert result.late < 5
    assert net.all_closed()


@pytest.mark.parametrize("tls", ["plain", "tls"])
def test_an_ipv6_address_is_reached_through_a_proxy(net: Network, to: To, tls: str) -> None:
    server = net.serve(echoes, "2001:db8::1")
    proxy = net.tunnel(server.port, tls=tls == "tls")
    caller = to("https://[2001:db8::1]:8443")
    for _ in range(2):
        assert caller.call().echo
        wait_for_rest(caller)
    assert [(entry.method, entry.target) for entry in proxy.ledger.seen] == [("CONNECT", "[2001:db8::1]:8443")]


@pytest.mark.parametrize("host", [HOST, "2001:db8::1"])
def test_a_socks_proxy_leads_to_the_service(net: Network, to: To, host: str) -> None:
    server = net.serve(echoes, host)
    proxy = net.socks(server.port)
    caller = to(f"https://[{host}]:8443" if ":" in host else f"https://{host}")
    for _ in range(2):
        assert caller.call().echo
        wait_for_rest(caller)
    assert proxy.ledger.connections == 1


SOCKS: dict[str, tuple[Script, type[Exception]]] = {
    "refuses": (lambda wire: (wire.wait_for_words(), wire.send(b"\x05\xff")), httpx.ProxyError),
    "closes": (lambda wire: wire.wait_for_words(), httpx.TransportError),
    "stalls": (lambda wire: wire.wait_until_gone(), httpx.ReadTimeout),
    "speaks no SOCKS": (lambda wire: (wire.wait_for_words(), wire.send(answer(b"{}"))), httpx.TransportError),
    "leads nowhere": (
        lambda wire: (
            wire.peer.recv(9),
            wire.send(b"\x05\x00"),
            wire.peer.recv(99),
            wire.send(b"\x05\x04\x00\x01" + bytes(6)),
        ),
        httpx.ProxyError,
    ),
}


@pytest.mark.parametrize("fault", SOCKS)
def test_whatever_a_socks_proxy_does_places_no_call(net: Network, to: To, fault: str) -> None:
    script, error = SOCKS[fault]
    net.socks(9, script)
    result = to(f"https://{HOST}").call(seconds=SOON if fault == "stalls" else 20)
    assert isinstance(result.error, error)
    assert (result.body.pooled, result.body.asked) == (True, False)
    assert result.late < 5
    assert net.all_closed()


def test_a_proxy_gets_its_password_and_the_service_does_not(net: Network, to: To) -> None:
    server = net.serve(echoes, HOST)
    proxy = net.tunnel(server.port)
    net.monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//us3r:p%40ss@"))
    assert to(f"https://{HOST}").call().echo
    assert proxy.ledger.seen[0].headers["proxy-authorization"] == "Basic dXMzcjpwQHNz"
    assert "proxy-authorization" not in server.ledger.seen[0].headers


def test_head_and_body_leave_in_one_segment(net: Network) -> None:
    sizes: list[int] = []

    def script(wire: Wire) -> None:
        sizes.append(len(wire.peer.recv(65536)))
        wire.send(answer(b"{}"))

    with Caller("tasks", net.serve(script).url) as caller:
        result = caller.call()
    assert result.echo == b"{}"
    assert sizes[0] > len(result.body.content) + 50


def test_a_large_answer_is_read_whole(net: Network, to: To, route: Route) -> None:
    content = bytes(range(256)) * 20000
    _, url = net.reach(lambda wire: [wire.receive() and wire.send(answer(content)) for _ in range(2)], route)
    caller = to(url)
    for _ in range(2):
        assert caller.call().echo == content
        wait_for_rest(caller)


def test_the_service_closes_where_the_answer_has_no_length(net: Network, to: To, route: Route) -> None:
    _, url = net.reach(lambda wire: wire.receive() and wire.send(b"HTTP/1.1 200 OK\r\n\r\n{}"), route)
    assert to(url).call().echo == b"{}"


def test_the_connection_breaks_before_the_answer(net: Network, to: To, route: Route) -> None:
    _, url = net.reach(lambda wire: (wire.receive(), wire.reset()), route)
    result = to(url).call()
    assert isinstance(result.error, httpx.ReadError | httpx.RemoteProtocolError)
    assert result.body.asked


def test_a_clock_that_a_test_froze_stops_nothing(net: Network, to: To, monkeypatch: pytest.MonkeyPatch) -> None:
    _, url = net.reach(echoes, "plain")
    caller = to(url)
    monkeypatch.setattr("time.monotonic", lambda: 5.0)
    monkeypatch.setattr("time.time", lambda: 5.0)
    monkeypatch.setattr("time.sleep", lambda _: None)
    for number in range(5):
        assert caller.call(f"r{number}").echo
    result = caller.call("r9", seconds=-1)
    assert not result.body.asked


def test_threads_do_without_asyncio(net: Network) -> None:
    server = net.serve(echoes)
    program = (
        "import sys, httpx\n"
        "loaded = 'httpcore' in sys.modules\n"
        "from autocall_otp._clock import now\n"
        "from autocall_otp._sansio.body import Request\n"
        "from autocall_otp._transport import environment\n"
        "assert loaded is ('httpcore' in sys.modules), 'it takes time to load'\n"
        "transport = environment.sync_transport(sys.argv[1])\n"
        "headers = httpx.Headers({'Host': 'api.test', 'Content-Length': '13'})\n"
        "request = Request('POST', httpx.URL(sys.argv[1]), headers, b'{\"ref_id\": 1}', now() + 50, now)\n"
        "request.extensions['timeout'] = {}\n"
        "assert b''.join(transport.handle_request(request).stream)\n"
        "transport.close()\n"
        "assert 'asyncio' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program, server.url], check=True, timeout=60)
