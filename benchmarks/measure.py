"""Calls: every contender a short slice in each round, in a shuffled order, compared with naïve httpx of that round."""

import random
from contextlib import ExitStack
from typing import Any

import attrs

from benchmarks.contenders import BASELINE, CONTENDERS
from benchmarks.kinds import SYNC
from benchmarks.processes import Server, Worker
from benchmarks.stats import spread

ROWS = (("sync", 1), ("async", 1), ("async", 32), ("async", 256))

Slice = dict[str, dict[str, Any]]
"""What a contender did in a round: placed calls, and fetched records."""


@attrs.frozen
class Plan:
    """How a row is measured."""

    rounds: int
    seconds: float


def row_name(kind: str, in_flight: int) -> str:
    """The name of a row in the results."""
    return kind if kind == SYNC else f"{kind} {in_flight}"


def row(server: Server, kind: str, in_flight: int, plan: Plan) -> dict[str, Any]:
    """Every contender's figures for a kind of use; one that failed says why."""
    slices: dict[str, list[Slice]] = {}
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(name, kind, server)) for name, each in CONTENDERS.items() if kind in each.make
        ]
        shown = {worker.name: worker.ask(do="show") for worker in workers}
        shuffle = random.Random(7).shuffle
        for _ in range(plan.rounds):
            shuffle(workers)
            for worker in workers:
                orders = [{"what": what, "in_flight": in_flight, "seconds": plan.seconds} for what in ("post", "get")]
                taken = {str(order["what"]): _slice(server, worker, order) for order in orders}
                slices.setdefault(worker.name, []).append(taken)
    return {name: _figures(shown[name], slices[name], slices[BASELINE]) for name in CONTENDERS if name in slices}


def _slice(server: Server, worker: Worker, order: dict[str, Any]) -> dict[str, Any]:
    before = server.stats()["cpu"]
    reply = worker.ask(do="run", **order)
    return reply | {"server": server.stats()["cpu"] - before}


def _figures(shown: dict[str, Any], slices: list[Slice], base: list[Slice]) -> dict[str, Any]:
    failed = [part["error"] for taken in ({"show": shown}, *slices) for part in taken.values() if "error" in part]
    if failed:
        return {"error": failed[0]}
    both = list(zip(base, slices, strict=True))
    busy = [max(part["server"] / part["seconds"] for part in taken.values()) for taken in slices]
    return {
        "ratio": spread([_each(one, "seconds") / _each(mine, "seconds") for one, mine in both]),
        "cpu ratio": spread([_each(one, "cpu") / _each(mine, "cpu") for one, mine in both]),
        "rate": spread([1 / _each(taken, "seconds") for taken in slices]),
        "cpu": spread([_each(taken, "cpu") * 1e6 for taken in slices]),
        "server": spread(busy),
        "objects": [shown[what] for what in ("post", "get")],
        **{
            what: spread([_one(one[what], "seconds") / _one(mine[what], "seconds") for one, mine in both])
            for what in ("post", "get")
        },
    }


def _one(part: dict[str, float], what: str) -> float:
    return part[what] / part["calls"]


def _each(taken: Slice, what: str) -> float:
    """Seconds, or CPU seconds, a call: as many placed as fetched."""
    return sum(_one(part, what) for part in taken.values()) / len(taken)
