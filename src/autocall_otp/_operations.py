"""The use cases, each written once as a flow, and the only module that knows the generated code."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Any, cast
from uuid import UUID

import attrs
import httpx

from autocall_otp import _arguments
from autocall_otp._answers import Answer, read_json
from autocall_otp._config import Settings
from autocall_otp._errors import ApiError, AutocallError, CdrTimeoutError, NotFoundError, Outcome
from autocall_otp._flow import Flow, Judge, Policy, persist
from autocall_otp._log import warns_of_doubt
from autocall_otp._payload import Payload
from autocall_otp._secrets import Json, hide_in_words, mask_number
from autocall_otp._version import __version__
from autocall_otp.models import CallStatus, Cdr, OtpCall, WaitProgress
from autocall_otp_api.api.voice_otp import get_cdr_by_ref_id
from autocall_otp_api.api.voice_otp import run_otp as run_otp_api
from autocall_otp_api.models import OtpAnswer, OtpRequest

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_HEADERS = {
    "Accept": "application/json",
    "User-Agent": f"autocall-otp/{__version__}",
}
# Seconds between look-ups while a call goes on, and how near the end no further one is worth it.
_FIRST_POLL, _POLL_GROWTH, _SLOWEST_POLL, _LAST_MOMENT = 1.0, 1.5, 10.0, 0.05


@warns_of_doubt
def run_otp(  # noqa: PLR0913 - the page's parameters
    settings: Settings,
    policy: Policy,
    phone_number: str,
    code_otp: str,
    *,
    campaign_uuid: str | UUID | None,
    template: str | None,
    ref_id: str | None,
    allow_international: bool | None,
) -> Flow[OtpCall]:
    """Place a call; the page, "Run OTP"."""
    until = policy.clock() + policy.deadline
    international = settings.allow_international if allow_international is None else allow_international
    number = _arguments.normalize_number(phone_number, allow_international=international)
    code = _arguments.code_otp(code_otp)
    reference = _arguments.new_ref_id() if ref_id is None else _arguments.ref_id(ref_id)
    body = OtpRequest(
        campaign_uuid=_arguments.campaign_uuid(campaign_uuid or settings.campaign_uuid),
        phone_number=number,
        template=_arguments.template(settings.template if template is None else template),
        code_otp=code,
        ref_id=reference,
    )
    secrets = {code: "***"} | dict.fromkeys(_forms(number, phone_number), mask_number(number))
    judge = Judge(places_a_call=True, ref_id=reference, secrets=secrets, insist=policy.retry.unknown_outcome)
    request = _request(settings, run_otp_api._get_kwargs(body=body))  # noqa: SLF001 - its only pure half
    answer = yield from persist(request, judge, policy, until=until, attempts=policy.retry.attempts)
    values = _object(answer, judge)
    read = OtpAnswer.from_dict(values)
    call_id = _text(read.call_id)
    if call_id is None:
        raise judge.unreadable(answer, "it names no call_id")
    message = _text(read.message)
    return OtpCall(
        call_id=call_id,
        lead_uuid=_text(read.lead_uuid),
        message=message and hide_in_words(message, judge.secrets),
        ref_id=_text(read.ref_id) or reference,
        raw=Payload(values, judge.secrets),
    )


def get_cdr(settings: Settings, policy: Policy, ref_id: str) -> Flow[Cdr]:
    """Look a record up; the page, "Get CDR by Ref ID"."""
    until = policy.clock() + policy.deadline
    judge = Judge(places_a_call=False, ref_id=_arguments.ref_id(ref_id), secrets={})
    answer = yield from _look_up(settings, policy, judge, until=until, attempts=policy.retry.attempts)
    return _record(answer, judge, settings)


def wait_for_cdr(
    settings: Settings,
    policy: Policy,
    ref_id: str,
    *,
    timeout: float,
    progress: Callable[[WaitProgress], object] | None,
) -> Flow[Cdr]:
    """Look a record up until the call is over.

    The page does not say how soon a record appears, nor what a look-up answers before: a 404, a record without an
    end and every passing failure count as "not yet".
    """
    start = policy.clock()
    until = start + _arguments.seconds("timeout", timeout)
    judge = Judge(places_a_call=False, ref_id=_arguments.ref_id(ref_id), secrets={})
    # Thousands of waits at once hold their last record for long: as the bytes that came, a fifth of its size.
    last: Answer | None = None

    def unfinished() -> Cdr | None:
        return None if last is None else _record(last, judge, settings)

    pause, backoff, look_ups = 0.0, _FIRST_POLL, 0
    while True:
        failure: AutocallError | None = None
        try:
            last = yield from _look_up(settings, policy, judge, until=until, attempts=1, delay=pause)
            record = _record(last, judge, settings)
            if record.finished:
                return record
            del record
        except AutocallError as error:
            if not (error.retryable or isinstance(error, NotFoundError)):
                raise
            failure = error
        look_ups += 1
        left = until - policy.clock()
        asked = (failure.retry_after or 0.0) if isinstance(failure, ApiError) else 0.0
        if failure is not None and asked > max(left, 0.0):
            raise failure
        if left <= _LAST_MOMENT:
            raise _timed_out(ref_id, timeout, unfinished()) from failure
        if progress is not None:
            progress(_progress(look_ups, policy.clock() - start, left, unfinished(), failure))
        # Halving what is left brings the last look-ups closer together: a record that appears late is still seen.
        pause = max(asked, min(policy.draw(backoff / 2, backoff), left / 2))
        backoff = min(backoff * _POLL_GROWTH, _SLOWEST_POLL)


def _progress(
    look_ups: int, elapsed: float, remaining: float, record: Cdr | None, failure: AutocallError | None
) -> WaitProgress:
    reason = str(failure) if failure else "the record has no end yet"
    return WaitProgress(look_ups=look_ups, elapsed=elapsed, remaining=remaining, record=record, reason=reason)


def _timed_out(ref_id: str, timeout: float, record: Cdr | None) -> CdrTimeoutError:
    seen = "there is none yet" if record is None else "the last one seen has no end"
    return CdrTimeoutError(
        f"no finished record within {timeout:g} s: {seen}",
        outcome=Outcome.UNKNOWN if record is None else Outcome.PLACED,
        ref_id=ref_id,
        record=record,
    )


def _look_up(  # noqa: PLR0913 - whom to ask, for what, how long to go on
    settings: Settings, policy: Policy, judge: Judge, *, until: float, attempts: int, delay: float = 0.0
) -> Flow[Answer]:
    request = _request(settings, get_cdr_by_ref_id._get_kwargs(judge.ref_id))  # noqa: SLF001 - its only pure half
    return (yield from persist(request, judge, policy, until=until, attempts=attempts, delay=delay))


def _record(answer: Answer, judge: Judge, settings: Settings) -> Cdr:
    return read_cdr(_object(answer, judge), settings.timezone, judge.secrets)


def _request(settings: Settings, kwargs: dict[str, Any]) -> httpx.Request:
    """The generated code's request, addressed to this client's host.

    With complete headers and a stream, httpx has nothing left to work out, which takes it longer than our rules do.
    """
    url = _url(settings.base_url + kwargs.pop("url"))
    more: dict[str, str] = kwargs.pop("headers", {})
    body = b""
    if "json" in kwargs:
        body = _JSON.encode(kwargs.pop("json")).encode()
        more["Content-Length"] = str(len(body))
    # httpx copies the headers that it is given.
    request = httpx.Request(**kwargs, url=url, headers=_headers(settings.base_url), stream=httpx.ByteStream(body))
    for name, value in more.items():
        request.headers[name] = value
    # Some transports, and whoever inspects requests in tests, want the body at hand.
    request.read()
    return request


@functools.lru_cache(maxsize=64)
def _headers(base_url: str) -> httpx.Headers:
    """The headers that every request to a host has; to be copied."""
    return httpx.Headers({"Host": httpx.URL(base_url).netloc.decode("ascii")} | _HEADERS)


@functools.lru_cache(maxsize=1024)
def _url(text: str) -> httpx.URL:
    """Parsed once for the many look-ups of one wait, and for all calls of a client."""
    return httpx.URL(text)


def _object(answer: Answer, judge: Judge) -> dict[str, Json]:
    """The JSON object of a success."""
    values: Json = None
    # The decoder's error holds the whole body, so it must not become the context of ours.
    with suppress(ValueError):
        values = read_json(answer.body)
    if not isinstance(values, dict):
        raise judge.unreadable(answer, "its body is not a JSON object")
    if "error" in values:
        raise judge.unreadable(answer, "its body is an error")
    return values


def read_cdr(values: dict[str, Json], zone: tzinfo, secrets: dict[str, str] | None = None) -> Cdr:
    """The record in an answer; what cannot be read is None there and untouched in `raw`."""
    get = cast("Callable[[str], Json]", values.get)
    texts = [text if isinstance(text, str) and text else None for text in map(get, _TEXTS_ON_WIRE)]
    fields: dict[str, Any] = dict(zip(_TEXTS, texts, strict=True))
    for name, on_wire, read in _OTHERS:
        fields[name] = read(get(on_wire), zone)
    fields["raw"] = Payload(values, secrets)
    return Cdr._of(fields)  # noqa: SLF001 - for this module alone


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _status(value: object, _: tzinfo) -> CallStatus | str | None:
    text = _text(value)
    return text and _STATUSES.get(text.lower(), text)


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
        # What `replace` does, in a fifth of its time.
        return datetime.combine(moment, moment.time(), zone) if moment.tzinfo is None else moment.astimezone(zone)
    except (ValueError, OverflowError):
        return None


def _payload(value: Json, _: tzinfo) -> Payload | None:
    if isinstance(value, str):
        try:
            value = read_json(value)
        except ValueError:
            return None
    return Payload(value) if isinstance(value, dict) else None


_STATUSES: dict[str, CallStatus] = {status.value: status for status in CallStatus}
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")
# How a field is read follows from its type. Most are texts: these are read at one go.
_READERS: dict[str, Callable[[Any, tzinfo], Any]] = {
    "int | None": _number,
    "datetime | None": _moment,
    "CallStatus | str | None": _status,
    "Payload | None": _payload,
}
_ON_WIRE: dict[str, str] = {"time_ringing": "time_ringging"}
"""The wire's spelling, where ours differs."""
_FIELDS: list[tuple[str, str, str]] = [
    (field.name, _ON_WIRE.get(field.name) or field.name, str(field.type)) for field in attrs.fields(Cdr)
]
_TEXTS = tuple(name for name, _, kind in _FIELDS if kind == "str | None")
_TEXTS_ON_WIRE = tuple(on_wire for _, on_wire, kind in _FIELDS if kind == "str | None")
_OTHERS = tuple((name, on_wire, _READERS[kind]) for name, on_wire, kind in _FIELDS if name not in {*_TEXTS, "raw"})


def _forms(number: str, typed: str) -> set[str]:
    """The ways in which the service may write the number that it was sent."""
    forms = {number, typed, number.removeprefix("+")}
    if number.startswith("0"):
        forms |= {f"84{number[1:]}", f"+84{number[1:]}", number[1:]}
    return forms
