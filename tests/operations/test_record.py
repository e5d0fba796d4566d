"""From the wire's record to a Cdr: lenient, and nothing lost."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.flows import answer, operation
from support.page import payload

from autocall_otp import CallStatus, Cdr, InvalidResponseError, Payload
from autocall_otp._config import VIETNAM
from autocall_otp._operations.record import read_cdr, read_object, read_record

RECORD = payload("get_cdr.answer")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


def record(**changes: Any) -> Cdr:
    return read_cdr(RECORD | changes, VIETNAM)


def test_the_documented_record_is_read() -> None:
    found = record()
    assert found.status is CallStatus.ANSWERED
    assert (found.duration, found.billsec, found.presskey_delay) == (6, 1, 0)
    assert found.time_answered == datetime(2023, 3, 7, 3, 6, 58, tzinfo=UTC)
    assert (found.answered, found.finished, found.press_key) == (True, True, {})
    assert found.additional == RECORD["additional"]
    assert found.raw == RECORD


def test_the_parts_of_a_record_know_its_secrets() -> None:
    found = record(press_key='{"1": "LUAN001"}', additional='{"code_otp": "LUAN001"}')
    assert found.press_key == {"1": "LUAN001"}
    assert found.press_key.masked() == {"1": "***"}


@given(st.dictionaries(st.sampled_from([*RECORD, "unknown"]), ANYTHING))
def test_whatever_a_field_holds_it_is_read_or_none_and_stays_in_raw(values: dict[str, Any]) -> None:
    found = read_cdr(dict(values), VIETNAM)
    assert json.dumps(found.raw.to_dict()) == json.dumps(values)
    for field in attrs.fields(Cdr):
        value = getattr(found, field.name)
        assert value is None or type(value).__name__ in str(field.type)
        assert value != "", "an empty text is None"
    assert (found.answered, found.finished) in {(False, False), (False, True), (True, True)}


@given(
    st.sampled_from(CallStatus),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.sampled_from(["-", "_", " ", ""]),
)
def test_a_status_is_known_in_every_way_to_write_it(status: CallStatus, case: Any, dash: str) -> None:
    assert record(status=f" {case(status.value).replace('-', dash)} ").status is status


@pytest.mark.parametrize(
    ("text", "status"),
    [("NO_ANSWER", CallStatus.NO_ANSWERED), ("No Answered", CallStatus.NO_ANSWERED), ("Transferred", "Transferred")],
)
def test_a_status_of_other_pages(text: str, status: str) -> None:
    found = record(status=text).status
    assert (found, type(found)) == (status, type(status))


@pytest.mark.parametrize(
    ("changes", "finished"),
    [
        ({}, True),
        ({"time_ended": ""}, True),
        ({"status": "ringing"}, True),
        ({"status": "ringing", "time_ended": ""}, False),
        ({"status": "ringing", "time_ended": "1970-01-01 07:00:00"}, False),
        ({"status": "", "time_ended": "0001-01-01 00:00:00"}, False),
    ],
)
def test_a_call_is_over_when_it_has_an_end_or_a_listed_ending(changes: dict[str, str], *, finished: bool) -> None:
    assert record(**changes).finished is finished


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-03-07 10:06:53", datetime(2023, 3, 7, 3, 6, 53, tzinfo=UTC)),
        ("2023-03-07 10:06", datetime(2023, 3, 7, 3, 6, tzinfo=UTC)),
        ("2023-03-07T10:06:53.250", datetime(2023, 3, 7, 3, 6, 53, 250000, tzinfo=UTC)),
        ("2023-03-07T10:06:53+07:00", datetime(2023, 3, 7, 3, 6, 53, tzinfo=UTC)),
        ("2023-03-07T03:06:53Z", datetime(2023, 3, 7, 3, 6, 53, tzinfo=UTC)),
        ("2000-01-01 00:00:00", datetime(1999, 12, 31, 17, tzinfo=UTC)),
        *((text, None) for text in (
            "1999-12-31 23:59:59", "1970-01-01 07:00:00", "0001-01-01 00:00:00", "0000-00-00 00:00:00", "2023-03-07",
            "2023-W10-2", "20230307T100653", "9999-12-31 23:59:59-12:00", "1678158413", " 2023-03-07 10:06:53",
            "2023-03-07 10:06:53 or so",
        )),
    ],
)  # fmt: skip
def test_a_time_that_happened_is_read_in_the_client_s_zone(text: str, moment: datetime | None) -> None:
    found = record(time_ended=text).time_ended
    assert found == moment
    assert found is None or found.tzinfo is VIETNAM
    elsewhere = read_cdr({"time_ended": text}, timezone(timedelta(hours=1))).time_ended
    assert elsewhere is None or elsewhere.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(6, 6), ("7", 7), ("-5", -5), (8.0, 8), (0, 0), ("9" * 18, 10**18 - 1), ("9" * 19, None), (6.5, None),
     ("six", None), (" 6", None), ("9.0", None), ("٣", None), (True, None), (float("inf"), None), ([6], None)],
)  # fmt: skip
def test_a_number_is_read_as_number_or_text(value: object, seconds: int | None) -> None:
    found = record(duration=value).duration
    assert (found, type(found)) == (seconds, type(seconds))


@pytest.mark.parametrize(
    ("value", "keys"), [('{"1":2}', {"1": 2}), ("{}", {}), ({"1": 2}, {"1": 2}), ("[]", None), ("{", None), ("", None)]
)
def test_pressed_keys_are_decoded(value: object, keys: object) -> None:
    found = record(press_key=value).press_key
    assert found == keys
    assert found is None or isinstance(found, Payload)


def test_an_error_counts_only_where_it_says_something() -> None:
    for nothing in (None, "", 0, False, [], {}):
        found = read_record(answer(200, RECORD | {"error": nothing}), operation(), VIETNAM, RECORD["id"])
        assert found is not None
        assert found.raw["error"] == nothing
    with pytest.raises(InvalidResponseError, match="its body is an error: no such thing"):
        read_record(answer(200, RECORD | {"error": "no such thing"}), operation(), VIETNAM, None)


def test_an_unreadable_body_does_not_become_the_context_of_an_error() -> None:
    """The decoder's error would hold the whole body."""
    assert read_object(answer(200, b'{"code_otp": "LUAN001"')) is None
    with pytest.raises(InvalidResponseError) as caught:
        read_record(answer(200, {"error": "x"}), operation(), VIETNAM, None)
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
