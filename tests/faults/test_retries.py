"""Trying again over real connections: how often, how late, and not so often that an outage gets worse."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support.network import Network

from autocall_otp import AutocallError, RateLimitedError, Retry
from faults import scripts
from faults.clients import SECRETS, client
from faults.scripts import answers, stalls
from faults.server import Script, Server, Wire
from faults.users import To, own

_SLOW_DOWN = "429 Slow Down"


def gaps(server: Server) -> list[float]:
    """Seconds between the requests that came."""
    return [later.at - earlier.at for earlier, later in itertools.pairwise(server.ledger.seen)]


def test_the_same_reference_goes_with_every_attempt() -> None:
    script = scripts.in_turn(says_once(_SLOW_DOWN), says_once(_SLOW_DOWN), answers())
    with Server(script) as server, client(server.url) as one:
        call = one.run_otp(SECRETS.number, SECRETS.code)
        assert {entry.ref_id for entry in server.ledger.seen} == {call.ref_id}
        assert len(server.ledger.seen) == 3
        assert server.ledger.rings[call.ref_id] == 1


def says_once(status: str, *extra: str) -> Script:
    return scripts.says(scripts.whole(b"{}", status, "Connection: close", *extra), rings=False)


def test_retry_after_in_seconds_is_kept_to() -> None:
    with (
        Server(scripts.in_turn(says_once(_SLOW_DOWN, "Retry-After: 1"), answers())) as server,
        client(server.url) as one,
    ):
        one.run_otp(SECRETS.number, SECRETS.code)
        assert gaps(server)[0] >= 1.0


def test_a_retry_after_beyond_the_deadline_ends_at_once() -> None:
    with Server(answers(b"{}", _SLOW_DOWN, "Retry-After: 3600", rings=False)) as server, client(server.url) as one:
        for call in (
            lambda: one.run_otp(SECRETS.number, SECRETS.code),
            lambda: one.get_cdr("1"),
            lambda: one.wait_for_cdr("1"),
        ):
            with pytest.raises(RateLimitedError) as caught:
                call()
            assert caught.value.retry_after == 3600
        assert len(server.ledger.seen) == 3


def test_each_attempt_has_its_own_time_out() -> None:
    script = scripts.in_turn(stalls(b""), stalls(b"HTTP/1.1 2"), answers())
    with Server(script) as server, client(server.url, timeout=httpx.Timeout(8, read=0.4)) as one:
        one.get_cdr("1")
        assert len(server.ledger.seen) == 3
        assert min(gaps(server)) >= 0.3


def test_an_outage_is_not_made_worse(figure: Callable[[str], None]) -> None:
    first, calls = 100, 400
    with Server(scripts.resets_after) as server, client(server.url, retry=Retry(base=0, cap=0)) as one:

        def look_up(number: int) -> None:
            with pytest.raises(AutocallError):
                one.get_cdr(f"{number}")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(look_up, range(first)))
            before = len(server.ledger.seen)
            list(pool.map(look_up, range(calls)))
        requests = len(server.ledger.seen) - before
    share = (requests - calls) / requests
    figure(f"outage: {first} calls made {before} requests, {calls} more made {requests}: {share:.1%} retries")
    assert share <= 0.1
    assert before > first, "nothing was tried again before the budget was spent"


def test_calls_that_are_refused_together_renew_once(net: Network, user: To) -> None:
    together, tokens = threading.Barrier(32), iter(["token-1", "token-2"])

    def refuses(wire: Wire) -> None:
        while True:
            entry = wire.receive(rings=True)
            if entry.token == "token-1":
                together.wait(60)
                wire.send(scripts.whole(b"{}", "401 Unauthorized"))
            else:
                wire.send(own(entry))

    server, url = net.reach(refuses, "plain")
    one = user(url, token=lambda: next(tokens))
    calls = [one.start(f"r{number}") for number in range(32)]
    assert [call.result(55).call_id for call in calls] == [f"call of r{number}" for number in range(32)]
    assert len(server.ledger.seen) == 64
    assert next(tokens, None) is None
