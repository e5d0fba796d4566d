"""Whatever a proxy does, no phone rings; a proxy is used where the environment says so, and only there."""

from __future__ import annotations

import socket
import time
from collections import Counter
from typing import Literal
from unittest import mock

import pytest
import trustme
from support.network import HOST, Network, leads_to, speaks_socks

from autocall_otp import Outcome, TransportError, TransportTimeoutError
from faults import scripts
from faults.kinds import TRIES
from faults.scripts import says, stalls, whole
from faults.server import Script, Wire
from faults.users import LATE, To, serves

SOON = 0.4
Entrance = Literal["plain", "tls", "socks"]
"""How a proxy is spoken to."""
_CONNECTED = b"HTTP/1.1 200 OK\r\n\r\n"
REFUSALS = {
    "refuses": says(whole(b"", "403 Forbidden")),
    "wants a password": says(whole(b"", "407 Proxy Authentication Required")),
}
FAILURES: dict[str, Script] = {
    "is overloaded": says(whole(b"", "503 Busy")),
    "closes at once": lambda _: None,
    "closes": scripts.closes_after,
    "resets": scripts.resets_after,
    "speaks no HTTP": says(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "speaks first": lambda wire: wire.send(whole(b"{}")),
    "answers for the service": says(_CONNECTED + whole(b'{"call_id": "1"}')),
}
STALLS = {
    "stalls": stalls(b""),
    "stalls in its answer": scripts.dribbles(b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n" * 200, gap=0.02),
    "leads nowhere": stalls(_CONNECTED),
}


def hears(*replies: bytes) -> Script:
    """A SOCKS proxy that gives these replies in turn."""

    def script(wire: Wire) -> None:
        for reply in replies:
            wire.peer.recv(262)
            wire.send(reply)

    return script


SOCKS_FAILURES = {
    "SOCKS refused": hears(b"\x05\xff"),
    "SOCKS closed": hears(b""),
    "no SOCKS": hears(whole(b"{}")),
    "SOCKS to nowhere": hears(b"\x05\x00", b"\x05\x04\x00\x01" + bytes(6)),
}
SOCKS_STALLS = {"SOCKS stalled": lambda wire: wire.wait_until_gone()}
LATE_ONES = STALLS | SOCKS_STALLS
FAULTS = REFUSALS | FAILURES | SOCKS_FAILURES | LATE_ONES
# TLS to a proxy makes a difference in its handshake, and in that with the service inside it.
CASES: list[tuple[str, Entrance]] = [
    *((fault, "plain") for fault in REFUSALS | FAILURES | STALLS),
    *((fault, "tls") for fault in ("closes at once", "resets", "answers for the service", "stalls", "leads nowhere")),
    *((fault, "socks") for fault in SOCKS_FAILURES | SOCKS_STALLS),
]
PLAIN_OR_TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


@pytest.mark.parametrize(("fault", "entrance"), CASES)
def test_whatever_a_proxy_does_rings_no_phone(net: Network, user: To, fault: str, entrance: Entrance) -> None:
    works = False

    def script(wire: Wire) -> None:
        leads = speaks_socks if entrance == "socks" else leads_to
        (leads(server.port) if works else FAULTS[fault])(wire)

    server = net.serve(serves, HOST)
    proxy = net.socks(script) if entrance == "socks" else net.proxy(script, tls=entrance == "tls")
    one, start = user(f"https://{HOST}", deadline=SOON if fault in LATE_ONES else 20.0), time.perf_counter()
    error = one.fails("r1")
    assert fault not in LATE_ONES or time.perf_counter() - start < SOON + LATE
    assert type(error) is (TransportTimeoutError if fault in LATE_ONES else TransportError)
    assert error.outcome is Outcome.NOT_PLACED
    assert error.retryable is (fault not in REFUSALS)
    if fault not in LATE_ONES:
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
    net.proxy(scripts.in_turn(FAILURES[fault], leads_to(server.port)))
    assert user(f"https://{HOST}").places("r1")
    assert server.ledger.rings == Counter(["r1"])


@PLAIN_OR_TLS
@pytest.mark.parametrize("fault", ["another authority", "another name"])
def test_a_proxy_cannot_stand_in_for_the_service(net: Network, user: To, fault: str, *, tls: bool) -> None:
    true, names = net.authority, [HOST] if fault == "another authority" else ["other.test"]
    net.authority = trustme.CA() if fault == "another authority" else true
    impostor, net.authority = net.serve(serves, *names), true
    net.proxy(leads_to(impostor.port), tls=tls)
    error = user(f"https://{HOST}").fails("r1")
    assert (type(error), error.outcome, error.retryable) == (TransportError, Outcome.NOT_PLACED, False)
    assert net.all_closed()


@PLAIN_OR_TLS
def test_an_ipv6_address_is_reached_through_a_proxy(net: Network, user: To, *, tls: bool) -> None:
    server = net.serve(serves, "2001:db8::1")
    proxy = net.proxy(leads_to(server.port), tls=tls)
    assert user("https://[2001:db8::1]:8443").places("r1")
    assert {entry.target for entry in proxy.ledger.seen} == {"[2001:db8::1]:8443"}
    assert {entry.headers["host"] for entry in server.ledger.seen} == {"[2001:db8::1]:8443"}


@pytest.mark.parametrize(("name", "host"), [(HOST, HOST), ("2001:db8::1", "[2001:db8::1]:8443")])
@pytest.mark.usefixtures("one_connection")
def test_a_socks_proxy_leads_to_the_service(net: Network, user: To, name: str, host: str) -> None:
    server = net.serve(serves, name)
    proxy = net.socks(speaks_socks(server.port))
    assert user(f"https://{host}").places("r1")
    assert proxy.ledger.connections == 1


def test_a_proxy_gets_its_password_and_the_service_does_not(net: Network, user: To) -> None:
    server = net.serve(serves, HOST)
    proxy = net.proxy(leads_to(server.port))
    net.monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//us3r:p%40ss@"))
    assert user(f"https://{HOST}").places("r1")
    assert {entry.headers["proxy-authorization"] for entry in proxy.ledger.seen} == {"Basic dXMzcjpwQHNz"}
    assert not any("proxy-authorization" in entry.headers for entry in server.ledger.seen)


@pytest.mark.parametrize(("exceptions", "proxied"), [("192.168.0.0/16, 10.1.0.0/16", False), ("10.2.0.0/16", True)])
def test_a_proxy_is_passed_by_where_it_should_be(net: Network, user: To, exceptions: str, *, proxied: bool) -> None:
    server = net.serve(serves, "10.1.2.3")
    proxy = net.proxy(leads_to(server.port))
    net.monkeypatch.setenv("NO_PROXY", exceptions)
    look_up = socket.getaddrinfo
    # Every name and address is this machine's.
    with mock.patch("socket.getaddrinfo", lambda _, *rest, **more: look_up("127.0.0.1", *rest, **more)):
        assert user(f"https://10.1.2.3:{server.port}").places("r1")
    assert server.ledger.rings == Counter(["r1"])
    assert bool(proxy.ledger.connections) is proxied
