"""Play random schedules of people who log in at once, and print the tally; a promise that breaks ends it with 1.

Each schedule has a number, which plays it again: --seed NUMBER --schedules 1.
"""

import argparse
import os
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from verify.schedules import CASES, at_random, orders, play, random_case, seeded  # noqa: E402 - see the line above
from verify.world import BrokenPromiseError  # noqa: E402 - the same

CHUNK = 500


def storm(first: int) -> Counter[str]:
    """Play a few schedules."""
    tally = Counter(schedules=CHUNK)
    for number in range(first, first + CHUNK):
        rng = seeded(number)
        try:
            tally.update(play(random_case(rng), at_random(rng), rng).tally())
        except BrokenPromiseError as error:
            print(f"schedule {number}: {error}", flush=True)
            tally["broken"] += 1
    return tally


def case(name: str, switches: int) -> Counter[str]:
    """Play one of the known cases in every order with so many switches."""
    tally: Counter[str] = Counter()
    try:
        for world in orders(CASES[name], switches, seeded(name)):
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
    parser.add_argument("--switches", type=int, default=2, help="of the known cases, in every order")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    tally = Counter[str]()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        parts = [pool.submit(case, name, options.switches) for name in CASES]
        numbers = range(options.seed, options.seed + options.schedules, CHUNK)
        parts += [pool.submit(storm, number) for number in numbers]
        for part in parts:
            tally.update(part.result())
    for what, count in sorted(tally.items()):
        print(f"{count:>10,}  {what}")
    return 1 if tally["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
