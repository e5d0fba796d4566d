"""Faults that are put into the rules or the store, one at a time: each must be found."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from autocall_otp.verify import _flows as flows

from .world import ClockedMemory

RULES: dict[str, tuple[str, str]] = {
    "a call that was refused keeps number and code": ("(caller_key, person.key)", "(caller_key,)"),
    "a call that was refused stays counted for its caller": ("(caller_key, person.key)", "(person.key,)"),
    "a call that was joined is counted for its caller": (
        "caller_key, ref_id)\n            return",
        "None, ref_id); return",
    ),
    "another call is given back": ("record.remove(ref_id)", "bool(record.calls and record.calls.pop())"),
    "a call in doubt is given back": ("if error.outcome is Outcome.NOT_PLACED:", "if error.outcome:"),
    "a stalled call leaves all the same": ("abs(self._now() - call.at) > STALE", "False"),
    "a minute is not waited for": ("limits.ring_again_after > now", "limits.ring_again_after > now + 59"),
    "another owner joins": ("if last.winner or not self._is_of(person, last):", "if last.winner:"),
    "a used code is joined": ("if last.winner or not self", "if not self"),
    "a used code holds the number": ("if last.winner and last.outcome:", "if False:"),
    "a spent challenge is joined": ("if len(last.guesses) >=", "if False and len(last.guesses) >="),
    "a busy call is not repeated": ("return not ended.answered", "return False"),
    "an answered call is taken for unanswered": ("return not ended.answered", "return True"),
    "a call under way is taken for unanswered": ("Error:\n            return False", "Error:\n            return True"),
    "windows are not looked at": ('_admit("calls_per_number", wait(', '_admit("calls_per_number", 0 * wait('),
    "windows are looked at with a clock read before": (
        (
            "raw: str | None = await self._ask(self._store.get, key)\n"
            "        with _as_ours():\n            record, now = load(raw), self._now()"
        ),
        "now = self._now()\n        raw = await self._ask(self._store.get, key)\n        record = load(raw)",
    ),
    "guesses are not counted": ("code.guesses.append(guess)", "pass"),
    "one guess more": ("len(code.guesses) < self._limits.guesses]", "len(code.guesses) <= self._limits.guesses]"),
    "a guess is taken after the code was looked at": (
        "await self._change(person.key, take)",
        "_, record, now = await self._read(person.key)\n        take(record, now)",
    ),
    "a code may be used again": ("call.winner = call.winner or guess", 'call.winner = ""'),
    "two win": ("call.ref_id in right and not call.winner", "call.ref_id in right"),
    "a call under way is freed with a used code": ("if call.ref_id in right:", "if True:"),
    "a success does not free the number": ("if call.ref_id in right:", "if False:"),
    "a success keeps the failures": ("record.failures, record.verified", "_, record.verified"),
    "nobody is known as verified before": ("record.verified[person.owner] = 0, now", "_ = 0, now"),
    "a new code resets the failures": (
        "self._do(self._client.run_otp",
        "self._unlock(person.number)\n            await self._do(self._client.run_otp",
    ),
    "failures are not counted": ("record.failures += 1", "pass"),
    "a lock is not looked at": ("return record.failures >= (most", "return False and (most"),
    "a code outlives its time": ("and now < call.ends]", "and now < call.ends + 300]"),
    "a resent code makes the first one void": (
        "record.calls.append(self._new_call(",
        "[setattr(each, 'ends', now) for each in challenge];record.calls.append(self._new_call(",
    ),
    "Retry-After is a guess": ("limit=limit, retry_after=pause)", "limit=limit, retry_after=1.0)"),
}
"""From a name to what is written in `_flows.py`, and what is written in its place."""


def flawed(name: str) -> Any:
    """The rules with one fault."""
    before, after = RULES[name]
    source = inspect.getsource(flows)
    assert source.count(before) == 1
    module = ModuleType("flawed_flows")
    exec(compile(source.replace(before, after), "_flows.py", "exec"), module.__dict__)  # noqa: S102 - our own code
    return module.Flows


class ForgetsOld(ClockedMemory):
    """Puts the new value whatever the old one is."""

    def swap(self, key: str, _: str | None, new: str | None, ttl: float) -> bool:
        return super().swap(key, self.get(key), new, ttl)


class Evicts(ClockedMemory):
    """Keeps one record only."""

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        done = super().swap(key, old, new, ttl)
        while len(self._records) > 1:
            self._records.pop(next(iter(self._records)))
        return done


class SwapsOnPresence(ClockedMemory):
    """Compares only whether there is a value."""

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        there = self.get(key)
        return super().swap(key, None if old is None else there, new, ttl)


STORES = (ForgetsOld, Evicts, SwapsOnPresence)
