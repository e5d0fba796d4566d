"""The special test numbers: one table for the behaviour, the command line and the docs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from autocall_otp.sandbox import calls
from autocall_otp.sandbox.calls import Plan, normalized

SLOW_RECORD_SECONDS = 30.0


class Answer(Enum):
    """What comes back when a call to the number is asked for."""

    NORMAL = "normal"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    RATE_LIMITED_ONCE = "429 once"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "HTML 502"
    UNAVAILABLE = "503"
    LOST = "lost"
    STALLED = "stalled"
    MALFORMED = "malformed"
    REFUSED_IN_WORDS = "200 without a call"


class LookUp(Enum):
    """What a look-up of such a call finds: while there is no record, and then as the record."""

    NORMAL = "normal"
    EMPTY_LIST = "[]"
    EMPTY_OBJECT = "{}"
    NULL = "null"
    HTML = "HTML"
    NO_END = "an unfinished record"
    CAPITALS = "status in capitals"


@dataclass(frozen=True, slots=True)
class SpecialNumber:
    """A special test number.

    `name` is a short word for it, `happens` what the sandbox does, `outcome` what the SDK makes of it. `answer`
    is what the request for a call gets, `plan` the life of the call, or None where no call is placed, `look_up` what
    a look-up finds.
    """

    phone_number: str
    name: str
    happens: str
    outcome: str
    plan: Plan | None
    answer: Answer = Answer.NORMAL
    look_up: LookUp = LookUp.NORMAL


def _early(phone_number: str, look_up: LookUp, name: str, what: str) -> SpecialNumber:
    happens = f"is answered; before the end a look-up gets {what}"
    return SpecialNumber(phone_number, name, happens, "record, after a wait", calls.ANSWERED, look_up=look_up)


def _ending(phone_number: str, plan: Plan, happens: str) -> SpecialNumber:
    return SpecialNumber(phone_number, plan.status, happens, f"record with status `{plan.status}`", plan)


_SLOW = replace(calls.ANSWERED, record=calls.ANSWERED.ended + SLOW_RECORD_SECONDS)
_NEVER = replace(calls.ANSWERED, record=None)

NUMBERS: tuple[SpecialNumber, ...] = (
    _ending("0900000001", calls.ANSWERED, "rings after 2 s, is answered at 7 s, ends at 15 s"),
    _ending("0900000002", calls.BUSY, "is busy at 3 s"),
    _ending("0900000003", calls.NO_ANSWER, "rings from 2 s to 27 s, nobody answers"),
    _ending("0900000004", calls.NOT_AVAILABLE, "is switched off or out of reach, at 4 s"),
    _ending("0900000005", calls.INVALID_NUMBER, "does not exist, at 1 s"),
    _ending("0900000006", calls.PHONE_BLOCK, "refuses calls from the service, at 2 s"),
    _ending("0900000007", calls.CONGESTION, "no line is free, at 1 s"),
    _ending("0900000008", calls.VOICEMAIL, "rings, and a mailbox answers at 20 s"),
    _ending("0900000009", calls.FAILED, "the network fails, at 6 s"),
    SpecialNumber(
        "0900000010",
        "hung-up",
        "is answered at 7 s, and the callee hangs up a second later",
        "record with status `answered`",
        calls.HUNG_UP,
    ),
    SpecialNumber(
        "0900000021", "slow-record", "is answered; the record comes 30 s after the end", "record, late", _SLOW
    ),
    SpecialNumber(
        "0900000022", "no-record", "is answered; the record never comes", "`CdrTimeoutError`, UNKNOWN", _NEVER
    ),
    _early("0900000023", LookUp.EMPTY_LIST, "early-list", "`[]`"),
    _early("0900000024", LookUp.EMPTY_OBJECT, "early-object", "`{}`"),
    _early("0900000025", LookUp.NULL, "early-null", "`null`"),
    _early("0900000026", LookUp.HTML, "early-html", "an HTML page"),
    _early("0900000027", LookUp.NO_END, "early-record", "a record that ended in 1970"),
    SpecialNumber(
        "0900000028",
        "capitals",
        "rings from 2 s to 27 s; the record says `NO_ANSWERED`",
        "record with status `no-answered`",
        calls.NO_ANSWER,
        look_up=LookUp.CAPITALS,
    ),
    SpecialNumber(
        "0900000031",
        "answer-lost",
        "is dialled, then the connection closes without an answer",
        "`TransportError`, UNKNOWN",
        calls.ANSWERED,
        Answer.LOST,
    ),
    SpecialNumber(
        "0900000032",
        "answer-stalled",
        "is dialled, and no answer comes",
        "`TransportTimeoutError`, UNKNOWN",
        calls.ANSWERED,
        Answer.STALLED,
    ),
    SpecialNumber(
        "0900000033",
        "answer-malformed",
        "is dialled, and the answer is a 200 with half a JSON body",
        "`InvalidResponseError`, UNKNOWN",
        calls.ANSWERED,
        Answer.MALFORMED,
    ),
    SpecialNumber(
        "0900000200",
        "refused-in-words",
        '200 with `{"status": "fail", "message": "Số dư không đủ"}`, not dialled',
        "`InvalidResponseError`, UNKNOWN",
        None,
        Answer.REFUSED_IN_WORDS,
    ),
    SpecialNumber(
        "0900000401",
        "unauthorized",
        "401, whatever the token",
        "`AuthenticationError`, NOT_PLACED",
        None,
        Answer.UNAUTHORIZED,
    ),
    SpecialNumber(
        "0900000403",
        "forbidden",
        "403",
        "`PermissionDeniedError`, NOT_PLACED",
        None,
        Answer.FORBIDDEN,
    ),
    SpecialNumber(
        "0900000429",
        "rate-limited",
        "429 with `Retry-After: 1`, then a call on the next try with the same `ref_id`",
        "a call, after one more try",
        calls.ANSWERED,
        Answer.RATE_LIMITED_ONCE,
    ),
    SpecialNumber(
        "0900000500", "server-error", "500, not dialled", "`ServerError`, UNKNOWN", None, Answer.SERVER_ERROR
    ),
    SpecialNumber(
        "0900000502",
        "bad-gateway",
        "is dialled, and a gateway answers 502 with an HTML page",
        "`ServerError`, UNKNOWN",
        calls.ANSWERED,
        Answer.BAD_GATEWAY,
    ),
    SpecialNumber("0900000503", "unavailable", "503, not dialled", "`ServerError`, UNKNOWN", None, Answer.UNAVAILABLE),
)

_BY_NUMBER: dict[str, SpecialNumber] = {number.phone_number: number for number in NUMBERS}


def special(phone_number: str) -> SpecialNumber | None:
    """The special test number with this number, in any spelling; None for an ordinary one."""
    return _BY_NUMBER.get(normalized(phone_number))
