"""Clients that call phones of a test: what was read to whom, and how each call goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from autocall_otp import Cdr, NotFoundError, OtpCall

KEY = b"a key of thirty-two bytes or more"
NUMBER = "0332665711"
OWNER, STRANGER = "b9c5f0e2a7d14c3f8e6b", "5e1d7c90a2b34f6d8c7e"


class Read(NamedTuple):
    """A code that was read to a phone."""

    number: str
    code: str
    ref_id: str


class Calls:
    """A client for threads: `fail` and `look_up` are called first and may raise; `records` are found by reference."""

    def __init__(self) -> None:
        self.calls: list[Read] = []
        self.records: dict[str, Cdr] = {}
        self.fail: Callable[[], Any] = lambda: None
        self.look_up: Callable[[], Any] = lambda: None
        self.lock = threading.Lock()

    @property
    def code(self) -> str:
        """The code that was read last."""
        return self.calls[-1].code

    @property
    def wrong(self) -> str:
        """A code that was never read."""
        read = {call.code for call in self.calls}
        return next(code for number in range(10) if (code := f"{number:06}") not in read)

    def run_otp(self, phone_number: str, code_otp: str, *, ref_id: str) -> OtpCall:
        with self.lock:
            self.calls.append(Read(phone_number, code_otp, ref_id))
        self.fail()
        return OtpCall(call_id="call", ref_id=ref_id)

    def get_cdr(self, ref_id: str) -> Cdr:
        self.look_up()
        if ref_id not in self.records:
            raise NotFoundError("no record yet", ref_id=ref_id)
        return self.records[ref_id]

    def wait_for_cdr(self, ref_id: str, *, timeout: float, progress: Callable[[Any], Any]) -> Any:
        return progress((ref_id, timeout))  # no call is over yet


def awaited(method: Callable[..., Any]) -> Any:
    """The method as a coroutine function."""

    async def call(*arguments: Any, **named: Any) -> Any:
        return method(*arguments, **named)

    return call


class AsyncCalls(Calls):
    """A client for asyncio."""

    run_otp = awaited(Calls.run_otp)
    get_cdr = awaited(Calls.get_cdr)
    wait_for_cdr = awaited(Calls.wait_for_cdr)
