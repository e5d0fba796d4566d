"""What a login by voice code gives back, and the errors that it raises."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from autocall_otp import AutocallError, ConfigurationError, Outcome, mask_number


class Verdict(Enum):
    """What became of a code that was entered."""

    VERIFIED = "verified"
    """It is the code that was read out, entered for the first time: the person who entered it holds the phone."""
    WRONG = "wrong"
    """It is not the code; `Check.attempts_left` says how many more may be entered."""
    EXPIRED = "expired"
    """There is no living code: it is too old, used, or was never made. Start anew."""
    LOCKED = "locked"
    """Nothing was compared: all guesses of the challenge are used up, or the number had too many failures."""


@dataclass(frozen=True)
class Challenge:
    """A call that reads a code, and until when the code may be entered. repr and pickle mask the phone number."""

    phone_number: str = field(repr=False)
    """The number in its domestic form, ``0332665711``; masked in a pickle."""
    ref_id: str
    """The reference of the call, to look its record up by."""
    outcome: Outcome
    """PLACED, or UNKNOWN: the phone may be ringing, and the code is good if it does."""
    rang: bool
    """Whether this request placed the call; False where it joined one that is under way."""
    expires_at: datetime
    """When the code expires; aware, in UTC."""
    ring_again_at: datetime
    """When the same person may have the phone rung again; aware, in UTC."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "phone_number": mask_number(self.phone_number)}


@dataclass(frozen=True, kw_only=True)
class Check:
    """What became of a code that was entered. repr masks the phone number; a pickle leaves it out."""

    verdict: Verdict
    """What became of it."""
    attempts_left: int = 0
    """How many more codes may be entered before another call is needed."""
    phone_number: str | None = field(default=None, repr=False)
    """The number that was verified, ``0332665711``: log this one in, never the form's. None unless VERIFIED."""

    @property
    def verified(self) -> bool:
        """Whether the person who entered the code holds the phone."""
        return self.verdict is Verdict.VERIFIED

    def __getstate__(self) -> dict[str, Any]:
        # A masked number, taken for a login, would be shared by many.
        return {**self.__dict__, "phone_number": None}


class TooManyCallsError(AutocallError):
    """No call was placed, since a limit was reached."""

    limit: str
    """The field of `Limits` that was reached."""
    retry_after: float | None
    """Seconds until another call may be asked for; None where only `Verifier.unlock` helps."""

    def __init__(self, message: str, *, limit: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, outcome=Outcome.NOT_PLACED, retryable=retry_after is not None)
        self.limit = limit
        self.retry_after = retry_after


def misconfigured(message: str) -> ConfigurationError:
    """The error for a part that does not fit; nothing was sent."""
    return ConfigurationError(message, outcome=Outcome.NOT_PLACED)


def not_placed(message: str) -> AutocallError:
    """The error for a call that this package did not place; asking again may help."""
    return AutocallError(message, outcome=Outcome.NOT_PLACED, retryable=True)
