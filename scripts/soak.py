"""The ledger test at full size, or many waits at the same time. Fails when a caller was told what is not so."""

import argparse
import secrets
import sys
import time
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from faults.storm import storm  # noqa: E402 - the storm lives with the tests
from faults.waits import many_waits  # noqa: E402 - the same

from autocall_otp._sansio.retry import RetryBudget  # noqa: E402 - beside what follows

_ROUND = 2000


def is_sound(calls: int, seed: int) -> bool:
    """Tasks, threads, and tasks whose retries no budget bounds; whether all were told the truth."""
    tallies = {"tasks": storm("async", calls, seed), "threads": storm("sync", calls // 5, seed + 1)}
    with mock.patch.object(RetryBudget, "spend", return_value=True):
        tallies["tasks, retries without a budget"] = storm("async", calls, seed + 2)
    for name, tally in tallies.items():
        print(f"{name}: {tally}", *tally.misreports()[:20], sep="\n", flush=True)
    return not any(tally.misreports() for tally in tallies.values())


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--calls", type=int, help="run_otp calls through random faults")
parser.add_argument("--minutes", type=float, help="the same, round after round, for so long")
parser.add_argument("--waits", type=int, help="waits for a record, all at the same time")
parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9), help="of the faults; random if not given")
options = parser.parse_args()
print(f"seed {options.seed}")
start, seed, good = time.monotonic(), options.seed, True
if options.calls:
    good &= is_sound(options.calls, seed)
while time.monotonic() - start < (options.minutes or 0) * 60:
    good &= is_sound(_ROUND, seed := seed + 10)
if options.waits:
    print(report := many_waits(options.waits))
    good &= report.sound
print(f"{'sound' if good else 'UNSOUND'}; {time.monotonic() - start:.0f} s")
sys.exit(not good)
