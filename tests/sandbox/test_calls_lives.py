"""The life of each kind of call, second by second, and the record that it leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.calls import PlacedCall, Plan
from autocall_otp.sandbox.clock import HANOI
from autocall_otp.sandbox.contract import provider_contract

START = datetime(2023, 3, 7, 10, 6, 53, tzinfo=HANOI)
REQUEST = {"phone_number": "0332665711", "campaign_uuid": "c", "template": "t", "code_otp": "LUAN001"}


def placed(plan: Plan) -> PlacedCall:
    return PlacedCall(1, "call", "lead", "sip", "ABC123", START, plan, REQUEST)


def life(plan: Plan) -> list[tuple[float, str]]:
    """What a call becomes, and when, by its own account of what comes next."""
    call, now = placed(plan), START
    found = [(0.0, calls.status(call, now))]
    while (due := calls.next_change(call, now)) is not None:
        now += timedelta(seconds=due)
        assert calls.since(call, now) == now
        assert calls.since(call, now + timedelta(seconds=0.5)) == now
        found.append((calls.elapsed(call, now), calls.status(call, now)))
    assert calls.has_record(call, now)
    assert not calls.has_record(call, now - timedelta(microseconds=1))
    return found


QUEUED = (0.0, "queued")
LIVES = [
    (calls.ANSWERED, [QUEUED, (2, "ringing"), (7, "answered"), (15, "ended")]),
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
    (calls.BUSY, "busy", "USER_BUSY", "recv_refuse", 3, 0),
    (calls.NO_ANSWER, "no-answered", "NO_ANSWER", "send_cancel", 27, 0),
    (calls.NOT_AVAILABLE, "not-available", "NO_USER_RESPONSE", "recv_refuse", 4, 0),
    (calls.INVALID_NUMBER, "invalid-number", "UNALLOCATED_NUMBER", "recv_refuse", 1, 0),
    (calls.PHONE_BLOCK, "phone-block", "CALL_REJECTED", "recv_refuse", 2, 0),
    (calls.CONGESTION, "congestion", "NORMAL_CIRCUIT_CONGESTION", "recv_refuse", 1, 0),
    (calls.VOICEMAIL, "voicemail", "NORMAL_CLEARING", "send_bye", 26, 6),
    (calls.FAILED, "failed", "NORMAL_TEMPORARY_FAILURE", "recv_refuse", 6, 0),
]


@pytest.mark.parametrize(("plan", "wanted"), LIVES, ids=lambda value: getattr(value, "status", ""))
def test_a_call_lives_as_its_plan_says(plan: Plan, wanted: list[tuple[float, str]]) -> None:
    assert life(plan) == wanted


@pytest.mark.parametrize(
    ("plan", "status", "cause", "disposition", "duration", "billsec"), RECORDS, ids=lambda value: str(value)[:12]
)
def test_a_record_tells_how_it_ended(
    plan: Plan, status: str, cause: str, disposition: str, duration: int, billsec: int
) -> None:
    record = calls.record(placed(plan))
    assert (record["status"], record["cause"], record["sip_hangup_disposition"]) == (status, cause, disposition)
    assert (record["duration"], record["billsec"]) == (duration, billsec)


def test_what_the_sample_leaves_empty_is_empty() -> None:
    item = provider_contract().document["paths"]["/v3/autocall/log/{ref_id}/ref_id"]["get"]
    sample = item["responses"]["200"]["content"]["application/json"]["examples"]["sample"]["value"]
    record = calls.record(placed(calls.ANSWERED))
    assert [name for name, value in record.items() if value == ""] == [
        name for name, value in sample.items() if value == ""
    ]
    assert record["to_number"] == "0332665711"
    assert record["campaign_uuid"] == "c"
    assert [record[name] for name in ("id", "parent_id", "lead_uuid", "sip_call_id")] == ["call", "call", "lead", "sip"]


def test_a_call_answered_by_hand_ends_eight_seconds_later_to_the_microsecond() -> None:
    answered = calls.answered(placed(calls.ANSWERED), START + timedelta(seconds=2.100001))
    assert (answered.plan.answered, answered.plan.ended) == (2.100001, 10.100001)
