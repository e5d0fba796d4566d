"""A world for the rules of a login: a clock, phones, people, and one operation of one of them at a time.

It knows what was rung, read, typed and won, and compares that with what the rules promise.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import coroutine
from typing import Any

from autocall_otp import AutocallError, Cdr, Outcome
from autocall_otp.verify import Challenge, Check, Limits, MemoryStore, TooManyCallsError
from autocall_otp.verify import _flows as flows
from autocall_otp.verify._records import load

NUMBER = "0332665711"
EPOCH = 1_750_000_000.0
OWNERS = {name: f"{name}-browser-5f0c6d2b9a7e41838c1d" for name in "abcz"}
STALE = 10.0
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


class BrokenPromiseError(AssertionError):
    """A promise that was not kept."""


@dataclass
class Ring:
    """A phone that rang."""

    claim: float
    owner: str
    ref_id: str
    code: str


@coroutine
def turn(*operation: Any) -> Generator[Any, Any, Any]:
    """Wait until the world has done it."""
    return (yield operation)


class Turns:
    """Client and store of a verifier for asyncio, each of whose operations waits for its turn."""

    async def get(self, key: str) -> Any:
        return await turn("get", key)

    async def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> Any:
        return await turn("swap", key, old, new, ttl)

    async def run_otp(self, _: str, code: str, *, ref_id: str) -> None:
        await turn("place", code, ref_id)

    async def get_cdr(self, ref_id: str) -> Any:
        return await turn("look up", ref_id)

    async def wait_for_cdr(self, ref_id: str, *, timeout: float, progress: Callable[[Any], Any]) -> Any:  # noqa: ARG002, ASYNC109 - as the SDK's
        record = await self.get_cdr(ref_id)
        return record if record and record.finished else progress(None)


class ClockedMemory(MemoryStore):
    """A store in memory that lives by the world's clock."""

    world: World

    def _now(self) -> float:
        return self.world.now


class SendsTwice(ClockedMemory):
    """A store whose client sends again what it had no answer to, and believes the second answer."""

    turn = 0

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        done = super().swap(key, old, new, ttl)
        self.turn += 1
        return super().swap(key, old, new, ttl) if self.turn % 3 == 0 else done


@dataclass
class Step:
    """What somebody does: ("start", how the call goes), ("check", which code), ("wait", seconds)."""

    kind: str
    what: Any
    owner: str = ""
    result: Any = None


@dataclass
class Actor:
    """Somebody who does one step after the other, each of them one operation at a time."""

    steps: list[Step]
    flow: Coroutine[Any, Any, Any] | None = None
    pending: Any = None
    answer: tuple[str, Any] | None = None
    matched: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    """Calls that read the code that was typed."""
    began: float = 0.0
    claims: dict[str, float] = field(default_factory=dict)
    """What had been claimed before the step began, where the newest call was over."""
    closed: set[str] = field(default_factory=set)
    """Calls whose code was used up or guessed at too often before the step began."""
    done: int = 0

    @property
    def step(self) -> Step:
        """The step under way."""
        return self.steps[self.done]


class World:
    """One number, its owners, and everything that happens to it."""

    def __init__(self, store: Any, limits: Limits) -> None:
        self.now = EPOCH
        self.store = store
        self.limits = limits
        self.rings: list[Ring] = []
        self.unanswered: set[str] = set()
        self.keys: set[str] = set()
        self.claims: dict[str, float] = {}
        self.over: set[str] = set()
        self.used: set[str] = set()
        self.freed: set[str] = set()
        self.challenge_of: dict[str, tuple[str, float]] = {}
        self.guesses: dict[str, int] = {}
        self.compared: Counter[str] = Counter()
        self.wins: Counter[str] = Counter()
        self.comparisons = self.counted = 0
        self.won = False
        self.known: set[str] = set()
        self.actor: Actor = Actor([])
        world = self

        class Flows(flows.Flows):
            _asynchronous = True

            def _now(self) -> float:
                return world.now

            def _matches(self, codes: Any, typed: str) -> set[str]:
                right: set[str] = super()._matches(codes, typed)
                world.note_comparison({code.challenge for code in codes}, right)
                return right

        self.flows = Flows(Turns(), Turns(), b"k" * 32, limits, "login")  # type: ignore[arg-type] # its client and its store take turns

    # What happens, one operation at a time.

    def begin(self, step: Step) -> Any:
        owner = OWNERS[step.owner]
        if step.kind == "check":
            return self.flows._check(NUMBER, self.code_to_type(step), owner)
        return self.flows._start(NUMBER, owner, "203.0.113.7" if step.owner in "ac" else None)

    def code_to_type(self, step: Step) -> str:
        mine = [ring.code for ring in self.rings if ring.owner == step.owner]
        if step.what == "wrong" or not mine:
            return next(code for code in ("000000", "111111", "222222", "333333") if code not in mine)
        return mine[0] if step.what == "first" else mine[-1]

    def advance(self, actor: Actor) -> bool:
        """Let an actor do one operation, or take up its answer; False when nothing is left to do."""
        self.actor = actor
        if actor.pending is not None:
            actor.answer, actor.pending = self.do(actor, actor.pending), None
            return True
        if actor.answer is not None:
            (kind, value), actor.answer = actor.answer, None
            assert actor.flow is not None
            act = actor.flow.throw if kind == "raise" else actor.flow.send
            self.resume(actor, lambda: act(value))
            return actor.done < len(actor.steps)
        if actor.step.kind == "wait":
            self.now += actor.step.what
            actor.done += 1
        else:
            actor.matched, actor.read, actor.began = set(), set(), self.now
            newest = max(reversed(self.claims), key=lambda ref_id: self.claims[ref_id], default="")
            actor.claims = dict(self.claims) if newest in self.freed else {}
            actor.closed = self.used | {ref_id for ref_id in self.challenge_of if self.is_spent(ref_id)}
            flow = actor.flow = self.begin(actor.step)
            self.resume(actor, lambda: flow.send(None))
        return actor.done < len(actor.steps)

    def resume(self, actor: Actor, go: Callable[[], Any]) -> None:
        try:
            actor.pending = go()
        except StopIteration as end:
            self.finish(actor, end.value)
        except AutocallError as error:
            self.finish(actor, error)
        else:
            if actor.pending[0] == "place":
                # Between the last look at the clock and the call lies nothing that could be held up here.
                actor.answer, actor.pending = self.do(actor, actor.pending), None

    def finish(self, actor: Actor, result: Any) -> None:
        actor.step.result = result
        if isinstance(result, Check) and result.verified:
            for challenge in actor.matched:
                self.wins[challenge] += 1
            self.freed |= actor.read
            self.expect(bool(actor.matched), "somebody was verified without a right code")
            self.expect(actor.step.owner in self.known, "somebody was verified and is not known")
            self.expect(set(self.wins.values()) <= {1}, "a code was right twice")
        if isinstance(result, TooManyCallsError) and result.limit == "ring_again_after":
            self.expect(actor.claims != self.claims, "the number was not free after a success")
        if isinstance(result, Challenge) and not result.rang and self.now - actor.began <= STALE:
            self.expect(
                result.ref_id not in actor.closed & {ring.ref_id for ring in self.rings},
                "a call was joined whose code is good no more",
            )
        actor.done += 1

    def do(self, actor: Actor, operation: Any) -> tuple[str, Any]:
        match operation:
            case "get", key:
                return "value", self.store.get(key)
            case "swap", key, old, new, ttl:
                done = self.store.swap(key, old, new, ttl)
                if done or self.store.get(key) == new:  # a client that sends twice believes the second answer
                    self.note_change(actor, key, old, new)
                return "value", done
            case "look up", ref_id:
                if ref_id in self.unanswered:
                    return "value", Cdr(status="busy", time_ended=_SOME_TIME)
                # A call that goes on has no record or an unfinished one; most end answered.
                records = [None, Cdr(), Cdr(status="answered", time_ended=_SOME_TIME)]
                return "value", records[int(ref_id[0], 16) % 3]
        _, code, ref_id = operation
        return self.ring(actor, code, ref_id)

    def ring(self, actor: Actor, code: str, ref_id: str) -> tuple[str, Any]:
        how = actor.step.what
        if how == "refused":
            return "raise", AutocallError("refused", outcome=Outcome.NOT_PLACED, ref_id=ref_id)
        ring = Ring(self.claims[ref_id], actor.step.owner, ref_id, code)
        self.expect_may_ring(ring)
        self.rings.append(ring)
        if how == "busy":
            self.unanswered.add(ref_id)
        if how == "unknown":
            return "raise", AutocallError("no answer", outcome=Outcome.UNKNOWN, ref_id=ref_id)
        return "value", None

    # What is promised.

    def expect(self, kept: bool, promise: str) -> None:  # noqa: FBT001 - reads as a sentence
        if not kept:
            raise BrokenPromiseError(promise)

    def expect_may_ring(self, ring: Ring) -> None:
        limits = self.limits
        self.expect(all(each.ref_id != ring.ref_id for each in self.rings), "a reference was dialled twice")
        self.expect(abs(self.now - ring.claim) <= STALE, "a call left long after its claim")
        for each in self.rings:
            free = self.is_free(each.ref_id)
            self.expect(free or ring.claim - each.claim >= limits.ring_again_after, "a phone rang twice in a minute")
        same = [each for each in self.rings if each.owner == ring.owner] if ring.owner in self.known else self.rings
        for count, seconds in limits.calls_per_number:
            inside = [each for each in same if each.claim > ring.claim - seconds]
            self.expect(len(inside) < count, "too many rings in a window")

    def note_comparison(self, challenges: set[str], read: set[str]) -> None:
        self.comparisons += 1
        for challenge in challenges:
            self.compared[challenge] += 1
            self.expect(self.compared[challenge] <= self.limits.guesses, "too many codes were compared")
        if read:
            self.actor.read |= read
            self.actor.matched |= challenges

    def note_change(self, actor: Actor, key: str, old_text: str | None, new_text: str | None) -> None:
        self.keys.add(key)
        old, new = load(old_text), load(new_text)
        self.counted += max(0, new.failures - old.failures)
        if new.failures < old.failures:
            self.won = True
            self.expect(bool(actor.matched), "failures were forgotten without a success")
        if old.verified != new.verified:
            self.known.add(actor.step.owner)
        if key[0] == "a":
            return
        rung = {ring.ref_id for ring in self.rings}
        for call in new.calls:
            if self.claims.get(call.ref_id) != call.at:
                self.used.discard(call.ref_id)  # claimed anew: the first claim was over before anybody saw it
            self.claims[call.ref_id] = call.at
            if call.winner and call.ref_id not in self.used:
                self.used.add(call.ref_id)
                self.expect(new.failures == 0, "a success kept the failures")
            if call.winner and call.outcome:
                self.over.add(call.ref_id)
                self.expect(call.ref_id in rung, "a call was taken for over before it rang")
            end = min(call.at + self.limits.code_life, call.since + self.limits.challenge_life)
            self.challenge_of[call.ref_id] = call.challenge, end
            self.guesses[call.challenge] = len(call.guesses)

    def run_alone(self, kind: str, what: str, owner: str, code: str | None = None) -> Any:
        step = Step(kind, what, owner)
        actor = Actor([step])
        if code is not None:
            actor.flow = self.flows._check(NUMBER, code, OWNERS[owner])
            actor.answer = "value", None
        while self.advance(actor):
            pass
        return step.result

    def is_free(self, ref_id: str) -> bool:
        return ref_id in self.unanswered or ref_id in self.used

    def is_spent(self, ref_id: str) -> bool:
        return self.guesses[self.challenge_of[ref_id][0]] >= self.limits.guesses

    def failures(self) -> int:
        return sum(load(self.store.get(key)).failures for key in self.keys)

    def expect_end(self, actors: list[Actor], rng: random.Random) -> None:
        """When all are done: what was given back, what is still good, what may ring."""
        results = [step.result for actor in actors for step in actor.steps]
        kept = [call for key in self.keys for call in load(self.store.get(key)).calls]
        left = {call.ref_id for call in kept if self.now < self.flows._end(call)}
        self.expect(left <= {ring.ref_id for ring in self.rings}, "a call that was not placed left a trace")
        self.expect(self.comparisons <= self.counted, "a code was compared that was not counted")
        exact = self.counted == self.comparisons or isinstance(self.store, SendsTwice)
        self.expect(exact, "more failures than codes that were compared")
        self.expect(self.won or self.failures() == self.counted, "failures were forgotten")
        for result in results:
            if isinstance(result, TooManyCallsError):
                known = result.limit in Limits.__dataclass_fields__
                self.expect(known and (result.retry_after or 1) > 0, "a refusal that does not say why")
        if rng.random() < 0.5:
            self.expect_repeat()
        self.expect_codes(rng)
        self.expect_calls()

    def expect_codes(self, rng: random.Random) -> None:
        for owner in "abc":
            mine = [ring for ring in self.rings if ring.owner == owner]
            if not mine:
                continue
            ring = rng.choice(mine)
            _, end = self.challenge_of[ring.ref_id]
            if rng.random() < 0.3:
                self.now = max(self.now, end + 1)
            usable = ring.ref_id not in self.used and not self.is_spent(ring.ref_id)
            good = self.now < end and usable and not self.is_locked(owner)
            if any(each.code == ring.code for each in mine if each is not ring):
                continue  # two codes that are the same by chance
            result = self.run_alone("check", "", owner, ring.code)
            self.expect(result.verified == good, "a living code was not good" if good else "a dead code was good")
            if result.verified:
                self.freed |= {each.ref_id for each in mine if each.ref_id in self.used}
            again = self.run_alone("check", "", owner, ring.code)
            self.expect(not again.verified, "a code was right twice")

    def tally(self) -> Counter[str]:
        """What happened, for the sum of many worlds."""
        return Counter(rings=len(self.rings), comparisons=self.comparisons, wins=len(self.wins))

    def last_ring(self) -> Ring | None:
        return max(reversed(self.rings), key=lambda ring: ring.claim, default=None)

    def is_locked(self, owner: str) -> bool:
        most = self.limits.failures_per_number
        return self.failures() >= (most if owner in self.known else most - most // 10)

    def is_full(self) -> bool:
        return any(
            len([ring for ring in self.rings if ring.claim > self.now - seconds]) >= count
            for count, seconds in self.limits.calls_per_number
        )

    def expect_repeat(self) -> None:
        """Whoever did not answer may be rung again at once."""
        last = self.last_ring()
        if last and last.ref_id in self.unanswered and not self.is_full() and not self.is_spent(last.ref_id):
            result = self.run_alone("start", "placed", last.owner)
            full = getattr(result, "limit", "") in {"calls_per_challenge", "failures_per_number"}
            self.expect(full or getattr(result, "rang", False), "an unanswered call was not repeated")

    def expect_calls(self) -> None:
        """Whether a stranger may have the phone rung is known exactly."""
        last, pause, locked = self.last_ring(), self.limits.ring_again_after, self.is_locked("z")
        waits = last and last.ref_id not in self.over | self.freed and last.claim + pause > self.now
        is_beyond = waits or self.is_full() or locked
        result = self.run_alone("start", "placed", "z")
        if is_beyond:
            self.expect(isinstance(result, TooManyCallsError), "a call was placed beyond a limit")
            if not locked:
                self.expect(bool(result.retry_after), "a refusal that does not say for how long")
                self.now += result.retry_after
                again = self.run_alone("start", "placed", "z")
                same = isinstance(again, TooManyCallsError) and again.limit == result.limit
                self.expect(not same, "Retry-After was not true")
        else:
            self.expect(getattr(result, "rang", False), "a call was refused though no limit was reached")


def run(world: World, actors: list[Actor], choose: Callable[[list[int], int | None], int]) -> Iterator[int]:
    """Let the actors run, the next one chosen after each operation; gives who did each."""
    last: int | None = None
    while alive := [index for index, actor in enumerate(actors) if actor.done < len(actor.steps)]:
        last = choose(alive, last)
        yield last
        world.advance(actors[last])
