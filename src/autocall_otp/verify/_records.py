"""What the store holds: a JSON text for each number and each caller, deleted when there is nothing left to say.

n:<number>    its calls, the codes that they read, its failures in a row, and the owners that were verified for it
a:<caller>    the calls that it asked for

What follows the colon is an HMAC, so no key tells a number or a caller. In a record owners and codes are HMACs, too.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from autocall_otp import Outcome


@dataclass
class Call:
    """A call that was asked for. That of a caller has a time and a reference only."""

    at: float
    """When it was claimed."""
    ref_id: str
    owner: str = ""
    purpose: str = ""
    outcome: str = ""
    """How it went; empty while it is under way."""
    code: str = ""
    ends: float = 0.0
    """Until when the code may be entered."""
    challenge: str = ""
    """Codes of one challenge are guessed and used as one: they have the same guesses."""
    since: float = 0.0
    """When the challenge began."""
    guesses: list[str] = field(default_factory=list[str])
    """A random mark of each, so that one that a client of the store sends twice is counted once."""
    winner: str = ""
    """The mark of the guess that used the code up."""


@dataclass
class Record:
    """What is kept of a number, or of a caller."""

    calls: list[Call] = field(default_factory=list[Call])
    """In their order."""
    failures: int = 0
    verified: dict[str, float] = field(default_factory=dict[str, float])
    """When an owner was verified for the number the last time."""

    def find(self, ref_id: str) -> Call | None:
        """The call with this reference."""
        return next((call for call in self.calls if call.ref_id == ref_id), None)

    def remove(self, ref_id: str) -> bool:
        """Take a call out; False where it is not there."""
        left = [call for call in self.calls if call.ref_id != ref_id]
        self.calls, found = left, len(left) < len(self.calls)
        return found


def load(raw: str | None) -> Record:
    """The record in a text; raises where something else than this version has written it."""
    fields = json.loads(raw or "{}")
    record = Record([Call(**call) for call in fields.pop("calls", ())], **fields)
    _validate(record, Record())
    for call in record.calls:
        _validate(call, Call(0.0, ""))
        Outcome(call.outcome or Outcome.UNKNOWN)
    return record


def _validate(part: Call | Record, sample: Call | Record) -> None:
    """See that what was read has the types of the sample, and that every time can be counted."""
    for name, like in vars(sample).items():
        value: Any = getattr(part, name)
        if not _is_like(value, like):
            raise TypeError(name)
        times: Any = value.values() if name == "verified" else [value] if isinstance(like, float) else []
        marks: Any = value if name == "guesses" else []
        if not all(map(math.isfinite, times)) or not all(isinstance(mark, str) for mark in marks):
            raise ValueError(name)


def _is_like(value: object, like: object) -> bool:
    return isinstance(value, int | float) if isinstance(like, float) else isinstance(value, like.__class__)


def dump(record: Record) -> str | None:
    """The text of a record; None where it is empty."""
    text = json.dumps(record, default=_fields, separators=(",", ":"))
    return None if text == "{}" else text


def _fields(part: Call | Record) -> dict[str, object]:
    return {name: value for name, value in vars(part).items() if value}
