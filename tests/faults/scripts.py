"""What a server does to a connection: one small function, or a function that makes one, for each kind of fault."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from faults.server import Script, Seen, Wire

MIB = 1024 * 1024
RECORD = {
    "id": "f0c2ca1e-6c3f-4ff4-9d4e-2a2c1a3d8a11",
    "status": "answered",
    "duration": 12,
    "time_started": "2024-05-02 10:00:00",
    "time_ended": "2024-05-02 10:00:12",
}


def answer_to(entry: Seen) -> dict[str, Any]:
    """What a healthy service would answer."""
    if entry.method == "POST":
        return {"call_id": "f0c2ca1e-6c3f-4ff4-9d4e-2a2c1a3d8a11", "message": "success", "ref_id": entry.ref_id}
    return RECORD


def good_body(entry: Seen) -> bytes:
    """The same as bytes."""
    return json.dumps(answer_to(entry)).encode()


def head(status: str = "200 OK", *, size: int | None = None, extra: Iterable[str] = ()) -> bytes:
    """The head of an answer, its length declared unless there is none."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json"]
    if size is not None:
        lines.append(f"Content-Length: {size}")
    return "\r\n".join([*lines, *extra, "", ""]).encode("latin-1")


def whole(body: bytes, status: str = "200 OK", *extra: str) -> bytes:
    """An answer with its body."""
    return head(status, size=len(body), extra=extra) + body


Body = bytes | Callable[[Seen], bytes]


def _bytes(body: Body, entry: Seen) -> bytes:
    return body if isinstance(body, bytes) else body(entry)


def answers(body: Body = good_body, status: str = "200 OK", *extra: str, rings: bool = True) -> Script:
    """Answer every request on the connection alike."""

    def script(wire: Wire) -> None:
        while True:
            entry = wire.receive(rings=rings)
            wire.send(whole(_bytes(body, entry), status, *extra))

    return script


def answers_after(released: threading.Event) -> Script:
    """Answer once the event is set."""

    def script(wire: Wire) -> None:
        entry = wire.receive()
        released.wait(60)
        wire.send(whole(good_body(entry)))

    return script


def says(data: Body, *, rings: bool = True, then: Script = lambda _: None) -> Script:
    """Answer with exactly these bytes, then close, or do something else."""

    def script(wire: Wire) -> None:
        wire.send(_bytes(data, wire.receive(rings=rings)))
        then(wire)

    return script


stalls = partial(says, then=Wire.wait_until_gone)
"""The same, then stay silent on an open connection."""


def dribbles(at_once: Body, slowly: bytes, *, rings: bool = True, gap: float = 0.05) -> Script:
    """Answer, then add a byte now and then."""

    def add(wire: Wire) -> None:
        for byte in slowly:
            wire.send(bytes([byte]))
            wire.pause(gap)

    return says(at_once, rings=rings, then=add)


def resets_before(wire: Wire) -> None:
    """Reset before anything is read."""
    wire.wait_for_words()
    wire.reset()


def closes_before(wire: Wire) -> None:
    """End the connection in order before anything is read."""
    wire.wait_for_words()
    wire.peer.shutdown(socket.SHUT_WR)
    wire.wait_until_gone()


def half_a_body(entry: Seen) -> bytes:
    """A head, and half of what it announces."""
    body = good_body(entry)
    return head(size=len(body)) + body[: len(body) // 2]


resets_after = says(b"", then=Wire.reset)
"""Reset once the request was read."""
closes_after = says(b"")
"""Close once the request was read."""


def speaks_first(wire: Wire) -> None:
    """Talk HTTP without waiting for a request."""
    wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    wire.wait_until_gone()


def floods(status: str, declared: int | None, most: int, *, rings: bool = True, coding: str = "") -> Script:
    """Send spaces for as long as the client takes them, in an answer that may declare a length."""

    chunk = b" " * 65536

    def flood(wire: Wire) -> None:
        for _ in range(most // len(chunk)):
            wire.send(b"10000\r\n" + chunk + b"\r\n" if "chunked" in coding else chunk)

    return says(head(status, size=declared, extra=[coding] if coding else []), rings=rings, then=flood)


def bomb() -> bytes:
    """A body of some hundred kilobytes that unpacks to 100 MB."""
    return gzip.compress(b" " * (100 * MIB), compresslevel=9, mtime=0)


def redirects(status: str) -> Script:
    """Point to another host."""

    def script(wire: Wire) -> None:
        while True:
            wire.receive(rings=True)
            wire.send(whole(b"", status, f"Location: {wire.elsewhere}/v3/autocall/otp/run"))

    return script


closes_when_idle = says(lambda entry: whole(good_body(entry)))
"""Answer once on a connection that may be kept, then close it."""
closes_on_second = says(lambda entry: whole(good_body(entry)), then=closes_after)
"""Answer once; close without a word when a second request comes on the same connection."""


def informs_then(final: Script, *lines: str) -> Script:
    """Send answers of the 1xx class first."""

    def script(wire: Wire) -> None:
        entry = wire.receive(rings=True)
        for line in lines:
            wire.send(f"HTTP/1.1 {line}\r\n\r\n".encode())
        final(wire.put_back(entry))

    return script


def in_turn(*scripts: Script) -> Script:
    """A script for each connection in the order in which they come; the last one serves all that follow."""

    def script(wire: Wire) -> None:
        scripts[min(wire.number, len(scripts) - 1)](wire)

    return script
