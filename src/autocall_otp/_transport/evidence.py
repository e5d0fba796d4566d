"""What a request carries through the transport: until when it may leave, and what became of it."""

from __future__ import annotations

from typing import Protocol, cast

import httpcore

from autocall_otp._clock import now

_LONGEST_STEP = 86400.0


class Evidence(Protocol):
    """The session reads in it afterwards whether a call can have been placed."""

    pooled: bool
    """The pool was handed the request."""
    wired: bool
    """The network was used for it."""

    @property
    def deadline(self) -> float:
        """Nothing is sent after this time of the clock `now`."""
        ...

    @property
    def asked(self) -> bool:
        """Somebody asked for the bytes of the body, so it may have left."""
        ...


class _NoEvidence:
    """For a request that carries none: nothing is known of it, and nothing limits it."""

    deadline = float("inf")
    asked = True
    pooled = wired = False


class StaleConnectionError(httpcore.ConnectError):
    """Something came in, or the connection ended, before the request was sent."""


def evidence_of(request: httpcore.Request) -> Evidence:
    """What the session attached to the request."""
    return cast("Evidence", request.extensions.get("autocall_otp") or _NoEvidence())


def end_of_step(evidence: Evidence, timeout: float | None, late: type[Exception]) -> float:
    """When the next connect, read or write must have ended, on the clock `now`.

    Raises:
        Exception: of the class `late`: the deadline has passed.
    """
    time = now()
    end = min(evidence.deadline, time + (_LONGEST_STEP if timeout is None else timeout))
    if end <= time:
        raise late("the deadline passed")
    return end
