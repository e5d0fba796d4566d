"""How cost grows: with calls in flight, with the size of a record, with the number of waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from benchmarks.contenders import BASELINE, OURS
from benchmarks.measure import Plan, row
from benchmarks.processes import Server
from benchmarks.stats import exponent

IN_FLIGHT = (1, 3, 10, 32, 100, 316, 1000)
SIZES = (1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000)
# A fit from here on: below, what a call costs whatever its size hides how the rest grows.
_TAIL = 3


def in_flight(server: Server, plan: Plan, numbers: tuple[int, ...] = IN_FLIGHT) -> dict[str, Any]:
    """Look-ups with so many in flight at all times."""
    return _grow(numbers, lambda number: row(server, "async", number, attrs.evolve(plan, whats=("get",))))


def size(server: Server, plan: Plan, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Look-ups of larger and larger records, one at a time."""
    return _grow(sizes, lambda each: row(server, "sync", 1, attrs.evolve(plan, whats=("get",), ref=f"S{each}")))


def _grow(steps: tuple[int, ...], at: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """CPU microseconds a call at each step, and the exponents of their growth: over all steps, and over the last."""
    found: dict[str, dict[str, Any]] = {}
    for step in steps:
        for name, figures in at(step).items():
            found.setdefault(name, {})[str(step)] = (
                {key: figures[key] for key in ("cpu", "rate", "ratio")} if "cpu" in figures else figures
            )
    return {name: {"steps": each, **_exponents(each)} for name, each in found.items()}


def _exponents(steps: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    points = [(float(step), figures["cpu"]["median"]) for step, figures in steps.items() if "cpu" in figures]
    return {"exponent": exponent(points), "last exponent": exponent(points[-_TAIL:])}


NAMES = (OURS, BASELINE)
