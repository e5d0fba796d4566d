"""The rules of a login, whoever does what at once: no phone rings twice, no guess is free, nobody is locked out."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from verify.schedules import CASES, at_random, orders, play, random_case, seeded
from verify.stores import maker
from verify.world import BrokenPromiseError, ClockedMemory, SendsTwice

PAIRS = [name for name, case in CASES.items() if len(case[2]) < 3]


@pytest.mark.parametrize("name", CASES)
def test_the_rules_hold_in_every_order_of_turns(name: str) -> None:
    assert all(orders(CASES[name], 1 if name in PAIRS else 0, seeded(name)))
    # The same where the client of the store sends twice.
    assert all(orders(CASES[name], 0, seeded(name), make_store=SendsTwice))


@pytest.mark.dev
@pytest.mark.parametrize("kind", ["sqlite", "redis"])
@pytest.mark.parametrize("name", CASES)
def test_the_rules_hold_over_each_store(kind: str, name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place = request.getfixturevalue("redis_url") if kind == "redis" else str(tmp_path / "store")
    assert all(orders(CASES[name], 0, seeded(name), make_store=maker(kind, place)))


@pytest.mark.parametrize("make_store", [ClockedMemory, SendsTwice])
def test_the_rules_hold_in_random_schedules(make_store: Any) -> None:
    seed = random.SystemRandom().randrange(2**32)
    for number in range(seed, seed + 200):
        rng = seeded(number)
        try:
            play(random_case(rng), at_random(rng), rng, make_store)
        except BrokenPromiseError as error:
            pytest.fail(f"make verify-storm SEED={number}: {error}")
