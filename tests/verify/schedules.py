"""Who does what at once, and in which orders: the cases that are known to be hard, and random ones."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from typing import Any

from autocall_otp.verify import Limits

from .world import Actor, ClockedMemory, Step, World, run

Script = tuple[str, ...]
"""What one actor does: "a placed", "a right", "+61"."""
Case = tuple[Limits, Script, tuple[Script, ...]]
MakeStore = Callable[[], Any]

MANY = ((50, 600.0), (100, 86_400.0))
HARD = """
a placed || a placed
a placed || b placed
a refused || a placed, a placed
a refused || b placed, b placed
a refused || +61, a placed, a placed
a refused || +61, b placed
calls_per_number=((2, 600),): a placed, +539, b placed, +60 then a refused || +2, b placed
a placed then a right || a right
guesses=2: a placed then a wrong || a wrong || a wrong
a placed, +61 then a right || a placed
a placed then a right || +301, a placed
a busy then a placed || a placed
a busy then a placed || b placed
guesses=1: a placed, +61 then a wrong || a placed
guesses=1: a placed, +61 then a first || a placed
guesses=1: a placed, a wrong, +61 then a placed || a placed
a placed then a right, a placed || a placed
failures_per_number=1: a placed, +61, b placed then a wrong || b wrong
failures_per_number=2: a placed, +61, b placed then a right || b wrong, b wrong, b wrong
a refused || a placed || a placed
a placed, +61 then a refused || b placed || a first
calls_per_number=((3, 600),): b placed, +61, b placed, +61, b placed, +477 then a placed || +1, b placed || +1, a placed
a placed, +61 then a refused || a first
a placed, +290, a placed, +61 then a refused || a right
a refused || a placed, +1, a placed
a placed, +61 then a right || b placed || c placed
a busy, +61 then a placed || b placed
a busy, +5 then a placed || +56, b placed
a placed || +61, b placed
a placed, +61 then a placed || a first, a placed
guesses=1: a placed, a wrong then a placed || a placed
"""
"""A limit, what is done before, and what is done at once."""


def limits(**changes: Any) -> Limits:
    return Limits(**{"calls_per_number": MANY, "calls_per_caller": MANY, **changes})


def read(line: str) -> Case:
    """The case in a line."""
    bounds, _, rest = line.rpartition(": ")
    before, _, at_once = rest.rpartition(" then ")
    name, _, value = bounds.partition("=")
    changes = {name: ast.literal_eval(value)} if name else {}
    return limits(**changes), script(before), tuple(script(each) for each in at_once.split(" || "))


def script(words: str) -> Script:
    return tuple(words.split(", ")) if words else ()


CASES = {line: read(line) for line in HARD.split("\n") if line}


def steps(script: Script) -> list[Step]:
    made = []
    for words in script:
        owner, _, what = words.partition(" ")
        kind = "check" if what in {"right", "first", "wrong"} else "start"
        made.append(Step(kind, what, owner) if what else Step("wait", float(words)))
    return made


def play(
    case: Case,
    choose: Callable[[list[int], int | None], int],
    rng: random.Random,
    make_store: MakeStore = ClockedMemory,
) -> World:
    """Play a case in one order, and check its end."""
    bounds, before, scripts = case
    store = make_store()
    world = World(store, bounds)
    store.world = world
    for _ in run(world, [Actor(steps(before))], lambda alive, _: alive[0]):
        pass
    actors = [Actor(steps(script)) for script in scripts]
    for _ in run(world, actors, choose):
        pass
    world.expect_end(actors, rng)
    return world


def orders(case: Case, switches: int, rng: random.Random, **world: Any) -> Iterator[World]:
    """Play a case in every order in which the actors take turns with at most so many switches before one is done."""
    todo: list[dict[int, int]] = [{}]
    while todo:
        plan = todo.pop()
        taken: list[tuple[list[int], int]] = []

        def choose(alive: list[int], last: int | None, plan: dict[int, int] = plan, taken: Any = taken) -> int:
            turn = plan.get(len(taken), last if last in alive else alive[0])
            taken.append((alive, turn))
            return turn

        yield play(case, choose, rng, **world)
        for at in range(max(plan, default=-1) + 1, len(taken)):
            alive, turn = taken[at]
            for other in alive:
                if other == turn:
                    continue
                further = {**plan, at: other}
                forced = sum(1 for each in further if each and taken[each - 1][1] in taken[each][0])
                if forced <= switches:
                    todo.append(further)


def seeded(seed: int | str) -> random.Random:
    """Chance that comes again."""
    return random.Random(seed)  # noqa: S311 - a schedule, no secret


def at_random(rng: random.Random) -> Callable[[list[int], int | None], int]:
    """An order by chance, with longer and shorter turns."""
    stay = rng.choice([0.0, 0.5, 0.9])

    def choose(alive: list[int], last: int | None) -> int:
        return last if last in alive and rng.random() < stay else rng.choice(alive)

    return choose


def random_case(rng: random.Random) -> Case:
    """Limits, a beginning, and two or three people who do a few things at once."""

    def some(length: int) -> Script:
        words = []
        for _ in range(length):
            if rng.random() < 0.3:
                words.append(f"+{rng.choice([1, 5, 30, 59, 61, 61, 240, 290, 301, 601])}")
            what = rng.choice(["placed", "placed", "refused", "busy", "unknown", "right", "right", "first", "wrong"])
            words.append(f"{rng.choice('aab')} {what}")
        return tuple(words)

    bounds = Limits(
        guesses=rng.randint(1, 5),
        calls_per_challenge=rng.randint(1, 3),
        failures_per_number=rng.choice([2, 5, 20]),
        calls_per_number=rng.choice([MANY, ((3, 600.0), (10, 86_400.0)), ((2, 300.0),)]),
        calls_per_caller=MANY,
    )
    return bounds, some(rng.randint(0, 3)), tuple(some(rng.randint(1, 3)) for _ in range(rng.randint(2, 3)))
