"""What the testing API says where it says no, and how its streams and long polls are sent."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from autocall_otp.sandbox.clock import HANOI, Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from autocall_otp.sandbox import Sandbox

    Place = Callable[..., httpx.Response]

HEADER = {"X-Autocall-Sandbox": "test"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sandbox/calls/9"), ("GET", "/sandbox/calls/latest")]
    + [("POST", f"/sandbox/calls/9/{action}") for action in ("answer", "reject", "leave-unanswered")],
)
def test_a_call_that_is_not_there_is_not_found(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path, headers=HEADER)
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


def test_calls_after_one_leave_it_out(http: httpx.Client, place: Place) -> None:
    for _ in range(3):
        place()
    listed: list[dict[str, Any]] = http.get("/sandbox/calls?after=2").json()["calls"]
    assert [call["id"] for call in listed] == [3]


def test_a_long_poll_waits_to_its_last_second(http: httpx.Client, place: Place) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(http.get, "/sandbox/calls/wait?timeout=0.9")
        time.sleep(0.1)
        place(code_otp="NEW")
        answer = waiting.result(20)
    assert (answer.status_code, answer.json()["code_otp"]) == (200, "NEW")


def test_a_long_poll_for_one_number_is_not_ended_by_another(http: httpx.Client, place: Place) -> None:
    place("0912345678")
    query = {"phone_number": "0332665711", "timeout": "0"}
    assert http.get("/sandbox/calls/wait", params=query).status_code == 204
    place("+84332665711")
    assert http.get("/sandbox/calls/wait", params=query).json()["id"] == 2
    assert http.get("/sandbox/calls/wait", params=query | {"after": "2"}).status_code == 204


def test_a_stream_is_kept_by_nobody(http: httpx.Client) -> None:
    with http.stream("GET", "/sandbox/events") as answer:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_the_clock_cannot_leave_the_calendar(sandbox: Sandbox, http: httpx.Client) -> None:
    vars(sandbox)["_board"].clock = Clock(speed=0, start=datetime(9999, 12, 31, tzinfo=HANOI))
    answer = http.post("/sandbox/clock", json={"advance": 86_400})
    assert (answer.status_code, answer.json()) == (400, {"error": "date value out of range"})


def test_the_longest_step_and_the_top_speed_are_taken(http: httpx.Client) -> None:
    for body in ({"advance": 31_622_400}, {"advance": 0, "speed": 0}, {"speed": 1_000_000}):
        assert http.post("/sandbox/clock", json=body).status_code == 200


def test_the_settings_tell_of_the_calls(http: httpx.Client, place: Place) -> None:
    place()
    info = http.get("/sandbox/info").json()
    now = info.pop("now")
    assert info == {"token": "sandbox", "auto_answer": True, "calls": 1, "speed": 0.0}
    assert now == http.get("/sandbox/clock").json()["now"]
