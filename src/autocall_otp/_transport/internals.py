"""The private attributes of httpx and httpcore that the transport needs: all of them are here."""

from __future__ import annotations

from typing import Any

import httpx

from autocall_otp._errors import ConfigurationError, Outcome


def replace_pool(transport: httpx.HTTPTransport | httpx.AsyncHTTPTransport, pool: Any) -> None:  # noqa: ANN401 - see below
    """Let the transport send through `pool`, which does what httpx asks of its own.

    Raises:
        ConfigurationError: this httpx keeps its pool elsewhere.
    """
    if not hasattr(transport, "_pool"):
        raise ConfigurationError("httpx: this version is not supported; install another", outcome=Outcome.NOT_PLACED)
    transport._pool = pool  # noqa: SLF001 - httpx has no public way to give it a pool


def has_unread_bytes(connection: Any) -> bool:  # noqa: ANN401 - each kind of connection nests the next in its own way
    """Whether the HTTP parser holds bytes that belong to no answer; True where it cannot be found."""
    while connection is not None:
        if (parser := getattr(connection, "_h11_state", None)) is not None:
            return bool(parser.trailing_data != (b"", False))
        connection = getattr(connection, "_connection", None)
    return True
