"""What callers may pass: take what people type, reject what nobody can have meant, repeat no value."""

import random
import unicodedata
from string import ascii_letters
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autocall_otp import InvalidRequestError, OtpCall, Outcome, normalize_number
from autocall_otp._operations.arguments import read_reference, validate_code, validate_ref_id

DIGITS = "0123456789"
MOBILES = st.from_regex(r"0[35789][0-9]{8}", fullmatch=True)
CHANCE = st.randoms(use_true_random=False)
LANDLINES = st.from_regex(r"02[0-9]{9}", fullmatch=True)
# Spaces of all kinds, tabs, dots, dashes, a minus sign, brackets, zero-width and directional characters.
SEPARATORS = list(
    " \t\v\x85.()-\u2212[]\u2011\u2013\u2014\u00a0\u202f\u3000\u200b\u200e\u202a\u202c\u2060\u2066\u2069\ufeff\u2028"
)
FULL_WIDTH = {ord(letter): ord(letter) + 0xFEE0 for letter in f"+{DIGITS}"}
DIGITS_ALONE = "must consist of digits; spaces, dots, dashes, brackets and a + in front may be added"
PREFIXES = ["0", "84", "+84", "0084", "+84(0)", "84 (0)", "0084 (0) ", "(+84) "]


@given(
    MOBILES | LANDLINES, st.sampled_from(PREFIXES), st.sampled_from([{}, FULL_WIDTH]), st.randoms(use_true_random=False)
)
def test_a_number_is_taken_in_every_way_to_write_it(
    number: str, prefix: str, letters: dict[int, int], chance: random.Random
) -> None:
    digits = (prefix + number[1:]).translate(letters)
    between = ["".join(chance.choices(SEPARATORS, k=chance.choice([0, 0, 1, 2]))) for _ in digits]
    typed = chance.choice(SEPARATORS) + "".join(map(str.__add__, digits, between))
    assert normalize_number(typed) == normalize_number(number) == number


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("033266571", "has 9 digits; a mobile number has 10"),
        ("03326657111", "has 11 digits; a mobile number has 10"),
        ("+84 33 266 571", "has 9 digits; a mobile number has 10"),
        ("0243936000", "has 10 digits; a landline number has 11, its area code included"),
        ("01632665711", "is a mobile number of before 2018, with 11 digits; it has 10 digits and another prefix now"),
        ("+84 1900 1234", "is a service number (1800 or 1900); no phone rings there"),
        ("1800 599 920", "is a service number (1800 or 1900); no phone rings there"),
        ("0432665711", "has a prefix of no Vietnamese mobile (03, 05, 07, 08, 09) or landline (02) number"),
        ("332665711", "must begin with 0, 84 or +84"),
        ("0" * 101, "has more than 100 characters"),
        ("+1 415 555 0123", "is of another country; allow_international=True permits it"),
        ("+12", "is no number of any country: 8 to 15 digits follow the +, the first of them not 0"),
        *((typed, DIGITS_ALONE) for typed in ("", "0332665711x", "03326/65711", "٠٣٣٢٦٦٥٧١١")),
        *((typed, "must be text, since a number would lose its leading 0") for typed in (332665711, None)),
    ],
)
def test_a_number_that_nobody_has_is_refused_with_the_reason(typed: Any, why: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        normalize_number(typed)
    assert str(caught.value) == f"phone_number: {why}"
    assert caught.value.outcome is Outcome.NOT_PLACED


# No letters but one: of such texts, the words of an error hold none by chance.
@given(
    st.text(st.sampled_from([*DIGITS, "+", " ", "x", "٣"])) | st.text(st.characters(exclude_characters=ascii_letters))
)
def test_what_is_dialled_is_a_number_and_what_is_refused_is_not_repeated(typed: str) -> None:
    for abroad in (False, True):
        try:
            number = normalize_number(typed, allow_international=abroad)
        except InvalidRequestError as error:
            assert len(typed) < 6 or typed not in str(error)  # noqa: PT017 - most texts are refused
        else:
            kept = "".join(filter(str.isdigit, unicodedata.normalize("NFKC", typed)))
            assert kept.endswith(number.lstrip("+0")), "no digit is made up"
            assert len(number) == (10 if number[1] in "35789" else 11) or number.startswith("+")


def test_numbers_of_other_countries_are_taken_in_e_164_where_allowed() -> None:
    for typed in ("+1 (415) 555-0123", "001 415 555 0123"):
        assert normalize_number(typed, allow_international=True) == "+14155550123"
    # Within Britain, 0 is dialled first; in Italy it is part of the number.
    for typed in ("+44 (0)20 7946 0958", "0044 ( 0 ) 20 7946 0958", "\uff0b44\uff080\uff0920 7946 0958"):
        assert normalize_number(typed, allow_international=True) == "+442079460958"
    assert normalize_number("+39 06 1234567", allow_international=True) == "+39061234567"
    assert normalize_number("+1 212 555 (0)123", allow_international=True) == "+12125550123"
    assert normalize_number("+84332665711", allow_international=True) == "0332665711"
    for typed in ("14155550123", "+0415555012", "+1234567890123456"):
        with pytest.raises(InvalidRequestError):
            normalize_number(typed, allow_international=True)


@given(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=31), st.sampled_from("1aếж字"))
def test_a_code_that_can_be_read_aloud_is_sent_as_it_is(letters: str, spoken: str) -> None:
    for code in (letters + spoken, f"{spoken} {letters}{spoken}"):
        assert validate_code(code) == code


LENGTH, PRINTABLE = "must have 1 to 64 characters", "must be printable, without control characters"
ENDS = "must not begin or end with white space"
SPOKEN = "must hold a letter or a digit: nothing else can be read aloud"
TEXT = "must be text, since a number would lose its leading zeros"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        *(("", LENGTH), ("1" * 65, LENGTH)),
        *((code, ENDS) for code in (" ", "12 ", " 12")),
        *((code, PRINTABLE) for code in ("1\n2", "1\u200b2", "\u00a012", "\ud800")),
        *(("\U0001f600", SPOKEN), ("--", SPOKEN)),
        *((code, TEXT) for code in (123456, None, b"12")),
    ],
)
def test_other_codes_are_refused_without_being_repeated(code: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        validate_code(code)
    assert (str(caught.value), caught.value.outcome) == (f"code_otp: {words}", Outcome.NOT_PLACED)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=128))
def test_a_reference_that_survives_in_a_url_is_sent_as_it_is(ref_id: str) -> None:
    assume(ref_id not in {".", ".."})
    assert validate_ref_id(ref_id) == ref_id
    assert read_reference(ref_id)[:2] == (ref_id, None)


NO_TEXT, NO_WALK = "must be a non-empty text", "must not be '.' or '..', which walk out of the URL's path"
CONTROL = "must not hold control characters or lone surrogates"


@pytest.mark.parametrize(
    ("ref_id", "words"),
    [
        *((ref_id, NO_TEXT) for ref_id in ("", 7, None, b"x")),
        *((".", NO_WALK), ("..", NO_WALK)),
        ("x" * 129, "must have at most 128 characters"),
        *((ref_id, CONTROL) for ref_id in ("a\nb", "a\x00", "\ud800")),
    ],
)
def test_other_references_are_refused(ref_id: Any, words: str) -> None:
    found = []
    for refuse in (validate_ref_id, read_reference, lambda each: read_reference(OtpCall(call_id="c1", ref_id=each))):
        with pytest.raises(InvalidRequestError) as caught:
            refuse(ref_id)
        found.append((str(caught.value), caught.value.outcome))
    # The call may have been placed whatever its look-up was given.
    outcomes = (Outcome.NOT_PLACED, Outcome.UNKNOWN, Outcome.UNKNOWN)
    assert found == [(f"ref_id: {words}", outcome) for outcome in outcomes]


def test_the_longest_are_taken() -> None:
    assert (validate_code("1" * 64), validate_ref_id("x" * 128)) == ("1" * 64, "x" * 128)
