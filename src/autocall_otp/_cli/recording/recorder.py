"""Listens in on exchanges, between the client and its connections, and keeps their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import unquote
from uuid import UUID

import attrs
import httpx

from autocall_otp._answers import BodyTooLargeError, BodyUnreadableError, read_json, unpack
from autocall_otp._cli.connections import connections
from autocall_otp._cli.recording.leaves import KINDS, LENGTHS, kind_of, length
from autocall_otp._cli.recording.shapes import Shaper
from autocall_otp._client import Client
from autocall_otp._config import DEFAULT_MAX_RESPONSE_BYTES
from autocall_otp._errors import AutocallError
from autocall_otp._secrets import Json

CONTENT_TYPES = (
    "application/json",
    "application/problem+json",
    "application/octet-stream",
    "application/xml",
    "text/html",
    "text/plain",
    "text/xml",
    "none",
    "another",
)
"""The content types that are told; what stands for all others; what stands for none at all."""
HEADERS = ("Content-Encoding", "Location", "RateLimit-Limit", "Retry-After", "WWW-Authenticate", "X-RateLimit-Limit")
"""The headers that are told of, by name and kind of value."""
UNREAD = ("empty", "cut short", "too large", "packed in an unknown way")
"""Bodies that cannot be looked at."""
FAILURES = tuple(
    sorted(
        name for name, kind in vars(httpx).items() if isinstance(kind, type) and issubclass(kind, httpx.TransportError)
    )
)
"""Ways in which no answer comes, by httpx's names."""
_MARK = "look-up-of-nothing"
_TOLD_PATH = r"^(?:/(?:[a-z_]{1,32}|v[0-9]|\{[a-z_]{1,32}\}))+\Z"


@attrs.define
class Recording:
    """The exchanges so far, as the file shows them."""

    exchanges: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    shaper: Shaper = attrs.field(factory=Shaper, eq=False, repr=False)

    def add(self, exchange: dict[str, Any]) -> None:
        """Keep an exchange; one like another is only counted, since waiting repeats itself."""
        for known in self.exchanges:
            if {**known, "times": 0} == {**exchange, "times": 0}:
                known["times"] += 1
                return
        self.exchanges.append(exchange | {"times": 1})

    def transport(self, base_url: str) -> httpx.BaseTransport:
        """Connections to the service that are listened in on."""
        return Recorder(connections(base_url), self, base_url)


class Recorder(httpx.BaseTransport):
    """A transport that passes everything on unchanged.

    Args:
        inner: what carries the requests.
        recording: where their shapes go.
        base_url: of the service; what stands in it is not told.
    """

    def __init__(self, inner: httpx.BaseTransport, recording: Recording, base_url: str) -> None:
        """Learn what the SDK's own paths look like."""
        self._inner, self._recording = inner, recording
        base = httpx.URL(base_url).raw_path.decode().rstrip("/")
        self._paths = [
            (method, path.removeprefix(base), re.compile(re.escape(path).replace(re.escape(_MARK), "([^/]+)")))
            for method, path in _paths_of_the_sdk(base_url)
        ]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, and note its shape and that of its answer."""
        path, ref_id = self._told_path(request)
        asked = _request_body(request)
        token = request.headers.get("Authorization", "").rpartition(" ")[2]
        given = asked.get("ref_id") if isinstance(asked, dict) else None
        shaper = self._recording.shaper
        shaper.learn(token, ref_id, given if isinstance(given, str) else "", request.url.host)
        exchange: dict[str, Any] = {"method": request.method, "path": path}
        if asked is not None:
            exchange["request"] = shaper.of_request(asked)
        try:
            response = self._inner.handle_request(request)
        except httpx.TransportError as error:
            self._recording.add(exchange | {"failure": _failure(error)})
            raise
        exchange |= {
            "status": response.status_code,
            "content_type": _content_type(response.headers),
            "headers": {name: _kind(response.headers[name]) for name in HEADERS if name in response.headers},
        }
        body = _Tee(response, exchange, self._recording)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=body, extensions=response.extensions
        )

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _told_path(self, request: httpx.Request) -> tuple[str, str]:
        """The path without what stands in it, and that."""
        path = request.url.raw_path.decode()
        for method, told, pattern in self._paths:
            if method == request.method and (found := pattern.fullmatch(path)):
                return told.replace(_MARK, "{ref_id}"), unquote("".join(found.groups()))
        return "/other", ""


class _Tee(httpx.SyncByteStream):
    """The body of an answer on its way to the client, a copy of which is looked at when it has passed."""

    def __init__(self, response: httpx.Response, exchange: dict[str, Any], recording: Recording) -> None:
        self._response, self._exchange, self._recording = response, exchange, recording
        self._copy = bytearray()
        self._whole = False
        self._noted = False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in cast("httpx.SyncByteStream", self._response.stream):
            if len(self._copy) <= DEFAULT_MAX_RESPONSE_BYTES:
                self._copy += chunk
            yield chunk
        self._whole = True

    def close(self) -> None:
        self._response.close()
        if not self._noted:
            self._noted = True
            self._recording.add(self._exchange | {"body": self._body()})

    def _body(self) -> str | dict[str, Any]:
        if len(self._copy) > DEFAULT_MAX_RESPONSE_BYTES:
            return "too large"
        if not self._whole:
            return "cut short"
        return _told_body(bytes(self._copy), self._response.headers.get("Content-Encoding", ""), self._recording.shaper)


def _told_body(packed: bytes, coding: str, shaper: Shaper) -> str | dict[str, Any]:
    try:
        body = unpack(packed, coding.strip().lower(), DEFAULT_MAX_RESPONSE_BYTES)
    except BodyTooLargeError:
        return "too large"
    except BodyUnreadableError:
        return "packed in an unknown way"
    if not body:
        return "empty"
    try:
        return {"JSON": shaper.of_answer(read_json(body))}
    except ValueError:
        return f"no JSON: {kind_of(body.decode('latin-1'))}, {length(len(body))} bytes"


def _paths_of_the_sdk(base_url: str) -> list[tuple[str, str]]:
    """Method and path of each use case, as the SDK itself makes them: nothing is sent."""
    asked: list[tuple[str, str]] = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.raw_path.decode()))
        return httpx.Response(404)

    with Client(base_url, "-", transport=httpx.MockTransport(note)) as client:
        with suppress(AutocallError):
            client.get_cdr(_MARK)
        with suppress(AutocallError):
            client.run_otp("0900000000", "0", campaign_uuid=UUID(int=0), template="-")
    return asked


def _request_body(request: httpx.Request) -> Json:
    try:
        return read_json(request.read())
    except ValueError:
        return None


def _content_type(headers: Mapping[str, str]) -> str:
    told = headers.get("Content-Type", "").partition(";")[0].strip().lower() or "none"
    return told if told in CONTENT_TYPES else "another"


def _kind(text: str) -> str:
    return kind_of(text) if text else "empty"


def _failure(error: httpx.TransportError) -> str:
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in FAILURES)


def schema_of_exchanges() -> dict[str, Any]:
    """What an exchange looks like in a file, as a JSON Schema."""
    here = {"$ref": "#/$defs/shape"}
    texts = [f"no JSON: {kind}, {size} bytes" for kind in KINDS for size in LENGTHS]
    body = {"type": "object", "properties": {"JSON": here}, "required": ["JSON"], "additionalProperties": False}
    asked = {
        "method": {"enum": ["GET", "POST"]},
        "path": {"type": "string", "pattern": _TOLD_PATH},
        "request": here,
        "times": {"type": "integer", "minimum": 1},
    }
    answered = {
        "status": {"type": "integer", "minimum": 100, "maximum": 999},
        "content_type": {"enum": list(CONTENT_TYPES)},
        "headers": {
            "type": "object",
            "propertyNames": {"enum": list(HEADERS)},
            "additionalProperties": {"enum": ["empty", *KINDS]},
        },
        "body": {"anyOf": [{"enum": [*UNREAD, *texts]}, body]},
    }
    failed = {"failure": {"enum": list(FAILURES)}}
    return {
        "type": "object",
        "properties": asked | answered | failed,
        "required": ["method", "path", "times"],
        "oneOf": [{"required": [*end]} for end in (answered, failed)],
        "additionalProperties": False,
    }
