"""What the store holds: one JSON list for each record, deleted when it is empty.

n:<number>              the calls to a number; the last one holds it for a minute
c:<owner and number>    the codes that may be entered
f:<number>              times of the failures in a row
a:<caller>              the calls that a caller asked for
d:<owner and number>    when this owner was verified for this number

Each key is an HMAC, so it tells neither number nor owner; codes are HMACs, too.
"""

from __future__ import annotations

import json
from typing import Any, TypedDict


class Call(TypedDict):
    """A call to a number, or asked for by a caller."""

    at: float
    ref_id: str
    owner: str
    challenge: str
    over: bool
    """Whether the next call need not wait: nobody answered, or the code was used."""


class Code(TypedDict):
    """A code, and the call that reads it."""

    at: float
    ref_id: str
    mac: str
    outcome: str
    """How the call went; empty while it is under way."""
    challenge: str
    """Codes of one challenge are guessed and used as one: they have the same guesses."""
    since: float
    guesses: list[str]
    """A random mark of each, so that one that a client of the store sends twice is counted once."""
    winner: str
    """The mark of the guess that was right."""


def load(raw: str | None) -> list[Any]:
    """The list in a record."""
    return [] if raw is None else list(json.loads(raw))


def dump(record: list[Any]) -> str | None:
    """The record of a list."""
    return json.dumps(record, separators=(",", ":")) if record else None
