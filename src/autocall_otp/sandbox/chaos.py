"""Chaos: latency, resets and errors that come by chance, from a seed so that a run can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from random import Random

ERROR_STATUSES = (500, 502, 503)
LONGEST_LATENCY = 300.0


@dataclass(frozen=True, slots=True)
class Chaos:
    """How often the service misbehaves; all probabilities are 0 to 1, per request.

    Args:
        latency_probability: How often an answer is late.
        latency_seconds: How late, in real seconds, up to 300.
        reset_probability: How often the connection is reset. One half of these calls were dialled before.
        error_probability: How often the answer is an error. No such call was dialled.
        error_statuses: The HTTP statuses, 400 to 599, that errors are drawn from.
        seed: Makes the same draws for the same order of requests; None draws anew each time.

    Raises:
        ValueError: If a number is out of its range or no status is given.
    """

    latency_probability: float = 0.0
    latency_seconds: float = 1.0
    reset_probability: float = 0.0
    error_probability: float = 0.0
    error_statuses: tuple[int, ...] = ERROR_STATUSES
    seed: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether anything can go wrong by it."""
        return any((self.latency_probability, self.reset_probability, self.error_probability))

    def __post_init__(self) -> None:
        for name in ("latency_probability", "reset_probability", "error_probability"):
            _within(name, getattr(self, name), 1.0)
        _within("latency_seconds", self.latency_seconds, LONGEST_LATENCY)
        low, high = 400, 599
        if not self.error_statuses or any(not low <= status <= high for status in self.error_statuses):
            msg = f"error_statuses must be HTTP statuses between {low} and {high}, at least one"
            raise ValueError(msg)


def _within(name: str, value: float, top: float) -> None:
    if not (isfinite(value) and 0 <= value <= top):
        msg = f"{name} must be between 0 and {top:g}: {value!r}"
        raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Mishap:
    """What chance did to one request."""

    latency: float
    reset: bool
    reset_after_dialling: bool
    error: int | None


class Dice:
    """Draws mishaps from one Chaos."""

    def __init__(self, chaos: Chaos) -> None:
        self.chaos = chaos
        self._random = Random(chaos.seed)  # noqa: S311  # nosec B311 - chance for tests, nothing secret

    def roll(self) -> Mishap:
        """The mishap of one request; always the same number of draws, so that a seed repeats a run."""
        chaos = self.chaos
        late, reset, dialled, error = (self._random.random() for _ in range(4))
        status = self._random.choice(chaos.error_statuses)
        return Mishap(
            latency=chaos.latency_seconds if late < chaos.latency_probability else 0.0,
            reset=reset < chaos.reset_probability,
            reset_after_dialling=dialled < 0.5,  # noqa: PLR2004 - one half
            error=status if error < chaos.error_probability else None,
        )
