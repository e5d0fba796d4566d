"""`python -m benchmarks`: measure everything, print the tables, write docs/performance.md and results.json."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import attrs

from benchmarks import compare, growth, report
from benchmarks.capacity import capacity
from benchmarks.cold import cold
from benchmarks.contenders import BASELINE, FAST, OURS
from benchmarks.footprint import footprint
from benchmarks.hotspots import hotspots
from benchmarks.machine import ROOT, describe
from benchmarks.measure import ROWS, Plan, row, row_name
from benchmarks.processes import Server
from benchmarks.rules import rules
from benchmarks.waits import waits

RESULTS = ROOT / "benchmarks" / "results.json"
_LIBRARIES = (
    "autocall-otp",
    "aiohttp",
    "attrs",
    "h11",
    "httpcore",
    "httpx",
    "httpx-aiohttp",
    "plivo",
    "pycurl",
    "pyreqwest",
    "stripe",
    "svix",
    "telnyx",
    "twilio",
    "vonage",
)


@attrs.frozen
class Size:
    """How much is measured."""

    rounds: int
    seconds: float
    grown: tuple[str, ...]
    in_flight: tuple[int, ...]
    sizes: tuple[int, ...]
    waits: dict[str, list[int]]
    cold: int
    memory: int
    rules: float


FULL = Size(
    rounds=9,
    seconds=0.2,
    grown=(OURS, FAST, BASELINE, "twilio"),
    in_flight=growth.IN_FLIGHT,
    sizes=growth.SIZES,
    waits={OURS: [100, 1_000, 3_000, 10_000], FAST: [100, 1_000, 10_000]},
    cold=15,
    memory=3,
    rules=0.1,
)
QUICK = Size(
    rounds=3,
    seconds=0.05,
    grown=(OURS, BASELINE),
    in_flight=(1, 32, 316),
    sizes=(1_000, 64_000, 1_000_000),
    waits={OURS: [100, 1_000]},
    cold=3,
    memory=1,
    rules=0.02,
)


def _meta(size: Size) -> dict[str, Any]:
    versions = {name: metadata.version(name) for name in _LIBRARIES}
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - found on the path, like make
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "machine": describe(),
        "versions": versions | {"python": platform.python_version()},
        "commit": done.stdout.strip() or None,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "rounds": size.rounds,
        "seconds": size.seconds,
    }


def _steps(size: Size) -> dict[str, Any]:
    """What is measured, in order; each returns JSON."""
    plan = Plan(size.rounds, size.seconds)
    few = Plan(max(size.rounds // 4, 2), size.seconds / 2, names=size.grown)

    def calls() -> dict[str, Any]:
        with Server() as server:
            return {row_name(kind, number): row(server, kind, number, plan) for kind, number in ROWS}

    def grown() -> dict[str, Any]:
        with Server() as server:
            return {
                "in flight": growth.in_flight(server, few, size.in_flight),
                "size": growth.size(server, few, size.sizes),
            }

    return {
        "server": capacity,
        "calls": calls,
        "cold": lambda: cold(size.cold),
        "memory": lambda: footprint(size.memory),
        "rules": lambda: rules(size.rules),
        "profile": lambda: hotspots(size.rules * 30),
        "growth": grown,
        "waits": lambda: {name: waits(name, numbers) for name, numbers in size.waits.items()},
    }


def measure(size: Size, only: set[str]) -> dict[str, Any]:
    """Carry the steps out, and say how long each took."""
    results: dict[str, Any] = {"meta": _meta(size)}
    for name, step in _steps(size).items():
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
    parser.add_argument("--compare", type=Path, metavar="OLD.json", help="print what changed beyond the spread")
    parser.add_argument("--output", type=Path, metavar="NEW.json", help="write the results here too")
    parser.add_argument("--report", type=Path, metavar="RESULTS.json", help="measure nothing: report these results")
    arguments = parser.parse_args()
    whole = not arguments.quick and not arguments.only
    if arguments.report:
        results = json.loads(arguments.report.read_text(encoding="utf-8"))
    else:
        results = measure(QUICK if arguments.quick else FULL, set(arguments.only))
        # Kept before anything is made of them: they took minutes.
        for path in [arguments.output] * bool(arguments.output) + [RESULTS] * whole:
            path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(report.text(results))
    if arguments.compare:
        print(compare.changes(json.loads(arguments.compare.read_text(encoding="utf-8")), results))
    if whole:
        report.write(results)
    if failed := results.get("failed"):
        sys.exit("\n".join(f"FAILED: {name}: {why}" for name, why in failed.items()))


if __name__ == "__main__":
    main()
