"""What callers get: the result of a call, its record, and the rule for trying again."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, ClassVar, Self

import attrs

from autocall_otp._errors import Outcome, misconfigured
from autocall_otp._payload import Payload
from autocall_otp._redact import NUMBER_FIELDS, Secrets, mask_number


class CallStatus(StrEnum):
    """How a call ended, as far as the provider's pages list it.

    The provider's page of this API shows ``answered``; its other pages list the rest, and the list is open. A status
    that is not here reaches the caller as the plain text that came.
    """

    ANSWERED = "answered"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWERED = "no-answered"
    NOT_AVAILABLE = "not-available"
    VOICEMAIL = "voicemail"
    INVALID_NUMBER = "invalid-number"
    PHONE_BLOCK = "phone-block"
    CONGESTION = "congestion"


class _Result:
    """A result may travel through a queue, or stand in a log; codes and phone numbers may not."""

    __slots__ = ()

    raw: Payload
    _derived: ClassVar[tuple[str, ...]]

    def __repr__(self) -> str:
        shown = [field.name for field in attrs.fields(type(self)) if field.repr]  # type: ignore[arg-type] # attrs
        values = _masked({name: getattr(self, name) for name in shown}, self._secrets())
        return f"{type(self).__name__}({', '.join(f'{name}={_shown(values[name])}' for name in shown)})"

    def __copy__(self) -> Self:
        """Itself, since nothing of it changes; a pickle would be masked."""
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        fields = {name: getattr(self, name) for name in attrs.fields_dict(type(self))}  # type: ignore[arg-type] # attrs
        return _restore, (type(self), _masked(fields, self._secrets()))

    def to_dict(self, *, masked: bool = False) -> dict[str, Any]:
        """The fields and what follows from them as plain values, for ``json.dumps``; `raw` stays out.

        Times are ISO 8601 texts with their zone. ``raw.to_dict()`` gives what came.

        Args:
            masked: mask codes and phone numbers, as pickling does: for logs and queues.
        """
        fields = (*attrs.fields_dict(type(self)), *self._derived)  # type: ignore[arg-type] # an attrs class below
        values = {name: getattr(self, name) for name in fields if name != "raw"}
        if masked:
            values = _masked(values, self._secrets())
        return {name: _as_json(value) for name, value in values.items()}

    def _secrets(self) -> Secrets:
        numbers = [getattr(self, name, None) for name in NUMBER_FIELDS]
        return self.raw.secrets() | Secrets(numbers=filter(None, numbers))


# The look-up of a call that came out of a queue needs these. One may look like a phone number, and be none.
_IDENTIFIERS = frozenset({"call_id", "id", "lead_uuid", "parent_id", "ref_id"})


def _masked(values: dict[str, Any], secrets: Secrets) -> dict[str, Any]:
    """The fields of a result with codes and phone numbers masked."""

    def mask(name: str, value: Any) -> Any:  # noqa: ANN401 - any field
        if type(value) is str:
            if name in NUMBER_FIELDS:
                return mask_number(value)
            return secrets.redact_identifier(value) if name in _IDENTIFIERS else secrets.redact(value)
        return Payload(secrets.redact_object(value.to_dict())) if isinstance(value, Payload) else value

    return {name: mask(name, value) for name, value in values.items()}


def _shown(value: object) -> str:
    return str(value) if isinstance(value, datetime) else repr(value)


def _as_json(value: Any) -> Any:  # noqa: ANN401 - any field
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value if isinstance(value, str) else value.name
    return value.to_dict() if isinstance(value, Payload) else value


def _restore(cls: type[Any], fields: dict[str, Any]) -> Any:  # noqa: ANN401 - an instance of cls
    return cls(**fields)


def _unshown() -> Any:  # noqa: ANN401 - attrs types the field by its annotation
    """A field that stays out of the repr: it is long, personal or secret."""
    return attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True, repr=False)
class OtpCall(_Result):
    """A call that the service took (the provider's page, "Run OTP", response).

    Pickling keeps every field, with codes and phone numbers masked.
    """

    call_id: str
    """The service's identifier of the call; its record carries it as ``id``."""
    lead_uuid: str | None = None
    """The service's identifier of the entry in the campaign."""
    message: str | None = attrs.field(default=None, repr=False)
    """The service's word on the result, ``success`` on the provider's page."""
    ref_id: str
    """The reference to look the record up by."""
    phone_number: str | None = None
    """The number that was dialled, as `normalize_number` writes it; masked in repr and pickle."""
    raw: Payload = attrs.field(factory=Payload, repr=False)
    """The answer as it came, read-only."""

    outcome: ClassVar[Outcome] = Outcome.PLACED
    """A result means that the call was placed."""
    _derived: ClassVar[tuple[str, ...]] = ("outcome",)


# Without slots: a record is then made from a dict at one go, a tenth of the time that 40 fields take one by one.
@attrs.frozen(kw_only=True, slots=False, repr=False)
class Cdr(_Result):
    """A call detail record (the provider's page, "Get CDR by Ref ID", response).

    Every field has its documented name. Text that is empty or missing is None; so is a number or a time that
    cannot be read. Times are aware, in the client's time zone. What came stays in ``raw``, unknown fields too.

    Pickling keeps every field, with codes and phone numbers masked.
    """

    id: str | None = None
    """The call's identifier, equal to ``OtpCall.call_id``."""
    parent_id: str | None = _unshown()
    """Identifier of the call that this one belongs to; equal to ``id`` on the provider's page."""
    sip_call_id: str | None = _unshown()
    """Call-ID of the SIP dialogue."""
    cause: str | None = None
    """Hangup cause in FreeSWITCH's words, such as ``NORMAL_CLEARING``, ``USER_BUSY``, ``NO_ANSWER``."""
    duration: int | None = None
    """Seconds from the start of the call to its end."""
    direction: str | None = _unshown()
    """Direction of the call; ``outbound`` on the provider's page."""
    recording_url: str | None = _unshown()
    """Link to a recording of the call."""
    extension: str | None = _unshown()
    """Extension of the agent in the call."""
    from_number: str | None = None
    """The number that called; masked in repr and pickle."""
    to_number: str | None = None
    """The number that was called; masked in repr and pickle."""
    receive_dest: str | None = _unshown()
    """Destination that took the call."""
    time_started: datetime | None = None
    """When the call started."""
    time_answered: datetime | None = None
    """None when nobody answered."""
    time_ended: datetime | None = None
    """When the call ended; None while it goes on."""
    time_ringing: datetime | None = None
    """When the phone began to ring; ``time_ringging`` on the wire."""
    status: CallStatus | str | None = None
    """How the call ended: a CallStatus, or the plain text of a status that is not listed."""
    billsec: int | None = None
    """Seconds of talk; 0 when nobody answered."""
    app: str | None = _unshown()
    """Product that made the call; ``autocall`` on the provider's page."""
    press_key: Payload | None = _unshown()  # noqa: RUF009 - an attrs field
    """The keys pressed, decoded from JSON; None when that text is no JSON object."""
    fullname: str | None = _unshown()
    """Full name of the agent."""
    email: str | None = _unshown()
    """E-mail address of the agent."""
    username: str | None = _unshown()
    """User name of the agent."""
    sip_hangup_disposition: str | None = None
    """Which side hung up, in FreeSWITCH's words, such as ``recv_bye``."""
    campaign_uuid: str | None = _unshown()
    """UUID of the campaign."""
    lead_uuid: str | None = _unshown()
    """Identifier of the entry in the campaign; equal to ``OtpCall.lead_uuid``."""
    rate: str | None = _unshown()
    """Score that the customer gave."""
    digits: str | None = _unshown()
    """Digits of the score that the customer gave."""
    note: str | None = _unshown()
    """Note on the call."""
    customer_fullname: str | None = _unshown()
    """Full name of the customer."""
    customer_email: str | None = _unshown()
    """E-mail address of the customer."""
    demand_customer: str | None = _unshown()
    """What the customer asked for."""
    interest_segment: str | None = _unshown()
    """Segment that the customer is interested in."""
    additional: Payload | None = _unshown()  # noqa: RUF009 - an attrs field
    """What the caller passed in, the code included: secret."""
    autocall_presskey_epoch: str | None = _unshown()
    """When a key was pressed, as seconds of the Unix epoch in text."""
    time_presskey: datetime | None = _unshown()  # noqa: RUF009 - an attrs field
    """When a key was pressed."""
    presskey_delay: int | None = _unshown()
    """Seconds (inferred; the provider's page states no unit) from the answer to the key press."""
    autocall_recording_url: str | None = _unshown()
    """Link to the autocall product's own recording."""

    raw: Payload = attrs.field(factory=Payload, repr=False)
    """The record as it came, read-only."""
    _derived: ClassVar[tuple[str, ...]] = ("answered", "finished")

    @classmethod
    def _of(cls, fields: dict[str, Any]) -> Cdr:
        """The record that consists of the dict, which must hold every field and nothing else."""
        record = cls.__new__(cls)
        object.__setattr__(record, "__dict__", fields)
        return record

    @property
    def answered(self) -> bool:
        """Whether someone answered the phone."""
        return self.status == CallStatus.ANSWERED

    @property
    def finished(self) -> bool:
        """Whether the call is over: it has an end, or a status that the provider lists for ended calls."""
        return self.time_ended is not None or isinstance(self.status, CallStatus)


@attrs.frozen(kw_only=True)
class WaitProgress:
    """Where a wait for a record stands, after each look-up that did not end it."""

    look_ups: int
    """How many look-ups were made so far."""
    elapsed: float
    """Seconds since the wait began."""
    remaining: float
    """Seconds until it gives up."""
    record: Cdr | None
    """The unfinished record, where there is one."""
    reason: str
    """Why the wait goes on, in words for a log."""


LONGEST = 2_147_483
"""Seconds; what a socket can wait at the most: 2 ** 31 milliseconds, 24 days."""


def _number_from(bound: float, *, whole: bool = False) -> Any:  # noqa: ANN401 - an attrs validator
    def check(_: object, field: attrs.Attribute[Any], value: float) -> None:
        kinds = int if whole else int | float
        # NaN fails the comparison, as it should.
        if isinstance(value, bool) or not isinstance(value, kinds) or not bound <= value <= LONGEST:
            raise misconfigured(field.name, f"must be a {'whole ' * whole}number from {bound} to {LONGEST}")

    return check


def _yes_or_no(_: object, field: attrs.Attribute[Any], value: object) -> None:
    # The text "false" would count as true.
    if not isinstance(value, bool):
        raise misconfigured(field.name, "must be True or False")


@attrs.frozen(kw_only=True)
class Retry:
    """When and how often to try again.

    A pause is drawn at random between 0 and ``base * 2 ** n`` seconds, never more than ``cap``. An answer's
    Retry-After takes its place where it is longer. Whatever the rule, the retries of one client end at a tenth of its
    requests once a small reserve is spent, so that an outage is not made worse.

    Raises:
        ConfigurationError: an argument is out of range.
    """

    attempts: int = attrs.field(default=3, validator=_number_from(1, whole=True))
    """How often one request is sent at the most, the first time included."""
    base: float = attrs.field(default=0.5, validator=_number_from(0))
    """Seconds; the bound of the first pause."""
    cap: float = attrs.field(default=8.0, validator=_number_from(0))
    """Seconds; the bound of every pause."""
    unknown_outcome: bool = attrs.field(default=False, validator=_yes_or_no)
    """Also try again when the phone may have rung: for callers to whom a second ring is better than none."""

    @classmethod
    def none(cls) -> Retry:
        """Send every request once; a refused token is still renewed once, since nothing was placed."""
        return cls(attempts=1)
