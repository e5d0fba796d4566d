"""The views that tests hold of calls and of the sandbox: equality, words, and the moments at which they change."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from autocall_otp.sandbox import Call, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    Place = Callable[..., httpx.Response]


def board_of(sandbox: Sandbox) -> object:
    return vars(sandbox)["_board"]


def test_two_views_of_one_call_are_one(sandbox: Sandbox, place: Place) -> None:
    place()
    place()
    first, second = sandbox.calls
    again = sandbox.calls[0]
    assert first == again
    assert first is not again
    assert hash(first) == hash(again)
    assert len({first, second, again}) == 2
    assert len({hash(each) for each in (first, second)}) == 2
    assert first != second
    assert first != 1


def test_calls_of_two_sandboxes_differ(sandbox: Sandbox, place: Place, otp_request: dict[str, str]) -> None:
    place()
    with Sandbox(speed=0) as other:
        headers = {"Authorization": "Bearer sandbox"}
        httpx.post(f"{other.url}/v3/autocall/otp", json=otp_request, headers=headers)
        (mine,), (theirs,) = sandbox.calls, other.calls
    assert mine.id == theirs.id
    assert mine != theirs
    assert hash(mine) != hash(theirs)


def test_a_call_is_answered_and_ended_at_that_very_moment(sandbox: Sandbox, place: Place) -> None:
    place()
    (call,) = sandbox.calls
    seen: list[tuple[bool, bool]] = []
    for step in (6.999999, 0.000001, 7.999999, 0.000001):
        sandbox.advance(step)
        seen.append((call.answered, call.ended))
    assert seen == [(False, False), (True, False), (True, False), (True, True)]


def test_a_busy_call_was_never_answered(sandbox: Sandbox, place: Place) -> None:
    place("0900000002")
    sandbox.advance(30)
    (call,) = sandbox.calls
    assert (call.answered, call.ended, call.status) == (False, True, "busy")


def test_a_sandbox_says_where_it_listens() -> None:
    sandbox = Sandbox()
    assert sandbox.clock.speed == 1.0
    assert repr(sandbox) == "<Sandbox, not running>"
    with pytest.raises(RuntimeError) as caught:
        _ = sandbox.url
    assert str(caught.value) == "the sandbox is not running: use `with Sandbox() as sandbox:` or call start()"
    with sandbox:
        assert repr(sandbox) == f"<Sandbox at {sandbox.url}>"
        with pytest.raises(RuntimeError, match="^a sandbox can be started once; make another one$"):
            sandbox.start()
    assert repr(sandbox) == "<Sandbox, not running>"


def test_it_keeps_as_many_calls_as_it_was_told(otp_request: dict[str, str]) -> None:
    with Sandbox(speed=0, max_calls=2) as sandbox:
        headers = {"Authorization": "Bearer sandbox"}
        for _ in range(3):
            httpx.post(f"{sandbox.url}/v3/autocall/otp", json=otp_request, headers=headers)
        assert [call.id for call in sandbox.calls] == [2, 3]
        with pytest.raises(LookupError) as caught:
            _ = Call(sandbox._board, 1, "", "", "", "", "").status
        assert str(caught.value) == ("the sandbox has forgotten call 1: it was cleared, or newer calls took its place")


def test_waiting_for_any_call_in_vain_is_told(sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutError) as caught:
        sandbox.wait_for_call(timeout=0.01)
    assert str(caught.value) == "no call within 0.01 s; 0 calls are kept"


def test_a_wait_after_a_call_is_not_ended_by_it(sandbox: Sandbox, place: Place) -> None:
    place()
    (call,) = sandbox.calls
    assert sandbox.wait_for_call(timeout=0) == call
    with pytest.raises(TimeoutError, match=r"^no call within 0 s; 1 calls are kept$"):
        sandbox.wait_for_call(timeout=0, after=call)


def test_a_wait_goes_on_until_its_time_is_over(sandbox: Sandbox, place: Place) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sandbox.wait_for_call, timeout=0.9)
        time.sleep(0.1)
        place(code_otp="LATE")
        assert waiting.result(20).code_otp == "LATE"


def test_a_wait_without_a_time_is_five_seconds_long(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", iter([100.0, 104.9, 105.0]).__next__)
    waits: list[tuple[int, float]] = []
    bell = vars(board_of(sandbox))["bell"]
    monkeypatch.setattr(bell, "wait", lambda known, left: waits.append((known, left)))
    with pytest.raises(TimeoutError, match="within 5 s"):
        sandbox.wait_for_call()
    assert waits == [(bell.count, pytest.approx(0.1))]


def test_a_call_to_somebody_else_is_not_the_one_that_is_waited_for(sandbox: Sandbox, place: Place) -> None:
    place("0332665711")
    place("0900000002")
    assert sandbox.wait_for_call("+84 332 665 711", timeout=0).phone_number == "0332665711"
    with pytest.raises(TimeoutError, match=r"^no call to 0332\*\*\*711 within 0 s; 2 calls are kept$"):
        sandbox.wait_for_call("0332665711", timeout=0, after=sandbox.wait_for_call("0332665711", timeout=0))
