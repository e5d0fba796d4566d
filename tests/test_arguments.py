from uuid import UUID

import pytest

from autocall_otp import InvalidRequestError, Outcome
from autocall_otp import _arguments as arguments


@pytest.mark.parametrize(
    "typed",
    ["0332665711", "0332 665 711", "0332.665.711", "0332-665-711", "84332665711", "+84332665711", "+84 332-665.711"],
)
def test_every_way_to_write_a_number_is_sent_in_the_page_s_form(typed: str) -> None:
    assert arguments.phone_number(typed, allow_international=False) == "0332665711"


def test_a_landline_has_a_digit_more() -> None:
    assert arguments.phone_number("+84 28 7300 3586", allow_international=False) == "02873003586"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "0", "332665711", "00332665711", "+840332665711", "0332665711000", "0332x65711", "X0332665711",
     "0332665711X",
     "٠٣٣٢٦٦٥٧١١", "0332665711\n", "tel:0332665711", "+14155550123", "+", 332665711, None, b"0332665711"],
    ids=repr,
)  # fmt: skip
def test_other_numbers_are_refused_without_being_repeated(typed: object) -> None:
    with pytest.raises(InvalidRequestError, match="^phone_number: ") as caught:
        arguments.phone_number(typed, allow_international=False)  # type: ignore[arg-type] # bad input
    assert caught.value.outcome is Outcome.NOT_PLACED
    assert not isinstance(typed, str) or len(typed) < 3 or typed not in str(caught.value)


def test_other_countries_only_when_allowed() -> None:
    assert arguments.phone_number("+1 415 555 0123", allow_international=True) == "+14155550123"
    with pytest.raises(InvalidRequestError, match="allow_international"):
        arguments.phone_number("+1 415 555 0123", allow_international=False)
    with pytest.raises(InvalidRequestError):
        arguments.phone_number("+84 1", allow_international=True)
    with pytest.raises(InvalidRequestError):
        arguments.phone_number("+840332665711", allow_international=True)


@pytest.mark.parametrize("code", ["1", "LUAN001", "x" * 64, "mã số 7", "<script>"])
def test_codes_are_sent_as_they_are(code: str) -> None:
    assert arguments.code_otp(code) == code


@pytest.mark.parametrize("code", ["", "x" * 65, "12\n34", "12\x0034", "\u202e12", "\ud800", 123456, None])
def test_other_codes_are_refused_without_being_repeated(code: object) -> None:
    with pytest.raises(InvalidRequestError, match="^code_otp: ") as caught:
        arguments.code_otp(code)  # type: ignore[arg-type] # bad input
    assert not code or str(code) not in str(caught.value)


def test_campaigns_are_uuids() -> None:
    text = "f77dfcf4-0759-4179-93cb-741f481a776e"
    assert arguments.campaign_uuid(text) == arguments.campaign_uuid(UUID(text)) == UUID(text)
    for wrong in ("", "campaign", text[:-1], text.encode(), 7, None):
        with pytest.raises(InvalidRequestError, match="^campaign_uuid: "):
            arguments.campaign_uuid(wrong)  # type: ignore[arg-type] # bad input


def test_a_script_needs_a_name() -> None:
    assert arguments.template("otp_script_01") == "otp_script_01"
    for wrong in ("", "  ", "a\nb", 7, None):
        with pytest.raises(InvalidRequestError, match="^template: "):
            arguments.template(wrong)  # type: ignore[arg-type] # bad input


@pytest.mark.parametrize("ref_id", ["ABC123", "đơn/số 1", "...", " ", "a\u00a0b\u202e", "%2e%2e", "a" * 128, "../x"])
def test_references_are_sent_as_they_are(ref_id: str) -> None:
    assert arguments.ref_id(ref_id) == ref_id


@pytest.mark.parametrize("ref_id", ["", ".", "..", "a" * 129, "a\nb", "\x7f", "\x85", "\ud800", 7, None])
def test_other_references_are_refused(ref_id: object) -> None:
    with pytest.raises(InvalidRequestError, match="^ref_id: "):
        arguments.ref_id(ref_id)  # type: ignore[arg-type] # bad input


def test_references_that_the_sdk_makes_are_new_and_valid() -> None:
    made = {arguments.new_ref_id() for _ in range(100)}
    assert len(made) == 100
    assert all(arguments.ref_id(ref_id) == ref_id for ref_id in made)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "5", None])
def test_times_are_seconds_above_zero(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="^timeout: ") as caught:
        arguments.seconds("timeout", value)  # type: ignore[arg-type] # bad input
    # A wait with a wrong time-out says nothing of the call that it would have waited for.
    assert caught.value.outcome is Outcome.UNKNOWN


def test_half_a_second_is_a_time() -> None:
    assert (arguments.seconds("timeout", 0.5), arguments.seconds("timeout", 1e9)) == (0.5, 1e9)
