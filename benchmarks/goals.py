"""What the SDK is to reach, and what the figures say of it."""

from collections.abc import Iterator
from typing import Any

import attrs

from benchmarks.contenders import OURS, OVER_AIOHTTP

_OURS = {"sync": 1.45, "async 1": 2.1, "async 32": 6.0, "async 256": 9.0}
_OVER_AIOHTTP = {"async 1": 2.5, "async 32": 9.0, "async 256": 13.0}
_AHEAD, _BY = ("telnyx", "telnyx-aiohttp", "vonage", "plivo"), 1.5


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
    def figure(row: str, who: str, what: str = "ratio") -> float | None:
        return _median(results, "calls", row, who, what)

    for row, bound in _OURS.items():
        mine = figure(row, OURS)
        yield Goal(f"{row}: naïve httpx × {bound}", mine, bound)
        for other in _AHEAD:
            if mine and (theirs := figure(row, other)):
                yield Goal(f"{row}: {other} × {_BY}", mine / theirs, _BY)
    for row, bound in _OVER_AIOHTTP.items():
        yield Goal(f"{row}, over httpx-aiohttp: naïve httpx × {bound}", figure(row, OVER_AIOHTTP), bound)
        mine, theirs = (figure(row, who, "post") for who in (OVER_AIOHTTP, "twilio"))
        yield Goal(f"{row}, over httpx-aiohttp: twilio in POST", mine / theirs if mine and theirs else None, 1.0)


def goals(results: dict[str, Any]) -> list[Goal]:
    """All goals, in the order of the table."""
    found = list(_calls(results))
    cold = _median(results, "cold", "ours", "ratio")
    found.append(Goal("cold import, as a multiple of `import httpx`", cold, 1.25, at_least=False))
    for which in ("fresh", "used"):
        ours, theirs = (_median(results, "memory", who, which) for who in ("ours", "httpx"))
        ratio = ours / theirs if ours is not None and theirs else None
        found.append(Goal(f"memory of a {which} client, as a multiple of httpx's", ratio, 1.2, at_least=False))
    peak = _median(results, "waits", OURS, "runs", "10000", "peak")
    found.append(
        Goal("peak memory with 10,000 waits in flight", peak and peak / 1e6, 140.0, at_least=False, unit=" MB")
    )
    grows = _median(results, "waits", OURS, "exponent")
    found.append(Goal("CPU time grows with the number of waits to the power of", grows, 1.1, at_least=False, unit=""))
    return found
