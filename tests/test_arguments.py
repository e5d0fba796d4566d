from uuid import UUID

import pytest

from autocall_otp import InvalidRequestError, Outcome, normalize_number
from autocall_otp import _arguments as arguments

MOBILE = [
    "0332665711", "0332 665 711", "0332.665.711", "0332-665-711", "84332665711", "+84332665711", "+84 332-665.711",
    "0084332665711", "+84 (0) 332 665 711", "+840332665711", "(033) 266 5711", "0332665711\n", "\t0332665711",
    "\u202a0332665711\u202c", "033\u200b2665711", "033\u2011266\u20115711", "033\u202f266\u202f5711",
    "033\u2013266\u20135711", "".join(chr(0xFF10 + int(digit)) for digit in "0332665711"),
]  # fmt: skip


@pytest.mark.parametrize("typed", MOBILE, ids=ascii)
def test_every_way_to_write_a_number_is_sent_in_the_page_s_form(typed: str) -> None:
    assert normalize_number(typed) == "0332665711"


@pytest.mark.parametrize("typed", ["+84 28 7300 3586", "(028) 7300 3586", "02873003586"])
def test_a_landline_has_a_digit_more(typed: str) -> None:
    assert normalize_number(typed) == "02873003586"


NO_NUMBERS = {
    "033266571": "has 9 digits; a mobile number has 10",
    "03326657111": "has 11 digits; a mobile number has 10",
    "+84 3326657111": "has 11 digits; a mobile number has 10",
    "0243936000": "has 10 digits; a landline number has 11",
    "01632665711": "before 2018",
    "+84 1900 1234": "service number",
    "1900 1234": "service number",
    "18001091": "service number",
    "0412345678": "prefix of no Vietnamese",
    "332665711": "must begin with 0, 84 or \\+84",
    "+14155550123": "another country; allow_international=True",
    "+1": "no number of any country",
}


@pytest.mark.parametrize(("typed", "why"), NO_NUMBERS.items())
def test_a_number_that_nobody_has_is_refused_with_the_reason(typed: str, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^phone_number: .*{why}") as caught:
        normalize_number(typed)
    assert caught.value.outcome is Outcome.NOT_PLACED
    assert typed not in str(caught.value) or typed == "+1"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "+", "0332x65711", "X0332665711", "٠٣٣٢٦٦٥٧١١", "0332665711\0", "tel:0332665711", "0" * 10_000,
     332665711, None, b"0332665711"],
    ids=lambda typed: ascii(typed)[:20],
)  # fmt: skip
def test_what_is_no_number_is_refused(typed: object) -> None:
    with pytest.raises(InvalidRequestError, match="^phone_number: must "):
        normalize_number(typed)  # type: ignore[arg-type] # bad input


def test_other_countries_only_when_allowed() -> None:
    assert normalize_number("+1 415 555 0123", allow_international=True) == "+14155550123"
    assert normalize_number("001 (415) 555-0123", allow_international=True) == "+14155550123"
    with pytest.raises(InvalidRequestError):
        normalize_number("+84 1", allow_international=True)


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
