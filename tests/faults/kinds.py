"""What a fault is, and the rows of the design's outcome table as functions."""

from __future__ import annotations

from typing import Literal, TypedDict

import attrs
import httpx

from autocall_otp import AutocallError, InvalidResponseError, Outcome, TransportError
from faults import scenes
from faults.server import Script

Operation = Literal["run_otp", "get_cdr"]
OPERATIONS: tuple[Operation, ...] = ("run_otp", "get_cdr")
TRIES = 3  # how often a request is sent at the most, by default


@attrs.frozen
class Expected:
    """What a caller is told, and how many requests the server sees."""

    error: type[AutocallError] | None
    outcome: Outcome | None
    """None for a record that was found: it says itself what became of the call."""
    retryable: bool
    requests: int


PATIENT = httpx.Timeout(8.0)
# Waiting for the time-out is the only way to meet some faults: a short one, of the phase in question alone.
SHORT_READ = httpx.Timeout(8.0, read=0.3)
SHORT_CONNECT = httpx.Timeout(8.0, connect=0.3)
# Over aiohttp the time for a place includes that to connect, for each of the crowd that takes all places.
SHORT_POOL = httpx.Timeout(60.0, pool=1.0)


class Both(TypedDict):
    """What is expected of each operation."""

    run_otp: Expected
    get_cdr: Expected


@attrs.frozen
class Fault:
    """Something that goes wrong, or something odd that does not."""

    name: str
    script: Script
    run_otp: Expected
    get_cdr: Expected
    stage: scenes.Stage = scenes.served
    timeout: httpx.Timeout = PATIENT
    deadline: float = 10.0
    unread: bool = False
    """The server reads no request: connections are counted in place of requests."""

    @property
    def usual(self) -> Both:
        """What is expected of both operations over a client's own transport."""
        return {"run_otp": self.run_otp, "get_cdr": self.get_cdr}


def success() -> Both:
    """Odd, but the answer can be read."""
    return {
        "run_otp": Expected(None, Outcome.PLACED, retryable=False, requests=1),
        "get_cdr": Expected(None, None, retryable=False, requests=1),
    }


def unsent(error: type[AutocallError] = TransportError, *, again: bool = True) -> Both:
    """Name, connect or TLS failure, or no free connection."""
    return {
        "run_otp": Expected(error, Outcome.NOT_PLACED, again, 0),
        "get_cdr": Expected(error, Outcome.UNKNOWN, again, 0),
    }


def lost(error: type[AutocallError] = TransportError, look_ups: int = TRIES, *, again: bool = True) -> Both:
    """The request was sent, and no answer was read."""
    return {
        "run_otp": Expected(error, Outcome.UNKNOWN, retryable=False, requests=1),
        "get_cdr": Expected(error, Outcome.UNKNOWN, again, look_ups),
    }


def unreadable(look_ups: int = 1) -> Both:
    """A success that cannot be read; a look-up of what was damaged on its way may do better next time."""
    return {
        "run_otp": Expected(InvalidResponseError, Outcome.UNKNOWN, retryable=False, requests=1),
        "get_cdr": Expected(InvalidResponseError, Outcome.UNKNOWN, retryable=look_ups > 1, requests=look_ups),
    }


def answered(error: type[AutocallError], outcome: Outcome, tries: int = 1, look_ups: int = 1) -> Both:
    """An error status."""
    return {
        "run_otp": Expected(error, outcome, retryable=tries > 1, requests=tries),
        "get_cdr": Expected(error, Outcome.UNKNOWN, retryable=look_ups > 1, requests=look_ups),
    }
