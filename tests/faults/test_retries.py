"""Trying again over real connections: how often, how late, and not so often that an outage gets worse."""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from autocall_otp import ApiError, AutocallError, Outcome, RateLimitedError, Retry, TransportTimeoutError
from faults import scripts
from faults.clients import client
from faults.observe import SECRETS
from faults.scripts import answers, says_and_stalls
from faults.server import Script, Server, Wire

_SLOW_DOWN = "429 Slow Down"


def gaps(server: Server) -> list[float]:
    """Seconds between the requests that came."""
    return [later.at - earlier.at for earlier, later in itertools.pairwise(server.ledger.seen)]


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_a_request_is_sent_as_often_as_the_policy_says(attempts: int) -> None:
    with (
        Server(answers(b"{}", _SLOW_DOWN, rings=False)) as server,
        client(server.url, retry=Retry(attempts=attempts, base=0.001)) as one,
    ):
        with pytest.raises(RateLimitedError) as caught:
            one.run_otp(SECRETS.number, SECRETS.code)
        assert len(server.ledger.seen) == attempts
        assert caught.value.outcome is Outcome.NOT_PLACED


def test_no_retries_means_none() -> None:
    with Server(scripts.closes_after) as server, client(server.url, retry=Retry.none()) as one:
        with pytest.raises(AutocallError):
            one.get_cdr("1")
        assert len(server.ledger.seen) == 1


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


def test_retry_after_as_a_date_is_kept_to_by_the_clock_of_the_service() -> None:
    dates = ("Date: Thu, 02 May 2024 03:00:00 GMT", "Retry-After: Thu, 02 May 2024 03:00:01 GMT")
    with Server(scripts.in_turn(says_once(_SLOW_DOWN, *dates), answers())) as server, client(server.url) as one:
        one.run_otp(SECRETS.number, SECRETS.code)
        assert gaps(server)[0] >= 1.0


@pytest.mark.parametrize("header", ["Retry-After: 3600", "Retry-After: " + "9" * 30])
@pytest.mark.parametrize("operation", ["run_otp", "get_cdr", "wait_for_cdr"])
def test_a_retry_after_beyond_the_deadline_ends_at_once(header: str, operation: str) -> None:
    with Server(answers(b"{}", _SLOW_DOWN, header, rings=False)) as server, client(server.url) as one:
        calls: dict[str, Callable[[], object]] = {
            "run_otp": lambda: one.run_otp(SECRETS.number, SECRETS.code),
            "get_cdr": lambda: one.get_cdr("1"),
            "wait_for_cdr": lambda: one.wait_for_cdr("1", timeout=20),
        }
        start = time.monotonic()
        with pytest.raises(RateLimitedError) as caught:
            calls[operation]()
        assert time.monotonic() - start < 10
        assert len(server.ledger.seen) == 1
        assert caught.value.retry_after
        assert caught.value.retry_after >= 3599


def test_each_attempt_has_its_own_time_out() -> None:
    script = scripts.in_turn(says_and_stalls(b""), says_and_stalls(b"HTTP/1.1 2"), answers())
    with Server(script) as server, client(server.url, timeout=httpx.Timeout(8, read=0.4)) as one:
        one.get_cdr("1")
        assert len(server.ledger.seen) == 3
        assert min(gaps(server)) >= 0.3


def test_the_deadline_ends_an_attempt_before_its_time_out() -> None:
    with Server(says_and_stalls(b"")) as server, client(server.url, deadline=0.5) as one:
        start = time.monotonic()
        with pytest.raises(TransportTimeoutError):
            one.get_cdr("1")
        assert 0.4 < time.monotonic() - start < 5
        assert len(server.ledger.seen) == 1


_OUTAGES = {
    "429": answers(b"{}", _SLOW_DOWN, rings=False),
    "503": answers(b"{}", "503 Busy"),
    "reset": scripts.resets_after,
}


@pytest.mark.parametrize("outage", _OUTAGES)
def test_an_outage_is_not_made_worse(outage: str, figure: Callable[[str], None]) -> None:
    first, calls = 100, 400
    with Server(_OUTAGES[outage]) as server, client(server.url, retry=Retry(base=0, cap=0)) as one:

        def look_up(number: int) -> None:
            with pytest.raises(AutocallError):
                one.get_cdr(f"{number}")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(look_up, range(first)))
            before = len(server.ledger.seen)
            list(pool.map(look_up, range(calls)))
        requests = len(server.ledger.seen) - before
    share = (requests - calls) / requests
    figure(
        f"outage ({outage}): {first} calls made {before} requests, {calls} more made {requests}: {share:.1%} retries"
    )
    assert share <= 0.1
    assert before > first, "nothing was tried again before the budget was spent"


def test_an_outage_that_ends_leaves_the_budget_to_recover() -> None:
    broken = True

    def flaky(wire: Wire) -> None:
        while True:
            entry = wire.receive()
            wire.send(scripts.whole(b"{}", "503 Busy") if broken else scripts.whole(scripts.good_body(entry)))

    with Server(flaky) as server, client(server.url, retry=Retry(base=0, cap=0)) as one:
        for number in range(30):
            with pytest.raises(ApiError):
                one.get_cdr(f"{number}")
        broken = False
        for number in range(30):
            one.get_cdr(f"{number}")
        broken, before = True, len(server.ledger.seen)
        with pytest.raises(ApiError):
            one.get_cdr("again")
        assert len(server.ledger.seen) - before == 3
