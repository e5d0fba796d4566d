"""Running flows on plain values: no network, no clock but the one that the pauses move."""

from collections.abc import Iterable
from typing import Any, TypeVar

import attrs
import httpx

from autocall_otp._answers import Answer
from autocall_otp._config import Settings, read_settings
from autocall_otp._flow import Attempt, Flow, Policy
from autocall_otp.models import Retry

T = TypeVar("T")


@attrs.define
class Clock:
    """Monotonic time that only pauses and slow answers move."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def upper(_low: float, high: float) -> float:
    """The longest pause that jitter may give, for tests that count seconds."""
    return high


def settings(**more: Any) -> Settings:
    given: dict[str, Any] = {
        "host": "api.example.vn",
        "campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e",
        "template": "otp_script_01",
        "timeout": 5.0,
        "deadline": 30.0,
        "retry": Retry(),
        "timezone": None,
        "max_response_bytes": 1024,
        "allow_international": False,
    }
    return read_settings(**(given | more))


def policy(**more: Any) -> Policy:
    given: dict[str, Any] = {"retry": Retry(), "deadline": 30.0, "clock": Clock(), "draw": upper}
    return Policy(**(given | more))


def answer(status: int = 200, body: bytes | str = b"{}", fault: Exception | None = None, **headers: str) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(names), raw, fault)


def run(flow: Flow[T], results: Iterable[Answer | Exception], clock: Clock | None = None) -> tuple[T, list[Attempt]]:
    """Feed a flow one result for each attempt; return what it returns, and its attempts."""
    attempts: list[Attempt] = []
    waiting = iter(results)
    try:
        attempt = next(flow)
        while True:
            attempts.append(attempt)
            if clock is not None:
                clock.now += attempt.delay
            attempt.token = attempt.token or "t0ken"
            attempt = flow.send(next(waiting))
    except StopIteration as end:
        left_over = list(waiting)
        assert left_over == [], "the flow ended before every result was used"
        return end.value, attempts
