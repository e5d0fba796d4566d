"""Stand-ins for libcurl and for the loop that the fast transports ask to watch: they keep what they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pycurl

NOW = 500.0


class Multi:
    """Stands for libcurl: says what it is told to say, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: dict[int, Any] = {}
        self.handles: list[object] = []
        self.acts: list[tuple[int, int]] = []
        self.ends: list[tuple[int, list[Any], list[Any]]] = []
        self.alarm, self.selected = -1, 0
        self.selects: list[float] = []
        self.closed = False
        self.breaks_off: Callable[[], object] = lambda: None

    def setopt(self, option: int, value: object) -> None:
        self.told[option] = value

    def add_handle(self, handle: object) -> None:
        self.handles.append(handle)

    def remove_handle(self, handle: object) -> None:
        self.handles.remove(handle)
        self.breaks_off()

    def perform(self) -> None:
        pass

    def socket_action(self, number: int, seen: int) -> None:
        self.acts.append((number, seen))

    def info_read(self) -> tuple[int, list[Any], list[Any]]:
        return self.ends.pop(0) if self.ends else (0, [], [])

    def timeout(self) -> int:
        return self.alarm

    def select(self, seconds: float) -> int:
        self.selects.append(seconds)
        return self.selected

    def close(self) -> None:
        self.closed = True


class Transfer:
    """Stands for a request: its patience, whether it is sent, and the socket that libcurl has kept."""

    def __init__(self, _: object, on_connect: Callable[[], None] = lambda: None) -> None:
        self.handle, self.on_connect = self, on_connect
        self.sockets, self.looks_up, self.sent = {5, 6}, False, False
        self.left, self.kept = [9.0], 5
        self.waits: list[float] = []
        self.closed = False

    def start(self, _: httpx.Request) -> None:
        pass

    def patience(self, now: float) -> float:
        assert now == NOW
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self.sent

    def answer(self, failure: object) -> Any:
        return failure

    def getinfo(self, what: int) -> int:
        assert what == pycurl.ACTIVESOCKET
        return self.kept

    def close(self) -> None:
        self.closed = True


class Loop:
    """Stands for an event loop: keeps what it is asked to watch and when it is asked to call."""

    def __init__(self) -> None:
        self.readers: dict[int, Any] = {}
        self.writers: dict[int, Any] = {}
        self.calls: list[tuple[float, Any]] = []
        self.cancelled = 0

    def add_reader(self, number: int, *call: Any) -> None:
        self.readers[number] = call

    def remove_reader(self, number: int) -> None:
        del self.readers[number]

    def add_writer(self, number: int, *call: Any) -> None:
        self.writers[number] = call

    def remove_writer(self, number: int) -> None:
        del self.writers[number]

    def call_later(self, delay: float, call: Any) -> Loop:
        self.calls.append((delay, call))
        return self

    def cancel(self) -> None:
        self.cancelled += 1

    def is_closed(self) -> bool:
        return False


class End:
    """Stands for the future that a request waits for."""

    def __init__(self) -> None:
        self.results: list[object] = []

    def done(self) -> bool:
        return bool(self.results)

    def set_result(self, result: object) -> None:
        self.results.append(result)
