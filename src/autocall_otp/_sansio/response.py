"""An answer as it came: its body bounded, unpacked, and read as JSON whatever it holds."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress

import httpx

from autocall_otp._errors import FieldError
from autocall_otp._redact import Json, Secrets

_MAX_ERRORS = 20
_MAX_WORDS = 300
_MAX_DEPTH = 64
_MAX_MEMBERS = 64


class BodyTooLargeError(Exception):
    """The body of an answer passed the client's bound."""


class BodyUnreadableError(Exception):
    """The body of an answer is packed in a way that was not asked for, or damaged."""


class BodyDamagedError(BodyUnreadableError):
    """The body of an answer did not come as it was sent; the next one may."""


class RawResponse:
    """An answer of the service, its body read up to the client's bound."""

    __slots__ = ("body", "failure", "is_success", "retry_after", "status_code")

    def __init__(self, status_code: int, body: bytes, failure: Exception | None = None) -> None:
        # The failure says why the body is not whole, where it is not.
        self.status_code, self.body, self.failure = status_code, body, failure
        self.retry_after: float | None = None
        self.is_success = 200 <= status_code < 300  # noqa: PLR2004 - the class of success in HTTP

    def __repr__(self) -> str:
        """The status; the body may hold secrets."""
        return f"<RawResponse {self.status_code}>"


class BodyReader:
    """Collects the body of an answer as it comes in, up to a bound."""

    __slots__ = ("_bound", "_chunks", "_headers", "_size", "_status_code")

    def __init__(self, response: httpx.Response, bound: int) -> None:
        self._status_code, self._headers, self._bound = response.status_code, response.headers, bound
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        """Take the next part.

        Raises:
            BodyTooLargeError: the body passes the bound.
        """
        self._size += len(chunk)
        if self._size > self._bound:
            raise BodyTooLargeError(f"its body is larger than {self._bound} bytes")
        self._chunks.append(chunk)

    def finish(self, failure: Exception | None = None) -> RawResponse:
        """The answer with what came of its body."""
        headers, body = self._headers, b"".join(self._chunks)
        # What HTTP says; httpx would find it out anew for each answer.
        headers.encoding = "iso-8859-1"
        if failure is None and "content-encoding" in headers:
            try:
                body = unpack(body, headers["content-encoding"].strip().lower(), self._bound)
            except (BodyTooLargeError, BodyUnreadableError) as error:
                failure = error
        answer = RawResponse(self._status_code, body, failure)
        if not answer.is_success:
            answer.retry_after = read_retry_after(headers.get("retry-after"), headers.get("date"))
        return answer


def unpack(body: bytes, encoding: str, bound: int) -> bytes:
    """The body without its content coding. None was asked for, but some gateways pack every answer.

    Raises:
        BodyTooLargeError: it unpacks to more than bound bytes.
        BodyUnreadableError: it is damaged, or packed in a way that needs more than the standard library.
    """
    if encoding in {"", "identity"} or not body:
        return body
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise BodyUnreadableError("it is packed in a way that was not asked for")
    # Some gateways send deflate without the zlib header that HTTP asks for.
    for wbits in (32 + zlib.MAX_WBITS, *([-zlib.MAX_WBITS] * (encoding == "deflate"))):
        with suppress(zlib.error):
            return _inflate(body, wbits, bound)
    raise BodyDamagedError("it cannot be unpacked")


def _inflate(body: bytes, wbits: int, bound: int) -> bytes:
    plain = b""
    # A gzip body may have several members, one behind the other, and zeros behind the last.
    for _ in range(_MAX_MEMBERS):
        unpacker = zlib.decompressobj(wbits)
        # The bound stops a bomb before it unfolds.
        plain += unpacker.decompress(body, bound + 1 - len(plain))
        if len(plain) > bound:
            raise BodyTooLargeError(f"its body unpacks to more than {bound} bytes")
        if not unpacker.eof:
            raise BodyDamagedError("it is cut short")
        body = unpacker.unused_data.lstrip(b"\0")
        if not body:
            return plain
    raise BodyUnreadableError("it is packed in too many parts")


def read_retry_after(value: str | None, date: str | None) -> float | None:
    """Seconds to wait, from a Retry-After header in either form; None where it says nothing readable.

    Args:
        value: the header's value.
        date: the answer's own Date, which a date is read against: the clocks of two machines may differ.
    """
    value = "" if value is None else value.strip()
    if value.isascii() and value.isdigit():
        return float(value.lstrip("0")[:10] or 0)
    if not value or date is None:
        return None
    # Only for the rare answer that carries a date: the module is slow to import.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - see above

    try:
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def read_json(body: bytes | str) -> Json:
    """The JSON value in the body.

    Raises:
        ValueError: there is none, or one so deep that copying or showing it would exhaust the stack.
    """
    try:
        value: Json = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    # Counting brackets is quick, and settles it for every answer of a usual size.
    openings = body.count("[") + body.count("{") if isinstance(body, str) else body.count(b"[") + body.count(b"{")
    if openings > _MAX_DEPTH and _is_deeper(value, _MAX_DEPTH):
        raise ValueError("nested too deeply")
    return value


def _is_deeper(value: Json, depth: int) -> bool:
    """Whether the value has more levels; level by level, so that the check itself needs no stack."""
    level: list[Json] = [value]
    while level and depth >= 0:
        depth -= 1
        below: list[Json] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
        level = below
    return bool(level)


def read_errors(body: bytes, secrets: Secrets) -> tuple[FieldError, ...]:
    """What the service finds wrong, in whichever of its shapes; secrets masked, lengths bounded."""
    try:
        answer = read_json(body)
    except ValueError:
        return ()
    if not isinstance(answer, dict):
        return ()
    error, message = answer.get("error"), answer.get("message")
    if message == error:
        message = None
    if error and message and isinstance(error, str | int) and error is not True and isinstance(message, str):
        error, message = f"{error}: {message}", None
    found = [*_entries(error), *_entries(message)]
    return tuple(
        FieldError(field and _words(field, secrets), _words(text, secrets)) for field, text in found[:_MAX_ERRORS]
    )


def _entries(value: Json) -> list[tuple[str | None, Json]]:
    if isinstance(value, dict):
        return [*value.items()]
    if isinstance(value, list):
        return [entry for each in value for entry in _entries(each)]
    # That there is an error is known without its being `true`.
    return [(None, value)] if value and value is not True else []


def _words(value: Json, secrets: Secrets) -> str:
    """Text of the service, on one line, so that it cannot forge lines in a log."""
    # Secrets are masked before the text is cut: a cut would leave half a secret.
    text = value if isinstance(value, str) else json.dumps(secrets.redact_json(value), ensure_ascii=False)
    text = secrets.redact(text)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_MAX_WORDS]
