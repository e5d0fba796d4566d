from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import httpx
import pytest
from sandbox.conftest import REQUEST
from support.eventually import eventually

from autocall_otp.sandbox import Sandbox
from autocall_otp.sandbox.reporter import Reporter
from autocall_otp.sandbox.switchboard import Switchboard

Said = Callable[[], list[str]]


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Said:
    caplog.set_level(logging.INFO, "autocall_otp.sandbox")
    return lambda: [text for name, _, text in caplog.record_tuples if name == "autocall_otp.sandbox"]


def test_each_call_is_told_to_its_end(board: Switchboard, said: Said) -> None:
    reporter = Reporter(board)
    board.place(REQUEST)
    board.place(REQUEST | {"phone_number": "0900000002"})
    waits: list[float | None] = []
    for seconds in (0, 2, 1, 4, 8, 1):
        board.advance(seconds)
        waits.append(reporter.look())
    steps = ["1 to 0332***711: queued", "2 to 0900***002: queued", "1 to 0332***711: ringing", "2 to 0900***002: busy"]
    steps += ["1 to 0332***711: answered", "1 to 0332***711: ended after 8 s of talk"]
    assert said() == [f"call {step}" for step in steps]
    assert waits == [2, 1, 4, 8, None, None]
    Reporter(board).look()
    assert len(said()) == len(steps), "calls of before are not told again"


def test_steps_that_were_skipped_are_told_and_those_of_a_deleted_call_are_not(board: Switchboard, said: Said) -> None:
    reporter = Reporter(board)
    board.place(REQUEST | {"phone_number": "0900000008"})
    rejected, deleted = board.place(REQUEST), board.place(REQUEST)
    reporter.look()
    board.act(rejected.id, "reject")
    board.delete([deleted.id])
    board.advance(100)
    assert reporter.look() is None
    mailbox = [f"call 1 to 0900***008: {step}" for step in ("ringing", "answered", "voicemail after 6 s of talk")]
    assert said()[3:] == [*mailbox, "call 2 to 0332***711: ringing", "call 2 to 0332***711: busy"]


def test_it_ends_with_the_sandbox(board: Switchboard) -> None:
    board.stop()
    asyncio.run(asyncio.wait_for(Reporter(board).run(), 60))


def test_a_running_sandbox_tells_by_itself(otp_request: dict[str, str], said: Said) -> None:
    with Sandbox(speed=100) as sandbox:
        headers = {"Authorization": "Bearer sandbox"}
        httpx.post(f"{sandbox.url}/v3/autocall/otp", json=otp_request, headers=headers)
        eventually(lambda: "call 1 to 0332***711: ended after 8 s of talk" in said())
