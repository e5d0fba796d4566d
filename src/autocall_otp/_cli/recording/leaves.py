"""The words for single values: type, kind of text, class of length. Never a value, but for words of closed lists."""

from __future__ import annotations

import itertools
import re
from http import HTTPStatus

from autocall_otp._secrets import Json
from autocall_otp.models import CallStatus

NOT_LOOKED_AT = "not looked at"
"""What lies deeper than anybody needs."""
EMPTY = "string, empty"

_BOUNDS = (4, 8, 16, 32, 64, 256)
LENGTHS = (*(f"{low + 1}-{high}" for low, high in itertools.pairwise((0, *_BOUNDS))), f"{_BOUNDS[-1] + 1}+")
"""Classes of length: an exact one would help to guess a name or a code."""

_DAY, _CLOCK = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d"
_LONG = 1000
_FIXED = {
    # First, so that no other pattern sees a text on which it would take long.
    "very long text": (rf".{{{_LONG + 1},}}", "a" * (_LONG + 1)),
    "uuid": (r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", "00000000-0000-4000-8000-000000000000"),
    "zero time": (r"0000-00-00( 00:00:00)?", "0000-00-00"),
    "local time": (f"{_DAY} {_CLOCK}", "2000-01-01 00:00:00"),
    "date": (_DAY, "2000-01-01"),
    "time with a zone": (rf"{_DAY}[T ]{_CLOCK}(\.\d+)? ?(Z|[+-]\d\d:?\d\d)", "2000-01-01T00:00:00Z"),
    "time in another form": (
        rf"{_DAY}[T ]\d\d:\d\d(:\d\d(\.\d+)?)?|\d\d?[/.-]\d\d?[/.-]\d{{4}}( \d\d?:\d\d(:\d\d)?)?",
        "2000-01-01T00:00:00",
    ),
}
"""Kinds of text whose length says nothing more: how to tell each, and one of them."""
_VARYING = {
    "blank": (r"\s+", "", " "),
    "digits": (r"\d+", "", "1"),
    "decimal number": (r"-\d+(\.\d+)?|\d+\.\d+", "1.", "0"),
    "punctuated digits": (r"\+?\(?\+?\d[\d .()-]*", "(1", "1"),
    "e-mail address": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "a@a.", "a"),
    "url": (r"https?://\S+", "http://", "a"),
    "markup": (r"<.*", "<", "a"),
    "upper-case word": (r"[A-Z]+([_-][A-Z]+)*", "", "A"),
    "lower-case word": (r"[a-z]+([_-][a-z]+)*", "", "a"),
    "letters and digits": (r"[A-Za-z0-9_-]+", "A1", "a"),
    "text": (r"[ -~]+", "a.", "a"),
    "other text": (r".+", "", "é"),
}
"""The other kinds, with what an example begins with and is filled up with."""
KINDS = (*_FIXED, *_VARYING)
_PATTERNS = [(kind, re.compile(pattern, re.DOTALL | re.ASCII)) for kind, (pattern, *_) in (_FIXED | _VARYING).items()]

_CAUSES = """
    UNALLOCATED_NUMBER NO_ROUTE_TRANSIT_NET NO_ROUTE_DESTINATION CHANNEL_UNACCEPTABLE NORMAL_CLEARING USER_BUSY
    NO_USER_RESPONSE NO_ANSWER SUBSCRIBER_ABSENT CALL_REJECTED NUMBER_CHANGED DESTINATION_OUT_OF_ORDER
    INVALID_NUMBER_FORMAT FACILITY_REJECTED NORMAL_UNSPECIFIED NORMAL_CIRCUIT_CONGESTION NETWORK_OUT_OF_ORDER
    NORMAL_TEMPORARY_FAILURE SWITCH_CONGESTION REQUESTED_CHAN_UNAVAIL OUTGOING_CALL_BARRED INCOMPATIBLE_DESTINATION
    RECOVERY_ON_TIMER_EXPIRE MANDATORY_IE_MISSING PROTOCOL_ERROR INTERWORKING ORIGINATOR_CANCEL LOSE_RACE
    ALLOTTED_TIMEOUT MEDIA_TIMEOUT PROGRESS_TIMEOUT GATEWAY_DOWN USER_NOT_REGISTERED
"""
LISTED: dict[str, frozenset[str]] = {
    "status": frozenset(itertools.chain.from_iterable((word.value, word.value.upper()) for word in CallStatus)),
    # FreeSWITCH's names of hangup causes; a cause that is not here is recorded by its kind alone.
    "cause": frozenset(_CAUSES.split()),
    "sip_hangup_disposition": frozenset(
        f"{who}_{how}" for who in ("recv", "send") for how in ("bye", "refuse", "cancel")
    ),
    "direction": frozenset({"inbound", "outbound"}),
    "app": frozenset({"autocall"}),
    "message": frozenset({"success"}),
    "error": frozenset({*(status.phrase for status in HTTPStatus), "USER_NOT_REGISTERED"}),
}
"""The words that are recorded as they are, by the field of an answer in which they may stand. No other word is."""
_WORD = "string, the word "


def length(size: int) -> str:
    """The class of a length above 0."""
    return LENGTHS[sum(size > bound for bound in _BOUNDS)]


def kind_of(text: str) -> str:
    """The kind of a text that is not empty."""
    return next(kind for kind, pattern in _PATTERNS if pattern.fullmatch(text))


def text_leaf(text: str, listed: frozenset[str] = frozenset()) -> str:
    """The words for a text; a listed one is told as it is."""
    if not text:
        return EMPTY
    if text in listed:
        return f"{_WORD}{text}"
    kind = kind_of(text)
    return f"string, {kind}" if kind in _FIXED else f"string, {kind}, {length(len(text))} characters"


def scalar_leaf(value: float | None) -> str:
    """The words for what is neither text nor made of parts."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return _integer(value)
    return "number, whole" if value.is_integer() else "number, with a fraction"


def _integer(value: int) -> str:
    if value < 0:
        return "integer, negative"
    return f"integer, {length(len(str(value)))} digits" if value else "integer, zero"


def longest(size: str) -> int:
    """The greatest length of a class; the least one where there is no bound."""
    return int(size.removesuffix("+").rpartition("-")[2])


_EXAMPLES: dict[str, Json] = {
    NOT_LOOKED_AT: None,
    "null": None,
    "boolean": True,
    "number, whole": 1.0,
    "number, with a fraction": 0.5,
    "integer, zero": 0,
    "integer, negative": -1,
    **{f"integer, {size} digits": 10 ** (longest(size) - 1) for size in LENGTHS},
    EMPTY: "",
    **{f"string, {kind}": example for kind, (_, example) in _FIXED.items()},
    **{
        f"string, {kind}, {size} characters": begin + filler * (longest(size) - len(begin))
        for kind, (_, begin, filler) in _VARYING.items()
        for size in LENGTHS
        if longest(size) > len(begin)
    },
    **{f"{_WORD}{word}": word for words in LISTED.values() for word in sorted(words)},
}
LEAVES = tuple(_EXAMPLES)
"""Every leaf that a shape may have; nothing else can stand in a recording, so it can hold no value."""


def example_of_leaf(leaf: str) -> Json:
    """A made-up value that these words are for."""
    return _EXAMPLES[leaf]


def kind_in(leaf: str) -> str | None:
    """The kind of text that these words are for; None for an empty text and for all that is no text."""
    example = _EXAMPLES[leaf]
    return kind_of(example) if isinstance(example, str) and example else None
