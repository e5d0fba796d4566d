"""The rules of a login by voice code, written once for both verifiers.

Every change of a record is "read, edit, swap, and again if somebody was faster". The clock is read after each record,
so that nothing that was read is of the future.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import inspect
import json
import secrets
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn
from uuid import uuid4

from autocall_otp import (
    AsyncClient,
    AutocallError,
    Cdr,
    Client,
    InvalidResponseError,
    NotFoundError,
    Outcome,
    WaitProgress,
    normalize_number,
)
from autocall_otp.verify import _arguments
from autocall_otp.verify._limits import Limits, wait
from autocall_otp.verify._records import Call, Record, dump, load
from autocall_otp.verify._results import Challenge, Check, TooManyCallsError, Verdict, not_placed
from autocall_otp.verify._stores import AsyncStore, Store

Edit = Callable[[Record, float], bool]
"""Changes a record in its place, given the time; False leaves it as it was."""

SKEW = 60.0
"""Seconds that the clocks of two machines may differ."""
STALE = 10.0
"""Seconds after its claim in which a call must leave, at the most."""
LOOK_UP = 2.0
"""Seconds that a look-up of the record may take before a call."""
KNOWN = 5
"""Owners that are known for a number: each has calls of its own, and owners cost nothing to make."""
_DAY = 86_400.0
_YEAR = 365 * _DAY
_SHORTEST = 0.001
_TRIES = 1000


class Person(NamedTuple):
    """Who may enter a code for a number."""

    number: str
    key: str
    """Of the number's record."""
    owner: str
    """As an HMAC."""


class Flows:
    """What both verifiers do. Without asyncio nothing in a flow has to wait for an event loop."""

    _asynchronous: bool

    def __init__(
        self,
        client: Client | AsyncClient,
        store: Store | AsyncStore,
        key: bytes | str | None,
        limits: Limits,
        purpose: str,
    ) -> None:
        _arguments.parts(client, store, limits, purpose, asynchronous=self._asynchronous)
        self._client, self._store, self._key = client, store, _arguments.key(key)
        self._limits, self._purpose = limits, purpose
        windows = (*limits.calls_per_number, *limits.calls_per_caller)
        # A day at least, as by the defaults: another verifier of the store may count for longer than this one.
        self._keep = max([_DAY, limits.ring_again_after, *(seconds for _, seconds in windows)])
        # The call may ring as late as the client's deadline, and the next one as soon as ring_again_after.
        self._stale = min(STALE, limits.ring_again_after - getattr(client, "deadline", 0.0))
        self._know = max(Limits.known_for, limits.known_for)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a key: make one in each process")

    async def _start(self, phone_number: str, owner: str, caller: str | None) -> Challenge:
        person, ref_id = self._person(phone_number, owner), str(uuid4())
        caller_key = None if caller is None else f"a:{self._mac('caller', _arguments.caller(caller))}"
        code = f"{secrets.randbelow(10**self._limits.code_digits):0{self._limits.code_digits}}"
        try:
            call = await self._claim(person, caller_key, ref_id, code)
            if call.ref_id == ref_id:
                call.outcome = (await self._place(person, call, code)).value
        except AutocallError:
            await self._give_back(person, caller_key, ref_id)
            raise
        if call.ref_id != ref_id:
            await self._give_back(person, caller_key, ref_id)
            return self._challenge(person, call, rang=False)

        def note(record: Record, _: float) -> bool:
            noted = record.find(ref_id)
            if noted:
                noted.outcome = call.outcome
            return noted is not None

        # The phone rings and its code is good, with this note or without.
        with contextlib.suppress(AutocallError):
            await self._change(person.key, note)
        return self._challenge(person, call, rang=True)

    async def _place(self, person: Person, call: Call, code: str) -> Outcome:
        """Have the code read; PLACED, or UNKNOWN where the phone may be ringing."""
        if abs(self._now() - call.at) > self._stale:
            raise not_placed("store or process was too slow for this call")
        try:
            await self._do(self._client.run_otp, person.number, code, ref_id=call.ref_id)
        except AutocallError as error:
            if error.outcome is Outcome.NOT_PLACED:
                raise
            return Outcome.UNKNOWN
        return Outcome.PLACED

    async def _claim(self, person: Person, caller_key: str | None, ref_id: str, code: str) -> Call:
        """The number and its code for this call; or the call under way that this request joins."""
        limits = self._limits
        for _ in range(_TRIES):
            raw, record, now = await self._read(person.key)
            if own := record.find(ref_id):
                return own  # the client of the store sent the swap twice
            if self._is_locked(person, record):
                raise TooManyCallsError("this number is locked: too many wrong codes", limit="failures_per_number")
            last = record.calls[-1] if record.calls else None
            if last and last.at + limits.ring_again_after > now and not await self._may_ring_again(person, last, now):
                if last.ends <= now:  # nobody can enter its code any more
                    _admit("ring_again_after", last.at + limits.ring_again_after - now)
                return last
            known = self._is_known(person, record)
            counted = [call.at for call in record.calls if not known or call.owner == person.owner]
            _admit("calls_per_number", wait(counted, limits.calls_per_number, now))
            challenge = self._open_challenge(person, record, now)
            if len(challenge) >= limits.calls_per_challenge:
                until = min(challenge[0].ends, challenge[0].since + limits.challenge_life - limits.code_life)
                _admit("calls_per_challenge", until - now)
            if caller_key:
                await self._count(caller_key, ref_id)
            record.calls.append(self._new_call(person, challenge, ref_id, code))
            if await self._swap(person.key, raw, record):
                return record.calls[-1]
        raise not_placed("store: a record changed under every one of many tries")

    async def _may_ring_again(self, person: Person, last: Call, now: float) -> bool:
        """Whether the phone may ring once more so soon; where it may not, the request joins the call under way."""
        if last.winner and last.outcome:
            return True
        if last.winner or not self._is_of(person, last):
            _admit("ring_again_after", last.at + self._limits.ring_again_after - now)
        if len(last.guesses) >= self._limits.guesses:
            _admit("guesses", last.at + self._limits.ring_again_after - now)
        try:
            ended: Cdr = await self._ask(self._client.wait_for_cdr, last.ref_id, timeout=LOOK_UP, progress=_look_once)
        except AutocallError:
            return False
        return not ended.answered

    async def _count(self, caller_key: str, ref_id: str) -> None:
        """Count the call for the one who asks for it, or refuse it."""
        limits = self._limits.calls_per_caller

        def count(record: Record, now: float) -> bool:
            if record.find(ref_id):
                return False
            _admit("calls_per_caller", wait([call.at for call in record.calls], limits, now))
            record.calls.append(Call(now, ref_id))
            return True

        await self._change(caller_key, count)

    def _new_call(self, person: Person, challenge: list[Call], ref_id: str, code: str) -> Call:
        """A call that reads a new code, of the newest challenge where it fits, else of one of its own."""
        now, limits = self._now(), self._limits
        first = Call(now, ref_id, person.owner, self._purpose, since=now, challenge=uuid4().hex)
        new = replace(challenge[-1] if challenge else first, at=now, ref_id=ref_id, outcome="")
        new.code = self._mac("code", new.challenge, code)
        new.ends = min(now + limits.code_life, new.since + limits.challenge_life)
        return new

    async def _give_back(self, person: Person, caller_key: str | None, ref_id: str) -> None:
        """Undo what was noted for a call that is not placed; the number last, since from then on it may be called."""
        with contextlib.suppress(AutocallError):
            for key in filter(None, (caller_key, person.key)):
                await self._change(key, lambda record, _: record.remove(ref_id))

    async def _check(self, phone_number: str, code: str, owner: str) -> Check:
        person, guess = self._person(phone_number, owner), uuid4().hex
        typed = _arguments.code(code, self._limits.code_digits)
        compared = await self._take_guess(person, guess, is_code=typed is not None)
        if isinstance(compared, Check) or typed is None:
            return compared if isinstance(compared, Check) else Check(verdict=Verdict.WRONG)
        right = self._matches(compared, typed)
        if not right:
            return Check(verdict=Verdict.WRONG, attempts_left=self._guesses_left(compared))

        def win(record: Record, now: float) -> bool:
            codes = self._codes(person, record, now)
            has_won = any(call.winner == guess for call in record.calls)  # the client of the store sent the swap twice
            if not has_won and not any(call.ref_id in right and not call.winner for call in codes):
                return False  # another was faster, or the time of the code ended meanwhile
            for call in codes:
                call.winner = call.winner or guess
                if call.ref_id in right:
                    call.outcome = call.outcome or Outcome.PLACED.value  # its code was heard
            record.failures, record.verified[person.owner] = 0, now
            record.verified = dict(sorted(record.verified.items(), key=lambda each: each[1])[-KNOWN:])
            return True

        if not await self._change(person.key, win):
            return Check(verdict=Verdict.EXPIRED)
        return Check(verdict=Verdict.VERIFIED, phone_number=person.number)

    async def _take_guess(self, person: Person, guess: str, *, is_code: bool) -> list[Call] | Check:
        """The codes to compare, the guess counted before: whatever runs at once or is killed, no guess is free."""
        result: list[Call] | Check = []

        def take(record: Record, now: float) -> bool:
            nonlocal result
            result = [code for code in record.calls if guess in code.guesses]
            if result:
                return False  # the client of the store sent the swap twice
            unused = [code for code in self._codes(person, record, now) if not code.winner]
            result = [code for code in unused if len(code.guesses) < self._limits.guesses]
            if self._is_locked(person, record):
                result = Check(verdict=Verdict.LOCKED)
            elif not result:
                result = Check(verdict=Verdict.LOCKED if unused else Verdict.EXPIRED)
            elif not is_code:
                result = Check(verdict=Verdict.WRONG, attempts_left=self._guesses_left(result))
            else:
                record.failures += 1
                for code in result:
                    code.guesses.append(guess)
                return True
            return False

        await self._change(person.key, take)
        return result

    def _matches(self, codes: list[Call], typed: str) -> set[str]:
        """The calls that read this code, found in a time that does not depend on it."""
        macs = [(code, self._mac("code", code.challenge, typed)) for code in codes]
        return {code.ref_id for code, mac in macs if hmac.compare_digest(code.code, mac)}

    async def _record(self, phone_number: str, owner: str) -> Cdr | None:
        person = self._person(phone_number, owner)
        _, record, now = await self._read(person.key)
        codes = self._codes(person, record, now)
        try:
            cdr: Cdr | None = await self._ask(self._client.get_cdr, codes[-1].ref_id) if codes else None
        except (NotFoundError, InvalidResponseError) as error:
            # What cannot be read is no record yet, as for a wait; the service's own words are an error.
            if isinstance(error, InvalidResponseError) and error.errors:
                raise
            return None
        return cdr

    async def _unlock(self, phone_number: str) -> None:
        def forget(record: Record, _: float) -> bool:
            failures, record.failures = record.failures, 0
            return failures > 0

        await self._change(self._key_of(normalize_number(phone_number)), forget)

    async def _change(self, key: str, edit: Edit) -> bool:
        """Edit a record, again and again while others are faster; False where the edit leaves it as it is."""
        for _ in range(_TRIES):
            raw, record, now = await self._read(key)
            if not edit(record, now):
                return False
            if await self._swap(key, raw, record):
                return True
        raise not_placed("store: a record changed under every one of many tries")

    async def _read(self, key: str) -> tuple[str | None, Record, float]:
        """A record as it is stored, what of it is still of use, and the time."""
        raw: str | None = await self._ask(self._store.get, key)
        with _as_ours():
            record, now = load(raw), self._now()
        record.calls = [call for call in record.calls if call.at - SKEW <= now < self._end(call)]
        oldest = now - self._know
        record.verified = {owner: at for owner, at in record.verified.items() if at > oldest}
        return raw, record, now

    async def _swap(self, key: str, raw: str | None, record: Record) -> bool:
        """Put a record in the place of what was read; it lives as long as its newest part."""
        now = self._now()
        ends = [now + (_YEAR if record.failures else _SHORTEST), *map(self._end, record.calls)]
        ends += [at + self._know for at in record.verified.values()]
        swapped: bool = await self._ask(self._store.swap, key, raw, dump(record), max(ends) - now)
        return swapped

    def _end(self, call: Call) -> float:
        """When a call counts no more."""
        return max(call.at + self._keep, call.ends)

    def _is_locked(self, person: Person, record: Record) -> bool:
        most = self._limits.failures_per_number
        return record.failures >= (most if self._is_known(person, record) else most - most // 10)

    def _is_known(self, person: Person, record: Record) -> bool:
        return self._now() < record.verified.get(person.owner, 0.0) + self._limits.known_for

    def _codes(self, person: Person, record: Record, now: float) -> list[Call]:
        return [call for call in record.calls if self._is_of(person, call) and now < call.ends]

    def _is_of(self, person: Person, call: Call) -> bool:
        return (call.owner, call.purpose) == (person.owner, self._purpose)

    def _guesses_left(self, codes: list[Call]) -> int:
        return max(self._limits.guesses - len(code.guesses) for code in codes)

    def _open_challenge(self, person: Person, record: Record, now: float) -> list[Call]:
        """The living codes of the newest challenge, if it may have one more."""
        codes, limits = self._codes(person, record, now), self._limits
        newest = codes[-1] if codes else None
        if not newest or newest.winner or len(newest.guesses) >= limits.guesses:
            return []
        in_time = now < newest.since + limits.challenge_life - limits.code_life
        return [code for code in codes if code.challenge == newest.challenge] if in_time else []

    def _challenge(self, person: Person, call: Call, *, rang: bool) -> Challenge:
        outcome, again = Outcome(call.outcome or Outcome.UNKNOWN), call.at + self._limits.ring_again_after
        ends, again_at = datetime.fromtimestamp(call.ends, UTC), datetime.fromtimestamp(again, UTC)
        return Challenge(person.number, call.ref_id, outcome, rang, ends, again_at)

    def _person(self, phone_number: str, owner: str) -> Person:
        number = normalize_number(phone_number)
        return Person(number, self._key_of(number), self._mac("owner", _arguments.owner(owner), number))

    def _key_of(self, number: str) -> str:
        return f"n:{self._mac('number', number)}"

    def _mac(self, *parts: str) -> str:
        return hmac.digest(self._key, json.dumps(parts).encode(), "sha256").hex()

    def _now(self) -> float:
        return time.time()

    async def _ask(self, method: Callable[..., Any], *arguments: object, **named: object) -> Any:  # noqa: ANN401 - theirs
        """What store or record says."""
        with _as_ours():
            return await self._do(method, *arguments, **named)

    async def _do(self, method: Callable[..., Any], *arguments: object, **named: object) -> Any:  # noqa: ANN401 - theirs
        if not self._asynchronous:
            return method(*arguments, **named)
        if inspect.iscoroutinefunction(method):
            return await method(*arguments, **named)
        return await asyncio.to_thread(method, *arguments, **named)


@contextlib.contextmanager
def _as_ours() -> Generator[None]:
    """An error of any kind, of the store or of what it holds, means that no call was placed."""
    try:
        yield
    except AutocallError:
        raise
    except Exception as error:
        raise not_placed(f"store or look-up failed: {type(error).__name__}; no call was placed") from error


def _look_once(_: WaitProgress) -> NoReturn:
    raise AutocallError("this call is not over yet")


def _admit(limit: str, pause: float) -> None:
    if pause > 0:
        message = f"the limit {limit} is reached: another call may be asked for in {pause:.0f} s"
        raise TooManyCallsError(message, limit=limit, retry_after=pause)
