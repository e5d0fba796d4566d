"""The faults, each with what a caller must be told: the outcome table of the design, written out case by case.

What is expected here follows from the design alone, never from what the code does.
"""

from __future__ import annotations

import gzip
from functools import partial

from autocall_otp import (
    ApiError,
    AuthenticationError,
    AutocallError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    TransportTimeoutError,
)
from faults import scenes, scripts
from faults.kinds import (
    SHORT_CONNECT,
    SHORT_POOL,
    SHORT_READ,
    TRIES,
    Both,
    Expected,
    Fault,
    Operation,
    answered,
    lost,
    success,
    unreadable,
    unsent,
)
from faults.scripts import MIB, answers, floods, good_body, half_a_body, head, says, stalls, whole
from faults.server import Wire
from faults.ways import Shell, Way

_NOT_PLACED, _UNKNOWN = Outcome.NOT_PLACED, Outcome.UNKNOWN
_TIMEOUT = TransportTimeoutError

_AGAIN: Both = {"run_otp": lost()["run_otp"], "get_cdr": Expected(None, None, retryable=False, requests=2)}
"""The look-up is sent once more, and answered."""

_over_tls = partial(Fault, stage=scenes.tls_to_plain)

_WAYS = (
    Fault("port refused", answers(), stage=scenes.refused, **unsent()),
    Fault("name does not resolve", answers(), stage=scenes.unresolvable, **unsent()),
    Fault("connect time-out", answers(), stage=scenes.no_handshake, timeout=SHORT_CONNECT, **unsent(_TIMEOUT)),
    Fault("certificate expired", answers(), stage=scenes.tls("expired"), **unsent(again=False)),
    Fault("certificate self-signed", answers(), stage=scenes.tls("self-signed"), **unsent(again=False)),
    Fault("certificate for another host", answers(), stage=scenes.tls("wrong host"), **unsent(again=False)),
    _over_tls("TLS answered in plain text", scripts.speaks_first, **unsent()),
    _over_tls("TLS reset in the handshake", scripts.resets_before, **unsent()),
    _over_tls("TLS handshake stalled", Wire.wait_until_gone, timeout=SHORT_CONNECT, **unsent(_TIMEOUT)),
    Fault(
        "no free connection",
        answers(),
        stage=scenes.crowded,
        timeout=SHORT_POOL,
        deadline=60.0,
        **unsent(_TIMEOUT),
    ),
    Fault("reset before the request is read", scripts.resets_before, unread=True, **lost()),
    Fault("reset after the request was read", scripts.resets_after, **lost()),
    Fault("closed before the request is read", scripts.closes_before, unread=True, **lost()),
    Fault("closed after the request was read", scripts.closes_after, **lost()),
    Fault("silence", stalls(b""), timeout=SHORT_READ, **lost(_TIMEOUT)),
    Fault("idle connection closed between calls", scripts.closes_when_idle, stage=scenes.warm_and_closed, **success()),
    Fault(
        "idle connection closed on the next call",
        scripts.in_turn(scripts.closes_on_second, answers()),
        stage=scenes.warm,
        **_AGAIN,
    ),
)


_HEADS = (
    Fault("half a head, then closed", says(b"HTTP/1.1 200 OK\r\nContent-Ty"), **lost()),
    Fault("half a head, then silence", stalls(b"HTTP/1.1 200 OK\r\nCont"), timeout=SHORT_READ, **lost(_TIMEOUT)),
    Fault(
        "a head that comes byte by byte",
        scripts.dribbles(b"HTTP/1.1 200 OK\r\n", b"X-Padding: " + b"x" * 20),
        deadline=0.5,
        **lost(_TIMEOUT, look_ups=1),
    ),
    Fault("garbage in place of a status line", says(b"\x16\x03\x01 what is this?\r\n\r\n"), **lost()),
    Fault("HTTP/0.9", says(b"{}"), **lost()),
    Fault("oversized headers", says(head(extra=["X-Padding: " + "x" * MIB]) + b"{}"), **lost()),
    Fault("oversized headers of a 400", says(head("400 Bad Request", extra=["X: " + "x" * MIB]) + b"{}"), **lost()),
    Fault("a header without a colon", says(head(size=2, extra=["nonsense"]) + b"{}"), **lost()),
    Fault("a header twice", answers(good_body, "200 OK", "Content-Type: text/html", "X-A: 1", "X-A: 2"), **success()),
    Fault("two lengths that differ", says(head(size=2, extra=["Content-Length: 3"]) + b"{} "), **lost()),
    Fault("a length that is no number", says(head(extra=["Content-Length: many"]) + b"{}"), **lost()),
    Fault("a length of 40 digits", says(head(extra=["Content-Length: " + "9" * 40]) + b"{}"), **lost()),
    Fault("100 Continue, then 200", scripts.informs_then(answers(), "100 Continue", "103 Early Hints"), **success()),
    Fault(
        "100 Continue, then silence",
        stalls(b"HTTP/1.1 100 Continue\r\n\r\n"),
        timeout=SHORT_READ,
        deadline=3.0,
        **lost(_TIMEOUT),
    ),
    Fault("101 that nobody asked for", says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), **lost()),
)

_OK, _GZIP, _CHUNKED = "200 OK", "Content-Encoding: gzip", "Transfer-Encoding: chunked"
_refused = partial(answered, BadRequestError, _NOT_PLACED)
_unwell = partial(answered, ServerError, _UNKNOWN, 1, TRIES)
_ODD_JSON = {
    "a list": b"[]",
    "a text": b'"success"',
    "a number": b"5",
    "null": b"null",
    "a nest 100,000 deep": b"[" * 100_000,
    "an integer of 5,000 digits": b'{"call_id": ' + b"7" * 5000 + b"}",
    "an error": b'{"error": "insufficient balance"}',
    "a list of errors": b'{"error": [{"phone_number": "invalid"}]}',
}

_BODIES = (
    Fault("half a body, then closed", says(half_a_body), **lost()),
    Fault("half a body, then reset", says(half_a_body, then=Wire.reset), **lost()),
    Fault("half a body, then silence", stalls(half_a_body), timeout=SHORT_READ, **lost(_TIMEOUT)),
    Fault(
        "a body that comes byte by byte",
        scripts.dribbles(head(size=500), b" " * 90),
        deadline=0.5,
        **lost(_TIMEOUT, look_ups=1),
    ),
    Fault("a body shorter than its length", says(lambda entry: head(size=9999) + good_body(entry)), **lost()),
    Fault("a body longer than its length", says(lambda entry: whole(good_body(entry)) + b"surplus"), **success()),
    Fault("a length that cuts the body", says(lambda entry: head(size=9) + good_body(entry)), **unreadable()),
    Fault("no length, ended by closing", says(lambda entry: head() + good_body(entry)), **success()),
    Fault("chunks that are garbage", says(head(extra=[_CHUNKED]) + b"zz\r\n{}"), **lost()),
    Fault("chunks without an end", says(head(extra=[_CHUNKED]) + b"2\r\n{}\r\n"), **lost()),
    Fault("a body of 200 MB", floods("200 OK", 200 * MIB, 200 * MIB), **unreadable()),
    Fault("a body of 200 MB in chunks", floods(_OK, None, 200 * MIB, coding=_CHUNKED), **unreadable()),
    Fault("a length of a million MB", floods("200 OK", 10**12, 64 * MIB), **unreadable()),
    Fault("a body of 200 MB in a 400", floods("400 No", 200 * MIB, 200 * MIB, rings=False), **_refused()),
    Fault("a compression bomb", answers(scripts.bomb(), _OK, _GZIP), **unreadable()),
    Fault("a compression bomb in a 500", answers(scripts.bomb(), "500 Oops", _GZIP), **_unwell()),
    Fault(
        "gzip that nobody asked for", answers(lambda entry: gzip.compress(good_body(entry)), _OK, _GZIP), **success()
    ),
    Fault(
        "gzip that is cut short",
        answers(lambda entry: gzip.compress(good_body(entry))[:-12], _OK, _GZIP),
        **unreadable(TRIES),
    ),
    Fault("a coding that nobody knows", answers(good_body, "200 OK", "Content-Encoding: zebra"), **unreadable()),
    Fault("HTML in a 200", answers(b"<html>welcome</html>", "200 OK", "Content-Type: text/html"), **unreadable()),
    Fault("HTML in a 502", answers(b"<html>bad gateway</html>", "502 Bad Gateway"), **_unwell()),
    Fault("no body", answers(b""), **unreadable()),
    Fault("invalid UTF-8", answers(b'{"call_id": "\xff\xfe"}'), **unreadable()),
    Fault("a good body called a picture", answers(good_body, "200 OK", "Content-Type: image/png"), **success()),
    *(Fault(f"JSON that is {name}", answers(body), **unreadable()) for name, body in _ODD_JSON.items()),
    Fault("half a body in a 400", says(head("400 No", size=99) + b"{", rings=False), **_refused()),
    Fault("half a body in a 503", says(head("503 Busy", size=99) + b"{"), **_unwell()),
    Fault(
        "half a body in a 429, then silence",
        stalls(head("429 Slow", size=99) + b"{", rings=False),
        timeout=SHORT_READ,
        **answered(RateLimitedError, _NOT_PLACED, TRIES, TRIES),
    ),
)

# Status, error, outcome of run_otp, how often run_otp and get_cdr send it.
_STATUSES: tuple[tuple[str, type[AutocallError], Outcome, int, int], ...] = (
    ("300 Multiple Choices", ApiError, _UNKNOWN, 1, 1),
    ("304 Not Modified", ApiError, _UNKNOWN, 1, 1),
    ("400 Bad Request", BadRequestError, _NOT_PLACED, 1, 1),
    ("401 Unauthorized", AuthenticationError, _NOT_PLACED, 1, 1),
    ("402 Payment Required", ApiError, _NOT_PLACED, 1, 1),
    ("403 Forbidden", PermissionDeniedError, _NOT_PLACED, 1, 1),
    ("404 Not Found", NotFoundError, _NOT_PLACED, 1, 1),
    ("407 Proxy Authentication Required", ApiError, _NOT_PLACED, 1, 1),
    ("408 Request Timeout", ApiError, _UNKNOWN, 1, TRIES),
    ("409 Conflict", ConflictError, _NOT_PLACED, 1, 1),
    ("413 Content Too Large", ApiError, _NOT_PLACED, 1, 1),
    ("418 I'm a Teapot", ApiError, _NOT_PLACED, 1, 1),
    ("422 Unprocessable Content", BadRequestError, _NOT_PLACED, 1, 1),
    ("429 Too Many Requests", RateLimitedError, _NOT_PLACED, TRIES, TRIES),
    ("451 Unavailable For Legal Reasons", ApiError, _NOT_PLACED, 1, 1),
    ("499 which HTTP does not name", ServerError, _UNKNOWN, 1, TRIES),
    ("500 Internal Server Error", ServerError, _UNKNOWN, 1, TRIES),
    ("501 Not Implemented", ServerError, _UNKNOWN, 1, 1),
    ("502 Bad Gateway", ServerError, _UNKNOWN, 1, TRIES),
    ("503 Service Unavailable", ServerError, _UNKNOWN, 1, TRIES),
    ("504 Gateway Timeout", ServerError, _UNKNOWN, 1, TRIES),
    ("520 which HTTP does not name", ServerError, _UNKNOWN, 1, TRIES),
    ("799 which HTTP does not name", ServerError, _UNKNOWN, 1, TRIES),
    ("999 which HTTP does not name", ServerError, _UNKNOWN, 1, TRIES),
)
_REDIRECTS = ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect")

_BY_STATUS = (
    Fault("200", answers(), **success()),
    Fault("200 over TLS", answers(), stage=scenes.tls("good"), **success()),
    Fault("201 with a good body", answers(good_body, "201 Created"), **success()),
    Fault("204", says(b"HTTP/1.1 204 No Content\r\n\r\n"), **unreadable()),
    Fault("299 without a body", answers(b"", "299 Whatever"), **unreadable()),
    *(
        Fault(f"{status} to another host", scripts.redirects(status), **answered(ApiError, _UNKNOWN))
        for status in _REDIRECTS
    ),
    *(
        Fault(
            status,
            answers(b"" if status.startswith("304") else b"{}", status, rings=outcome is not _NOT_PLACED),
            **answered(error, outcome, tries, look_ups),
        )
        for status, error, outcome, tries, look_ups in _STATUSES
    ),
)

CATALOGUE = (*_WAYS, *_HEADS, *_BODIES, *_BY_STATUS)

_LOST = (
    *("reset before the request is read", "reset after the request was read"),
    *("closed before the request is read", "closed after the request was read", "half a head, then closed"),
)
_GARBLED = (
    *("garbage in place of a status line", "HTTP/0.9", "oversized headers", "oversized headers of a 400"),
    *("a header without a colon", "two lengths that differ", "a length that is no number", "a length of 40 digits"),
    *("chunks that are garbage", "a body longer than its length", "a length that cuts the body"),
)
# httpx-aiohttp calls most failures of a connection a ConnectTimeout, and passes some of aiohttp's own errors on, which
# may be anything. Where a connection is lost, aiohttp sends a look-up once more.
_OVER_AIOHTTP: dict[str, Both] = {
    **dict.fromkeys(("port refused", "name does not resolve"), unsent(_TIMEOUT)),
    **dict.fromkeys(("TLS answered in plain text", "TLS reset in the handshake"), unsent(_TIMEOUT)),
    **{fault.name: unsent(_TIMEOUT, again=False) for fault in _WAYS if fault.name.startswith("certificate")},
    **dict.fromkeys(_LOST, lost(_TIMEOUT, 2 * TRIES)),
    **dict.fromkeys(_GARBLED, lost(look_ups=1, again=False)),
    "idle connection closed on the next call": _AGAIN | {"run_otp": lost(_TIMEOUT)["run_otp"]},
    "100 Continue, then silence": lost(_TIMEOUT, look_ups=1),
    "101 that nobody asked for": answered(ApiError, _UNKNOWN),
}
# Its time-outs start anew with each byte.
LATE: dict[tuple[Way, Shell], set[str]] = {("httpx", "sync"): {"a head that comes byte by byte"}}
LESS: dict[tuple[Way, Shell], dict[str, Both]] = {
    ("httpx", "sync"): {"a head that comes byte by byte": lost(look_ups=1)},
    ("aiohttp", "async"): _OVER_AIOHTTP,
}
"""What a caller is told over a foreign transport, where it differs: it may be vaguer, but never wrong."""


def expected(fault: Fault, way: Way, shell: Shell, operation: Operation) -> Expected:
    """What a caller must be told."""
    return LESS.get((way, shell), {}).get(fault.name, fault.usual)[operation]
