"""The bench server: bare asyncio, prepared answers, on a core of its own.

`python -m benchmarks.server` prints its address, and ends when its standard input does. A reference `W<n>-…` asks for
a record that is finished at the n-th look-up.
"""

import asyncio
import json
import os
import re
import sys
import threading
import time
from collections import Counter

from benchmarks import shapes
from benchmarks.machine import pin

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_LOOK_UP = re.compile(r"/v3/autocall/log/(?:W(?P<rounds>[0-9]+)-)?[^/]*/ref_id")
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
        self._finished, self._unfinished = (framed(200, shapes.record(finished=each)) for each in (True, False))
        self.served = self.opened = 0

    def find(self, line: bytes) -> bytes:
        """The answer for a request line."""
        made = self._made.get(line) or self._make(line)
        self.served += 1
        return made

    def _make(self, line: bytes) -> bytes:
        method, path, _ = line.decode().split(" ")
        if path == "/stats":
            self.served -= 1
            stats = {"cpu": time.process_time(), "served": self.served + 1, "opened": self.opened}
            return framed(200, json.dumps(stats).encode())
        asked = _LOOK_UP.match(path) if method == "GET" else None
        if asked and asked["rounds"]:
            self._look_ups[line] += 1
            if self._look_ups[line] < int(asked["rounds"]):
                return self._unfinished
            del self._look_ups[line]
            return self._finished
        made = self._made[line] = self._finished if asked else framed(*shapes.answer(method, path))
        return made


class Connection(asyncio.Protocol):
    """One connection; answers pipelined requests in one write."""

    def __init__(self, answers: Answers) -> None:
        """Share the answers with the other connections."""
        self._find = answers.find
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
                # Every contender says how long its body is.
                assert length is not None
                end += int(length[1])
            if end > len(data):
                break
            out.append(self._find(data[start : data.index(b"\r\n", start)]))
            start = end
        self._left = data[start:]
        if out:
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


async def serve() -> None:
    """Listen on a free port of the loopback address for an hour at the most."""
    answers = Answers()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0, backlog=2048)
    print(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    await asyncio.sleep(3600)


if __name__ == "__main__":
    pin("server")
    asyncio.run(serve())
