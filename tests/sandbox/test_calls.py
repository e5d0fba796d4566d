from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.calls import PlacedCall, Plan, domestic, masked
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


def test_an_ordinary_call_rings_is_answered_and_ends() -> None:
    seen = [calls.status(call(), after(second)) for second in (0, 1.999, 2, 6.999, 7, 14.999, 15, 1e6)]
    assert seen == ["queued", "queued", "ringing", "ringing", "answered", "answered", "ended", "ended"]


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


def test_a_busy_call_never_rang_and_nobody_talked() -> None:
    record = calls.record(call(calls.BUSY))
    assert (record["time_ringging"], record["time_answered"], record["billsec"]) == ("", "", 0)
    assert (record["cause"], record["sip_hangup_disposition"]) == ("USER_BUSY", "recv_refuse")


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


def test_an_answered_call_ends_exactly_when_its_time_has_come() -> None:
    answered = calls.answered(call(), after(2.1))
    due = calls.next_change(answered, after(2.1))
    assert due is not None
    assert calls.status(answered, after(2.1) + timedelta(seconds=due)) == "ended"


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


@pytest.mark.parametrize(
    "written", ["0332665711", "+84332665711", "84332665711", "+84 332 665 711", "0332-665.711", "(+84) 0332 665 711"]
)
def test_a_number_is_the_same_in_every_form(written: str) -> None:
    assert domestic(written) == "0332665711"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("0332665711", "0332***711"), ("+84332665711", "0332***711"), ("113", "***"), ("code LUAN001 x", "***")],
)
def test_a_masked_number_gives_little_away(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_a_call_shows_no_code() -> None:
    assert "LUAN001" not in repr(call())


def test_the_package_imports_neither_the_sdk_nor_generated_code() -> None:
    folder = Path(calls.__file__).parent
    lines = [line for file in folder.glob("*.py") for line in file.read_text().splitlines() if "import" in line]
    ours = [line for line in lines if "autocall" in line]
    assert ours
    assert [line for line in ours if "autocall_otp.sandbox" not in line] == []


def test_the_testing_api_document_is_yaml_without_surprises() -> None:
    text = Path(calls.__file__).with_name("sandbox-openapi.yaml").read_text()
    assert yaml.safe_load(text)["openapi"] == "3.1.0"
