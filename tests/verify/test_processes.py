"""Logins in several processes at once."""

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
from verify.crowd import crowd, join, open_store
from verify.phones import KEY, NUMBER, OWNER, Calls

PROCESSES, THREADS = 4, 16
Crowd = Callable[..., tuple[Counter[str], list[str]]]

pytestmark = [pytest.mark.dev, pytest.mark.timeout(300)]


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "store.sqlite3")
    import redis  # noqa: PLC0415 - an extra

    url: str = request.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url


def login(place: str) -> tuple[Verifier, Calls]:
    calls: Any = Calls()
    return Verifier(calls, open_store(place), KEY), calls


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
