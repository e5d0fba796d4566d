"""Who does what at once, and in which orders: the cases that are known to be hard, and random ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from autocall_otp.verify import Limits
from autocall_otp.verify import _flows as flows

from .world import Actor, ClockedMemory, Step, World, run

Script = tuple[str, ...]
"""What one actor does: "a placed", "a right", "+61"."""

MANY = ((50, 600.0), (100, 86_400.0))
ROOMY = Limits(calls_per_number=MANY, calls_per_caller=MANY)


def limits(**changes: Any) -> Limits:
    return Limits(**{"calls_per_number": MANY, "calls_per_caller": MANY, **changes})


BUSY, HEARD = ("a busy",), ("a placed",)
CASES: dict[str, tuple[Limits, Script, tuple[Script, ...]]] = {
    "1 start a || start a": (ROOMY, (), (("a placed",), ("a placed",))),
    "2 start a || start b": (ROOMY, (), (("a placed",), ("b placed",))),
    "3 start a refused || start a; start a": (ROOMY, (), (("a refused",), ("a placed", "a placed"))),
    "4 start a refused || start b; start b": (ROOMY, (), (("a refused",), ("b placed", "b placed"))),
    "5 start a, slow, refused || +61 s; start a; start a": (
        ROOMY,
        (),
        (("a refused",), ("+61", "a placed", "a placed")),
    ),
    "6 start a, slow, refused || +61 s; start b": (ROOMY, (), (("a refused",), ("+61", "b placed"))),
    "7 start a refused while a window ends": (
        limits(calls_per_number=((2, 600.0),)),
        ("a placed", "+539", "b placed", "+60"),
        (("a refused",), ("+2", "b placed")),
    ),
    "8 check right || check right": (ROOMY, HEARD, (("a right",), ("a right",))),
    "9 three wrong checks at once, 2 guesses": (
        limits(guesses=2),
        HEARD,
        (("a wrong",), ("a wrong",), ("a wrong",)),
    ),
    "10 check right || start again after 60 s": (ROOMY, (*HEARD, "+61"), (("a right",), ("a placed",))),
    "11 check right || its life ends; start": (ROOMY, HEARD, (("a right",), ("+301", "a placed"))),
    "12 nobody answered: start || start": (ROOMY, BUSY, (("a placed",), ("a placed",))),
    "13 nobody answered: start a || start b": (ROOMY, BUSY, (("a placed",), ("b placed",))),
    "14 last wrong guess || start again after 60 s": (
        limits(guesses=1),
        (*HEARD, "+61"),
        (("a wrong",), ("a placed",)),
    ),
    "14 last guess, right || start again after 60 s": (
        limits(guesses=1),
        (*HEARD, "+61"),
        (("a first",), ("a placed",)),
    ),
    "15 challenge is spent, 60 s later: start || start": (
        limits(guesses=1),
        (*HEARD, "a wrong", "+61"),
        (("a placed",), ("a placed",)),
    ),
    "16 check right; start || start": (ROOMY, HEARD, (("a right", "a placed"), ("a placed",))),
    "17 one failure left: wrong a || wrong b": (
        limits(failures_per_number=1),
        ("a placed", "+61", "b placed"),
        (("a wrong",), ("b wrong",)),
    ),
    "18 right a || wrong b x3, 2 failures left": (
        limits(failures_per_number=2),
        ("a placed", "+61", "b placed"),
        (("a right",), ("b wrong", "b wrong", "b wrong")),
    ),
    "19 start a refused || start a || start a": (ROOMY, (), (("a refused",), ("a placed",), ("a placed",))),
    "20 resend a refused || start b || check right a": (
        ROOMY,
        (*HEARD, "+61"),
        (("a refused",), ("b placed",), ("a first",)),
    ),
    "21 window boundary: 3 rings within 2 s where 3 in 600 s are allowed": (
        limits(calls_per_number=((3, 600.0),)),
        ("b placed", "+61", "b placed", "+61", "b placed", "+477"),
        (("a placed",), ("+1", "b placed"), ("+1", "a placed")),
    ),
    "22 resend refused || check of the first code": (ROOMY, (*HEARD, "+61"), (("a refused",), ("a first",))),
    "22 resend refused, in a challenge of its own || check of the first code": (
        ROOMY,
        (*HEARD, "+290", "a placed", "+61"),
        (("a refused",), ("a right",)),
    ),
    "23 join of a call that is then refused": (ROOMY, (), (("a refused",), ("a placed", "+1", "a placed"))),
    "24 right a (old ring) || start b || start c": (
        ROOMY,
        (*HEARD, "+61"),
        (("a right",), ("b placed",), ("c placed",)),
    ),
    "25 nobody answered, slot over: start a || start b": (ROOMY, (*BUSY, "+61"), (("a placed",), ("b placed",))),
    "26 nobody answered: start a, slow || +56 s; start b": (
        ROOMY,
        (*BUSY, "+5"),
        (("a placed",), ("+56", "b placed")),
    ),
    "27 start a stalls 61 s anywhere || start b": (ROOMY, (), (("a placed",), ("+61", "b placed"))),
    "29 start again after 60 s || check of the first code; start": (
        ROOMY,
        (*HEARD, "+61"),
        (("a placed",), ("a first", "a placed")),
    ),
    "28 challenge is spent: start || start": (
        limits(guesses=1),
        (*HEARD, "a wrong"),
        (("a placed",), ("a placed",)),
    ),
}


def steps(script: Script) -> list[Step]:
    made = []
    for words in script:
        if words.startswith("+"):
            made.append(Step("wait", float(words)))
        else:
            owner, what = words.split()
            made.append(Step("check" if what in {"right", "first", "wrong"} else "start", what, owner))
    return made


Case = tuple[Limits, Script, tuple[Script, ...]]
MakeStore = Callable[[], Any]


def play(
    case: Case,
    choose: Callable[[list[int], int | None], int],
    rng: random.Random,
    make_store: MakeStore = ClockedMemory,
    flaw: Any = flows.Flows,
) -> World:
    """Play a case in one order, and judge its end."""
    bounds, before, scripts = case
    store = make_store()
    world = World(store, bounds, flaw)
    store.world = world
    for _ in run(world, [Actor(steps(before))], lambda alive, _: alive[0]):
        pass
    actors = [Actor(steps(script)) for script in scripts]
    for _ in run(world, actors, choose):
        pass
    world.judge_end(actors, rng)
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

    def script(length: int) -> Script:
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
    return bounds, script(rng.randint(0, 3)), tuple(script(rng.randint(1, 3)) for _ in range(rng.randint(2, 3)))
