"""Codes that were called out, as long as they may be entered; in memory, for one process.

Several processes share a table instead, with a unique phone number: see the Django recipe.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

LIFE = 180.0
MAX_ATTEMPTS = 5


@dataclass(slots=True)
class _Challenge:
    phone_number: str
    code_hash: bytes
    expires: float
    attempts: int = 0


class Challenges:
    """One code for one number. While it lives the number is not called again, whoever asks.

    Nothing here awaits, so the tasks of an event loop cannot come between two lines of it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Hold none yet; the key that hashes codes dies with the process."""
        self._key = secrets.token_bytes(32)
        self._clock = clock
        self._living: dict[str, _Challenge] = {}

    def start(self, phone_number: str, reference: str) -> str | None:
        """A new code for this number; None while an earlier one lives."""
        now = self._clock()
        self._living = {key: each for key, each in self._living.items() if each.expires > now}
        if any(each.phone_number == phone_number for each in self._living.values()):
            return None
        code = f"{secrets.randbelow(1_000_000):06d}"
        self._living[reference] = _Challenge(phone_number, self._hashed(reference, code), now + LIFE)
        return code

    def drop(self, reference: str) -> None:
        """Make way for another call: this one was not placed."""
        self._living.pop(reference, None)

    def solve(self, reference: str, code: str) -> str | None:
        """The number that the code was read to, once; None for a wrong, used or expired code, or too many attempts."""
        challenge = self._living.get(reference)
        if challenge is None or challenge.expires <= self._clock() or challenge.attempts >= MAX_ATTEMPTS:
            return None
        challenge.attempts += 1
        if not hmac.compare_digest(challenge.code_hash, self._hashed(reference, code)):
            return None
        self.drop(reference)
        return challenge.phone_number

    def _hashed(self, reference: str, code: str) -> bytes:
        return hmac.digest(self._key, f"{reference} {code}".encode(), hashlib.sha256)
