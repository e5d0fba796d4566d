from __future__ import annotations

from typing import Any

import pytest
from sandbox.conftest import REQUEST

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.chaos import Chaos
from autocall_otp.sandbox.journal import Exchange
from autocall_otp.sandbox.switchboard import Switchboard, described


def test_the_bell_rings_for_whatever_can_be_seen(board: Switchboard) -> None:
    wrong = Exchange("GET", "/LUAN001", "/***", 404, "no such path", ok=False)
    deeds: list[Any] = [
        *(
            lambda: board.place(REQUEST),
            lambda: board.act(1, "answer"),
            lambda: board.advance(1),
            lambda: board.set_speed(2),
        ),
        *(lambda: board.set_chaos(Chaos()), lambda: board.take_note(wrong), lambda: board.delete([1])),
        *(board.clear_requests, board.clear, board.reset, board.stop),
    ]
    for count, deed in enumerate(deeds, 1):
        assert not board.stopping
        deed()
        assert board.bell.count == count
    assert board.stopping


def test_a_number_and_a_reference_are_refused_once_and_a_thousand_refusals_remembered(board: Switchboard) -> None:
    for number in range(1000):
        assert board.refuse_once("0900000429", f"r{number}")
    assert not board.refuse_once("+84900000429", "r0"), "the second time, in another form"
    assert board.refuse_once("0332665711", "r0"), "another number"
    assert board.refuse_once("0900000429", "one too many")
    assert not board.refuse_once("0900000429", "r2"), "still there"
    assert board.refuse_once("0900000429", "r1"), "the oldest one went"


@pytest.mark.parametrize("value", ["again", "", None])
def test_an_unknown_way_with_repeated_references_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="^repeated_ref_id must be one of dial, replay, refuse: "):
        Switchboard(repeated_ref_id=value)
    with pytest.raises(ValueError, match="^repeated_ref_id must be "):
        Switchboard().repeated_ref_id = value


def test_a_call_is_shown_with_all_that_has_happened_so_far(board: Switchboard) -> None:
    call = board.place(REQUEST | {"phone_number": "+84900000021"})

    def at(seconds: float | None) -> str | None:
        return None if seconds is None else calls.moment(call, seconds).isoformat()

    for seconds, status, since, ringing, answered, ended in (
        (0, "queued", 0, None, None, None),
        (2, "ringing", 2, 2, None, None),
        (7, "answered", 7, 2, 7, None),
        (44.9, "ended", 15, 2, 7, 15),
        (45, "ended", 15, 2, 7, 15),
    ):
        assert described(board, call, calls.moment(call, seconds)) == call.request | {
            "id": 1,
            "call_id": call.call_id,
            "normalized_number": "0900000021",
            "status": status,
            "since": at(since),
            "placed_at": at(0),
            "ringing_at": at(ringing),
            "answered_at": at(answered),
            "ended_at": at(ended),
            "can_be_answered": status in {"queued", "ringing"},
            "can_be_hung_up": status == "answered",
            "rings": 1,
            "record": calls.record(call) if seconds == 45 else None,
        }
