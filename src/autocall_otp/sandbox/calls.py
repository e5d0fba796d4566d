"""The life of a call, as a pure function of the time since it was placed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from autocall_otp import normalize_number

FROM_NUMBER = "02873003586"
TALK_SECONDS = 8.0
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Plan:
    """What will become of a call: offsets in seconds from when it was placed; None where a step never comes.

    `status`, `cause` and `disposition` are what the record says, in the provider's and FreeSWITCH's words.
    `record` is when the record can be fetched; None means never.
    """

    ringing: float | None
    answered: float | None
    ended: float
    record: float | None
    status: str
    cause: str
    disposition: str


ANSWERED = Plan(2.0, 7.0, 15.0, 15.0, "answered", "NORMAL_CLEARING", "recv_bye")
HUNG_UP = Plan(2.0, 7.0, 8.0, 8.0, "answered", "NORMAL_CLEARING", "recv_bye")
BUSY = Plan(None, None, 3.0, 3.0, "busy", "USER_BUSY", "recv_refuse")
NO_ANSWER = Plan(2.0, None, 27.0, 27.0, "no-answered", "NO_ANSWER", "send_cancel")
NOT_AVAILABLE = Plan(None, None, 4.0, 4.0, "not-available", "NO_USER_RESPONSE", "recv_refuse")
INVALID_NUMBER = Plan(None, None, 1.0, 1.0, "invalid-number", "UNALLOCATED_NUMBER", "recv_refuse")
PHONE_BLOCK = Plan(None, None, 2.0, 2.0, "phone-block", "CALL_REJECTED", "recv_refuse")
CONGESTION = Plan(None, None, 1.0, 1.0, "congestion", "NORMAL_CIRCUIT_CONGESTION", "recv_refuse")
VOICEMAIL = Plan(2.0, 20.0, 26.0, 26.0, "voicemail", "NORMAL_CLEARING", "send_bye")
FAILED = Plan(None, None, 6.0, 6.0, "failed", "NORMAL_TEMPORARY_FAILURE", "recv_refuse")


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call that was placed; what state it is in depends on the time alone."""

    id: int
    call_id: str
    lead_uuid: str
    sip_call_id: str
    ref_id: str
    placed_at: datetime
    plan: Plan
    request: dict[str, Any] = field(repr=False)

    @property
    def phone_number(self) -> str:
        """The number as the request gave it."""
        return str(self.request["phone_number"])


class NotRingingError(Exception):
    """The call can no longer be answered, rejected or left: it was answered already, or has ended."""


class NotTalkingError(Exception):
    """The call cannot be hung up: nobody has answered it, or it has ended."""


def elapsed(call: PlacedCall, now: datetime) -> float:
    """Seconds since the call was placed."""
    return (now - call.placed_at).total_seconds()


def status(call: PlacedCall, now: datetime) -> str:
    """queued, ringing, answered, then ended; or else the way in which a call ended that nobody talked in."""
    plan, seconds = call.plan, elapsed(call, now)
    if seconds >= plan.ended:
        return "ended" if plan.status == "answered" else plan.status
    if plan.answered is not None and seconds >= plan.answered:
        return "answered"
    if plan.ringing is not None and seconds >= plan.ringing:
        return "ringing"
    return "queued"


def since(call: PlacedCall, now: datetime) -> datetime:
    """When the call came into its present state."""
    plan, seconds = call.plan, elapsed(call, now)
    steps = (0.0, plan.ringing, plan.answered, plan.ended)
    return moment(call, max(step for step in steps if step is not None and step <= seconds))


def next_change(call: PlacedCall, now: datetime) -> float | None:
    """Seconds until the call's state or its record changes; None when nothing is left to happen."""
    plan, seconds = call.plan, elapsed(call, now)
    steps = (plan.ringing, plan.answered, plan.ended, plan.record)
    return min((step - seconds for step in steps if step is not None and step > seconds), default=None)


def has_record(call: PlacedCall, now: datetime) -> bool:
    """Whether a look-up finds the call's record by now."""
    return call.plan.record is not None and elapsed(call, now) >= call.plan.record


def can_be_answered(call: PlacedCall, now: datetime) -> bool:
    """Whether the phone rings, or is about to."""
    return call.plan.ringing is not None and status(call, now) in {"queued", "ringing"}


def can_be_hung_up(call: PlacedCall, now: datetime) -> bool:
    """Whether someone talks, or listens."""
    return status(call, now) == "answered"


def moment(call: PlacedCall, offset: float) -> datetime:
    """The time at an offset of the plan."""
    return call.placed_at + timedelta(seconds=offset)


def answered(call: PlacedCall, now: datetime) -> PlacedCall:
    """The call, answered at this moment; raises NotRingingError."""
    seconds = _ringing_seconds(call, now)
    return _replanned(call, ANSWERED, seconds, answered=seconds, ended=_sum(seconds, TALK_SECONDS))


def rejected(call: PlacedCall, now: datetime) -> PlacedCall:
    """The call, refused at this moment by whom it rang; raises NotRingingError."""
    seconds = _ringing_seconds(call, now)
    return _replanned(call, BUSY, seconds, answered=None, ended=seconds)


def left_unanswered(call: PlacedCall, now: datetime) -> PlacedCall:
    """The call, given up at this moment; raises NotRingingError."""
    seconds = _ringing_seconds(call, now)
    return _replanned(call, NO_ANSWER, seconds, answered=None, ended=seconds)


def hung_up(call: PlacedCall, now: datetime) -> PlacedCall:
    """The call, ended at this moment by whom it reached; raises NotTalkingError."""
    if not can_be_hung_up(call, now):
        msg = f"call {call.id} cannot be hung up: its status is {status(call, now)}"
        raise NotTalkingError(msg)
    plan = replace(call.plan, disposition=HUNG_UP.disposition)
    return _replanned(call, plan, elapsed(call, now), answered=plan.answered, ended=elapsed(call, now))


def _ringing_seconds(call: PlacedCall, now: datetime) -> float:
    if not can_be_answered(call, now):
        msg = f"call {call.id} is not ringing: its status is {status(call, now)}"
        raise NotRingingError(msg)
    return elapsed(call, now)


def _replanned(call: PlacedCall, ending: Plan, seconds: float, *, answered: float | None, ended: float) -> PlacedCall:
    """The call with another ending; a phone that had not rung yet rings now, a slow record stays as slow."""
    old = call.plan
    ringing = seconds if old.ringing is None else min(old.ringing, seconds)
    record = None if old.record is None else _sum(ended, old.record - old.ended)
    return replace(call, plan=replace(ending, ringing=ringing, answered=answered, ended=ended, record=record))


def _sum(left: float, right: float) -> float:
    # Whole microseconds, as datetime counts, so that a step is reached exactly when its time has come.
    return round(left + right, 6)


def record(call: PlacedCall) -> dict[str, Any]:
    """The call detail record, field for field as in the provider's sample; it holds the code."""
    plan, started = call.plan, call.placed_at.replace(microsecond=0)
    ended = moment(call, plan.ended).replace(microsecond=0)
    talked_from = None if plan.answered is None else moment(call, plan.answered).replace(microsecond=0)
    rang_at = None if plan.ringing is None else moment(call, plan.ringing)
    return {
        "id": call.call_id,
        "parent_id": call.call_id,
        "sip_call_id": call.sip_call_id,
        "cause": plan.cause,
        "duration": int((ended - started).total_seconds()),
        "direction": "outbound",
        "recording_url": "",
        "extension": "",
        "from_number": FROM_NUMBER,
        "to_number": call.phone_number,
        "receive_dest": "",
        "time_started": _text(started),
        "time_answered": _text(talked_from),
        "time_ended": _text(ended),
        "time_ringging": _text(rang_at),
        "status": plan.status,
        "billsec": 0 if talked_from is None else int((ended - talked_from).total_seconds()),
        "app": "autocall",
        "press_key": "{}",
        "fullname": "",
        "email": "",
        "username": "",
        "sip_hangup_disposition": plan.disposition,
        "campaign_uuid": call.request["campaign_uuid"],
        "lead_uuid": call.lead_uuid,
        "rate": "",
        "digits": "",
        "note": "",
        "customer_fullname": "",
        "customer_email": "",
        "demand_customer": "",
        "interest_segment": "",
        "additional": dict(sorted(call.request.items())),
        "autocall_presskey_epoch": "",
        "time_presskey": "",
        "presskey_delay": 0,
        "autocall_recording_url": "",
    }


def _text(time: datetime | None) -> str:
    return "" if time is None else time.strftime(TIME_FORMAT)


@lru_cache(maxsize=10_000)
def normalized(phone_number: str) -> str:
    """The number as the SDK would dial it, however it is spelt; a text that is no number stays as it is."""
    try:
        return normalize_number(phone_number, allow_international=True)
    except ValueError:
        return phone_number


def masked(phone_number: str) -> str:
    """The number as a log may show it: `0332***711`, or `***` when it is too short or no number at all."""
    number = normalized(phone_number)
    return f"{number[:4]}***{number[-3:]}" if re.fullmatch(r"\+?[0-9]{9,15}", number) else "***"
