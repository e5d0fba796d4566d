"""A client in a second event loop, after a fork, and after it was closed."""

import asyncio
import gc
import itertools
import os
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from support.page import payload
from support.prism import settings

from autocall_otp import AsyncClient, Client, ConfigurationError, Outcome
from autocall_otp._lifetime import Lifetime

RECORD = payload("get_cdr.answer")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"id": "c1", "status": "answered"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def in_a_child(check: object) -> int:
    """Fork, run the check in the child, and return its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            check()  # type: ignore[operator] # a function
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_client_works_on_after_a_fork_on_both_sides(url: str) -> None:
    with Client(**settings(url)) as client:
        assert client.get_cdr("r1").answered

        def check() -> None:
            assert client.get_cdr("r1").answered

        assert [in_a_child(check) for _ in range(3)] == [0, 0, 0]
        assert client.get_cdr("r1").answered


def test_a_fork_while_another_thread_asks_for_the_token_does_not_hang(url: str) -> None:
    asked, go_on = threading.Event(), threading.Event()
    parent = os.getpid()

    def token() -> str:
        if os.getpid() == parent:
            asked.set()
            go_on.wait(30)
        return "t"

    with Client(**settings(url, token=token)) as client:
        thread = threading.Thread(target=client.get_cdr, args=["r1"])
        thread.start()
        assert asked.wait(30)
        assert in_a_child(lambda: client.get_cdr("r1")) == 0
        go_on.set()
        thread.join(30)


def test_a_transport_of_the_caller_s_is_not_shared_across_a_fork() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=RECORD))
    client = Client(**settings("api.example.vn", transport=transport))
    # Not used yet, so there is nothing to share.
    assert in_a_child(lambda: client.get_cdr("r1")) == 0
    client.get_cdr("r1")

    def check() -> None:
        with pytest.raises(ConfigurationError, match="^transport: "):
            client.get_cdr("r1")

    assert in_a_child(check) == 0


def test_a_client_works_on_in_a_later_event_loop(url: str) -> None:
    # Connections of an event loop that is gone cannot be closed in order: Python says so, and nothing worse.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        client = AsyncClient(**settings(url))
        for _ in range(3):
            assert asyncio.run(client.get_cdr("r1")).answered
        asyncio.run(client.aclose())
        del client
        gc.collect()


def test_a_client_is_not_shared_by_two_event_loops_at_once(url: str) -> None:
    async def main() -> None:
        async with AsyncClient(**settings(url)) as client:
            await client.get_cdr("r1")

            def elsewhere() -> None:
                with pytest.raises(ConfigurationError, match="in another event loop"):
                    asyncio.run(client.get_cdr("r1"))

            await asyncio.to_thread(elsewhere)
            assert (await client.get_cdr("r1")).answered

    asyncio.run(main())


def test_a_transport_of_the_caller_s_stays_in_its_event_loop() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=RECORD))
    client = AsyncClient(**settings("api.example.vn", transport=transport))
    asyncio.run(client.get_cdr("r1"))
    with pytest.raises(ConfigurationError, match="^transport: "):
        asyncio.run(client.get_cdr("r1"))


def test_a_closed_client_says_so() -> None:
    client = Client(**settings("api.example.vn"))
    client.close()
    client.close()
    with pytest.raises(ConfigurationError, match="^client: is closed") as caught:
        client.run_otp("0332665711", "1")
    assert caught.value.outcome is Outcome.NOT_PLACED


def lifetime(*, reopens: bool = True) -> Lifetime[int]:
    numbers = itertools.count(1)
    return Lifetime(lambda: next(numbers), reopens=reopens)


def test_a_line_is_opened_once_and_kept() -> None:
    life = lifetime()
    assert [life.line(), life.line(), life.close()] == [1, 1, 1]
    with pytest.raises(ConfigurationError, match="^client: is closed$"):
        life.line()


def test_a_line_that_was_not_used_goes_along_into_an_event_loop() -> None:
    loops = [asyncio.new_event_loop() for _ in range(2)]
    life, given = lifetime(), lifetime(reopens=False)
    assert [life.line(loops[0]), life.line(loops[0]), given.line(loops[0])] == [1, 1, 1]
    for used in (life, given):
        words = "client: is in use in another event loop" if used is life else "transport: was used in another process"
        with pytest.raises(ConfigurationError, match=f"^{words}.*: make a client for each$"):
            used.line(loops[1])
    loops[0].close()
    assert life.line(loops[1]) == 2
    with pytest.raises(ConfigurationError, match="^transport: was used in another process or event loop"):
        given.line(loops[1])
    loops[1].close()


def test_a_line_is_closed_only_where_it_belongs() -> None:
    loops = [asyncio.new_event_loop() for _ in range(2)]
    used, unused = lifetime(), lifetime()
    used.line(loops[0])
    assert (used.close(loops[1]), used.close(loops[0])) == (None, 1)
    assert unused.close(loops[1]) == 1
    for loop in loops:
        loop.close()


def test_a_child_opens_its_own_line_and_leaves_the_parent_s_open() -> None:
    used, unused, given = lifetime(), lifetime(), lifetime(reopens=False)
    used.line()
    loops = [asyncio.new_event_loop() for _ in range(2)]
    looped = lifetime()
    looped.line(loops[0])

    def check() -> None:
        assert (used.close(), lifetime().close()) == (None, 1)
        assert (unused.line(), given.line()) == (2, 1)
        # The parent's event loop goes on, but not here.
        assert looped.line(loops[1]) == 2

    assert in_a_child(check) == 0
    assert used.line() == 1
    for loop in loops:
        loop.close()
