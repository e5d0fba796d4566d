"""Trying again over real connections: how often, how late, and not so often that an outage gets worse."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support.network import Network

from autocall_otp import AutocallError, Retry
from faults import scripts
from faults.clients import client
from faults.scripts import answers, stalls
from faults.server import Server, Wire
from faults.users import To, own


def gaps(server: Server) -> list[float]:
    """Seconds between the requests that came."""
    return [later.at - earlier.at for earlier, later in itertools.pairwise(server.ledger.seen)]


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
