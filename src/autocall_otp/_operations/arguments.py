"""Arguments of a call, checked before a byte is sent. No message repeats the value: it may be a secret."""

from __future__ import annotations

import re
import unicodedata

from autocall_otp._errors import Outcome, invalid
from autocall_otp._redact import Secrets
from autocall_otp.models import OtpCall

_MOBILE_NUMBER = re.compile(r"0[35789][0-9]{8}")
_DIALLED = re.compile(r"\+?[0-9]{1,20}")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_MOBILE, _MOBILE_DIGITS, _LANDLINE_DIGITS = tuple("35789"), 10, 11
_TRUNK_ZERO = re.compile(r"(\D*(?:0\D*0\D*)?[1-9](?:\D*\d){0,2}\D*?)\([^\d()]*0[^\d()]*\)")
"""A country code and the (0) behind it, which is dialled within the country only."""
_OLD_MOBILE = re.compile(r"01[2689][0-9]{8}")
_SERVICES = ("1800", "1900")
_NO_SERVICES = "is a service number (1800 or 1900); no phone rings there"
_LONGEST_TYPED = 100
_MAX_CODE = 64
_MAX_REF_ID = 128


def normalize_number(text: str, *, allow_international: bool = False) -> str:
    """The number in the documented domestic form, ``0332665711``, or in E.164 form for another country.

    Takes what people type and paste: 0…, 84…, +84… and 0084…, a ``(0)`` after the country code, full-width digits,
    and spaces, dots, dashes, brackets and invisible characters anywhere.

    Args:
        text: the number as it was typed.
        allow_international: take a number of another country, written with + or 00.

    Raises:
        InvalidRequestError: nobody has such a number; the message says why, without repeating it.
    """
    if not isinstance(text, str):
        raise invalid("phone_number", "must be text, since a number would lose its leading 0")
    if _MOBILE_NUMBER.fullmatch(text):
        return text
    bare = _bare(text)
    if not _DIALLED.fullmatch(bare):
        raise invalid(
            "phone_number", "must consist of digits; spaces, dots, dashes, brackets and a + in front may be added"
        )
    if (inland := bare.removeprefix("+")).startswith("84"):
        bare = f"0{inland[2:].removeprefix('0')}"
    if bare.startswith("0"):
        if why := _why_no_number(bare):
            raise invalid("phone_number", why)
        return bare
    return _validate_foreign(bare, allow_international=allow_international)


def _validate_foreign(number: str, *, allow_international: bool) -> str:
    if not number.startswith("+"):
        raise invalid("phone_number", _NO_SERVICES if number.startswith(_SERVICES) else "must begin with 0, 84 or +84")
    if not _E164.fullmatch(number):
        raise invalid(
            "phone_number", "is no number of any country: 8 to 15 digits follow the +, the first of them not 0"
        )
    if not allow_international:
        raise invalid("phone_number", "is of another country; allow_international=True permits it")
    return number


def _bare(text: str) -> str:
    """The digits of a number, and a + in front of a country code."""
    if len(text) > _LONGEST_TYPED:
        # To normalise a long text can hold a thread up for minutes.
        raise invalid("phone_number", f"has more than {_LONGEST_TYPED} characters")
    typed = unicodedata.normalize("NFKC", text)
    bare = _without_separators(typed)
    if bare.startswith(("+", "00")) and (found := _TRUNK_ZERO.match(typed)):
        bare = _without_separators(found[1] + typed[found.end() :])
    return f"+{bare[2:]}" if bare.startswith("00") else bare


def _without_separators(typed: str) -> str:
    return "".join(letter for letter in typed if not _separates(letter))


def _separates(letter: str) -> bool:
    # A minus sign is no dash to Unicode, but to spreadsheets.
    return letter.isspace() or letter in ".\u2212" or unicodedata.category(letter) in {"Cf", "Pd", "Pe", "Ps"}


def _why_no_number(number: str) -> str | None:
    """What is wrong with a number in the domestic form; None where nothing is."""
    digits = len(number)
    if number.startswith(tuple(f"0{prefix}" for prefix in _SERVICES)):
        return _NO_SERVICES
    if _OLD_MOBILE.fullmatch(number):
        return "is a mobile number of before 2018, with 11 digits; it has 10 digits and another prefix now"
    if number[1:2] in _MOBILE:
        return None if digits == _MOBILE_DIGITS else f"has {digits} digits; a mobile number has {_MOBILE_DIGITS}"
    if number[1:2] == "2":
        expected = f"a landline number has {_LANDLINE_DIGITS}, its area code included"
        return None if digits == _LANDLINE_DIGITS else f"has {digits} digits; {expected}"
    return "has a prefix of no Vietnamese mobile (03, 05, 07, 08, 09) or landline (02) number"


def validate_code(value: str) -> str:
    """The code, unchanged: 1 to 64 printable characters, of which one at least can be read aloud."""
    if not isinstance(value, str):
        raise invalid("code_otp", "must be text, since a number would lose its leading zeros")
    if not 1 <= len(value) <= _MAX_CODE:
        raise invalid("code_otp", f"must have 1 to {_MAX_CODE} characters")
    if not value.isprintable():
        raise invalid("code_otp", "must be printable, without control characters")
    if value != value.strip():
        raise invalid("code_otp", "must not begin or end with white space")
    if not any(letter.isalnum() for letter in value):
        raise invalid("code_otp", "must hold a letter or a digit: nothing else can be read aloud")
    return value


def validate_ref_id(value: str, outcome: Outcome = Outcome.NOT_PLACED) -> str:
    """The reference, unchanged: it must survive as one segment of a URL's path."""
    if not isinstance(value, str) or not value:
        raise invalid("ref_id", "must be a non-empty text", outcome)
    if len(value) > _MAX_REF_ID:
        raise invalid("ref_id", f"must have at most {_MAX_REF_ID} characters", outcome)
    if value in {".", ".."}:
        raise invalid("ref_id", "must not be '.' or '..', which walk out of the URL's path", outcome)
    if not value.isprintable() and any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in value):
        raise invalid("ref_id", "must not hold control characters or lone surrogates", outcome)
    return value


def read_reference(value: str | OtpCall) -> tuple[str, str | None, Secrets]:
    """The ref_id to look up, and of a call the id that its record must have and what must not be shown.

    The call may have been placed whatever is wrong with the argument, so the error's outcome is UNKNOWN.
    """
    if isinstance(value, OtpCall):
        return validate_ref_id(value.ref_id, Outcome.UNKNOWN), value.call_id, value.raw.secrets()
    return validate_ref_id(value, Outcome.UNKNOWN), None, Secrets()
