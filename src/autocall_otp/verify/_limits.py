"""How many calls, guesses and failures a login allows, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from autocall_otp.verify._results import misconfigured

Windows: TypeAlias = tuple[tuple[int, float], ...]
"""Pairs of a count and the seconds in which it may be reached."""

_DAY = 86_400.0
_LONGEST = 3650 * _DAY
_BOUNDS: dict[str, tuple[int, int] | tuple[float, float]] = {
    "code_digits": (6, 10),
    "code_life": (0.001, 600.0),
    "challenge_life": (0.001, 600.0),
    "guesses": (1, 100),
    "ring_again_after": (0.001, _DAY),
    "calls_per_challenge": (1, 100),
    "failures_per_number": (1, 100),
    "known_for": (0.001, _LONGEST),
}
"""Whole numbers bound counts, others seconds."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Counts and seconds; windows slide.

    The bounds are those of NIST SP 800-63B-4 (3.1.3.2: at least 6 digits, valid for at most 10 minutes; 3.2.2: at
    most 100 failures in a row) and of OWASP ASVS 5.0 (6.5.4, 6.5.5: the same digits and minutes; 6.6.3: a rate limit).

    Raises:
        ConfigurationError: a value is out of its bounds; the message names it.
    """

    code_digits: int = 6
    """Digits of a code, 6 to 10."""
    code_life: float = 300.0
    """Seconds that a code may be entered, at most 600."""
    challenge_life: float = 600.0
    """Seconds that all the codes of one challenge may be entered, at most 600."""
    guesses: int = 5
    """Codes that are compared in one challenge, at the most."""
    ring_again_after: float = 60.0
    """Seconds between two calls to a number, unless nobody answered the first."""
    calls_per_challenge: int = 3
    """Living codes of one challenge, at the most."""
    calls_per_number: Windows = ((3, 600.0), (10, _DAY))
    """Calls to one number, no matter who asks; an owner that was verified for it before has as many of its own."""
    calls_per_caller: Windows = ((10, 3600.0), (50, _DAY))
    """Calls that one caller may ask for, to whatever numbers."""
    failures_per_number: int = 100
    """Wrong codes in a row for one number, at most 100; then it is locked until `Verifier.unlock`.

    A tenth of them is kept for owners that were verified for the number before.
    """
    known_for: float = 90 * _DAY
    """Seconds that an owner counts as verified before."""

    def __post_init__(self) -> None:
        for name, (low, high) in _BOUNDS.items():
            value, is_count = getattr(self, name), isinstance(low, int)
            if type(value) not in ({int} if is_count else {int, float}) or not low <= value <= high:
                kind = "a whole number" if is_count else "seconds"
                raise misconfigured(f"{name}: must be {kind} from {low:g} to {high:g}")
        for name in ("calls_per_number", "calls_per_caller"):
            windows: Windows = getattr(self, name)
            if not isinstance(windows, tuple) or not all(_is_window(window) for window in windows):
                raise misconfigured(
                    f"{name}: must be a tuple of pairs of a count and seconds, above 0 and up to ten years"
                )


def _is_window(window: object) -> bool:
    match window:
        case (int(count), int(seconds) | float(seconds)):
            return bool not in {type(count), type(seconds)} and count > 0 and 0 < seconds <= _LONGEST
        case _:
            return False


def wait(times: Iterable[float], windows: Windows, now: float) -> float:
    """Seconds until one more fits into each window; 0 where it fits now."""
    times, waits = sorted(times), [0.0]
    for count, seconds in windows:
        inside = [at for at in times if at > now - seconds]
        if len(inside) >= count:
            waits.append(inside[-count] + seconds - now)
    return max(waits)
