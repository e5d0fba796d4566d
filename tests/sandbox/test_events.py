"""The stream of events without a server: what it sends, and what it waits for."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.conftest import REQUEST

from autocall_otp.sandbox.chaos import Chaos
from autocall_otp.sandbox.events import TOGETHER, stream
from autocall_otp.sandbox.journal import Exchange
from autocall_otp.sandbox.switchboard import Switchboard, described

if TYPE_CHECKING:
    from collections.abc import Callable


def heard(board: Switchboard, *deeds: Callable[[], Any]) -> tuple[list[Any], list[float | None], list[float]]:
    """What is said where each wait ends with one of these deeds, the last with the sandbox; the waits, the pauses."""
    waits: list[float | None] = []
    pauses: list[float] = []
    left = iter([*deeds, board.stop])

    async def listen(_known: int, wait: float | None) -> int:
        waits.append(wait)
        next(left)()
        return board.bell.count

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def said() -> list[Any]:
        return [read(text) async for text in stream(board)]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(board.bell, "listen", listen)
        # Of this module alone: servers of other tests may run in this process.
        patched.setattr("autocall_otp.sandbox.events.asyncio", SimpleNamespace(sleep=sleep))
        return asyncio.run(said()), waits, pauses


def read(text: str) -> Any:
    """The event's name and data, or a comment as it is."""
    if text.startswith(":"):
        return text
    event, data, *rest = text.split("\n")
    assert rest == ["", ""]
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_it_begins_with_all_that_there_is_even_where_the_sandbox_stops(board: Switchboard) -> None:
    call = board.place(REQUEST)
    now = board.clock.now()
    wanted = {"now": now.isoformat(), "speed": 0.0, "chaos": False, "gone": [], "requests": []}
    wanted["calls"] = [described(board, call, now)]
    board.stop()
    assert heard(board)[0] == [("snapshot", wanted)]


def test_a_change_tells_what_changed_and_waits_a_little_for_more(board: Switchboard) -> None:
    board.place(REQUEST | {"ref_id": "other"})
    events, _, pauses = heard(board, lambda: board.place(REQUEST), lambda: board.advance(2), board.clear)
    assert [name for name, _ in events] == ["snapshot", "change", "change", "change", "change"]
    told = [[(call["id"], call["status"]) for call in data["calls"]] for _, data in events]
    assert told == [[(1, "queued")], [(2, "queued")], [(1, "ringing"), (2, "ringing")], [], []]
    assert [data["gone"] for _, data in events] == [[], [], [], [1, 2], []]
    assert pauses == [TOGETHER] * 4


def test_another_ring_a_late_record_a_request_and_chaos_are_told_once(board: Switchboard) -> None:
    board.place(REQUEST | {"phone_number": "0900000021"})
    board.advance(20)
    wrong = Exchange("POST", "/otp", "/otp", 404, "no such path", ok=False)
    (_, ring, late, request, chaos, _), _, _ = heard(
        board,
        lambda: board.place(REQUEST),
        lambda: board.clock.advance(25),
        lambda: board.take_note(wrong),
        lambda: board.set_chaos(Chaos(reset_probability=0.1)),
    )
    assert [(call["id"], call["rings"]) for call in ring[1]["calls"]] == [(1, 2), (2, 2)]
    assert [(call["id"], bool(call["record"])) for call in late[1]["calls"]] == [(1, True), (2, True)]
    reasons = [[each["reason"] for each in data["requests"]] for _, data in (late, request, chaos)]
    assert reasons == [[], ["no such path"], []]
    assert (request[1]["chaos"], chaos[1]["chaos"]) == (False, True)


@pytest.mark.parametrize(("speed", "wait"), [(4, 0.25), (0.01, 15.0), (0, 15.0)])
def test_it_waits_for_what_the_clock_brings_and_speaks_each_quarter_of_a_minute(
    monkeypatch: pytest.MonkeyPatch, speed: float, wait: float
) -> None:
    board = Switchboard(speed=speed)
    at = board.clock.now()
    monkeypatch.setattr(board.clock, "now", lambda: at)
    board.place(REQUEST)
    board.place(REQUEST | {"phone_number": "0900000005"})
    said, waits, pauses = heard(board, lambda: None, lambda: None)
    assert said[1:-1] == ([": still here\n\n"] * 2 if wait == 15 else []), "woken too early, it says nothing"
    assert waits == [wait] * 3, "the second call ends in a second"
    assert pauses == [TOGETHER], "the end alone"
