"""The file of a recording: written for its owner's eyes, and read with suspicion."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from autocall_otp import __version__
from autocall_otp._cli.recorder import Exchange, read_json
from autocall_otp._cli.shapes import Shaper, kind_of, texts_in

FORMAT, VERSION = "autocall-otp recording", 2
CONTENT_TYPES = {"application/json", "application/problem+json", "text/html", "text/plain", "text/xml", "none"}
_LARGEST = 4 * 1024 * 1024
_PATHS = (
    (re.compile(r"/v3/autocall/log/(.+)/ref_id$"), "/v3/autocall/log/{ref_id}/ref_id"),
    (re.compile(r"/v3/autocall/otp()$"), "/v3/autocall/otp"),
    (re.compile(r"()"), "/other"),
)


class UnusableFileError(Exception):
    """A file that cannot be written or read, in words for people."""


def shapes_of(exchanges: list[Exchange]) -> list[dict[str, Any]]:
    """The exchanges as the file shows them, each shape once. No name in them is a value anywhere."""
    shaper = Shaper(*(value for each in exchanges for value in _values(each)))
    shapes: list[dict[str, Any]] = []
    for each in exchanges:
        if (shape := _shape(each, shaper)) not in shapes:
            shapes.append(shape)
    return shapes


def _shape(exchange: Exchange, shaper: Shaper) -> dict[str, Any]:
    shape: dict[str, Any] = {"method": exchange.request.method, "path": _path(exchange)[1]}
    if exchange.status is None:
        return shape | {"failure": exchange.failure}
    kind = exchange.content_type or "none"
    shape |= {"status": exchange.status, "content_type": kind if kind in CONTENT_TYPES else "another"}
    return shape | {"body": _body(exchange, shaper)}


def _body(exchange: Exchange, shaper: Shaper) -> object:
    body = exchange.body
    if not body:
        return "too large" if body is None else "empty"
    if exchange.json is None and body != b"null":
        return f"no JSON: {kind_of(body.decode('latin-1'))}"
    return {"JSON": shaper.of(exchange.json)}


def _path(exchange: Exchange) -> tuple[str, str]:
    path = exchange.request.url.raw_path.decode()
    return next((unquote(hit[1]), template) for pattern, template in _PATHS if (hit := pattern.search(path)))


def _values(exchange: Exchange) -> list[str]:
    request = exchange.request
    return [
        *texts_in(exchange.json),
        *texts_in(read_json(request.read())),
        request.headers.get("Authorization", "").rpartition(" ")[2],
        _path(exchange)[0],
        request.url.host,
    ]


def take_place(path: Path) -> BinaryIO:
    """Make the file, for its owner's eyes alone, before anything is sent; raises UnusableFileError."""
    try:
        return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))
    except FileExistsError:
        raise UnusableFileError(f"{path}: is there already") from None
    except OSError as error:
        raise UnusableFileError(f"{path}: cannot be written: {error.strerror}") from None


def as_text(exchanges: list[dict[str, Any]]) -> str:
    """The file's text."""
    content = {"format": FORMAT, "version": VERSION, "made_by": f"autocall-otp {__version__}"}
    return json.dumps(content | {"exchanges": exchanges}, indent=2) + "\n"


def read(path: Path) -> list[dict[str, Any]]:
    """Read a recording's exchanges; it may come from anybody; raises UnusableFileError."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
    except OSError as error:
        raise UnusableFileError(f"{path}: cannot be read: {error.strerror}") from None
    content = read_json(text) if len(text) <= _LARGEST else None
    found = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    if found.get("format") != FORMAT:
        raise UnusableFileError(f"{path}: is not a recording of autocall-otp doctor")
    if found.get("version") != VERSION:
        raise UnusableFileError(f"{path}: is of another version of the format; this one reads version {VERSION}")
    return cast("list[dict[str, Any]]", found.get("exchanges"))
