"""The private attributes of httpx and httpcore that the transport needs: all of them are here."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from autocall_otp._errors import misconfigured


def replace_pool(transport: Any, pool: object) -> None:  # noqa: ANN401 - a private attribute
    """Let a transport of httpx's send through our pool.

    Raises:
        ConfigurationError: this httpx keeps its pool elsewhere.
    """
    if not hasattr(transport, "_pool"):
        raise misconfigured("httpx", "this version is too new: pip install 'httpx<1'")
    transport._pool = pool  # noqa: SLF001 - httpx has no public way to give it a pool


def ended_cleanly(connection: Any) -> bool:  # noqa: ANN401 - httpcore's
    """Whether the last answer ended, and no byte is left of what came; False where that cannot be seen."""
    layers = _layers(connection)
    parser = getattr(layers[-1], "_h11_state", None) if layers else None
    return parser is not None and layers[0].is_idle() and bool(parser.trailing_data == (b"", False))


def remove_locks(connection: Any) -> None:  # noqa: ANN401 - httpcore's
    """Take the locks from a connection, which one thread or task uses at a time.

    An exception of a signal's handler may lose such a lock, and the next use of the connection would wait for ever. To
    a task, each costs a turn of the event loop.
    """
    for layer in (connection, *_layers(connection)):
        for name in ("_request_lock", "_connect_lock", "_state_lock", "_optional_thread_lock"):
            if hasattr(layer, name):
                setattr(layer, name, nullcontext())


def _layers(connection: Any) -> list[Any]:  # noqa: ANN401 - httpcore's
    """The connections that hold one another, the innermost last. A proxy is a pool of one."""
    found = [*getattr(connection, "connections", [connection])]
    while found and (inner := getattr(found[-1], "_connection", None)) is not None:
        found.append(inner)
    return found
