"""Clients that call phones of a test: what was read to whom, and how each call goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
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


@dataclass
class Phones:
    """What the service was asked for; `fail` is called first and may raise, `records` are found by reference."""

    calls: list[Read] = field(default_factory=list)
    records: dict[str, Cdr] = field(default_factory=dict)
    fail: Callable[[], Any] = lambda: None
    look_up: Callable[[], Any] = lambda: None
    lock: Any = field(default_factory=threading.Lock)

    def place(self, number: str, code: str, ref_id: str) -> OtpCall:
        with self.lock:
            self.calls.append(Read(number, code, ref_id))
        self.fail()
        return OtpCall(call_id="call", ref_id=ref_id)

    def find(self, ref_id: str) -> Cdr:
        self.look_up()
        if ref_id not in self.records:
            raise NotFoundError("no record yet", ref_id=ref_id)
        return self.records[ref_id]


class Calls:
    """A client for threads."""

    def __init__(self, phones: Phones | None = None) -> None:
        self.phones = phones or Phones()

    def run_otp(self, phone_number: str, code_otp: str, *, ref_id: str) -> OtpCall:
        return self.phones.place(phone_number, code_otp, ref_id)

    def get_cdr(self, ref_id: str) -> Cdr:
        return self.phones.find(ref_id)

    def wait_for_cdr(self, ref_id: str, *, timeout: float, progress: Callable[[Any], Any]) -> Any:
        return progress((ref_id, timeout))  # no call is over yet


class AsyncCalls:
    """A client for asyncio."""

    def __init__(self, phones: Phones | None = None) -> None:
        self.phones = phones or Phones()

    async def run_otp(self, phone_number: str, code_otp: str, *, ref_id: str) -> OtpCall:
        return self.phones.place(phone_number, code_otp, ref_id)

    async def get_cdr(self, ref_id: str) -> Cdr:
        return self.phones.find(ref_id)

    async def wait_for_cdr(self, ref_id: str, *, timeout: float, progress: Callable[[Any], Any]) -> Any:  # noqa: ASYNC109 - as the SDK's
        return progress((ref_id, timeout))  # no call is over yet
