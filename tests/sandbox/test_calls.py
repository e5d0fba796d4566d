from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.calls import PlacedCall, Plan, masked, normalized
from autocall_otp.sandbox.clock import HANOI
from autocall_otp.sandbox.contract import provider_contract
from autocall_otp.sandbox.numbers import NUMBERS

START = datetime(2023, 3, 7, 10, 6, 53, 999_000, tzinfo=HANOI)
REQUEST = {
    "phone_number": "0332665711",
    "campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e",
    "template": "otp_script_01",
    "ref_id": "ABC123",
    "code_otp": "LUAN001",
}
ENDINGS = list(dict.fromkeys(number.plan for number in NUMBERS if number.plan))
each_ending = pytest.mark.parametrize("plan", ENDINGS, ids=lambda plan: f"{plan.status}-{plan.record}")


def call(plan: Plan = calls.ANSWERED) -> PlacedCall:
    return PlacedCall(1, "call", "lead", "sip", "ABC123", START, plan, REQUEST)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@each_ending
def test_every_record_looks_like_the_sample(plan: Plan) -> None:
    item: Any = provider_contract().document["paths"]["/v3/autocall/log/{ref_id}/ref_id"]["get"]
    wanted = item["responses"]["200"]["content"]["application/json"]["examples"]["sample"]["value"]
    record = calls.record(call(plan))
    assert list(record) == list(wanted), "the same fields in the same order"
    assert [type(value) for value in record.values()] == [type(value) for value in wanted.values()]
    same = ("direction", "app", "press_key", "presskey_delay", "additional", "from_number", "recording_url")
    assert {name: record[name] for name in same} == {name: wanted[name] for name in same}
    assert [record[name] for name in ("id", "parent_id", "lead_uuid", "sip_call_id")] == ["call", "call", "lead", "sip"]
    assert (record["to_number"], record["status"], record["cause"]) == ("0332665711", plan.status, plan.cause)
    if plan == calls.ANSWERED:
        assert [name for name in wanted if record[name] == ""] == [name for name in wanted if wanted[name] == ""]
    assert "LUAN001" not in repr(call(plan))


def test_a_record_counts_what_its_times_show() -> None:
    # Begun at .999 s: the times are cut to seconds, and the counts must fit what is shown.
    record = calls.record(call())
    assert (record["time_started"], record["time_ringging"]) == ("2023-03-07 10:06:53", "2023-03-07 10:06:55")
    assert (record["time_answered"], record["time_ended"]) == ("2023-03-07 10:07:00", "2023-03-07 10:07:08")
    assert (record["duration"], record["billsec"], record["status"]) == (15, 8, "answered")


@each_ending
def test_a_call_lives_as_its_plan_says(plan: Plan) -> None:
    placed, now = call(plan), START
    found = [(0.0, calls.status(placed, now))]
    while (due := calls.next_change(placed, now)) is not None:
        now += timedelta(seconds=due)
        found.append((calls.elapsed(placed, now), calls.status(placed, now)))
        if found[-1][1] != found[-2][1]:
            assert calls.since(placed, now) == calls.since(placed, now + timedelta(seconds=0.5)) == now
    end = "ended" if plan.status == "answered" else plan.status
    steps = [(plan.ringing, "ringing"), (plan.answered, "answered"), (plan.ended, end), (plan.record, end)]
    assert dict(found) == {0.0: "queued"} | {at: status for at, status in steps if at is not None}
    if plan.record is not None:
        assert calls.has_record(placed, now)
        assert not calls.has_record(placed, now - timedelta(microseconds=1))


@given(st.floats(0, 6.999), st.sampled_from(["answer", "reject", "leave"]), st.floats(0, 100))
def test_a_decision_changes_the_future_and_not_the_past(at: float, choice: str, later: float) -> None:
    deeds = {"answer": calls.answered, "reject": calls.rejected, "leave": calls.left_unanswered}
    before, now = call(), after(at)
    decided = deeds[choice](before, now)
    endings = {"answer": "answered", "reject": "busy", "leave": "no-answered"}
    assert calls.record(decided)["status"] == calls.status(decided, now) == endings[choice]
    assert decided.plan.ringing == min(2.0, calls.elapsed(before, now))
    assert not calls.can_be_answered(decided, now + timedelta(seconds=later))
    with pytest.raises(calls.NotRingingError, match="call 1 is not ringing"):
        deeds[choice](decided, now)


def test_a_call_answered_by_hand_ends_eight_seconds_later_and_a_late_record_stays_late() -> None:
    answered = calls.answered(call(), after(2.100001))
    assert (answered.plan.answered, answered.plan.ended) == (2.100001, 10.100001)
    due = calls.next_change(answered, after(3))
    assert due is not None
    assert calls.status(answered, after(3) + timedelta(seconds=due)) == "ended"
    late = calls.answered(call(replace(calls.ANSWERED, record=45.0)), after(3))
    assert late.plan.record == late.plan.ended + 30
    assert calls.answered(call(replace(calls.ANSWERED, record=None)), after(3)).plan.record is None


def test_a_talk_is_hung_up_at_this_moment_and_only_once() -> None:
    talking = call(calls.VOICEMAIL)
    with pytest.raises(calls.NotTalkingError, match=r"^call 1 cannot be hung up: its status is ringing$"):
        calls.hung_up(talking, after(3))
    ended = calls.hung_up(talking, after(21))
    assert (calls.status(ended, after(21)), calls.has_record(ended, after(21))) == ("voicemail", True)
    record = calls.record(ended)
    assert (record["billsec"], record["sip_hangup_disposition"], record["cause"]) == (1, "recv_bye", "NORMAL_CLEARING")
    with pytest.raises(calls.NotTalkingError):
        calls.hung_up(ended, after(22))


@pytest.mark.parametrize(
    ("written", "plain", "shown"),
    [
        ("84332665711", "0332665711", "0332***711"),
        ("+84 332-665.711", "0332665711", "0332***711"),
        ("0084332665711", "0332665711", "0332***711"),
        ("033 266", "033 266", "***"),
        ("+1 202 555 0123", "+12025550123", "+120***123"),
        ("code LUAN001 x", "code LUAN001 x", "***"),
    ],
)
def test_a_number_is_the_same_in_every_form_and_gives_little_away(written: str, plain: str, shown: str) -> None:
    assert (normalized(written), masked(written)) == (plain, shown)
