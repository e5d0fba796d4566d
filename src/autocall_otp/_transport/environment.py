"""The transports that a client makes for itself."""

from __future__ import annotations

import httpx


def sync_transport(base_url: str) -> httpx.HTTPTransport:  # noqa: ARG001 - the proxy will depend on it
    """For threads."""
    return httpx.HTTPTransport()


def async_transport(base_url: str) -> httpx.AsyncHTTPTransport:  # noqa: ARG001 - the proxy will depend on it
    """For the tasks of one event loop."""
    return httpx.AsyncHTTPTransport()
