"""What came back from the service, and reading the JSON in it whatever it holds."""

from __future__ import annotations

import json
import zlib

import httpx

from autocall_otp._errors import FieldError
from autocall_otp._secrets import Json, hide_in_words

_MAX_COMPLAINTS = 20
_MAX_WORDS = 300
_MAX_DEPTH = 64


class BodyTooLargeError(Exception):
    """The body of an answer passed the client's bound."""


class BodyUnreadableError(Exception):
    """The body of an answer is packed in a way that was not asked for."""


class Answer:
    """An answer of the service, its body read up to the client's bound."""

    __slots__ = ("body", "fault", "headers", "status_code")

    def __init__(
        self, status_code: int, headers: httpx.Headers, body: bytes = b"", fault: Exception | None = None
    ) -> None:
        """Keep what came; `fault` says why the body is not whole, where it is not."""
        self.status_code, self.headers, self.body, self.fault = status_code, headers, body, fault

    def __repr__(self) -> str:
        """The status; headers and body may hold secrets."""
        return f"<Answer {self.status_code}>"

    @property
    def is_success(self) -> bool:
        """Whether the status says that the service did what was asked."""
        return 200 <= self.status_code < 300  # noqa: PLR2004 - the class of success in HTTP


def unpack(body: bytes, encoding: str, bound: int) -> bytes:
    """The body without its content coding. None was asked for, but some gateways pack every answer.

    Raises:
        BodyTooLargeError: it unpacks to more than bound bytes.
        BodyUnreadableError: it is damaged, or packed in a way that needs more than the standard library.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise BodyUnreadableError("it is packed in a way that was not asked for")
    # 32 + MAX_WBITS takes both a gzip and a zlib header; max_length stops a bomb before it unfolds.
    unpacker = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, bound + 1)
    except zlib.error:
        raise BodyUnreadableError("it cannot be unpacked") from None
    if len(plain) > bound:
        raise BodyTooLargeError(f"its body unpacks to more than {bound} bytes")
    if not unpacker.eof:
        raise BodyUnreadableError("it is cut short")
    return plain


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


def complaints(body: bytes, secrets: dict[str, str]) -> tuple[FieldError, ...]:
    """What the service complains of, in whichever of its shapes; secrets hidden, lengths bounded."""
    try:
        answer = read_json(body)
    except ValueError:
        return ()
    if not isinstance(answer, dict):
        return ()
    error, message = answer.get("error"), answer.get("message")
    found: list[tuple[str | None, Json]] = []
    if isinstance(error, str):
        found.append((None, f"{error}: {message}" if isinstance(message, str) else error))
    elif isinstance(error, list):
        for entry in error:
            found += entry.items() if isinstance(entry, dict) else [(None, entry)]
    return tuple(
        FieldError(field if field is None else _words(field, secrets), _words(text, secrets))
        for field, text in found[:_MAX_COMPLAINTS]
    )


def _words(value: Json, secrets: dict[str, str]) -> str:
    """Text of the service, on one line, so that it cannot forge lines in a log."""
    # Cut before the search for secrets would leave half a secret: search first.
    text = hide_in_words(value if isinstance(value, str) else json.dumps(value), secrets)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_MAX_WORDS]
