"""Arguments of a call, refused here before a byte is sent. No message repeats the value: it may be a secret."""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn
from uuid import UUID, uuid4

from autocall_otp._errors import InvalidRequestError, Outcome

_DIALLED = re.compile(r"\+?[0-9]{1,20}")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_MOBILE, _MOBILE_DIGITS, _LANDLINE_DIGITS = tuple("35789"), 10, 11
_OLD_MOBILE = re.compile(r"01[2689][0-9]{8}")
_SERVICES = ("1800", "1900")
_NO_SERVICES = "is a service number (1800 or 1900); no phone rings there"
_MAX_CODE = 64
_MAX_REF_ID = 128


def refuse(argument: str, why: str, *, outcome: Outcome = Outcome.NOT_PLACED) -> NoReturn:
    """Raise the error that names the argument."""
    raise InvalidRequestError(f"{argument}: {why}", outcome=outcome)


def normalize_number(text: str, *, allow_international: bool = False) -> str:
    """The number in the page's domestic form, ``0332665711``, or in E.164 form for another country.

    Takes what people type and paste: 0…, 84…, +84… and 0084…, a ``(0)`` after the country code, full-width digits,
    and spaces, dots, dashes, brackets and invisible characters anywhere.

    Args:
        text: the number as it was typed.
        allow_international: take a number of another country, written with + or 00.

    Raises:
        InvalidRequestError: nobody has such a number; the message says why, without repeating it.
    """
    if not isinstance(text, str):
        refuse("phone_number", "must be text, since a number would lose its leading 0")
    bare = "".join(letter for letter in unicodedata.normalize("NFKC", text) if not _separates(letter))
    if bare.startswith("00"):
        bare = f"+{bare[2:]}"
    if not _DIALLED.fullmatch(bare):
        refuse("phone_number", "must consist of digits; spaces, dots, dashes, brackets and a + in front may be added")
    if (inland := bare.removeprefix("+")).startswith("84"):
        bare = f"0{inland[2:].removeprefix('0')}"
    if bare.startswith("0"):
        if why := _why_no_number(bare):
            refuse("phone_number", why)
        return bare
    if not bare.startswith("+"):
        refuse("phone_number", _NO_SERVICES if bare.startswith(_SERVICES) else "must begin with 0, 84 or +84")
    if not _E164.fullmatch(bare):
        refuse("phone_number", "is no number of any country: 8 to 15 digits follow the +, the first of them not 0")
    if not allow_international:
        refuse("phone_number", "is of another country; allow_international=True permits it")
    return bare


def _separates(letter: str) -> bool:
    return letter in ".\t\r\n" or unicodedata.category(letter) in {"Cf", "Pd", "Pe", "Ps", "Zl", "Zp", "Zs"}


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


def code_otp(value: str) -> str:
    """The code, unchanged: 1 to 64 printable characters."""
    if not isinstance(value, str):
        refuse("code_otp", "must be text, since a number would lose its leading zeros")
    if not 1 <= len(value) <= _MAX_CODE:
        refuse("code_otp", f"must have 1 to {_MAX_CODE} characters")
    if not value.isprintable():
        refuse("code_otp", "must be printable, without control characters")
    return value


def campaign_uuid(value: str | UUID | None) -> UUID:
    """The campaign, as a UUID."""
    if isinstance(value, UUID):
        return value
    if value is None:
        refuse("campaign_uuid", "give it here, to the client, or in AUTOCALL_CAMPAIGN_UUID")
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        return refuse("campaign_uuid", "must be a UUID")


def template(value: str | None) -> str:
    """The name of the script, unchanged."""
    if value is None:
        refuse("template", "give it here, to the client, or in AUTOCALL_TEMPLATE")
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        refuse("template", "must be a non-empty, printable text")
    return value


def ref_id(value: str) -> str:
    """The reference, unchanged: it must survive as one segment of a URL's path."""
    if not isinstance(value, str) or not value:
        refuse("ref_id", "must be a non-empty text")
    if len(value) > _MAX_REF_ID:
        refuse("ref_id", f"must have at most {_MAX_REF_ID} characters")
    if value in {".", ".."}:
        refuse("ref_id", "must not be '.' or '..', which walk out of the URL's path")
    if not value.isprintable() and any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in value):
        refuse("ref_id", "must not hold control characters or lone surrogates")
    return value


def new_ref_id() -> str:
    """A reference that nobody else has."""
    return str(uuid4())


def seconds(argument: str, value: float) -> float:
    """A length of time above zero."""
    # Whoever waits for a record with a wrong time-out may have placed its call already.
    # NaN fails the comparison, as it should.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        refuse(argument, "must be a number of seconds above 0", outcome=Outcome.UNKNOWN)
    return float(value)
