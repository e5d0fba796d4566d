from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
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


def call(plan: Plan = calls.ANSWERED) -> PlacedCall:
    return PlacedCall(1, "call", "lead", "sip", "ABC123", START, plan, REQUEST)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def sample(name: str = "sample") -> dict[str, Any]:
    item = provider_contract().document["paths"]["/v3/autocall/log/{ref_id}/ref_id"]["get"]
    value: dict[str, Any] = item["responses"]["200"]["content"]["application/json"]["examples"][name]["value"]
    return value


@pytest.mark.parametrize("plan", ENDINGS, ids=lambda plan: f"{plan.status}-{plan.record}")
def test_every_record_looks_like_the_sample(plan: Plan) -> None:
    record, wanted = calls.record(call(plan)), sample()
    assert list(record) == list(wanted), "the same fields in the same order"
    assert {name: type(value) for name, value in record.items()} == {
        name: type(value) for name, value in wanted.items()
    }
    same = ("direction", "app", "press_key", "presskey_delay", "additional", "from_number", "recording_url")
    assert {name: record[name] for name in same} == {name: wanted[name] for name in same}
    assert list(record["additional"]) == list(wanted["additional"])


def test_a_record_counts_what_its_times_show() -> None:
    # Begun at .999 s: the times are cut to seconds, and the counts must fit what is shown.
    record = calls.record(call())
    assert (record["time_started"], record["time_ringging"]) == ("2023-03-07 10:06:53", "2023-03-07 10:06:55")
    assert (record["time_answered"], record["time_ended"]) == ("2023-03-07 10:07:00", "2023-03-07 10:07:08")
    assert (record["duration"], record["billsec"], record["status"]) == (15, 8, "answered")


@pytest.mark.parametrize(
    ("plan", "name"), [(calls.ANSWERED, "sample"), (calls.BUSY, "busy"), (calls.NO_ANSWER, "unanswered")]
)
def test_a_record_ends_as_the_contracts_example_does(plan: Plan, name: str) -> None:
    record, wanted = calls.record(call(plan)), sample(name)
    same = ("status", "cause", "sip_hangup_disposition")
    assert [record[each] for each in same] == [wanted[each] for each in same]
    times = ("time_started", "time_ringging", "time_answered", "time_ended")
    assert [bool(record[each]) for each in times] == [bool(wanted[each]) for each in times]


@given(st.floats(0, 6.999), st.sampled_from(["answer", "reject", "leave"]), st.floats(0, 100))
def test_a_decision_changes_the_future_and_not_the_past(at: float, choice: str, later: float) -> None:
    deeds = {"answer": calls.answered, "reject": calls.rejected, "leave": calls.left_unanswered}
    before, now = call(), after(at)
    decided = deeds[choice](before, now)
    endings = {"answer": "answered", "reject": "busy", "leave": "no-answered"}
    assert calls.record(decided)["status"] == endings[choice]
    assert decided.plan.ringing == min(2.0, calls.elapsed(before, now))
    assert calls.status(decided, now) == endings[choice]
    assert not calls.can_be_answered(decided, now + timedelta(seconds=later))
    with pytest.raises(calls.NotRingingError, match="call 1 is not ringing"):
        deeds[choice](decided, now)


@given(st.sampled_from(ENDINGS), st.floats(0, 60))
def test_the_next_change_is_a_change(plan: Plan, at: float) -> None:
    placed, now = call(plan), after(at)
    due = calls.next_change(placed, now)
    state = calls.status(placed, now), calls.has_record(placed, now)
    if due is None:
        assert state == (calls.status(placed, after(1e6)), calls.has_record(placed, after(1e6)))
    else:
        then = now + timedelta(seconds=due, microseconds=1)
        assert state != (calls.status(placed, then), calls.has_record(placed, then))


def test_a_late_record_stays_late_when_the_call_is_answered_by_hand() -> None:
    slow = call(replace(calls.ANSWERED, record=45.0))
    answered = calls.answered(slow, after(3))
    assert answered.plan.record == answered.plan.ended + 30
    assert calls.answered(call(replace(calls.ANSWERED, record=None)), after(3)).plan.record is None


@pytest.mark.parametrize("written", ["0332665711", "84332665711", "+84 332 665 711", "0332-665.711", "0084 332665711"])
def test_a_number_is_the_same_in_every_form(written: str) -> None:
    assert normalized(written) == "0332665711"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("0332665711", "0332***711"), ("+84332665711", "0332***711"), ("113", "***"), ("code LUAN001 x", "***")],
)
def test_a_masked_number_gives_little_away(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_what_is_no_number_stays_as_it_is() -> None:
    assert normalized("033 266") == "033 266"
    assert normalized("+1 202 555 0123") == "+12025550123"


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


def test_a_call_shows_no_code() -> None:
    assert "LUAN001" not in repr(call())


def test_the_package_imports_neither_the_sdk_nor_generated_code() -> None:
    folder = Path(calls.__file__).parent
    lines = [line for file in folder.glob("*.py") for line in file.read_text().splitlines() if "import" in line]
    ours = [line for line in lines if "autocall" in line]
    assert ours
    others = {line.strip() for line in ours if "autocall_otp.sandbox" not in line}
    assert others == {"from autocall_otp import normalize_number"}, "but the reader of a number's spellings"


def life(plan: Plan) -> list[tuple[float, str]]:
    """What a call becomes, and when, by its own account of what comes next."""
    placed, now = call(plan), START
    found = [(0.0, calls.status(placed, now))]
    while (due := calls.next_change(placed, now)) is not None:
        now += timedelta(seconds=due)
        assert calls.since(placed, now) == now
        assert calls.since(placed, now + timedelta(seconds=0.5)) == now
        found.append((calls.elapsed(placed, now), calls.status(placed, now)))
    assert calls.has_record(placed, now)
    assert not calls.has_record(placed, now - timedelta(microseconds=1))
    return found


QUEUED = (0.0, "queued")
LIVES = [
    (calls.ANSWERED, [QUEUED, (2, "ringing"), (7, "answered"), (15, "ended")]),
    (calls.HUNG_UP, [QUEUED, (2, "ringing"), (7, "answered"), (8, "ended")]),
    (calls.BUSY, [QUEUED, (3, "busy")]),
    (calls.NO_ANSWER, [QUEUED, (2, "ringing"), (27, "no-answered")]),
    (calls.NOT_AVAILABLE, [QUEUED, (4, "not-available")]),
    (calls.INVALID_NUMBER, [QUEUED, (1, "invalid-number")]),
    (calls.PHONE_BLOCK, [QUEUED, (2, "phone-block")]),
    (calls.CONGESTION, [QUEUED, (1, "congestion")]),
    (calls.VOICEMAIL, [QUEUED, (2, "ringing"), (20, "answered"), (26, "voicemail")]),
    (calls.FAILED, [QUEUED, (6, "failed")]),
]
# status, hangup cause, disposition, duration, talking seconds
RECORDS = [
    (calls.ANSWERED, "answered", "NORMAL_CLEARING", "recv_bye", 15, 8),
    (calls.HUNG_UP, "answered", "NORMAL_CLEARING", "recv_bye", 8, 1),
    (calls.BUSY, "busy", "USER_BUSY", "recv_refuse", 3, 0),
    (calls.NO_ANSWER, "no-answered", "NO_ANSWER", "send_cancel", 27, 0),
    (calls.NOT_AVAILABLE, "not-available", "NO_USER_RESPONSE", "recv_refuse", 4, 0),
    (calls.INVALID_NUMBER, "invalid-number", "UNALLOCATED_NUMBER", "recv_refuse", 1, 0),
    (calls.PHONE_BLOCK, "phone-block", "CALL_REJECTED", "recv_refuse", 2, 0),
    (calls.CONGESTION, "congestion", "NORMAL_CIRCUIT_CONGESTION", "recv_refuse", 1, 0),
    (calls.VOICEMAIL, "voicemail", "NORMAL_CLEARING", "send_bye", 26, 6),
    (calls.FAILED, "failed", "NORMAL_TEMPORARY_FAILURE", "recv_refuse", 6, 0),
]


@pytest.mark.parametrize(("plan", "wanted"), LIVES, ids=[f"{each[0].status}-{each[0].ended:g}" for each in LIVES])
def test_a_call_lives_as_its_plan_says(plan: Plan, wanted: list[tuple[float, str]]) -> None:
    assert life(plan) == wanted


@pytest.mark.parametrize(
    ("plan", "status", "cause", "disposition", "duration", "billsec"),
    RECORDS,
    ids=[f"{each[1]}-{each[4]}" for each in RECORDS],
)
def test_a_record_tells_how_it_ended(
    plan: Plan, status: str, cause: str, disposition: str, duration: int, billsec: int
) -> None:
    record = calls.record(call(plan))
    assert (record["status"], record["cause"], record["sip_hangup_disposition"]) == (status, cause, disposition)
    assert (record["duration"], record["billsec"]) == (duration, billsec)


def test_what_the_sample_leaves_empty_is_empty() -> None:
    record = calls.record(call())
    assert [name for name, value in record.items() if value == ""] == [
        name for name, value in sample().items() if value == ""
    ]
    assert record["to_number"] == "0332665711"
    assert [record[name] for name in ("id", "parent_id", "lead_uuid", "sip_call_id")] == ["call", "call", "lead", "sip"]


def test_a_call_answered_by_hand_ends_eight_seconds_later_to_the_microsecond() -> None:
    answered = calls.answered(call(), after(2.100001))
    assert (answered.plan.answered, answered.plan.ended) == (2.100001, 10.100001)
    due = calls.next_change(answered, after(3))
    assert due is not None
    assert calls.status(answered, after(3) + timedelta(seconds=due)) == "ended"
