"""Play random schedules of people who log in at once, and print the tally; a promise that breaks ends it with 1.

Each schedule has a number, which plays it again: --seed NUMBER --schedules 1.
"""

import argparse
import contextlib
import os
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.redis import redis_server  # noqa: E402 - see the line above
from verify.schedules import CASES, at_random, orders, play, random_case, seeded  # noqa: E402 - the same
from verify.stores import maker  # noqa: E402 - the same
from verify.world import BrokenPromiseError  # noqa: E402 - the same

CHUNK = 500


def storm(kind: str, place: str, first: int) -> Counter[str]:
    """Play a few schedules."""
    make_store = maker(kind, place)
    tally = Counter(schedules=CHUNK)
    for number in range(first, first + CHUNK):
        rng = seeded(number)
        try:
            tally.update(play(random_case(rng), at_random(rng), rng, make_store).tally())
        except BrokenPromiseError as error:
            print(f"schedule {number}: {error}", flush=True)
            tally["broken"] += 1
    return tally


def case(kind: str, place: str, name: str, switches: int) -> Counter[str]:
    """Play one of the known cases in every order with so many switches."""
    tally: Counter[str] = Counter()
    try:
        for world in orders(CASES[name], switches, seeded(name), make_store=maker(kind, place)):
            tally.update(world.tally())
            tally["schedules"] += 1
    except BrokenPromiseError as error:
        print(f"case {name}: {error}", flush=True)
        tally["broken"] += 1
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--store", choices=["memory", "sqlite", "redis"], default="memory")
    parser.add_argument("--switches", type=int, default=2, help="of the known cases, in every order")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    tally = Counter[str]()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="autocall-otp-")))
        place = stack.enter_context(redis_server(folder)) if options.store == "redis" else str(folder / "storm.sqlite3")
        pool = stack.enter_context(ProcessPoolExecutor(os.cpu_count()))
        parts = [pool.submit(case, options.store, place, name, options.switches) for name in CASES]
        numbers = range(options.seed, options.seed + options.schedules, CHUNK)
        parts += [pool.submit(storm, options.store, place, number) for number in numbers]
        for part in parts:
            tally.update(part.result())
    for what, count in sorted(tally.items()):
        print(f"{count:>10,}  {what}")
    return 1 if tally["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
