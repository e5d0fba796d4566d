import json
import pickle
import re
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from support.page import payload

from autocall_otp import CallStatus, Cdr, OtpCall, Outcome, Payload, Retry
from autocall_otp._config import VIETNAM
from autocall_otp._operations import read_cdr

RECORD = payload("get_cdr.answer")


def record(**changes: Any) -> Cdr:
    return read_cdr(RECORD | changes, VIETNAM)


def test_the_page_s_record_is_read() -> None:
    found = record()
    assert found.status is CallStatus.ANSWERED
    assert (found.duration, found.billsec, found.presskey_delay) == (6, 1, 0)
    assert found.time_answered == datetime(2023, 3, 7, 3, 6, 58, tzinfo=UTC)
    assert (found.answered, found.finished) == (True, True)
    assert found.press_key == {}
    assert found.additional == RECORD["additional"]


@pytest.mark.parametrize("name", [name for name in RECORD if name != "additional"])
@pytest.mark.parametrize("value", [None, "", [], {}, 7.5, True, "\x00", ["x"]], ids=repr)
def test_a_field_of_the_wrong_kind_never_raises(name: str, value: object) -> None:
    found = record(**{name: value})
    assert found.raw[name] == value
    ours = "time_ringing" if name == "time_ringging" else name
    assert getattr(found, ours) in {None, "\x00"} or name == "press_key"


@pytest.mark.parametrize("name", RECORD)
def test_a_missing_field_is_none(name: str) -> None:
    found = read_cdr({key: value for key, value in RECORD.items() if key != name}, VIETNAM)
    assert getattr(found, "time_ringing" if name == "time_ringging" else name) is None
    assert name not in found.raw


@pytest.mark.parametrize("value", ["text", [1], 7, None, [["campaign_uuid", 1]]])
def test_an_echo_of_the_wrong_kind_never_raises(value: object) -> None:
    assert record(additional=value).additional is None
    assert record(additional=value).raw["additional"] == value


def test_an_unknown_field_stays_reachable() -> None:
    assert record(brand_new=[1, {"a": 2}]).raw["brand_new"] == [1, {"a": 2}]


@pytest.mark.parametrize(
    ("value", "status"),
    [("answered", CallStatus.ANSWERED), ("ANSWERED", CallStatus.ANSWERED), ("No-Answered", CallStatus.NO_ANSWERED)],
)
def test_a_known_status_is_a_constant_in_either_case(value: str, status: CallStatus) -> None:
    assert record(status=value).status is status


def test_an_unknown_status_is_kept_as_text() -> None:
    found = record(status="Transferred")
    assert found.status == "Transferred"
    assert not isinstance(found.status, CallStatus)
    assert found.answered is False


@pytest.mark.parametrize(
    ("changes", "finished"),
    [
        ({}, True),
        ({"time_ended": ""}, True),
        ({"status": "ringing"}, True),
        ({"status": "ringing", "time_ended": ""}, False),
        ({"status": "", "time_ended": ""}, False),
    ],
)
def test_a_call_is_over_when_it_has_an_end_or_an_ending(changes: dict[str, str], *, finished: bool) -> None:
    assert record(**changes).finished is finished


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-03-07 10:06:53", datetime(2023, 3, 7, 3, 6, 53, tzinfo=UTC)),
        ("2023-03-07T10:06:53+07:00", datetime(2023, 3, 7, 3, 6, 53, tzinfo=UTC)),
        ("2023-03-07T03:06:53Z", datetime(2023, 3, 7, 3, 6, 53, tzinfo=UTC)),
        ("2023-03-07", None),
        ("2023-W10-2", None),
        ("0000-00-00 00:00:00", None),
        ("9999-12-31 23:59:59-12:00", None),
        ("1678158413", None),
    ],
)
def test_times(text: str, moment: datetime | None) -> None:
    found = record(time_started=text).time_started
    assert found == moment
    assert found is None or found.tzinfo is VIETNAM


@pytest.mark.parametrize(
    ("value", "seconds"), [(6, 6), ("6", 6), (6.0, 6), (6.5, None), ("six", None), (True, None)], ids=repr
)
def test_seconds(value: object, seconds: int | None) -> None:
    assert record(duration=value).duration == seconds


@pytest.mark.parametrize(
    ("value", "keys"), [('{"1":2}', {"1": 2}), ("{}", {}), ({"1": 2}, {"1": 2}), ("[]", None), ("{", None), ("", None)]
)
def test_pressed_keys_are_decoded(value: object, keys: object) -> None:
    assert record(press_key=value).press_key == keys


def test_what_came_is_read_only_and_whole() -> None:
    raw = record(extra=[1]).raw
    with pytest.raises(TypeError):
        raw["id"] = "other"  # type: ignore[index] # not supported, as it should be
    raw["extra"].append(2)
    raw["additional"].to_dict()["code_otp"] = "other"
    assert raw == RECORD | {"extra": [1]}
    assert json.loads(json.dumps(raw.to_dict())) == RECORD | {"extra": [1]}
    assert list(raw) == [*RECORD, "extra"]


def test_a_repr_shows_no_secret() -> None:
    found = record(note="LUAN001 0332665711", fullname="Nguyễn Văn A")
    for shown in (repr(found), str(found), repr(found.raw), repr(found.additional), f"{found.raw}"):
        assert "0332665711" not in shown
        assert "LUAN001" not in shown
        assert "Nguyễn" not in shown
    assert "0332***711" in repr(found)


def test_a_pickle_holds_no_secret_and_keeps_the_rest() -> None:
    found = record(note="said LUAN001 to 0332665711", list=["LUAN001"])
    packed = pickle.dumps(found)
    assert b"LUAN001" not in packed
    assert b"0332665711" not in packed
    twin = pickle.loads(packed)  # noqa: S301 - our own bytes
    assert (twin.id, twin.status, twin.time_started, twin.duration) == (
        found.id, found.status, found.time_started, found.duration,
    )  # fmt: skip
    assert (twin.to_number, twin.note) == ("0332***711", "said *** to 0332***711")
    assert twin.raw["list"] == ["***"]
    assert twin.answered


def test_results_evolve_compare_and_match() -> None:
    found = record()
    assert attrs.evolve(found, note="seen").note == "seen"
    assert found == record()
    assert found != record(duration=7)
    assert isinstance(hash(found), int)
    match found:
        case Cdr(status=CallStatus.ANSWERED, duration=seconds):
            assert seconds == 6
        case _:
            pytest.fail("no match")


def test_a_call_is_a_placed_call() -> None:
    call = OtpCall(call_id="c", ref_id="r", message="success", raw=Payload({"call_id": "c"}))
    assert call.outcome is Outcome.PLACED
    assert pickle.loads(pickle.dumps(call)) == call  # noqa: S301 - our own bytes
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        call.ref_id = "other"  # type: ignore[misc] # frozen, as it should be


def test_every_ending_that_the_provider_lists_has_a_constant() -> None:
    assert {status.name: status.value for status in CallStatus} == {
        "ANSWERED": "answered",
        "BUSY": "busy",
        "FAILED": "failed",
        "NO_ANSWERED": "no-answered",
        "NOT_AVAILABLE": "not-available",
        "VOICEMAIL": "voicemail",
        "INVALID_NUMBER": "invalid-number",
        "PHONE_BLOCK": "phone-block",
        "CONGESTION": "congestion",
    }


def test_nothing_is_made_up_for_what_did_not_come() -> None:
    empty = Cdr()
    assert {name: getattr(empty, name) for name in attrs.fields_dict(Cdr) if name != "raw"} == dict.fromkeys(
        name for name in attrs.fields_dict(Cdr) if name != "raw"
    )
    assert (empty.raw, empty.answered, empty.finished) == ({}, False, False)
    call = OtpCall(call_id="c", ref_id="r")
    assert (call.lead_uuid, call.message, call.raw) == (None, None, {})


def test_a_repr_shows_what_helps_and_nothing_personal() -> None:
    found = read_cdr({name: f"<{name}>" for name in RECORD} | {"to_number": "0332665711"}, VIETNAM)
    shown = re.findall(r"(\w+)='?<\1>", repr(found))
    assert shown == ["id", "cause", "status", "sip_hangup_disposition"]
    assert "to_number='0332***711'" in repr(found)
    assert re.findall(r"(\w+)=", repr(Cdr())) == [
        "id", "cause", "duration", "from_number", "to_number", "time_started", "time_answered", "time_ended",
        "time_ringing", "status", "billsec", "sip_hangup_disposition",
    ]  # fmt: skip
    moments = re.findall(r"(time_\w+)=2023-03-07 10:\d\d:\d\d\+07:00", repr(record()))
    assert moments == ["time_started", "time_answered", "time_ended", "time_ringing"]
    assert repr(OtpCall(call_id="c", lead_uuid="l", message="m", ref_id="r", raw=Payload({"x": 1}))) == (
        "OtpCall(call_id='c', lead_uuid='l', ref_id='r')"
    )


def test_a_result_as_plain_values() -> None:
    values = record().to_dict()
    assert list(values) == [*(name for name in attrs.fields_dict(Cdr) if name != "raw"), "answered", "finished"]
    assert (values["time_started"], values["status"], values["duration"]) == (
        "2023-03-07T10:06:53+07:00",
        "answered",
        6,
    )
    assert (values["answered"], values["finished"]) == (True, True)
    assert values["additional"] == RECORD["additional"]
    assert type(values["status"]) is str
    call = OtpCall(call_id="c", ref_id="r", message="to 0332665711")
    assert call.to_dict() == {
        "call_id": "c", "lead_uuid": None, "message": "to 0332665711", "ref_id": "r", "outcome": "PLACED",
    }  # fmt: skip
    assert call.to_dict(masked=True)["message"] == "to 0332***711"


def test_plain_values_for_a_log_are_masked() -> None:
    values = record(note="LUAN001", from_number="1900 1234", to_number="0332665711").to_dict(masked=True)
    assert (values["note"], values["from_number"], values["to_number"]) == ("***", "1900***234", "0332***711")
    assert values["additional"]["code_otp"] == "***"
    # A short number is known by its field alone.
    short = Cdr(from_number="19001234", to_number="19005678").to_dict(masked=True)
    assert (short["from_number"], short["to_number"]) == ("1900***234", "1900***678")
    unknown = record(from_number="", to_number=None).to_dict(masked=True)
    assert (unknown["from_number"], unknown["to_number"]) == (None, None)


def test_the_usual_rule_for_retries() -> None:
    rule = Retry()
    assert (rule.attempts, rule.base, rule.cap, rule.unknown_outcome) == (3, 0.5, 8.0, False)
    assert attrs.evolve(Retry.none(), attempts=3) == rule
    least = Retry(attempts=1, base=0, cap=0)
    assert (least.attempts, least.base, least.cap) == (1, 0, 0)


@pytest.mark.parametrize("value", [-0.1, True, "1", None, float("nan")], ids=repr)
@pytest.mark.parametrize("name", ["base", "cap"])
def test_the_bounds_of_a_pause_are_numbers(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}: must be a number of at least 0$"):
        Retry(**{name: value})


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (True, ValueError), (1.0, TypeError), ("1", TypeError)])
def test_attempts_are_counted(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="attempts"):
        Retry(attempts=value)
