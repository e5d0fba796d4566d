"""Connections for looking closer than a client lets one."""

from __future__ import annotations

import ssl

import httpx

from autocall_otp._transport import proxy_for


def connections(base_url: str) -> httpx.HTTPTransport:
    """What a client would connect with: the environment's trust and proxy; on loopback, neither is needed."""
    if base_url.startswith("http:"):
        return httpx.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return httpx.HTTPTransport(proxy=proxy_for(base_url))
