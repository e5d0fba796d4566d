"""What the caller reads, and what the log says, to the letter."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from autocall_otp.sandbox import Chaos
from autocall_otp.sandbox.chaos import Mishap

if TYPE_CHECKING:
    from collections.abc import Callable

    from autocall_otp.sandbox import Sandbox

    Place = Callable[..., httpx.Response]

LOOK_UP = "/v3/autocall/log/ABC123/ref_id"
CALM = Mishap(latency=0.0, reset=False, reset_after_dialling=False, error=None)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, int, str]]]:
    """What the sandbox has said of its requests; not of its calls."""
    caplog.set_level(logging.INFO, "autocall_otp.sandbox")

    def said() -> list[tuple[str, int, str]]:
        told = [each for each in caplog.record_tuples if not each[2].endswith(": queued")]
        return [each for each in told if each[0] not in {"httpx", "asyncio"}]

    return said


def board_of(sandbox: Sandbox) -> Any:
    return vars(sandbox)["_board"]


@pytest.mark.parametrize(
    ("status", "reason", "again"),
    [
        (400, "Bad Request", None),
        (404, "Not Found", None),
        (429, "Too Many Requests", "1"),
        (500, "Internal Server Error", None),
        (502, "Bad Gateway", None),
        (503, "Service Unavailable", "1"),
        (504, "Gateway Timeout", None),
        (599, "HTTP 599", None),
    ],
)
def test_an_error_by_chance_has_the_provider_s_shape(
    sandbox: Sandbox, http: httpx.Client, place: Place, status: int, reason: str, again: str | None
) -> None:
    sandbox.chaos = Chaos(error_probability=1, error_statuses=(status,))
    for answer in (place(), http.get(LOOK_UP)):
        assert (answer.status_code, answer.json()) == (status, {"error": reason})
        assert answer.headers.get("retry-after") == again
    assert sandbox.calls == []


@pytest.mark.parametrize(
    ("number", "status", "reason"),
    [
        ("0900000401", 401, "Unauthorized"),
        ("0900000403", 403, "Forbidden"),
        ("0900000429", 429, "Too Many Requests"),
        ("0900000500", 500, "Internal Server Error"),
        ("0900000503", 503, "Service Unavailable"),
    ],
)
def test_a_number_for_an_error_says_so_in_its_answer_and_in_the_log(
    place: Place, log: Callable[[], Any], number: str, status: int, reason: str
) -> None:
    answer = place(number)
    assert (answer.status_code, answer.json()) == (status, {"error": reason})
    why = "429 once" if status == 429 else str(status)
    assert log() == [("autocall_otp.sandbox", logging.INFO, f"call to 0900***{status}: {why}, on purpose")]


def test_an_ordinary_call_is_nothing_to_speak_of(place: Place, log: Callable[[], Any]) -> None:
    place()
    assert log() == []


def test_the_gateway_s_page_is_html(place: Place) -> None:
    answer = place("0900000502")
    assert answer.text == (
        "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    )
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_the_malformed_answer_is_half_of_one(sandbox: Sandbox, place: Place) -> None:
    answer = place("0900000033")
    assert answer.text == '{"call_id": "' + sandbox.calls[0].call_id[:8]


def test_a_reference_that_is_missing_or_empty_is_one_and_the_same(
    http: httpx.Client, otp_request: dict[str, str]
) -> None:
    body = otp_request | {"phone_number": "0900000429"}
    del body["ref_id"]
    bodies = [body, body | {"ref_id": ""}, body | {"ref_id": ""}]
    assert [http.post("/v3/autocall/otp", json=each).status_code for each in bodies] == [429, 200, 429]


@pytest.mark.parametrize("dialled", [True, False])
def test_a_reset_comes_before_the_call_or_after(
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    place: Place,
    log: Callable[[], Any],
    dialled: bool,  # noqa: FBT001 - a parameter
) -> None:
    mishap = Mishap(latency=0.0, reset=True, reset_after_dialling=dialled, error=503)
    monkeypatch.setattr(board_of(sandbox), "roll", lambda: mishap)
    with pytest.raises(httpx.ReadError):
        place()
    assert len(sandbox.calls) == dialled
    assert log() == [("autocall_otp.sandbox", logging.INFO, "connection reset, by chance")]


def test_an_answer_is_late_by_so_many_seconds(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    waits: list[float] = []
    wait_for = asyncio.wait_for

    async def wait(what: Any, timeout: float) -> Any:  # noqa: ASYNC109 - stands in for asyncio's
        waits.append(timeout)
        return await wait_for(what, 0)

    monkeypatch.setattr(asyncio, "wait_for", wait)
    monkeypatch.setattr(board_of(sandbox), "roll", lambda: CALM)
    place()
    assert waits == []
    late = Mishap(latency=12.5, reset=False, reset_after_dialling=False, error=None)
    monkeypatch.setattr(board_of(sandbox), "roll", lambda: late)
    assert place(ref_id="ABC123").status_code == 200
    assert http.get(LOOK_UP).status_code == 404
    assert waits == [12.5, 12.5]


def test_the_end_of_the_sandbox_cuts_lateness_short(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.chaos = Chaos(latency_probability=1, latency_seconds=300)
    start = time.monotonic()

    async def ask_and_stop() -> None:
        async with httpx.AsyncClient(base_url=sandbox.url, headers=http.headers) as client:
            asking = asyncio.create_task(client.get(LOOK_UP))
            await asyncio.sleep(0.1)
            await asyncio.to_thread(sandbox.stop)
            await asyncio.wait([asking])
            asking.exception()

    asyncio.run(ask_and_stop())
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("number", ["0900000031", "0900000032"])
def test_a_caller_that_has_gone_is_let_go(
    sandbox: Sandbox, http: httpx.Client, otp_request: dict[str, str], log: Callable[[], Any], number: str
) -> None:
    state = vars(sandbox)["_server"].server_state
    with pytest.raises(httpx.TransportError):
        http.post("/v3/autocall/otp", json=otp_request | {"phone_number": number}, timeout=0.3)
    patience = time.monotonic() + 10
    while state.tasks and time.monotonic() < patience:
        time.sleep(0.01)
    assert state.tasks == set()
    assert [level for _, level, _ in log()] == [logging.INFO], "nothing went wrong inside"
