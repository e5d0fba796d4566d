"""Clients for a scripted server."""

from __future__ import annotations

from typing import Any

import httpx

from autocall_otp import AsyncClient, Client
from faults import ways
from faults.observe import CAMPAIGN, QUICK, SECRETS

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
    return Client(host, **_USUAL | ways.transport() | more)


def async_client(host: str, **more: Any) -> AsyncClient:
    """An async client."""
    return AsyncClient(host, **_USUAL | ways.transport() | more)
