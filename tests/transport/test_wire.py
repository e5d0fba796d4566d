"""What the network does below httpcore, where only it can show."""

import socket
import subprocess
import sys
from unittest.mock import Mock

import httpx
import pytest
from faults.server import Wire
from faults.users import To, User, own, serves
from support.network import Network, Route

from autocall_otp import Outcome
from autocall_otp._clock import now
from autocall_otp._transport import wire


def test_what_has_come_is_not_read_after_the_deadline(net: Network) -> None:
    with socket.create_connection(("127.0.0.1", net.serve(lambda peer: peer.send(b"x")).port)) as peer:
        peer.recv(1, socket.MSG_PEEK)
        channel = wire._Plain(peer)
        for step in (lambda: channel.receive(1, now() - 1), lambda: channel.send(b"x", now() - 1)):
            with pytest.raises(TimeoutError):
                step()
        assert channel.receive(1, wire.WITHOUT_WAITING) == b"x"


@pytest.mark.parametrize(
    ("shell", "error"),
    [
        ("sync", UnicodeError("label too long")),
        ("async", UnicodeError("label too long")),
        ("async", RuntimeError("can't start new thread")),
    ],
    indirect=["shell"],
)
def test_a_look_up_that_fails_oddly_is_a_failure_to_connect(net: Network, user: To, error: Exception) -> None:
    net.monkeypatch.setattr(socket, "getaddrinfo", Mock(side_effect=error))
    caught = user("http://127.0.0.1:9").fails("r1")
    assert isinstance(caught.__cause__, httpx.ConnectError)
    assert caught.outcome is Outcome.NOT_PLACED


def test_head_and_body_leave_in_one_segment(net: Network) -> None:
    sizes: list[int] = []

    def script(peer: Wire) -> None:
        sizes.append(len(peer.peer.recv(65536, socket.MSG_PEEK)))
        serves(peer)

    server, url = net.reach(script, "plain")
    with User("async", url) as one:
        one.calls("r1")
    assert sizes[0] > len(server.ledger.seen[0].body) + 50


def test_a_large_answer_is_read_whole(net: Network, user: To, route: Route) -> None:
    """With a length, and without: then it ends as the service closes."""
    large = b" " * 1_000_000

    def script(peer: Wire) -> None:
        _, _, body = own(peer.receive()).partition(b"\r\n\r\n")
        length = b"" if peer.number else b"Content-Length: %d\r\n" % len(large + body)
        peer.send(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + large + body)

    one = user(net.reach(script, route)[1])
    assert [one.calls(ref_id) for ref_id in ("r1", "r2")] == ["call of r1", "call of r2"]


def test_a_clock_that_a_test_froze_stops_nothing(net: Network, user: To) -> None:
    one = user(net.reach(serves, "plain")[1])
    for name, frozen in {"monotonic": lambda: 5.0, "time": lambda: 5.0, "sleep": lambda _: None}.items():
        net.monkeypatch.setattr(f"time.{name}", frozen)
    assert all(one.calls(f"r{number}") for number in range(5))


def test_threads_do_without_asyncio(net: Network) -> None:
    program = (
        "import sys, autocall_otp as a; a.Client(sys.argv[1], 't').get_cdr('r'); assert 'asyncio' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, net.serve(serves).url], check=True, timeout=60)
