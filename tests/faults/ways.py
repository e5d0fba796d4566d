"""The transports that a client can be had with; every test of this folder runs over each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import httpx

from autocall_otp._lanes import AsyncLanes, Lanes
from faults.scripts import MIB

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


def single() -> Lanes:
    """The chosen transport, with one connection."""

    def make() -> httpx.BaseTransport:
        if chosen() == "own":
            return httpx.HTTPTransport()
        from autocall_otp import _curl, _curl_transports  # noqa: PLC0415 - an extra

        return _curl_transports.CurlTransport(_curl.options(None, MIB, 30))

    return Lanes(make, size=1, keep=1, expiry=30)


def async_single() -> AsyncLanes:
    """The same for asyncio."""

    def make() -> httpx.AsyncBaseTransport:
        if chosen() == "own":
            return httpx.AsyncHTTPTransport()
        from autocall_otp import _curl, _curl_transports  # noqa: PLC0415 - an extra

        return _curl_transports.AsyncCurlTransport(_curl.options(None, MIB, 30))

    return AsyncLanes(make, size=1, keep=1, expiry=30)
