"""The transports that a client can be had with: its own, and two that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import httpx
import pytest

Shell = Literal["sync", "async"]
Way = Literal["own", "httpx", "aiohttp"]
WAYS: tuple[Way, ...] = ("own", "httpx", "aiohttp")
IS_HTTPX2 = httpx.__name__ == "httpx2"
"""Whether httpx2 stands in for httpx (test_httpx2)."""
over_each = pytest.mark.parametrize("way", WAYS[:1] if IS_HTTPX2 else WAYS, indirect=True, scope="module")
"""Marks tests that run over each of them; the others run over a client's own."""
CONNECTIONS = 100
"""How many connections a client opens at the most, over whichever transport."""
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


def shells() -> tuple[Shell, ...]:
    """The clients that it serves."""
    return ("async",) if chosen() == "aiohttp" else ("sync", "async")


def is_ours() -> bool:
    """Whether all that is below a client is what it usually is."""
    return chosen() == "own" and not IS_HTTPX2


def transport(shell: Shell) -> dict[str, Any]:
    """The argument of a client that chooses it."""
    if chosen() == "own":
        return {}
    if chosen() == "aiohttp":
        import httpx_aiohttp  # noqa: PLC0415 - an extra, which a run against the wheel may do without

        return {"transport": httpx_aiohttp.AiohttpTransport()}
    return {"transport": httpx.HTTPTransport() if shell == "sync" else httpx.AsyncHTTPTransport()}
