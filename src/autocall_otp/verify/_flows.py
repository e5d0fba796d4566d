"""The rules of a login by voice code, written once: generators that yield each operation on store and client.

Every change of a record is "read, edit, swap, and again if somebody was faster". The clock is read after each record,
so that nothing that was read is of the future.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar
from uuid import uuid4

from autocall_otp import AutocallError, Cdr, NotFoundError, Outcome, normalize_number
from autocall_otp.verify import _arguments
from autocall_otp.verify._limits import Limits, longest, wait
from autocall_otp.verify._records import Call, Code, dump, load
from autocall_otp.verify._results import Challenge, Check, TooManyCallsError, Verdict

T = TypeVar("T")

SKEW = 60.0
"""Seconds that the clocks of two machines may differ."""
STALE = 10.0
"""Seconds after its claim in which a call must leave."""
LOOK_UP = 2.0
"""Seconds that a look-up of the record may take before a call."""
_YEAR = 365 * 86_400.0
_SHORTEST = 0.001
_TRIES = 1000


class Get(NamedTuple):
    """Read a record of the store."""

    key: str


class Swap(NamedTuple):
    """Change a record of the store."""

    key: str
    old: str | None
    new: str | None
    ttl: float


class Place(NamedTuple):
    """Place a call."""

    number: str
    code: str
    ref_id: str


class LookUp(NamedTuple):
    """Look the record of a call up, within so many seconds where there are any."""

    ref_id: str
    within: float | None = None


Operation: TypeAlias = Get | Swap | Place | LookUp
Flow: TypeAlias = Generator[Operation, Any, T]
Edit: TypeAlias = Callable[[list[Any], float], list[Any] | None]
"""From the rows of a record and the time to the new rows; None leaves it as it is."""


class Person(NamedTuple):
    """Whoever may enter a code, for one number: what the keys of their records are made of."""

    number: str
    number_mac: str
    owner: str
    challenge: str


class Flows:
    """What both verifiers do, apart from the operations themselves."""

    def __init__(self, key: bytes, limits: Limits, purpose: str) -> None:
        """Keep the settings."""
        self._key = key
        self._limits = limits
        self._purpose = purpose
        keep_calls = max(longest(limits.calls_per_number), limits.ring_again_after)
        self._keep = {"n": keep_calls, "a": longest(limits.calls_per_caller), "f": _YEAR, "d": limits.known_for}

    def _start(self, phone_number: str, owner: str, caller: str | None) -> Flow[Challenge]:
        person = self._person(phone_number, owner)
        caller_key = None if caller is None else f"a:{self._mac('caller', _arguments.caller(caller))}"
        known, failures, most = yield from self._standing(person)
        if failures >= most:
            message = "this number is locked: too many wrong codes were entered for it"
            raise TooManyCallsError(message, limit="failures_per_number", retryable=False)
        ref_id, held, outcome = str(uuid4()), list[str](), Outcome.NOT_PLACED
        added = _code(0.0, ref_id)
        try:
            claim = yield from self._claim(person, caller_key, ref_id, held, known=known)
            if isinstance(claim, Challenge):
                yield from self._give_back(ref_id, held)
                return claim
            code, added = yield from self._add_code(person, ref_id)
            if abs(self._now() - claim) > STALE:
                raise _not_placed("store or process was too slow for this call", ref_id)
            outcome = Outcome.UNKNOWN
            yield Place(person.number, code, ref_id)
            outcome = Outcome.PLACED
        except AutocallError as error:
            if Outcome.NOT_PLACED in {outcome, error.outcome}:
                with contextlib.suppress(AutocallError):
                    yield from self._give_back(ref_id, held)
                raise

        def note(codes: list[Any], _: float) -> list[Any]:
            return [{**each, "outcome": outcome.value} if each["ref_id"] == ref_id else each for each in codes]

        # The phone rings and its code is good, with this note or without.
        with contextlib.suppress(AutocallError):
            yield from self._change(f"c:{person.challenge}", note)
        return self._challenge(person, added, outcome, rang=True)

    def _claim(
        self, person: Person, caller_key: str | None, ref_id: str, held: list[str], *, known: bool
    ) -> Flow[Challenge | float]:
        """The time since when the number is ours; or the challenge under way that this request joins."""
        limits = self._limits
        for _ in range(_TRIES):
            raw = yield Get(f"n:{person.number_mac}")
            now = self._now()
            calls: list[Call] = _recent(load(raw), now, self._keep["n"])
            last = calls[-1] if calls else None
            if last and last["ref_id"] == ref_id:
                return last["at"]  # the swap was sent twice, by the client of the store
            if last and not last["over"] and (pause := last["at"] + limits.ring_again_after - now) > 0:
                joined = yield from self._join(person, last, pause)
                if joined:
                    return joined
                last["over"] = True
            counted = [call for call in calls if call["owner"] == person.owner] if known else calls
            _admit("calls_per_number", wait([call["at"] for call in counted], limits.calls_per_number, now))
            codes: list[Code] = load((yield Get(f"c:{person.challenge}")))
            now = self._now()
            _admit("calls_per_challenge", self._wait_for_code(codes, now))
            if caller_key and caller_key not in held:
                yield from self._count(caller_key, ref_id, held)
            held += [f"c:{person.challenge}", f"n:{person.number_mac}"]
            calls.append(_call(now, ref_id, person.owner, person.challenge))
            if (yield Swap(f"n:{person.number_mac}", raw, dump(calls), self._keep["n"])):
                return now
        raise _not_placed("store: a record changed under every one of many tries")

    def _join(self, person: Person, last: Call, pause: float) -> Flow[Challenge | None]:
        """The challenge of a call that was placed a moment ago; None where it is over, and the phone may ring again."""
        codes: list[Code] = load((yield Get(f"c:{person.challenge}")))
        code = next((code for code in codes if code["ref_id"] == last["ref_id"]), _code(last["at"], last["ref_id"]))
        if last["challenge"] != person.challenge or (code["winner"] and not code["outcome"]):
            message = "this number was called a moment ago"
            raise TooManyCallsError(message, retry_after=pause, limit="ring_again_after")
        if code["winner"]:
            return None
        if len(code["guesses"]) >= self._limits.guesses:
            message = "too many wrong codes were entered for this call"
            raise TooManyCallsError(message, retry_after=pause, limit="guesses")
        with contextlib.suppress(AutocallError):
            record: Cdr = yield LookUp(last["ref_id"], LOOK_UP)
            if record.finished and not record.answered:
                return None
        return self._challenge(person, code, Outcome(code["outcome"] or Outcome.UNKNOWN), rang=False)

    def _count(self, caller_key: str, ref_id: str, held: list[str]) -> Flow[None]:
        """Count the call for whoever asks for it, or refuse it."""
        limits = self._limits.calls_per_caller

        def edit(calls: list[Call], now: float) -> list[Call] | None:
            calls = _recent(calls, now, longest(limits))
            if any(call["ref_id"] == ref_id for call in calls):
                return None
            _admit("calls_per_caller", wait([call["at"] for call in calls], limits, now))
            held.append(caller_key)
            return [*calls, _call(now, ref_id)]

        yield from self._change(caller_key, edit)

    def _add_code(self, person: Person, ref_id: str) -> Flow[tuple[str, Code]]:
        """A new code, in the newest challenge where it fits, else in one of its own."""
        code, added = "", _code(0.0, ref_id)

        def edit(codes: list[Any], now: float) -> list[Any] | None:
            nonlocal code, added
            codes = self._living(codes, now)
            if any(each["ref_id"] == ref_id for each in codes):
                return None
            newest: Any = codes[-1] if codes and self._takes_a_code(codes[-1], now) else _code(now, "")
            macs = {each["mac"] for each in codes}
            while not code or (mac := self._mac("code", newest["challenge"], code)) in macs:
                code = f"{secrets.randbelow(10**self._limits.code_digits):0{self._limits.code_digits}}"
            new: Any = {**newest, "at": now, "ref_id": ref_id, "mac": mac, "outcome": ""}
            added = new
            return [*codes, new]

        yield from self._change(f"c:{person.challenge}", edit)
        return code, added

    def _give_back(self, ref_id: str, held: list[str]) -> Flow[None]:
        """Undo what was noted for a call that is not placed; the number last, since from then on it may be called."""

        def without(rows: list[Any], _: float) -> list[Any] | None:
            left = [row for row in rows if row["ref_id"] != ref_id]
            return left if len(left) < len(rows) else None

        for key in sorted(set(held), key=lambda key: "can".index(key[0])):
            yield from self._change(key, without)

    def _check(self, phone_number: str, code: str, owner: str) -> Flow[Check]:
        person = self._person(phone_number, owner)
        typed = _arguments.code(code, self._limits.code_digits)
        _, failures, most = yield from self._standing(person)
        if failures >= most:
            return Check(verdict=Verdict.LOCKED)
        guess = uuid4().hex
        guessed = yield from self._guess(person, guess, comparable=typed is not None)
        if isinstance(guessed, Check) or typed is None:
            return guessed if isinstance(guessed, Check) else Check(verdict=Verdict.WRONG)

        def one_more(failures: list[Any], now: float) -> list[Any] | None:
            if any(failure["ref_id"] == guess for failure in failures):
                return failures
            return [*failures, {"at": now, "ref_id": guess}] if len(failures) < most else None

        # Counted before the code is looked at: whatever runs at once or is killed, no guess is free.
        if not (yield from self._change(f"f:{person.number_mac}", one_more)):
            return Check(verdict=Verdict.LOCKED)
        right = self._matches(guessed, typed)
        if not right:
            return Check(verdict=Verdict.WRONG, attempts_left=self._guesses_left(guessed))
        if not (yield from self._win(person, guess, right)):
            return Check(verdict=Verdict.EXPIRED)
        return Check(verdict=Verdict.VERIFIED, phone_number=person.number)

    def _guess(self, person: Person, guess: str, *, comparable: bool) -> Flow[list[Code] | Check]:
        """Take a guess before the code is looked at, and the codes to compare; what is no code costs none."""
        guessed: list[Code] | Check = []

        def edit(codes: list[Code], now: float) -> list[Code] | None:
            nonlocal guessed
            codes = self._living(codes, now)
            guessed = [code for code in codes if guess in code["guesses"]]
            unused = [code for code in codes if not code["winner"]]
            open_ = [code for code in unused if len(code["guesses"]) < self._limits.guesses]
            if guessed:
                return None
            if not comparable or not open_:
                verdict = Verdict.WRONG if open_ else Verdict.LOCKED if unused else Verdict.EXPIRED
                guessed = Check(verdict=verdict, attempts_left=self._guesses_left(open_))
                return None
            for code in open_:
                code["guesses"].append(guess)
            guessed = open_
            return codes

        yield from self._change(f"c:{person.challenge}", edit)
        return guessed

    def _matches(self, codes: list[Code], typed: str) -> set[str]:
        """The calls that read this code, found in a time that does not depend on it."""
        macs = [(code, self._mac("code", code["challenge"], typed)) for code in codes]
        return {code["ref_id"] for code, mac in macs if hmac.compare_digest(code["mac"], mac)}

    def _win(self, person: Person, guess: str, right: set[str]) -> Flow[bool]:
        """Use the codes up for this guess; False where another was faster, or their time ended meanwhile."""
        over = set(right)

        def mark(codes: list[Any], _: float) -> list[Any] | None:
            # A call under way may ring yet, and holds the number.
            over.update(code["ref_id"] for code in codes if code["outcome"])
            if not any(code["ref_id"] in right and code["winner"] in {"", guess} for code in codes):
                return None
            return [{**code, "winner": code["winner"] or guess} for code in codes]

        def free(calls: list[Any], _: float) -> list[Any]:
            return [{**call, "over": call["over"] or call["ref_id"] in over} for call in calls]

        if not (yield from self._change(f"c:{person.challenge}", mark)):
            return False
        # The code is used up: a store that fails from here on must not lose the login.
        with contextlib.suppress(AutocallError):
            yield from self._change(f"f:{person.number_mac}", lambda _rows, _now: [])
            yield from self._change(f"n:{person.number_mac}", free)
            yield from self._change(f"d:{person.owner}", lambda _, now: [{"at": now}])
        return True

    def _record(self, phone_number: str, owner: str) -> Flow[Cdr | None]:
        codes: list[Code] = load((yield Get(f"c:{self._person(phone_number, owner).challenge}")))
        try:
            return (yield LookUp(codes[-1]["ref_id"])) if codes else None
        except NotFoundError:
            return None

    def _unlock(self, phone_number: str) -> Flow[None]:
        key = f"f:{self._mac('number', normalize_number(phone_number))}"
        yield from self._change(key, lambda _rows, _now: [])

    def _change(self, key: str, edit: Edit) -> Flow[bool]:
        """Edit a record, again and again while others are faster; False where the edit leaves it as it is."""
        for _ in range(_TRIES):
            raw = yield Get(key)
            rows, now = load(raw), self._now()
            edited = edit(rows, now)
            if edited is None:
                return False
            if (yield Swap(key, raw, dump(edited), self._ttl(key, edited, now))):
                return True
        raise _not_placed("store: a record changed under every one of many tries")

    def _ttl(self, key: str, rows: list[Any], now: float) -> float:
        """Seconds until the newest part of a record means nothing any more."""
        ends: list[float] = [self._end(row) if key[0] == "c" else row["at"] + self._keep[key[0]] for row in rows]
        return max([*ends, now + _SHORTEST]) - now

    def _standing(self, person: Person) -> Flow[tuple[bool, int, int]]:
        """Whether this owner was verified for the number before, its failures, and how many it may have."""
        known = (yield Get(f"d:{person.owner}")) is not None
        failures, most = load((yield Get(f"f:{person.number_mac}"))), self._limits.failures_per_number
        return known, len(failures), most if known else most - most // 10

    def _living(self, codes: list[Code], now: float) -> list[Code]:
        return [code for code in codes if code["at"] - SKEW <= now < self._end(code)]

    def _end(self, code: Code) -> float:
        return min(code["at"] + self._limits.code_life, code["since"] + self._limits.challenge_life)

    def _guesses_left(self, codes: list[Code]) -> int:
        return max((self._limits.guesses - len(code["guesses"]) for code in codes), default=0)

    def _takes_a_code(self, newest: Code, now: float) -> bool:
        """Whether the challenge of the newest code is open, and lives as long as one more code."""
        limits = self._limits
        in_time = now + limits.code_life <= newest["since"] + limits.challenge_life
        return in_time and not newest["winner"] and len(newest["guesses"]) < limits.guesses

    def _wait_for_code(self, codes: list[Code], now: float) -> float:
        """Seconds until one more code may be read; 0 where it may be now."""
        codes, limits = self._living(codes, now), self._limits
        if not codes or not self._takes_a_code(codes[-1], now):
            return 0.0
        same = [code for code in codes if code["challenge"] == codes[-1]["challenge"]]
        if len(same) < limits.calls_per_challenge:
            return 0.0
        until = min(self._end(same[0]), same[0]["since"] + limits.challenge_life - limits.code_life)
        return max(until - now, _SHORTEST)

    def _challenge(self, person: Person, code: Code, outcome: Outcome, *, rang: bool) -> Challenge:
        ends, again = self._end(code), code["at"] + self._limits.ring_again_after
        expires_at, ring_again_at = datetime.fromtimestamp(ends, UTC), datetime.fromtimestamp(again, UTC)
        return Challenge(person.number, code["ref_id"], outcome, rang, expires_at, ring_again_at)

    def _person(self, phone_number: str, owner: str) -> Person:
        number, owner = normalize_number(phone_number), _arguments.owner(owner)
        challenge = self._mac("challenge", self._purpose, owner, number)
        return Person(number, self._mac("number", number), self._mac("owner", owner, number), challenge)

    def _mac(self, *parts: str) -> str:
        return hmac.digest(self._key, json.dumps(parts).encode(), "sha256").hex()

    def _now(self) -> float:
        return time.time()


def _call(now: float, ref_id: str, owner: str = "", challenge: str = "") -> Call:
    return Call(at=now, ref_id=ref_id, owner=owner, challenge=challenge, over=False)


def _code(now: float, ref_id: str) -> Code:
    """The code of a call, the first of its challenge."""
    return Code(at=now, ref_id=ref_id, mac="", outcome="", challenge=uuid4().hex, since=now, guesses=[], winner="")


def _recent(calls: list[Call], now: float, keep: float) -> list[Call]:
    return [call for call in calls if now - keep < call["at"] <= now + SKEW]


def _admit(limit: str, pause: float) -> None:
    if pause > 0:
        raise TooManyCallsError("too many calls; another may be asked for later", retry_after=pause, limit=limit)


def _not_placed(message: str, ref_id: str | None = None) -> AutocallError:
    return AutocallError(message, outcome=Outcome.NOT_PLACED, ref_id=ref_id, retryable=True)
