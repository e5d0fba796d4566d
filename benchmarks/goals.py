"""What the SDK is to reach, and what the figures say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from benchmarks.contenders import FAST, OURS

_SLOWER = ("telnyx", "telnyx-aiohttp", "vonage", "plivo")
_DEFAULT = {"sync": 1.5, "async 1": 1.3, "async 32": 4.0, "async 256": 4.0}
_WITH_FAST = {"sync": 2.0, "async 1": 2.3, "async 32": 10.0, "async 256": 11.0}
_MEGABYTE = 1e6


@attrs.frozen
class Goal:
    """One goal and the figure beside it; no figure where it was not measured."""

    words: str
    figure: float | None
    bound: float
    at_least: bool = True
    unit: str = "×"

    @property
    def met(self) -> bool | None:
        """Whether the figure is on the right side of the bound."""
        if self.figure is None:
            return None
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound


def _median(results: dict[str, Any], *path: str) -> float | None:
    value: Any = results
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value = value.get("median")
    return float(value) if isinstance(value, int | float) else None


def _calls(results: dict[str, Any]) -> Iterator[Goal]:
    for row, bound in _DEFAULT.items():
        yield Goal(f"{row}: naïve httpx × {bound}", _median(results, "calls", row, OURS, "ratio"), bound)
        mine = _median(results, "calls", row, OURS, "ratio")
        for other in _SLOWER:
            theirs = _median(results, "calls", row, other, "ratio")
            if mine and theirs:
                yield Goal(f"{row}: ahead of {other}", mine / theirs, 1.0)


def _fast(results: dict[str, Any]) -> Iterator[Goal]:
    for row, bound in _WITH_FAST.items():
        mine, theirs = (_median(results, "calls", row, who, "ratio") for who in (FAST, "twilio"))
        yield Goal(f"fast, {row}: naïve httpx × {bound}", mine, bound)
        if mine and theirs:
            yield Goal(f"fast, {row}: ahead of twilio", mine / theirs, 1.0)


def _rest(results: dict[str, Any]) -> Iterator[Goal]:
    cold = _median(results, "cold", "ours", "ratio")
    yield Goal("cold import, as a multiple of `import httpx`", cold, 1.35, at_least=False)
    for which in ("fresh", "used"):
        ours, theirs = (_median(results, "memory", who, which) for who in ("ours", "httpx"))
        ratio = ours / theirs if ours is not None and theirs else None
        yield Goal(f"memory of a {which} client, as a multiple of httpx's", ratio, 1.2, at_least=False)
    peak = _median(results, "waits", OURS, "runs", "10000", "peak")
    peak = peak / _MEGABYTE if peak else None
    yield Goal("peak memory with 10,000 waits in flight", peak, 150.0, at_least=False, unit=" MB")
    grows = _median(results, "waits", OURS, "exponent")
    yield Goal("CPU time grows with the number of waits to the power of", grows, 1.1, at_least=False, unit="")


def goals(results: dict[str, Any]) -> list[Goal]:
    """All goals, in the order of the table."""
    return [*_calls(results), *_fast(results), *_rest(results)]
