"""Running use cases on plain values: no network, no clock but the one that pauses move."""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

import attrs
import httpx

from autocall_otp import Retry
from autocall_otp._config import Settings, read_settings
from autocall_otp._redact import Secrets
from autocall_otp._sansio.evidence import Request
from autocall_otp._sansio.outcome import Operation
from autocall_otp._sansio.response import BodyReader, RawResponse
from autocall_otp._sansio.retry import Attempt, Flow, RetryPolicy

T = TypeVar("T")
NUMBER, CODE, TOKEN = "0332665711", "LUAN001", "made-up-token"


@attrs.define
class Clock:
    """A clock that only pauses and slow answers move."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@attrs.frozen
class Unsent:
    """A failure before anybody asked for the body."""

    failure: BaseException


Result = RawResponse | BaseException | Unsent


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


def policy(**more: Any) -> RetryPolicy:
    # The longest pause that jitter may give, for tests that count seconds.
    given: dict[str, Any] = {"retry": Retry(), "clock": Clock(), "draw": max}
    return RetryPolicy(**(given | more))


def operation(*, places_call: bool = True, **more: Any) -> Operation:
    secrets = Secrets(codes=[CODE], numbers=[NUMBER], tokens=[TOKEN])
    given = {"name": "run_otp" if places_call else "get_cdr", "ref_id": "R1", "secrets": secrets}
    return Operation(**(given | {"places_call": places_call} | more))


def request(deadline: float = 1030.0, clock: Any = None, content: bytes = b"body") -> Request:
    return Request("POST", httpx.URL("https://api.example.vn/x"), httpx.Headers(), content, deadline, clock or Clock())


def answer(status: int = 200, body: object = b"{}", failure: Exception | None = None, **headers: str) -> RawResponse:
    """An answer; a body that is not bytes is sent as JSON."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    reader = BodyReader(httpx.Response(status, headers=names), len(content))
    reader.add(content)
    return reader.finish(failure)


def take(attempt: Attempt, result: Result) -> RawResponse | BaseException:
    """Do to a request what our own transport does before such a result."""
    request, body = attempt.request, attempt.request.body
    attempt.token = attempt.token or "made-up-token"
    request.handed = body.pooled = body.wired = True
    if isinstance(result, Unsent):
        return result.failure
    list(body)
    return result


def run(flow: Flow[T], results: Iterable[Result], clock: Clock | None = None) -> tuple[T, list[Attempt]]:
    """Feed a use case one result for each attempt; gives what it returns, and its attempts."""
    attempts: list[Attempt] = []
    waiting = iter(results)
    try:
        attempt = next(flow)
        while True:
            attempts.append(attempt)
            if clock is not None:
                clock.now += attempt.delay
            result = take(attempt, next(waiting))
            # As a session does: what is no failure of the network is raised where the attempt was yielded.
            attempt = flow.send(result) if isinstance(result, RawResponse | Exception) else flow.throw(result)
    except StopIteration as end:
        assert list(waiting) == [], "the use case ended before every result was used"
        return end.value, attempts


def error_of(flow: Flow[Any], results: Iterable[Result], clock: Clock | None = None) -> Any:
    try:
        run(flow, results, clock)
    except Exception as error:  # noqa: BLE001 - whichever it is, the test looks at it
        return error
    raise AssertionError("it succeeded")
