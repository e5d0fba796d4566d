"""Clients for a scripted server."""

from __future__ import annotations

from typing import Any

import attrs
import httpx

from autocall_otp import AsyncClient, Client, Retry
from faults import ways

CAMPAIGN = "5ff0d5b1-4ca8-4a5a-a0d4-1fd3e5e5d0b9"
QUICK = Retry(base=0.001, cap=0.01)
"""The default policy, with pauses that a test can afford."""


@attrs.frozen
class Secrets:
    """What a caller sends and nobody may read."""

    token: str = "token-5a1f77c3e9"
    number: str = "0332987711"
    code: str = "code-81c55f"


SECRETS = Secrets()
_USUAL: dict[str, Any] = {
    "token": SECRETS.token,
    "campaign_uuid": CAMPAIGN,
    "template": "otp",
    "timeout": httpx.Timeout(8.0),
    "deadline": 20.0,
    "retry": QUICK,
}


def client(host: str, **more: Any) -> Client:
    """A sync client."""
    return Client(host, **_USUAL | ways.transport("sync") | more)


def async_client(host: str, **more: Any) -> AsyncClient:
    """An async client."""
    return AsyncClient(host, **_USUAL | ways.transport("async") | more)
