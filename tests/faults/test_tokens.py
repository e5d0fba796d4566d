"""Tokens over real connections: asked for once, renewed once, sent to nobody else."""

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from autocall_otp import AuthenticationError, ConfigurationError, Outcome
from faults import scripts
from faults.clients import async_client, client
from faults.observe import SECRETS
from faults.scripts import answers, good_body, whole
from faults.server import Script, Server, Wire

_CALLS = 32


class Tokens:
    """Gives a new token each time, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.at_once = 0
        self._busy = threading.Lock()

    def __call__(self) -> str:
        if not self._busy.acquire(blocking=False):
            raise AssertionError("asked by two at the same time")
        try:
            self.asked += 1
            return f"token-{self.asked}"
        finally:
            self._busy.release()

    async def slowly(self) -> str:
        """The same for asyncio, with a chance for the others to ask meanwhile."""
        number = self.asked = self.asked + 1
        for _ in range(10):
            await asyncio.sleep(0)
        return f"token-{number}"


def accepts(token: str, together: int = 0) -> Script:
    """Refuse every other token; the refusals go out when so many have come."""
    barrier = threading.Barrier(together) if together else None

    def script(wire: Wire) -> None:
        while True:
            entry = wire.receive()
            if entry.token == token:
                wire.send(whole(good_body(entry)))
            else:
                if barrier:
                    barrier.wait(20)
                wire.send(whole(b"{}", "401 Unauthorized"))

    return script


def test_threads_ask_for_the_first_token_once() -> None:
    tokens = Tokens()
    start = threading.Barrier(_CALLS)
    with Server(accepts("token-1")) as server, client(server.url, token=tokens) as one:

        def call(_: int) -> None:
            start.wait(20)
            one.get_cdr("1")

        with ThreadPoolExecutor(_CALLS) as pool:
            list(pool.map(call, range(_CALLS)))
    assert tokens.asked == 1


def test_tasks_ask_for_the_first_token_once() -> None:
    tokens = Tokens()

    async def run(url: str) -> None:
        async with async_client(url, token=tokens.slowly) as one:
            await asyncio.gather(*(one.get_cdr("1") for _ in range(_CALLS)))

    with Server(accepts("token-1")) as server:
        asyncio.run(run(server.url))
    assert tokens.asked == 1


def test_threads_that_are_refused_together_renew_once() -> None:
    tokens = Tokens()
    with Server(accepts("token-2", together=_CALLS)) as server, client(server.url, token=tokens) as one:
        with ThreadPoolExecutor(_CALLS) as pool:
            calls = list(pool.map(lambda _: one.run_otp(SECRETS.number, SECRETS.code), range(_CALLS)))
        assert len(server.ledger.seen) == 2 * _CALLS
        assert len({call.ref_id for call in calls}) == _CALLS
    assert tokens.asked == 2


def test_tasks_that_are_refused_together_renew_once() -> None:
    tokens = Tokens()

    async def run(url: str) -> None:
        async with async_client(url, token=tokens.slowly) as one:
            await asyncio.gather(*(one.run_otp(SECRETS.number, SECRETS.code) for _ in range(_CALLS)))

    with Server(accepts("token-2", together=_CALLS)) as server:
        asyncio.run(run(server.url))
        assert len(server.ledger.seen) == 2 * _CALLS
    assert tokens.asked == 2


def test_a_token_that_stays_refused_is_renewed_once_for_each_call() -> None:
    tokens = Tokens()
    with Server(answers(b"{}", "401 Unauthorized", rings=False)) as server, client(server.url, token=tokens) as one:
        with pytest.raises(AuthenticationError) as caught:
            one.run_otp(SECRETS.number, SECRETS.code)
        assert [entry.token for entry in server.ledger.seen] == ["token-1", "token-2"]
        assert caught.value.outcome is Outcome.NOT_PLACED
        assert not caught.value.retryable


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_a_redirect_takes_no_token_to_another_host(status: str) -> None:
    with (
        Server(answers()) as elsewhere,
        Server(scripts.redirects(status), elsewhere=f"http://localhost:{elsewhere.port}") as server,
        client(server.url) as one,
    ):
        with pytest.raises(Exception, match=status[:3]):
            one.run_otp(SECRETS.number, SECRETS.code)
        assert elsewhere.ledger.connections == 0


def test_a_callable_that_raised_once_is_asked_again_by_the_next_call() -> None:
    asked = itertools.count()

    def token() -> str:
        if next(asked) == 0:
            raise LookupError
        return "token-1"

    with Server(accepts("token-1")) as server, client(server.url, token=token) as one:
        with pytest.raises(ConfigurationError):
            one.get_cdr("1")
        assert one.get_cdr("1").finished


def test_a_renewal_that_raises_leaves_the_refused_call_not_placed() -> None:
    answers_of = iter(["stale"])
    with Server(accepts("fresh")) as server, client(server.url, token=lambda: next(answers_of)) as one:
        with pytest.raises(ConfigurationError) as caught:
            one.run_otp(SECRETS.number, SECRETS.code, ref_id="1")
        assert caught.value.outcome is Outcome.NOT_PLACED
        assert caught.value.ref_id == "1"
        assert len(server.ledger.seen) == 1
