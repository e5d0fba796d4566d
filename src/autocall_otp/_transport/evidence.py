"""What a request carries through the transport: until when it may leave, and what became of it."""

from __future__ import annotations

from typing import Any, Protocol, cast

import httpcore

from autocall_otp._clock import now

_LONGEST_STEP = 86400.0


class Evidence(Protocol):
    """What tells the session afterwards whether a call can have been placed."""

    deadline: float
    """Nothing is sent after this time of the clock `now`."""
    asked: bool
    """Somebody asked for the bytes of the body, so they may have left."""
    pooled: bool
    """The pool was handed the request."""
    wired: bool
    """The network was used for it."""


class _NoEvidence:
    deadline, asked, pooled, wired = float("inf"), True, False, False


class StaleConnectionError(httpcore.ConnectError):
    """The connection ended, or something came on it, before the request was sent."""


def evidence_of(request: httpcore.Request) -> Evidence:
    """What the session attached to the request; nothing is known of a request of somebody else."""
    return cast("Any", request).extensions.get("autocall_otp") or _NoEvidence()


def end_of_step(evidence: Evidence, timeout: float | None, late: type[Exception]) -> float:
    """When the next connect, read or write must have ended, on the clock `now`; raises `late` where that has passed."""
    time = now()
    end = min(evidence.deadline, time + (_LONGEST_STEP if timeout is None else timeout))
    if end <= time:
        raise late("the deadline passed")
    return end
