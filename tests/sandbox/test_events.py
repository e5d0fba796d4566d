"""The stream of events without a server: what it sends, and what it waits for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from sandbox.conftest import REQUEST

from autocall_otp.sandbox.chaos import Chaos
from autocall_otp.sandbox.events import TOGETHER, stream
from autocall_otp.sandbox.journal import Exchange
from autocall_otp.sandbox.switchboard import Switchboard, described


class Heard:
    """The stream of a switchboard whose listeners are woken by the test: what it says, and how long it would wait."""

    def __init__(self, board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pauses: list[float | None] = []
        self.sleeps: list[float] = []
        self._board = board
        self._deeds: list[Callable[[], Any]] = []
        monkeypatch.setattr(board.bell, "listen", self._listen)
        monkeypatch.setattr(asyncio, "sleep", self._sleep)

    async def _listen(self, _known: int, pause: float | None) -> int:
        self.pauses.append(pause)
        self._deeds.pop(0)()
        return self._board.bell.count

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)

    def after(self, *deeds: Callable[[], Any]) -> list[Any]:
        """What is said where each wait ends with one of these deeds, and the sandbox with the last."""

        async def listen() -> list[str]:
            return [text async for text in stream(self._board)]

        self._deeds = [*deeds, self._board.stop]
        return [read(text) for text in asyncio.run(listen())]


def read(text: str) -> Any:
    """The event's name and data, or a comment as it is."""
    if text.startswith(":"):
        return text
    event, data, *rest = text.split("\n")
    assert rest == ["", ""]
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@pytest.fixture
def heard(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(board, monkeypatch)


def nothing() -> None:
    pass


def test_it_begins_with_all_that_there_is_even_where_the_sandbox_stops(board: Switchboard, heard: Heard) -> None:
    call = board.place(REQUEST)
    now = board.clock.now()
    wanted = {"now": now.isoformat(), "speed": 0.0, "chaos": False, "gone": [], "requests": []}
    wanted["calls"] = [described(board, call, now)]
    board.stop()
    assert heard.after() == [("snapshot", wanted)]


def test_a_change_tells_what_changed_and_waits_a_little_for_more(board: Switchboard, heard: Heard) -> None:
    board.place(REQUEST | {"ref_id": "other"})
    events = heard.after(lambda: board.place(REQUEST), lambda: board.advance(2), board.clear)
    assert [name for name, _ in events] == ["snapshot", "change", "change", "change", "change"]
    told = [[(call["id"], call["status"]) for call in data["calls"]] for _, data in events]
    assert told == [[(1, "queued")], [(2, "queued")], [(1, "ringing"), (2, "ringing")], [], []]
    assert [data["gone"] for _, data in events] == [[], [], [], [1, 2], []]
    assert heard.sleeps == [TOGETHER] * 4


def test_another_ring_a_late_record_a_request_and_chaos_are_told_once(board: Switchboard, heard: Heard) -> None:
    board.place(REQUEST | {"phone_number": "0900000021"})
    board.advance(20)
    wrong = Exchange("POST", "/otp", "/otp", 404, "no such path", ok=False)
    _, ring, late, request, chaos, _ = heard.after(
        lambda: board.place(REQUEST),
        lambda: board.clock.advance(25),
        lambda: board.take_note(wrong),
        lambda: board.set_chaos(Chaos(reset_probability=0.1)),
    )
    assert [(call["id"], call["rings"]) for call in ring[1]["calls"]] == [(1, 2), (2, 2)]
    assert [(call["id"], bool(call["record"])) for call in late[1]["calls"]] == [(1, True), (2, True)]
    assert [[each["reason"] for each in data["requests"]] for _, data in (late, request, chaos)] == [
        *([], ["no such path"], []),
    ]
    assert (request[1]["chaos"], chaos[1]["chaos"]) == (False, True)


def test_where_nothing_happens_it_says_so_each_quarter_of_a_minute(heard: Heard) -> None:
    assert heard.after(nothing, nothing)[1:3] == [": still here\n\n"] * 2
    assert heard.pauses == [15.0, 15.0, 15.0]
    assert heard.sleeps == [TOGETHER], "the end alone"


@pytest.mark.parametrize(
    ("speed", "pause", "said"),
    [(4, 0.25, []), (0.01, 15.0, [": still here\n\n"]), (0, 15.0, [": still here\n\n"])],
)
def test_it_waits_for_what_the_clock_brings(
    monkeypatch: pytest.MonkeyPatch, speed: float, pause: float, said: list[str]
) -> None:
    board = Switchboard(speed=speed)
    at = board.clock.now()
    monkeypatch.setattr(board.clock, "now", lambda: at)
    board.place(REQUEST)
    board.place(REQUEST | {"phone_number": "0900000005"})
    heard = Heard(board, monkeypatch)
    assert heard.after(nothing)[1:-1] == said, "woken too early, it says nothing"
    assert heard.pauses == [pause, pause], "the second call ends in a second"
