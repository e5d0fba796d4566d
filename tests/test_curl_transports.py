"""What `transport="fast"` promises beyond the faults, which run over it as over the client's own connections."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme
from support.peer import CLOSED, KEPT, Peer, listen
from support.prism import settings

from autocall_otp import AsyncClient, Client, ConfigurationError, Retry, TransportError

pytest.importorskip("pycurl", reason="the extra is not installed")


@pytest.fixture
def peer() -> Iterator[Peer]:
    yield from listen()


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    yield from listen(context)


def fast(peer: Peer, **more: Any) -> dict[str, Any]:
    return settings(peer.url, transport="fast", **more)


def test_an_unknown_name_is_refused() -> None:
    for shell in (Client, AsyncClient):
        with pytest.raises(ConfigurationError, match="^transport: must be"):
            shell(**settings("api.example.vn", transport="quick"))


def refusal_of_fast() -> set[str]:
    """What the clients say of it, which should be the same."""
    said = set[str]()
    for shell in (Client, AsyncClient):
        with pytest.raises(ConfigurationError) as caught:
            shell(**settings("api.example.vn", transport="fast"))
        said.add(str(caught.value))
    return said


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycurl", None)
    assert refusal_of_fast() == {'transport: "fast" needs: pip install "autocall-otp[fast]"'}


def test_a_system_that_it_does_not_work_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "poll")
    assert refusal_of_fast() == {'transport: "fast" works on Linux and macOS only'}


def test_a_libcurl_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pycurl.version_info", lambda: (11, "8.18.0", 0x081200))
    assert refusal_of_fast() == {'transport: "fast" needs a pycurl with libcurl 8.19 or newer'}
    monkeypatch.setattr("pycurl.version_info", lambda: (11, "8.19.0", 0x081300))
    Client(**settings("api.example.vn", transport="fast")).close()


def test_who_does_not_ask_for_it_does_not_pay_for_it() -> None:
    text = """
        import sys
        from autocall_otp import Client
        Client("api.example.vn", "t").close()
        assert not {"pycurl", "autocall_otp._curl", "autocall_otp._curl_transports"} & set(sys.modules)
        """
    subprocess.run([sys.executable, "-c", textwrap.dedent(text)], check=True)


def test_one_connection_serves_one_call_after_the_other(peer: Peer) -> None:
    with Client(**fast(peer)) as client:
        assert [client.get_cdr("r1").answered for _ in range(5)] == [True] * 5

    async def ask() -> list[bool]:
        async with AsyncClient(**fast(peer)) as other:
            return [(await other.get_cdr("r1")).answered for _ in range(5)]

    assert asyncio.run(ask()) == [True] * 5
    assert peer.connections == 2


@pytest.mark.parametrize("operation", ["get_cdr", "run_otp"])
def test_libcurl_sends_nothing_again_of_its_own_accord(peer: Peer, operation: str) -> None:
    def call(client: Client) -> None:
        if operation == "run_otp":
            client.run_otp("0332665711", "LUAN001")
        else:
            client.get_cdr("r1")

    peer.answers = [KEPT, b""]
    with Client(**fast(peer, retry=Retry.none())) as client:
        client.get_cdr("first")
        with pytest.raises(TransportError):
            call(client)
    assert len(peer.requests) == 2


def test_no_proxy_of_the_environment_sees_a_loopback_call(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Client(**fast(peer)) as client:
        assert client.get_cdr("r1").answered


def test_ctrl_c_ends_a_call_that_waits(peer: Peer) -> None:
    text = f"""
        import threading, os, signal
        from autocall_otp import Client
        client = Client("{peer.url}", "t", transport="fast", timeout=60, deadline=60)
        client.get_cdr("r1")
        print("ready", flush=True)
        client.get_cdr("r2")
        """
    peer.answers = [KEPT, b"HTTP/1.1 200 OK\r\n"]
    command = [sys.executable, "-c", textwrap.dedent(text)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        while len(peer.requests) < 2:
            time.sleep(0.01)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=50)
    assert time.monotonic() - start < 30
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert errors.count("Traceback") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("shell", ["sync", "async"])
def test_a_child_that_lets_go_of_its_client_leaves_the_parent_s_connection_alone(secure: Peer, shell: str) -> None:
    """Letting go of a TLS connection says goodbye on it, whoever uses it still."""
    text = f"""
        import asyncio, gc, os, sys
        from autocall_otp import AsyncClient, Client
        shell = Client if {shell == "sync"} else AsyncClient
        client = shell("{secure.url}", "t", transport="fast")
        loop = asyncio.new_event_loop()

        def call(loop):
            record = client.get_cdr("r1")
            return (record if shell is Client else loop.run_until_complete(record)).answered

        assert call(loop)
        child = os.fork()
        if not child:
            asyncio.set_event_loop(None)
            if shell is Client:
                assert call(loop)
            del client
            gc.collect()
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert call(loop)
        """
    subprocess.run([sys.executable, "-c", textwrap.dedent(text)], check=True, timeout=50)
    # The parent's, and in the sync case the child's own.
    assert secure.connections == (2 if shell == "sync" else 1)


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - names are all that is needed


def test_closing_leaves_no_socket_open(peer: Peer) -> None:
    async def ask() -> None:
        async with AsyncClient(**fast(peer)) as client:
            await asyncio.gather(*(client.get_cdr(f"r{number}") for number in range(10)))

    before = _open_files()
    for _ in range(3):
        with Client(**fast(peer)) as client:
            client.get_cdr("r1")
        asyncio.run(ask())
    gc.collect()
    assert peer.connections == 3 * 11
    # The ends that the server here holds close when it sees that ours did.
    until = time.monotonic() + 20
    while _open_files() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert _open_files() <= before


def test_the_number_of_a_closed_socket_is_free_for_others(peer: Peer) -> None:
    """An event loop that still watched it would refuse the next socket of that number."""

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        async with AsyncClient(**fast(peer)) as client:
            for number in range(6):
                peer.answers = [CLOSED if number % 2 else KEPT]
                assert (await client.get_cdr("r1")).answered
                pairs = [socket.socketpair() for _ in range(8)]
                for one, other in pairs:
                    for end in (one, other):
                        loop.add_reader(end, lambda: None)
                        loop.remove_reader(end)
                        end.close()

    asyncio.run(ask())
    assert peer.connections == 3


def test_an_idle_connection_that_the_service_closes_keeps_nobody_busy(peer: Peer) -> None:
    async def ask() -> float:
        async with AsyncClient(**fast(peer)) as client:
            peer.answers = [KEPT + b"surplus"]
            assert (await client.get_cdr("r1")).answered
            await asyncio.sleep(0.2)
            start = time.process_time()
            await asyncio.sleep(0.5)
            spent = time.process_time() - start
            assert (await client.get_cdr("r1")).answered
            return spent

    # A loop that is told of the same socket again and again would spend all of the half second.
    assert asyncio.run(ask()) < 0.4


@pytest.mark.parametrize("shell", ["sync", "async"])
def test_only_an_end_before_any_connection_may_leave_a_look_up_behind(peer: Peer, shell: str) -> None:
    def looks_up(client: Client | AsyncClient, loop: asyncio.AbstractEventLoop | None) -> bool:
        (lane,) = client._engine.lifetime.line(loop).lanes._free._lanes
        return lane.transport._transfer.looks_up

    async def ask() -> bool:
        async with AsyncClient(**fast(peer)) as client:
            await client.get_cdr("r1")
            return looks_up(client, asyncio.get_running_loop())

    if shell == "async":
        assert asyncio.run(ask()) is False
    else:
        with Client(**fast(peer)) as one:
            one.get_cdr("r1")
            assert looks_up(one, None) is False


def test_many_connections_that_close_and_open_do_not_get_in_each_other_s_way(
    peer: Peer, capfd: pytest.CaptureFixture[str]
) -> None:
    """libcurl closes a socket before the task hears of it, and another task's socket may get its number at once."""

    async def ask() -> None:
        async with AsyncClient(**fast(peer, retry=Retry.none())) as client:

            async def work() -> None:
                for _ in range(15):
                    with suppress(TransportError):
                        await client.get_cdr("r1")

            await asyncio.gather(*(work() for _ in range(40)))

    peer.answers = [KEPT, CLOSED, b"", CLOSED, b"what?\r\n\r\n"] * 120
    asyncio.run(ask())
    assert len(peer.requests) >= 500
    # What goes wrong in a callback of libcurl's is printed, and lost.
    assert "Traceback" not in capfd.readouterr().err
