"""`python -m benchmarks`: measure everything, print the tables, write docs/performance.md and results.json."""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any

import attrs

from benchmarks import report
from benchmarks.cold import cold
from benchmarks.contenders import OURS, OVER_AIOHTTP
from benchmarks.footprint import footprint
from benchmarks.machine import ROOT, describe
from benchmarks.measure import ROWS, Plan, row, row_name
from benchmarks.processes import Server
from benchmarks.waits import waits

RESULTS = ROOT / "benchmarks" / "results.json"
_LIBRARIES = "autocall-otp aiohttp attrs h11 httpcore httpx httpx-aiohttp plivo telnyx twilio vonage"


@attrs.frozen
class Size:
    """How much is measured."""

    plan: Plan
    waits: dict[str, list[int]]
    cold: int
    memory: int


FULL = Size(Plan(rounds=9, seconds=0.2), {OURS: [100, 1_000, 10_000], OVER_AIOHTTP: [100, 1_000, 10_000]}, 15, 3)
QUICK = Size(Plan(rounds=3, seconds=0.05), {OURS: [100, 1_000]}, 3, 1)


def _meta(size: Size) -> dict[str, Any]:
    versions = {name: metadata.version(name) for name in _LIBRARIES.split()}
    return {
        "machine": describe(),
        "versions": versions | {"python": platform.python_version()},
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "rounds": size.plan.rounds,
        "seconds": size.plan.seconds,
    }


def _calls(plan: Plan) -> dict[str, Any]:
    with Server() as server:
        return {row_name(kind, number): row(server, kind, number, plan) for kind, number in ROWS}


def measure(size: Size, only: set[str]) -> dict[str, Any]:
    """Carry the steps out, and say how long each took."""
    steps: dict[str, Callable[[], Any]] = {
        "calls": lambda: _calls(size.plan),
        "cold": lambda: cold(size.cold),
        "memory": lambda: footprint(size.memory),
        "waits": lambda: {name: waits(name, numbers) for name, numbers in size.waits.items()},
    }
    results: dict[str, Any] = {"meta": _meta(size)}
    for name, step in steps.items():
        if only and name not in only:
            continue
        start = time.perf_counter()
        print(f"{name} ...", end=" ", flush=True)
        try:
            results[name] = step()
        except Exception as error:  # noqa: BLE001 - the other steps are worth having
            results.setdefault("failed", {})[name] = f"{type(error).__name__}: {error}"
        print(f"{time.perf_counter() - start:.0f} s", flush=True)
    return results


def main() -> None:
    """Read the arguments, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; print only, write nothing")
    parser.add_argument("--only", nargs="+", default=[], metavar="STEP", help="some steps only; print only")
    arguments = parser.parse_args()
    results = measure(QUICK if arguments.quick else FULL, set(arguments.only))
    print(report.text(results))
    if not arguments.quick and not arguments.only:
        # Kept before anything is made of them: they took minutes.
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        report.write(results)
    if failed := results.get("failed"):
        sys.exit("\n".join(f"FAILED: {name}: {why}" for name, why in failed.items()))


if __name__ == "__main__":
    main()
