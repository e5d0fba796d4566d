"""Faults that are put into the rules or the store, one at a time: each must be found."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from autocall_otp.verify import _flows as flows

from .world import ClockedMemory

RULES: dict[str, tuple[str, str]] = {
    "a call that was refused keeps its claim": (
        'held += [f"c:{person.challenge}", f"n:{person.number_mac}"]',
        'held += [f"c:{person.challenge}"]',
    ),
    "a call that was refused keeps its code": (
        'held += [f"c:{person.challenge}", f"n:{person.number_mac}"]',
        'held += [f"n:{person.number_mac}"]',
    ),
    "a call that was refused stays counted for its caller": ("            held.append(caller_key)\n", ""),
    "what is given back is the last, not one's own": (
        'left = [row for row in rows if row["ref_id"] != ref_id]',
        "left = rows[:-1]",
    ),
    "a call in doubt is given back": ("if Outcome.NOT_PLACED in {outcome, error.outcome}:", "if error.outcome:"),
    "a stalled call leaves all the same": ("abs(self._now() - claim) > STALE", "False"),
    "a minute is not waited for": ("limits.ring_again_after - now) > 0", "limits.ring_again_after - now) > 59"),
    "another owner joins": ('last["challenge"] != person.challenge or', ""),
    "a used code is joined": ('        if code["winner"]:\n            return None\n', ""),
    "a spent challenge is joined": (
        'len(code["guesses"]) >= self._limits.guesses:\n            message',
        "False:\n            message",
    ),
    "a busy call is not repeated": ("record.finished and not record.answered", "False"),
    "a call under way is taken for unanswered": ("record.finished and not record.answered", "True"),
    "a call without a record is taken for unanswered": (
        '        return self._challenge(person, code, Outcome(code["outcome"] or Outcome.UNKNOWN), rang=False)',
        "        return None",
    ),
    "windows are not looked at": ('_admit("calls_per_number", wait(', '_admit("calls_per_number", 0 * wait('),
    "windows are looked at with a clock read before": (
        'raw = yield Get(f"n:{person.number_mac}")\n            now = self._now()',
        'now = self._now()\n            raw = yield Get(f"n:{person.number_mac}")',
    ),
    "guesses are not counted": ('code["guesses"].append(guess)', 'code["guesses"].append(guess) if False else None'),
    "one guess more": ('len(code["guesses"]) < self._limits.guesses]', 'len(code["guesses"]) <= self._limits.guesses]'),
    "a guess is taken after the code was looked at": (
        '        yield from self._change(f"c:{person.challenge}", edit)\n        return guessed\n',
        '        edit(load((yield Get(f"c:{person.challenge}"))), self._now())\n        return guessed\n',
    ),
    "a code may be used again": ('"winner": code["winner"] or guess', '"winner": ""'),
    "two win": ('code["winner"] in {"", guess}', "True"),
    "a call under way is freed with a used code": (' for code in codes if code["outcome"])', " for code in codes)"),
    "a success does not free the number": ('call["over"] or call["ref_id"] in over', 'call["over"]'),
    "a new code resets the failures": (
        "            yield Place(",
        '            yield from self._change(f"f:{person.number_mac}", lambda *_: [])\n            yield Place(',
    ),
    "failures are not counted": ('[*failures, {"at": now, "ref_id": guess}]', "failures"),
    "a lock is not looked at": ("return known, len(failures), most", "return known, 0, most"),
    "a code outlives its time": (
        'code["at"] + self._limits.code_life, code',
        'code["at"] + 2 * self._limits.code_life, code',
    ),
    "a resent code makes the first one void": (
        "codes = self._living(codes, now)\n            if any",
        "codes = []\n            if any",
    ),
    "Retry-After is a guess": ("retry_after=pause, limit=limit", "retry_after=1.0, limit=limit"),
}
"""From a name to what is written in `_flows.py`, and what is written in its place."""


def flawed(name: str) -> type[flows.Flows]:
    """The rules with one fault."""
    before, after = RULES[name]
    source = inspect.getsource(flows)
    if source.count(before) != 1:
        raise LookupError(f"{name}: the code to change is there {source.count(before)} times")
    module = ModuleType("flawed_flows")
    exec(compile(source.replace(before, after), "_flows.py", "exec"), module.__dict__)  # noqa: S102 - our own code
    # The world knows the operations by their classes.
    for operation in (flows.Get, flows.Swap, flows.Place, flows.LookUp):
        setattr(module, operation.__name__, operation)
    result: type[flows.Flows] = module.Flows
    return result


class SendsTwice(ClockedMemory):
    """No fault, but a client that sends again what it had no answer to, and believes the second answer."""

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        done = super().swap(key, old, new, ttl)
        self.turn = getattr(self, "turn", 0) + 1
        return super().swap(key, old, new, ttl) if self.turn % 3 == 0 else done


class ForgetsOld(ClockedMemory):
    """Puts the new value whatever the old one is."""

    def swap(self, key: str, _: str | None, new: str | None, ttl: float) -> bool:
        return super().swap(key, self.get(key), new, ttl)


class Evicts(ClockedMemory):
    """Keeps at most a few records."""

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        done = super().swap(key, old, new, ttl)
        while len(self._records) > 2:
            self._records.pop(next(iter(self._records)))
        return done


class SwapsOnPresence(ClockedMemory):
    """Compares only whether there is a value."""

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        there = self.get(key)
        return super().swap(key, None if old is None else there, new, ttl)


STORES: dict[str, Callable[[], Any]] = {
    "a store that does not compare": ForgetsOld,
    "a store that evicts": Evicts,
    "a store that compares only whether there is a value": SwapsOnPresence,
}
