"""Calls: every contender a short slice in each round, in a shuffled order, compared with naïve httpx of that round."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import attrs

from benchmarks.contenders import BASELINE, CONTENDERS
from benchmarks.kinds import SYNC
from benchmarks.processes import Server, Worker
from benchmarks.stats import spread

ROWS = (("sync", 1), ("async", 1), ("async", 32), ("async", 256))
_SEED = 20230307
# A slice in which others held the core for longer than this share of it is disturbed: it is taken again, this often.
_DISTURBED, _TRIES = 0.1, 3
# Where rounds stay disturbed, at least so many of the calmest count.
_FEWEST = 3

Taken = dict[str, dict[str, float]]


@attrs.frozen
class Plan:
    """How a row is measured."""

    rounds: int
    seconds: float
    names: Sequence[str] = tuple(CONTENDERS)
    whats: Sequence[str] = ("post", "get")
    ref: str = "ABC123"


@attrs.define
class Slices:
    """What one contender did, a round after the other."""

    shown: dict[str, Any]
    rounds: dict[int, Taken] = attrs.field(factory=dict[int, Taken])
    error: str | None = None


def row_name(kind: str, in_flight: int) -> str:
    """The name of a row in the results."""
    return kind if kind == SYNC else f"{kind} {in_flight}"


def row(server: Server, kind: str, in_flight: int, plan: Plan) -> dict[str, Any]:
    """Every contender's figures for a kind of use; one without figures says why."""
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        able = [name for name in plan.names if kind in CONTENDERS[name].make]
        workers = [stack.enter_context(Worker(name, kind, server, plan.ref)) for name in able]
        slices = {worker.name: Slices(worker.ask(do="show")) for worker in workers}
        for each in slices.values():
            each.error = each.shown.get("error")
        shuffle = random.Random(_SEED).shuffle
        for number in range(plan.rounds):
            shuffle(workers)
            for worker in workers:
                _turn(server, worker, slices[worker.name], number, in_flight, plan)
        for name in plan.names:
            figures[name] = (
                _figures(slices[name], slices[BASELINE].rounds)
                if name in slices
                else {"missing": CONTENDERS[name].missing.get(kind, "was not tried")}
            )
    return figures


def _turn(server: Server, worker: Worker, slices: Slices, number: int, in_flight: int, plan: Plan) -> None:  # noqa: PLR0913, PLR0917 - one slice's place in the plan
    """One contender's slice of a round: calls placed, then records fetched."""
    taken: Taken = {}
    for what in plan.whats:
        order = {"what": what, "in_flight": in_flight, "seconds": plan.seconds}
        for _ in range(_TRIES):
            if slices.error:
                return
            again = _slice(server, worker, slices, order)
            if what not in taken or (again and again["waited"] < taken[what]["waited"]):
                taken[what] = again
            if not again or again["waited"] < _DISTURBED:
                break
    slices.rounds[number] = taken


def _slice(server: Server, worker: Worker, slices: Slices, order: dict[str, Any]) -> dict[str, float]:
    before = server.stats()
    reply = worker.ask(do="run", **order)
    if "error" in reply:
        slices.error = reply["error"]
        return {}
    after = server.stats()
    served = max(after["served"] - before["served"], 1)
    return reply | {
        "server": (after["cpu"] - before["cpu"]) / served,
        # One connection is that of the look at the server itself.
        "opened": max(after["opened"] - before["opened"] - 1, 0) / served,
    }


def _figures(slices: Slices, base: dict[int, Taken]) -> dict[str, Any]:
    if slices.error:
        return {"error": slices.error}
    both = [(base[number], taken) for number, taken in slices.rounds.items() if number in base]
    if not both:
        return {"error": f"there is no {BASELINE} to compare with"}
    both = _calm(both)
    rounds = [taken for _, taken in both]
    whats = list(rounds[0])
    return {
        "ratio": spread([_each(one, "seconds") / _each(mine, "seconds") for one, mine in both]),
        "cpu ratio": spread([_each(one, "cpu") / _each(mine, "cpu") for one, mine in both]),
        "rate": spread([1 / _each(taken, "seconds") for taken in rounds]),
        "cpu": spread([_each(taken, "cpu") * 1e6 for taken in rounds]),
        "server": spread(
            [max(each["server"] * each["calls"] / each["seconds"] for each in taken.values()) for taken in rounds]
        ),
        "opened": spread([max(each["opened"] for each in taken.values()) for taken in rounds]),
        "waited": spread([_waited(taken) for taken in rounds]),
        "rounds": len(rounds),
        "peak": max(each["peak"] for taken in rounds for each in taken.values()),
        "objects": [slices.shown[what] for what in whats],
        **{
            what: spread([_one(one[what], "seconds") / _one(mine[what], "seconds") for one, mine in both])
            for what in whats
        },
    }


def _waited(taken: Taken) -> float:
    return max(part["waited"] for part in taken.values())


def _calm(both: list[tuple[Taken, Taken]]) -> list[tuple[Taken, Taken]]:
    """The rounds in which nobody else held the core; the calmest few where there are hardly any."""
    ordered = sorted(both, key=lambda pair: max(map(_waited, pair)))
    calm = [pair for pair in ordered if max(map(_waited, pair)) < _DISTURBED]
    return calm if len(calm) >= _FEWEST else ordered[: max(_FEWEST, len(both) // 2)]


def _one(part: dict[str, float], what: str) -> float:
    return part[what] / part["calls"]


def _each(taken: Taken, what: str) -> float:
    """Seconds, or CPU seconds, a call: as many placed as fetched."""
    return sum(_one(part, what) for part in taken.values()) / len(taken)
