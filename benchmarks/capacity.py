"""What the bench server can do, so that nobody takes its limit for a contender's.

`python -m benchmarks.capacity PORT SECONDS` sends pipelined requests as fast as they are answered.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import Any

from benchmarks.machine import pin
from benchmarks.processes import Alone, Server

_AT_ONCE, _SECONDS = 64, 1.0
_REQUESTS = {
    "post": b"POST /v3/autocall/otp HTTP/1.1\r\nhost: bench\r\ncontent-length: 2\r\n\r\n{}",
    "get": b"GET /v3/autocall/log/ABC123/ref_id HTTP/1.1\r\nhost: bench\r\n\r\n",
}


def _load(port: int, request: bytes, at_once: int, seconds: float) -> float:
    """Answers a second, that many requests sent at once."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(request)
        size, done = len(wire.recv(1 << 20)), 0
        until, start = time.perf_counter() + seconds, time.perf_counter()
        while time.perf_counter() < until:
            wire.sendall(request * at_once)
            left = size * at_once
            while left:
                left -= len(wire.recv(min(left, 1 << 20)))
            done += at_once
        return done / (time.perf_counter() - start)


def _measure(port: int, seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = {
        f"{what} pipelined": _load(port, request, _AT_ONCE, seconds) for what, request in _REQUESTS.items()
    }
    return found | {f"{what} one at a time": _load(port, request, 1, seconds) for what, request in _REQUESTS.items()}


def capacity() -> dict[str, Any]:
    """Requests a second that the server answered."""
    with Server() as server, Alone("capacity", server.url.rsplit(":", 1)[1], str(_SECONDS)) as process:
        return process.result(30)


if __name__ == "__main__":
    pin("client")
    print(json.dumps(_measure(int(sys.argv[1]), float(sys.argv[2]))), flush=True)
