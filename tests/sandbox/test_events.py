"""The stream of events without a server: what it sends, and what it waits for."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from autocall_otp.sandbox.chaos import Chaos
from autocall_otp.sandbox.events import TOGETHER, stream
from autocall_otp.sandbox.journal import Exchange
from autocall_otp.sandbox.switchboard import Switchboard, described

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST = {"phone_number": "0332665711", "campaign_uuid": "c", "template": "t", "code_otp": "LUAN001", "ref_id": "r"}


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

    def after(self, *deeds: Callable[[], Any]) -> list[str]:
        """What is said where each wait ends with one of these deeds, and the sandbox with the last."""

        async def listen() -> list[str]:
            return [text async for text in stream(self._board)]

        self._deeds = [*deeds, self._board.stop]
        return asyncio.run(listen())


@pytest.fixture
def board() -> Switchboard:
    return Switchboard(speed=0)


@pytest.fixture
def heard(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(board, monkeypatch)


def nothing() -> None:
    pass


def read(text: str) -> tuple[str, Any]:
    event, data, *rest = text.split("\n")
    assert rest == ["", ""]
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_it_begins_with_all_that_there_is(board: Switchboard, heard: Heard) -> None:
    call = board.place(REQUEST)
    now = board.clock.now()
    snapshot, _ = heard.after()
    wanted = {
        "now": now.isoformat(),
        "speed": 0.0,
        "chaos": False,
        "calls": [described(board, call, now)],
        "gone": [],
        "requests": [],
    }
    assert read(snapshot) == ("snapshot", wanted)


def test_a_change_tells_what_changed_and_waits_a_little_for_more(board: Switchboard, heard: Heard) -> None:
    board.place(REQUEST | {"ref_id": "other"})
    texts = heard.after(lambda: board.place(REQUEST), lambda: board.advance(2), board.clear)
    events = [read(text) for text in texts]
    assert [name for name, _ in events] == ["snapshot", "change", "change", "change", "change"]
    told = [[(call["id"], call["status"]) for call in data["calls"]] for _, data in events]
    assert told == [[(1, "queued")], [(2, "queued")], [(1, "ringing"), (2, "ringing")], [], []]
    assert [data["gone"] for _, data in events] == [[], [], [], [1, 2], []]
    assert heard.sleeps == [TOGETHER] * 4


def test_another_ring_of_the_same_reference_changes_both_calls(board: Switchboard, heard: Heard) -> None:
    board.place(REQUEST)
    texts = heard.after(lambda: board.place(REQUEST))
    assert [(call["id"], call["rings"]) for call in read(texts[1])[1]["calls"]] == [(1, 2), (2, 2)]


def test_a_request_is_told_once(board: Switchboard, heard: Heard) -> None:
    exchange = Exchange("POST", "/otp", "/otp", 404, "no such path", ok=False)
    texts = heard.after(lambda: board.take_note(exchange), lambda: board.place(REQUEST))
    told = [[request["reason"] for request in read(text)[1]["requests"]] for text in texts]
    assert told == [[], ["no such path"], [], []]


def test_chaos_is_told(board: Switchboard, heard: Heard) -> None:
    texts = heard.after(lambda: board.set_chaos(Chaos(reset_probability=0.1)))
    assert [read(text)[1]["chaos"] for text in texts] == [False, True, True]


def test_a_record_that_comes_late_is_a_change(board: Switchboard, heard: Heard) -> None:
    board.place(REQUEST | {"phone_number": "0900000021"})
    board.advance(20)
    texts = heard.after(lambda: board.clock.advance(25))
    assert [bool(call["record"]) for text in texts[:2] for call in read(text)[1]["calls"]] == [False, True]


def test_where_nothing_happens_it_says_so_each_quarter_of_a_minute(heard: Heard) -> None:
    texts = heard.after(nothing, nothing)
    assert texts[1:3] == [": still here\n\n"] * 2
    assert heard.pauses == [15.0, 15.0, 15.0]
    assert heard.sleeps == [TOGETHER], "the end alone"


def test_it_waits_for_what_the_clock_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    board, slow = Switchboard(speed=4), Switchboard(speed=0.01)
    at = board.clock.now()
    for each in (board, slow):
        monkeypatch.setattr(each.clock, "now", lambda: at)
        each.place(REQUEST)
    heard = Heard(board, monkeypatch)
    texts = heard.after(nothing)
    assert heard.pauses == [0.5, 0.5], "two seconds at four times the speed"
    assert len(texts) == 2, "woken too early, it says nothing"
    heard = Heard(slow, monkeypatch)
    assert heard.after(nothing)[1] == ": still here\n\n"
    assert heard.pauses == [15.0, 15.0]


def test_a_sandbox_that_stops_is_no_news_before_it_has_begun(board: Switchboard, heard: Heard) -> None:
    board.stop()
    assert [read(text)[0] for text in heard.after()] == ["snapshot"]
