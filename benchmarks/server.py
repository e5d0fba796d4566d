"""The bench server: bare asyncio, prepared answers, on a core of its own.

`python -m benchmarks.server [--latency MS]` prints its port, and ends when its standard input does.
A reference `S<bytes>` asks for a record of that size; `W<n>-…` for one that is finished at the n-th look-up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import threading
import time
from collections import Counter

from benchmarks import shapes
from benchmarks.machine import pin, waited

_LIFE = 3600.0
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_LOOK_UP = re.compile(r"/v3/autocall/log/(?:S(?P<size>[0-9]+)|W(?P<rounds>[0-9]+)-)?[^/]*/ref_id")
_REASONS = {200: "OK", 201: "Created", 404: "Not Found"}


def framed(status: int, body: bytes) -> bytes:
    """A whole answer."""
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nserver: bench\r\ndate: Tue, 07 Mar 2023 10:06:53 GMT\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\nx-request-id: {shapes.CALL}\r\n\r\n"
    )
    return head.encode() + body


class Answers:
    """Every answer, made once; look-ups of a wait are counted."""

    def __init__(self) -> None:
        """Make what every connection shares."""
        self._made: dict[bytes, bytes] = {}
        self._look_ups: Counter[bytes] = Counter()
        self._finished = framed(200, shapes.record())
        self._unfinished = framed(200, shapes.record(finished=False))
        self.served = self.opened = self.most_waits = 0

    def find(self, line: bytes) -> bytes:
        """The answer for a request line."""
        made = self._made.get(line)
        if made is None:
            method, path, _ = line.decode().split(" ")
            if path == "/stats":
                return framed(200, json.dumps(self._stats()).encode())
            made = self._look_up(line, path) if method == "GET" else None
            if made is None:
                made = self._made[line] = framed(*shapes.answer(method, path))
        self.served += 1
        return made

    def _stats(self) -> dict[str, float]:
        return {
            "cpu": time.process_time(),
            "waited": waited(),
            "served": self.served,
            "opened": self.opened,
            "most_waits": self.most_waits,
        }

    def _look_up(self, line: bytes, path: str) -> bytes | None:
        asked = _LOOK_UP.match(path)
        if asked is None:
            return None
        if asked["rounds"]:
            self._look_ups[line] += 1
            self.most_waits = max(self.most_waits, len(self._look_ups))
            if self._look_ups[line] < int(asked["rounds"]):
                return self._unfinished
            del self._look_ups[line]
            return self._finished
        made = self._made[line] = framed(200, shapes.record(int(asked["size"] or 0)))
        return made


class Connection(asyncio.Protocol):
    """One connection; answers pipelined requests in one write."""

    def __init__(self, answers: Answers, latency: float) -> None:
        """Share the answers with the other connections."""
        self._find, self._latency = answers.find, latency
        answers.opened += 1
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers go to."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request; keep the rest."""
        data = self._left + data if self._left else data
        out, start = [], 0
        while (head := data.find(_END, start)) >= 0:
            end = head + 4
            if data.startswith(b"POST", start):
                length = _LENGTH.search(data, start, head)
                if length is None:
                    # A body without a length is nothing that a contender sends; seen, it is not to be missed.
                    self._transport.close()
                    return
                end += int(length[1])
            if end > len(data):
                break
            out.append(self._find(data[start : data.index(b"\r\n", start)]))
            start = end
        self._left = data[start:]
        if out and self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, b"".join(out))
        elif out:
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


async def serve(latency: float) -> None:
    """Listen on a free port of the loopback address for an hour at the most."""
    answers = Answers()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers, latency), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    await asyncio.sleep(_LIFE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds before each answer")
    pin("server")
    asyncio.run(serve(parser.parse_args().latency / 1000))
