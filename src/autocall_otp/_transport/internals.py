"""The private attributes of httpx and httpcore that the transport needs: all of them are here."""

from __future__ import annotations

from typing import Any

import httpx

from autocall_otp._errors import ConfigurationError, Outcome


def replace_pool(transport: httpx.HTTPTransport | httpx.AsyncHTTPTransport, pool: Any) -> None:  # noqa: ANN401 - ours
    """Let the transport send through our pool.

    Raises:
        ConfigurationError: this httpx keeps its pool elsewhere.
    """
    if not hasattr(transport, "_pool"):
        message = "httpx: this version is too new: pip install 'httpx<1'"
        raise ConfigurationError(message, outcome=Outcome.NOT_PLACED)
    transport._pool = pool  # noqa: SLF001 - httpx has no public way to give it a pool


def ended_cleanly(connection: Any) -> bool:  # noqa: ANN401 - httpcore's connections hold one another
    """Whether the last answer ended, and no byte is left of what came; False where that cannot be seen."""
    if hasattr(connection, "connections"):
        # Of a proxy, with one connection in it.
        connection = next(iter(connection.connections), None)
    if connection is None or not connection.is_idle():
        return False
    while connection is not None:
        if (parser := getattr(connection, "_h11_state", None)) is not None:
            return bool(parser.trailing_data == (b"", False))
        connection = getattr(connection, "_connection", None)
    return False
