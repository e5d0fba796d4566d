from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any

import pytest

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.chaos import Chaos
from autocall_otp.sandbox.journal import Exchange
from autocall_otp.sandbox.switchboard import Switchboard, described

NUMBER = "+84 332 665 711"
REQUEST = {"phone_number": NUMBER, "campaign_uuid": "c", "template": "t", "code_otp": "LUAN001", "ref_id": "r"}
WRONG = Exchange("GET", "/LUAN001", "/***", 404, "no such path", ok=False)


@pytest.fixture
def board() -> Switchboard:
    return Switchboard(speed=0)


def place(board: Switchboard, **fields: str) -> calls.PlacedCall:
    return board.place(REQUEST | fields)


def test_a_call_is_kept_as_it_was_asked_for(board: Switchboard) -> None:
    call = place(board)
    assert board.get(call.id) == board.latest() == call
    assert (call.id, call.ref_id, call.plan, call.request) == (1, "r", calls.ANSWERED, REQUEST)
    assert call.placed_at == board.clock.now()
    ids = {call.call_id, call.lead_uuid, call.sip_call_id, *(place(board, ref_id="").ref_id for _ in range(2))}
    assert len(ids) == 5
    assert {str(uuid.UUID(each)) for each in ids} == ids


def test_an_ordinary_number_answers_by_itself_unless_told_otherwise(board: Switchboard) -> None:
    assert (Switchboard().clock.speed, board.auto_answer) == (1.0, True)
    shy = Switchboard(auto_answer=False)
    assert place(shy).plan == calls.NO_ANSWER
    assert place(shy, phone_number="0900000001").plan == calls.ANSWERED
    assert place(board, phone_number="0900000002").plan == calls.BUSY


def test_the_log_names_calls_by_their_ids_and_masks_their_numbers(
    board: Switchboard, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "autocall_otp.sandbox"):
        place(board)
        board.take_note(WRONG)
        board.take_note(Exchange("GET", "/x", "/x", 404, "too early", ok=True))
    said = ["call 1 to 0332***711: queued", "GET /***: 404, no such path"]
    assert caplog.record_tuples == [("autocall_otp.sandbox", logging.INFO, text) for text in said]
    assert [request.path for request in board.requests()] == ["/LUAN001", "/x"]


def test_the_bell_rings_for_whatever_can_be_seen(board: Switchboard) -> None:
    deeds: list[Any] = [
        *(lambda: place(board), lambda: board.act(1, "answer"), lambda: board.advance(1), lambda: board.set_speed(2)),
        *(lambda: board.set_chaos(Chaos()), lambda: board.take_note(WRONG), lambda: board.delete([1])),
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


def test_calls_are_found_by_number_and_after_another(board: Switchboard) -> None:
    assert (board.latest(), board.get(1)) == (None, None)
    first, other, again = place(board), place(board, phone_number="0912345678"), place(board)
    assert (board.latest("0332665711"), board.latest("0912345678"), board.latest()) == (again, other, again)
    assert (board.latest("0912345678", after=first.id), board.latest("0912345678", after=other.id)) == (other, None)
    assert board.all() == [first, other, again]
    assert board.all("0332665711") == [first, again]
    assert board.all("0332665711", after=first.id) == [again]
    assert (board.rings("r"), board.rings("other")) == (3, 0)
    assert board.delete([first.id, 99]) == 1
    assert board.all() == [other, again]


@pytest.mark.parametrize("value", ["again", "", None])
def test_an_unknown_way_with_repeated_references_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="^repeated_ref_id must be one of dial, replay, refuse: "):
        Switchboard(repeated_ref_id=value)
    with pytest.raises(ValueError, match="^repeated_ref_id must be "):
        Switchboard().repeated_ref_id = value


def test_clearing_forgets_the_calls_and_resetting_everything(board: Switchboard) -> None:
    place(board)
    board.set_speed(5)
    board.auto_answer, board.repeated_ref_id = False, "refuse"
    board.take_note(WRONG)
    board.set_chaos(Chaos(error_probability=1))
    board.refuse_once("0900000429", "a")
    board.clear()
    assert (board.all(), board.clock.speed, board.roll().error in {500, 502, 503}) == ([], 5.0, True)
    board.reset()
    assert (board.clock.speed, board.chaos, board.requests()) == (0.0, Chaos(), [])
    assert (board.auto_answer, board.repeated_ref_id) == (True, "dial")
    assert board.refuse_once("0900000429", "a")
    assert place(board).id == 2


def test_the_next_change_is_told_in_real_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Switchboard(speed=10)
    now = board.clock.now()
    monkeypatch.setattr(board.clock, "now", lambda: now)
    assert board.next_change() is None
    place(board)
    assert board.next_change() == 0.2
    place(board, phone_number="0900000005")
    assert board.next_change() == 0.1, "the sooner one"
    board.set_speed(0)
    assert board.next_change() is None


def test_a_call_is_shown_with_all_that_has_happened_so_far(board: Switchboard) -> None:
    call = place(board, phone_number="0900000021")
    start = call.placed_at

    def at(seconds: float) -> str:
        return (start + timedelta(seconds=seconds)).isoformat()

    shown = described(board, call, start)
    steps = ("ringing_at", "answered_at", "ended_at", "record")
    assert shown == {
        "id": 1,
        "call_id": call.call_id,
        "ref_id": "r",
        "phone_number": "0900000021",
        "normalized_number": "0900000021",
        "code_otp": "LUAN001",
        "template": "t",
        "campaign_uuid": "c",
        "status": "queued",
        "since": at(0),
        "placed_at": at(0),
        **dict.fromkeys(steps),
        "can_be_answered": True,
        "can_be_hung_up": False,
        "rings": 1,
    }
    for seconds, status, since, known in [
        (2, "ringing", 2, [at(2), None, None]),
        (7, "answered", 7, [at(2), at(7), None]),
        (44.9, "ended", 15, [at(2), at(7), at(15)]),
    ]:
        shown = described(board, call, start + timedelta(seconds=seconds))
        assert (shown["status"], shown["since"]) == (status, at(since))
        assert [shown[step] for step in steps] == [*known, None]
        assert (shown["can_be_answered"], shown["can_be_hung_up"]) == (status == "ringing", status == "answered")
    assert described(board, call, start + timedelta(seconds=45))["record"] == calls.record(call)
