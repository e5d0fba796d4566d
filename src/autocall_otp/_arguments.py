"""Arguments of a call, refused here before a byte is sent. No message repeats the value: it may be a secret."""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn
from uuid import UUID, uuid4

from autocall_otp._errors import InvalidRequestError, Outcome

_SEPARATORS = str.maketrans("", "", " .-\N{NO-BREAK SPACE}")
_DOMESTIC = re.compile(r"0[1-9][0-9]{7,9}")
_VIETNAM = re.compile(r"\+?84([1-9][0-9]{7,9})")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_MAX_CODE = 64
_MAX_REF_ID = 128


def refuse(argument: str, why: str, *, outcome: Outcome = Outcome.NOT_PLACED) -> NoReturn:
    """Raise the error that names the argument."""
    raise InvalidRequestError(f"{argument}: {why}", outcome=outcome)


def phone_number(value: str, *, allow_international: bool) -> str:
    """The number in the page's domestic form, or in E.164 form for another country.

    Takes 0…, 84… and +84…, grouped by spaces, dots or dashes.
    """
    if not isinstance(value, str):
        refuse("phone_number", "must be text, since a number would lose its leading 0")
    bare = value.translate(_SEPARATORS)
    if _DOMESTIC.fullmatch(bare):
        return bare
    if vietnam := _VIETNAM.fullmatch(bare):
        return f"0{vietnam[1]}"
    if _E164.fullmatch(bare) and not bare.startswith("+84"):
        if allow_international:
            return bare
        refuse("phone_number", "is of another country; allow_international=True permits it")
    return refuse("phone_number", "must be a Vietnamese number: 0…, 84… or +84… with 8 to 10 digits after it")


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
