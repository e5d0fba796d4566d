"""Logins in several processes at once, and in processes that are killed."""

from __future__ import annotations

import itertools
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from autocall_otp.verify import Verdict, Verifier
from verify.crowd import UNHURRIED, crowd, join, kill_one, open_store
from verify.phones import KEY, NUMBER, OWNER, STRANGER, Calls

PROCESSES, THREADS = 4, 16
Crowd = Callable[..., tuple[Counter[str], list[str]]]
Kill = Callable[..., tuple[bool, list[str]]]

pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]


@pytest.fixture(params=["sqlite", "redis"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Where a store begins empty."""
    if request.param == "sqlite":
        names = itertools.count()
        return lambda: str(tmp_path / f"{next(names)}.sqlite3")
    import redis  # noqa: PLC0415 - an extra

    def emptied() -> str:
        url: str = request.getfixturevalue("redis_url")
        with redis.Redis.from_url(url) as client:
            client.flushall()
        return url

    return emptied


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    return new_place()


def login(place: str, **more: Any) -> tuple[Verifier, Calls]:
    calls: Any = Calls()
    return Verifier(calls, open_store(place), KEY, **more), calls


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, context, join, (context.Barrier(PROCESSES),)) as pool:
        yield pool


@pytest.fixture
def at_once(processes: ProcessPoolExecutor, place: str) -> Crowd:
    """64 threads in 4 processes that do the same at once."""

    def act(what: str, code: str = "") -> tuple[Counter[str], list[str]]:
        jobs = [processes.submit(crowd, place, what, code, THREADS) for _ in range(PROCESSES)]
        done = [job.result() for job in jobs]
        results = Counter(itertools.chain.from_iterable(each for each, _ in done))
        assert results.total() == PROCESSES * THREADS
        return results, [code for _, read in done for code in read]

    return act


def test_of_many_who_ask_at_once_one_rings(place: str, at_once: Crowd) -> None:
    results, codes = at_once("start")
    assert results == {"rang": 1, "joined": 63}
    verifier, _ = login(place)
    assert verifier.check(NUMBER, codes[0], owner=OWNER).verified


def test_of_many_wrong_guesses_at_once_five_are_compared(place: str, at_once: Crowd) -> None:
    verifier, calls = login(place)
    verifier.start(NUMBER, owner=OWNER)
    results, _ = at_once("check", calls.wrong)
    assert results == {"wrong": 5, "locked": 59}
    assert verifier.check(NUMBER, calls.code, owner=OWNER).verdict is Verdict.LOCKED


def test_of_many_right_codes_at_once_one_wins(place: str, at_once: Crowd) -> None:
    verifier, calls = login(place)
    verifier.start(NUMBER, owner=OWNER)
    results, _ = at_once("check", calls.code)
    assert results["verified"] == 1
    assert set(results) <= {"verified", "expired", "locked"}


@pytest.fixture
def kill(processes: ProcessPoolExecutor) -> Kill:
    """Whether a login was killed at an operation of its store, and the codes that were read before."""
    return lambda *what: processes.submit(kill_one, *what).result()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("what", ["placed", "refused"])
def test_whoever_is_killed_while_starting_rings_at_most_once(
    new_place: Callable[[], str],
    kill: Kill,
    what: str,
    after: bool,  # noqa: FBT001 - a column
) -> None:
    for works in itertools.count():
        was_killed, read = kill(place := new_place(), what, works, after)
        if not was_killed:
            break
        assert len(read) <= 1
        verifier, calls = login(place, limits=UNHURRIED)
        again = verifier.start(NUMBER, owner=OWNER)
        if read and what == "placed":
            # In doubt the phone is not rung again, and the code that was read is good; that frees the number.
            assert not again.rang
            assert verifier.check(NUMBER, read[0], owner=OWNER).verified
            assert verifier.start(NUMBER, owner=OWNER).rang
        else:
            # Nothing rang: somebody may ring, at once or when the time of the claim is over.
            verifier._now = lambda now=verifier._now: now() + 601  # type: ignore[method-assign,misc] # that is over
            assert again.rang or verifier.start(NUMBER, owner=STRANGER).rang
        assert len(calls.calls) <= 1
    assert works == (6 if what == "placed" else 8)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("typed", ["code", "wrong"])
def test_whoever_is_killed_while_checking_wins_no_guess(
    new_place: Callable[[], str],
    kill: Kill,
    typed: str,
    after: bool,  # noqa: FBT001 - a column
) -> None:
    for works in itertools.count():
        verifier, calls = login(place := new_place())
        verifier.start(NUMBER, owner=OWNER)
        was_killed, _ = kill(place, getattr(calls, typed), works, after)
        if not was_killed:
            break
        assert verifier.check(NUMBER, calls.wrong, owner=OWNER).attempts_left in {0, 3, 4}
        check = verifier.check(NUMBER, calls.code, owner=OWNER)
        # A code that was used up before the kill is used up.
        assert check.verified or (typed == "code" and check.verdict is Verdict.EXPIRED)
        assert not verifier.check(NUMBER, calls.code, owner=OWNER).verified
    assert works == (4 if typed == "code" else 2)
