"""Whatever a proxy does to CONNECT, no phone rings; a proxy is used where the environment says so, and only there."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable
from unittest import mock

import pytest
from support.exchange import HOST, Network, after, leads_to

from autocall_otp import Outcome, TransportError, TransportTimeoutError
from faults import scripts
from faults.kinds import TRIES
from faults.scripts import says, says_and_stalls, whole
from faults.server import Wire
from faults.users import LATE, User, serves

To = Callable[..., User]
SOON = 1.0
REFUSALS = {
    "refuses": says(whole(b"", "403 Forbidden")),
    "wants a password": says(whole(b"", "407 Proxy Authentication Required")),
}
FAILURES = {
    "is overloaded": says(whole(b"", "503 Busy")),
    "closes at once": lambda _: None,
    "closes": scripts.closes_after,
    "resets": scripts.resets_after,
    "speaks no HTTP": says(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "answers for the service": says(b"HTTP/1.1 200 OK\r\n\r\n" + whole(b'{"call_id": "1"}')),
}
STALLS = {
    "stalls": says_and_stalls(b""),
    "stalls in its answer": scripts.dribbles(b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n" * 200, gap=0.02),
    "leads nowhere": says_and_stalls(b"HTTP/1.1 200 OK\r\n\r\n"),
}
FAULTS = REFUSALS | FAILURES | STALLS
PLAIN_OR_TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


@PLAIN_OR_TLS
@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_proxy_does_to_connect_rings_no_phone(net: Network, user: To, fault: str, *, tls: bool) -> None:
    works = False

    def script(wire: Wire) -> None:
        (leads_to(server.port) if works else FAULTS[fault])(wire)

    server = net.serve(serves, HOST)
    proxy = net.proxy(script, tls=tls)
    one, start = user(f"https://{HOST}", deadline=SOON if fault in STALLS else 20.0), time.perf_counter()
    error = one.fails("r1")
    assert fault not in STALLS or time.perf_counter() - start < SOON + LATE
    assert type(error) is (TransportTimeoutError if fault in STALLS else TransportError)
    assert error.outcome is Outcome.NOT_PLACED
    assert error.retryable is (fault not in REFUSALS)
    if fault not in STALLS:
        assert proxy.ledger.connections == (1 if fault in REFUSALS else TRIES)
    assert net.all_closed()
    assert server.ledger.connections == 0
    works = True
    assert one.recovers()
    one.close()
    assert net.all_closed()
    assert not server.ledger.rings


@pytest.mark.parametrize("fault", FAILURES)
def test_a_call_gets_over_what_a_proxy_does_once(net: Network, user: To, fault: str) -> None:
    server = net.serve(serves, HOST)
    net.proxy(after(1, FAILURES[fault], leads_to(server.port)))
    assert user(f"https://{HOST}").places("r1")
    assert server.ledger.rings == Counter(["r1"])


@PLAIN_OR_TLS
def test_an_ipv6_address_is_reached_through_a_proxy(net: Network, user: To, *, tls: bool) -> None:
    server = net.serve(serves, "2001:db8::1")
    proxy = net.tunnel(server.port, tls=tls)
    assert user("https://[2001:db8::1]:8443").places("r1")
    assert {entry.target for entry in proxy.ledger.seen} == {"[2001:db8::1]:8443"}
    assert {entry.headers["host"] for entry in server.ledger.seen} == {"[2001:db8::1]:8443"}


@pytest.mark.parametrize(
    ("host", "exceptions", "proxied"),
    [
        ("127.0.0.1", "", False),
        ("localhost", "", False),
        ("[::1]", "", False),
        ("10.1.2.3", "192.168.0.0/16, 10.1.0.0/16", False),
        ("10.1.2.3", "10.2.0.0/16", True),
        ("[2001:db8::1]", "2001:db8::/32", False),
    ],
)
def test_a_proxy_is_passed_by_where_it_should_be(
    net: Network,
    user: To,
    host: str,
    exceptions: str,
    proxied: bool,  # noqa: FBT001 - a table
) -> None:
    server = net.serve(serves, host.strip("[]"))
    proxy = net.tunnel(server.port)
    net.monkeypatch.setenv("NO_PROXY", exceptions)
    look_up = socket.getaddrinfo
    # Every name and address is this machine's.
    with mock.patch("socket.getaddrinfo", lambda _, *rest, **more: look_up("127.0.0.1", *rest, **more)):
        assert user(f"https://{host}:{server.port}").places("r1")
    assert server.ledger.rings == Counter(["r1"])
    assert bool(proxy.ledger.connections) is proxied
