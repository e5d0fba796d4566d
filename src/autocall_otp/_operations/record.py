"""The record of a call: the request for it, and what the wire holds as a `Cdr`."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Any

import attrs

from autocall_otp._operations.request import request_maker
from autocall_otp._payload import Payload
from autocall_otp._redact import Json, Secrets
from autocall_otp._sansio.evidence import RequestMaker
from autocall_otp._sansio.outcome import Operation, unreadable
from autocall_otp._sansio.response import RawResponse, read_json
from autocall_otp.models import CallStatus, Cdr


def cdr_request_maker(base_url: str, ref_id: str) -> RequestMaker:
    """What makes the request for a record."""
    from autocall_otp_api.api.voice_otp.get_cdr_by_ref_id import _get_kwargs  # noqa: PLC0415 - with the first client

    return request_maker(base_url, _get_kwargs(ref_id))


def read_object(response: RawResponse) -> dict[str, Json] | None:
    """The JSON object of a success; None where its body is something else."""
    values: Json = None
    # The decoder's error holds the whole body, so it must not become the context of ours.
    with suppress(ValueError):
        values = read_json(response.body)
    return values if isinstance(values, dict) else None


def read_record(response: RawResponse, operation: Operation, zone: tzinfo, call_id: str | None) -> Cdr | None:
    """The record in a success; None where there is none yet, or only that of an older call.

    Args:
        response: the answer.
        operation: the look-up.
        zone: of the wire's times.
        call_id: the id that the record must have; None for any.

    Raises:
        InvalidResponseError: the answer says in words that something is wrong.
    """
    values = read_object(response)
    if not values:
        return None
    if values.get("error"):
        raise unreadable(response, operation, "its body is an error")
    record = read_cdr(values, zone, operation.secrets)
    is_other = call_id is not None and record.id != call_id
    return None if record.id is None or is_other else record


def read_cdr(values: dict[str, Json], zone: tzinfo, secrets: Secrets | None = None) -> Cdr:
    """The record in an answer; what cannot be read is None there and untouched in `raw`."""
    get: Callable[[str], Any] = values.get
    texts = [text if isinstance(text, str) and text else None for text in map(get, _TEXTS_ON_WIRE)]
    fields: dict[str, Any] = dict(zip(_TEXTS, texts, strict=True))
    for name, on_wire, read in _OTHERS:
        fields[name] = read(get(on_wire), zone)
    raw = fields["raw"] = Payload(values, secrets)
    for name in _OBJECTS:
        fields[name] = _payload(get(name), raw)
    return Cdr._of(fields)  # noqa: SLF001 - for this module alone


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _status(value: object, _: tzinfo) -> CallStatus | str | None:
    text = _text(value)
    return text and _STATUSES.get(re.sub(r"[\s_-]+", "", text.lower()), text)


def _number(value: object, _: tzinfo) -> int | None:
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: object, zone: tzinfo) -> datetime | None:
    # A date without a time, or a week date, is ISO 8601 too, but no moment.
    if not isinstance(value, str) or not _TIME.match(value):
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.year < _FIRST_YEAR:
            return None
        # What `replace` does, in a fifth of its time.
        return datetime.combine(moment, moment.time(), zone) if moment.tzinfo is None else moment.astimezone(zone)
    except (ValueError, OverflowError):
        return None


def _payload(value: Json, raw: Payload) -> Payload | None:
    if isinstance(value, str):
        try:
            value = read_json(value)
        except ValueError:
            return None
    return Payload(value, around=raw) if isinstance(value, dict) else None


# Older pages of the provider write a status in capitals, and FreeSWITCH says "no answer".
_STATUSES: dict[str, CallStatus] = {status.value.replace("-", ""): status for status in CallStatus}
_STATUSES["noanswer"] = CallStatus.NO_ANSWERED
_FIRST_YEAR = 2000
"""A time of an earlier year stands for one that did not happen."""
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")
# How a field is read follows from its type. Most are texts: these are read at one go.
_READERS: dict[str, Callable[[Any, tzinfo], Any]] = {
    "int | None": _number,
    "datetime | None": _moment,
    "CallStatus | str | None": _status,
}
_ON_WIRE: dict[str, str] = {"time_ringing": "time_ringging"}
"""The wire's spelling, where ours differs."""
_FIELDS: list[tuple[str, str, str]] = [
    (field.name, _ON_WIRE.get(field.name) or field.name, str(field.type)) for field in attrs.fields(Cdr)
]
_TEXTS = tuple(name for name, _, kind in _FIELDS if kind == "str | None")
_TEXTS_ON_WIRE = tuple(on_wire for _, on_wire, kind in _FIELDS if kind == "str | None")
_OBJECTS = tuple(name for name, _, kind in _FIELDS if kind == "Payload | None")
_OTHERS = tuple(
    (name, on_wire, _READERS[kind]) for name, on_wire, kind in _FIELDS if name not in {*_TEXTS, *_OBJECTS, "raw"}
)
