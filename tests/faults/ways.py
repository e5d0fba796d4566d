"""The transports that a client can be had with; every test of this folder runs over each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

Way = Literal["own", "fast"]
WAYS: tuple[Way, ...] = ("own", "fast")
_chosen: list[Way] = ["own"]


@contextmanager
def over(way: Way) -> Iterator[None]:
    """Let every client that is made meanwhile have this transport."""
    _chosen.append(way)
    try:
        yield
    finally:
        _chosen.remove(way)


def chosen() -> Way:
    """Which it is."""
    return _chosen[-1]


def transport() -> dict[str, Any]:
    """The argument of a client that chooses it."""
    return {} if chosen() == "own" else {"transport": "fast"}
