"""Logins in several processes at once, and processes that are killed at any operation of their store."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autocall_otp.verify import Limits, Verdict, Verifier
from verify.crowd import UNHURRIED, open_store
from verify.phones import KEY, NUMBER, OWNER, STRANGER, Calls

CROWD = Path(__file__).with_name("crowd.py")
PROCESSES, THREADS = 4, 16

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


def login(place: str, **settings: Any) -> tuple[Verifier, Calls]:
    calls: Any = Calls()
    return Verifier(calls, open_store(place), KEY, **settings), calls


def crowd(place: str, what: str, code: str = "") -> tuple[Counter[str], list[str]]:
    """64 threads in 4 processes that do the same at once."""
    command = [sys.executable, str(CROWD), "crowd", place, what, code, str(THREADS)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == '"ready"\n'
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    results: Counter[str] = Counter()
    codes: list[str] = []
    for process in running:
        out, _ = process.communicate()
        each, read = json.loads(out)
        results.update(each)
        codes += read
    assert results.total() == PROCESSES * THREADS
    return results, codes


def test_of_many_who_ask_at_once_one_rings(place: str) -> None:
    results, codes = crowd(place, "start")
    assert results == {"rang": 1, "joined": 63}
    verifier, _ = login(place)
    assert verifier.check(NUMBER, codes[0], owner=OWNER).verified


def test_of_many_wrong_guesses_at_once_five_are_compared(place: str) -> None:
    verifier, calls = login(place)
    verifier.start(NUMBER, owner=OWNER)
    wrong = "000000" if calls.phones.calls[0].code != "000000" else "111111"
    results, _ = crowd(place, "check", wrong)
    assert results == {"wrong": 5, "locked": 59}
    assert verifier.check(NUMBER, calls.phones.calls[0].code, owner=OWNER).verdict is Verdict.LOCKED


def test_of_many_right_codes_at_once_one_wins(place: str) -> None:
    verifier, calls = login(place)
    verifier.start(NUMBER, owner=OWNER)
    results, _ = crowd(place, "check", calls.phones.calls[0].code)
    assert results["verified"] == 1
    assert set(results) <= {"verified", "expired", "locked"}


@pytest.fixture
def die(place: str) -> Iterator[Callable[..., tuple[bool, list[Any]]]]:
    """Does something in a process that is killed: whether it came to that, and the calls that were placed before."""
    command = [sys.executable, str(CROWD), "deaths", place]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as mother:
        assert mother.stdin is not None
        assert mother.stdout is not None

        def do(*what: Any) -> tuple[bool, list[Any]]:
            mother.stdin.write(json.dumps(what) + "\n")
            mother.stdin.flush()
            said = []
            while not isinstance(word := json.loads(mother.stdout.readline()), bool):
                said.append(word)
            return word, said

        yield do
        mother.stdin.close()


def empty(place: str) -> None:
    store = open_store(place)
    if place.startswith("redis:"):
        store._client.flushall()
    else:
        store._connection().execute("DELETE FROM autocall_verify")
        store.close()


@pytest.mark.parametrize("after", ["before", "after"])
@pytest.mark.parametrize("what", ["start", "refused"])
def test_whoever_is_killed_while_starting_rings_at_most_once(
    place: str, what: str, after: str, die: Callable[..., tuple[bool, list[Any]]]
) -> None:
    for at in itertools.count():
        empty(place)
        was_killed, read = die(what, "", at, after)
        if not was_killed:
            break
        assert len(read) <= 1
        verifier, calls = login(place, limits=UNHURRIED)
        again = verifier.start(NUMBER, owner=OWNER)
        if read and what == "start":
            # In doubt the phone is not rung again, and the code that was read is good.
            assert not again.rang
            assert verifier.check(NUMBER, read[0][0], owner=OWNER).verified
        else:
            # Nothing rang: somebody may ring, at once or when the time of the claim is over.
            verifier._now = lambda now=verifier._now: now() + 601  # type: ignore[method-assign,misc] # that is over
            assert again.rang or verifier.start(NUMBER, owner=STRANGER).rang
        assert len(calls.phones.calls) <= 1
    assert at == (6 if what == "start" else 8)


@pytest.mark.parametrize("after", ["before", "after"])
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_whoever_is_killed_while_checking_wins_no_guess(
    place: str,
    after: str,
    right: bool,  # noqa: FBT001 - a column
    die: Callable[..., tuple[bool, list[Any]]],
) -> None:
    guesses = 5
    for at in itertools.count():
        empty(place)
        verifier, calls = login(place, limits=Limits(guesses=guesses))
        verifier.start(NUMBER, owner=OWNER)
        code = calls.phones.calls[0].code
        wrong = "000000" if code != "000000" else "111111"
        was_killed, _ = die("check", code if right else wrong, at, after)
        if not was_killed:
            break
        left = verifier.check(NUMBER, wrong, owner=OWNER).attempts_left
        assert left in {0, guesses - 2, guesses - 1}
        check = verifier.check(NUMBER, code, owner=OWNER)
        # A code that was used up before the kill is used up.
        assert check.verified or (right and check.verdict is Verdict.EXPIRED)
        assert not verifier.check(NUMBER, code, owner=OWNER).verified
    assert at == (4 if right else 2)
