"""What callers get: whole for them, masked for everybody else."""

import copy
import json
import math
import pickle
import re
from datetime import datetime
from typing import Any

import attrs
import pytest
from support.flows import CODE, NUMBER
from support.page import payload

from autocall_otp import CallStatus, Cdr, OtpCall, Outcome, Payload, Retry
from autocall_otp._config import VIETNAM
from autocall_otp._operations.record import read_cdr
from autocall_otp._redact import Secrets

RECORD = payload("get_cdr.answer")
MASKED = "0332***711"


def record(**changes: Any) -> Cdr:
    return read_cdr(RECORD | changes, VIETNAM)


def placed(**changes: Any) -> OtpCall:
    secrets = Secrets(codes=[CODE], numbers=[NUMBER])
    given = {"call_id": "c1", "ref_id": "R1", "phone_number": NUMBER, "raw": Payload({"call_id": "c1"}, secrets)}
    return OtpCall(**(given | changes))


def pickled(result: Any) -> Any:
    return pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes


def exits(result: Cdr | OtpCall) -> str:
    """Everything that leaves a program without being asked for: repr, str, pickle, JSON for a log."""
    twin = pickled(result)
    shown = (result, repr(result.raw), twin.to_dict(), twin.raw.to_dict(), result.to_dict(masked=True))
    return pickle.dumps(result).decode("latin-1") + "".join(map(str, shown))


@pytest.mark.parametrize("name", [name for name in RECORD if isinstance(RECORD[name], str) and "time" not in name])
def test_no_text_of_a_record_shows_a_secret(name: str) -> None:
    said = json.dumps({"code_otp": CODE, "x": [f"+84{NUMBER[1:]} heard {CODE.lower()}:{NUMBER[1:]}"]})
    found = record(**{name: said})
    assert not re.search(rf"{CODE}|{NUMBER[1:]}", exits(found), re.IGNORECASE)
    assert found.raw[name] == said, "the caller gets what came"


@pytest.mark.parametrize("name", ["call_id", "lead_uuid", "message", "ref_id"])
def test_no_text_of_a_call_shows_a_secret(name: str) -> None:
    said = f"for {CODE} and +84 {NUMBER[1:]}"
    found = placed(**{name: said})
    assert not re.search(rf"{CODE}|{NUMBER[1:]}", exits(found))
    assert getattr(found, name) == said


def test_a_result_that_was_made_by_hand_knows_its_number() -> None:
    call = OtpCall(call_id="c1", ref_id=f"for-{NUMBER}", phone_number=f"+84{NUMBER[1:]}", message=NUMBER[1:])
    assert NUMBER[1:] not in exits(call) + exits(Cdr(id="c1", to_number=NUMBER, cause=NUMBER[1:]))


def test_secrets_of_a_record_in_other_forms_are_masked_too() -> None:
    echo = {"code_otp": 123456, "phone_number": 84332665711}
    for additional in (echo, json.dumps(echo), json.dumps({"more": json.dumps(echo)})):
        found = record(additional=additional, to_number=84332665711, press_key='{"123456": "123456"}', note="123456")
        assert not re.search("123456|332665711", exits(found))
        assert not re.search("123456|332665711", f"{found.press_key!r}{pickle.dumps(found.press_key)!r}")


def test_a_repr_shows_what_helps_and_nothing_personal() -> None:
    found = read_cdr({name: f"<{name}>" for name in RECORD} | {"to_number": NUMBER}, VIETNAM)
    assert re.findall(r"(\w+)='?<\1>", repr(found)) == ["id", "cause", "status", "sip_hangup_disposition"]
    assert f"to_number='{MASKED}'" in repr(found)
    moments = re.findall(r"(time_\w+)=2023-03-07 10:\d\d:\d\d\+07:00", repr(record()))
    assert moments == ["time_started", "time_answered", "time_ended", "time_ringing"]
    assert repr(placed(lead_uuid="l", message="m")) == (
        f"OtpCall(call_id='c1', lead_uuid='l', ref_id='R1', phone_number='{MASKED}')"
    )


def test_a_pickle_keeps_what_is_no_secret() -> None:
    found = record(note=f"said {CODE} to {NUMBER}", list=[CODE])
    twin = pickled(found)
    assert (twin.to_number, twin.note, twin.raw["list"]) == (MASKED, f"said *** to {MASKED}", ["***"])
    apart = {"to_number", "from_number", "note", "additional", "raw"}
    names = attrs.fields_dict(Cdr).keys() - apart
    assert {name: getattr(twin, name) for name in names} == {name: getattr(found, name) for name in names}
    assert pickled(placed()) == placed(phone_number=MASKED)


@pytest.mark.parametrize("name", ["84123456789", "0123456789", "+8412345678", "a1234567-0000-4000-8000-000000001234"])
def test_an_identifier_that_looks_like_a_number_or_holds_the_code_s_digits_survives(name: str) -> None:
    """Without it, a call that came out of a queue would never find its record."""
    raw = Payload({"call_id": name}, Secrets(codes=["1234"] * ("-" in name)))
    call = pickled(placed(call_id=name, ref_id=name, lead_uuid=name, raw=raw))
    assert (call.call_id, call.ref_id, call.lead_uuid) == (name, name, name)
    assert call.to_dict(masked=True)["call_id"] == record(id=name).to_dict(masked=True)["id"] == name
    assert name in repr(call)


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, attrs.evolve])
def test_a_copy_is_whole(make: Any) -> None:
    """Frameworks copy what they keep; only what leaves the process is masked."""
    for result in (record(), placed()):
        assert make(result) == result
        assert make(result).raw.to_dict() == result.raw.to_dict()
    assert make(placed()).phone_number == NUMBER


def test_pickling_again_changes_nothing_more() -> None:
    """A masked number is none: its digits, 332711, must not be taken for a number elsewhere."""
    for result in (placed(lead_uuid="332711"), record(id="332711")):
        once = pickled(result)
        assert pickled(once) == once


def test_a_result_as_plain_values() -> None:
    values = json.loads(json.dumps(record().to_dict()))
    assert list(values) == [*(name for name in attrs.fields_dict(Cdr) if name != "raw"), "answered", "finished"]
    assert datetime.fromisoformat(values["time_started"]) == record().time_started
    assert (values["status"], values["duration"], values["answered"], values["finished"]) == ("answered", 6, True, True)
    assert (values["additional"], values["to_number"]) == (RECORD["additional"], NUMBER)
    assert placed(message=f"to {NUMBER}").to_dict() == {
        "call_id": "c1", "lead_uuid": None, "message": f"to {NUMBER}", "ref_id": "R1", "phone_number": NUMBER,
        "outcome": "PLACED",
    }  # fmt: skip
    masked = record(from_number="1900 1234").to_dict(masked=True)
    assert (masked["from_number"], masked["to_number"], masked["status"]) == ("***234", MASKED, "answered")
    assert record(from_number="1900 1234").raw.masked()["from_number"] == "***234"
    assert Cdr().to_dict(masked=True) == Cdr().to_dict()


def test_results_are_frozen_and_evolve_and_compare() -> None:
    assert attrs.evolve(record(), note="seen").note == "seen"
    assert record() == record() != record(duration=7)
    assert len({record(), record(), placed(), placed()}) == 2
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        placed().ref_id = "other"  # type: ignore[misc] # frozen, as it should be
    assert attrs.asdict(record())["status"] == "answered"


def test_nothing_is_made_up_for_what_did_not_come() -> None:
    empty = Cdr()
    assert {getattr(empty, name) for name in attrs.fields_dict(Cdr) if name != "raw"} == {None}
    assert (empty.raw, empty.answered, empty.finished) == ({}, False, False)
    call = OtpCall(call_id="c", ref_id="r")
    assert (call.lead_uuid, call.message, call.phone_number, call.raw) == (None, None, None, {})
    assert call.outcome is Outcome.PLACED


def test_every_ending_that_the_provider_lists_has_a_constant() -> None:
    assert [status.value for status in CallStatus] == [
        "answered", "busy", "failed", "no-answered", "not-available", "voicemail", "invalid-number", "phone-block",
        "congestion",
    ]  # fmt: skip
    assert all(record(status=status.value, time_ended="").finished for status in CallStatus)


def test_the_usual_rule_for_retries() -> None:
    rule = Retry()
    assert (rule.attempts, rule.base, rule.cap, rule.unknown_outcome) == (3, 0.5, 8.0, False)
    assert Retry.none() == attrs.evolve(rule, attempts=1)
    assert Retry(attempts=1, base=0, cap=0).base == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("base", "cap") for value in (-0.1, True, "1", None, math.nan, math.inf, 10**400)]
    + [("attempts", value) for value in (0, True, -1, 1.0, "3", None, 2_147_484)]
    + [("unknown_outcome", value) for value in ("false", 0, None)],
)
def test_a_rule_that_cannot_be_kept_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}: must be "):
        Retry(**{name: value})
