from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from unittest import mock

import httpx
import pytest

from autocall_otp.sandbox import Call, NotRingingError, NotTalkingError, Sandbox, embedded

if TYPE_CHECKING:
    from sandbox.conftest import Place


def post(sandbox: Sandbox, body: dict[str, str]) -> httpx.Response:
    """Place a call on a sandbox of the test's own."""
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    return httpx.post(f"{sandbox.url}/v3/autocall/otp", json=body, headers=headers)


def test_a_call_is_seen_with_all_that_a_test_asks_for(sandbox: Sandbox, place: Place) -> None:
    taken = place(ref_id="ABC123").json()
    (call,) = sandbox.calls
    seen = (call.phone_number, call.code_otp, call.template, call.ref_id, call.call_id)
    assert seen == ("0332665711", "LUAN001", "otp_script_01", "ABC123", taken["call_id"])
    assert (call.status, call.rings, call.record) == ("queued", 1, None)
    moments: list[tuple[bool, bool]] = []
    for step in (6.999999, 0.000001, 7.999999, 0.000001):
        sandbox.advance(step)
        moments.append((call.answered, call.ended))
    assert moments == [(False, False), (True, False), (True, False), (True, True)], "at that very moment"
    assert call.record
    assert (call.status, call.record["status"]) == ("ended", "answered")


def test_the_latest_call_is_found_by_any_form_of_its_number(sandbox: Sandbox, place: Place) -> None:
    place(code_otp="OLD")
    place("+84 332665711", code_otp="NEW")
    place("0912345678", code_otp="OTHER")
    assert sandbox.latest("0332665711").code_otp == sandbox.latest("+84 332 665 711").code_otp == "NEW"
    assert sandbox.latest() == sandbox.calls[2]


def test_a_call_is_answered_rejected_left_or_hung_up(sandbox: Sandbox, place: Place) -> None:
    for _ in range(3):
        place()
    first, second, third = sandbox.calls
    sandbox.answer(first)
    second.reject()
    sandbox.leave_unanswered(third)
    assert [call.status for call in sandbox.calls] == ["answered", "busy", "no-answered"]
    with pytest.raises(NotRingingError, match="call 1 is not ringing: its status is answered"):
        sandbox.reject(first)
    sandbox.advance(1)
    sandbox.hang_up(first)
    assert first.record
    assert (first.status, first.record["billsec"]) == ("ended", 1)
    with pytest.raises(NotTalkingError):
        first.hang_up()


def test_without_auto_answer_an_ordinary_call_rings_until_someone_answers(sandbox: Sandbox, place: Place) -> None:
    assert sandbox.auto_answer
    sandbox.auto_answer = False
    for number in ("0332665711", "0332665711", "0900000001"):
        place(number)
    sandbox.advance(6)
    sandbox.calls[0].answer()
    sandbox.advance(9)
    assert [call.status for call in sandbox.calls] == ["ended", "ringing", "ended"]
    sandbox.advance(12)
    assert sandbox.calls[1].status == "no-answered"


def test_waiting_for_a_call_ends_with_it(sandbox: Sandbox, place: Place) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sandbox.wait_for_call, "+84332665711", timeout=60)
        place("0912345678")
        place(code_otp="ONE")
        first = waiting.result(60)
        assert first.code_otp == "ONE"
        waiting = pool.submit(sandbox.wait_for_call, "0332665711", timeout=60, after=first)
        place(code_otp="TWO")
        assert waiting.result(60).code_otp == "TWO"


def test_an_expected_call_is_given_once_and_the_oldest_first(sandbox: Sandbox, place: Place) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sandbox.expect_call, "+84 332 665 711", timeout=60)
        place("0912345678", code_otp="OTHER")
        place(code_otp="FIRST")
        assert waiting.result(60).code_otp == "FIRST"
    place(code_otp="SECOND")
    assert sandbox.expect_call("0332665711").code_otp == "SECOND"
    assert sandbox.expect_call().code_otp == "OTHER"
    with pytest.raises(TimeoutError):
        sandbox.expect_call(timeout=0)


def test_threads_that_expect_calls_at_once_are_given_different_ones(
    sandbox: Sandbox, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_found_one = threading.Barrier(2, timeout=60)

    def view(*fields: Any) -> Call:
        both_have_found_one.wait()
        return Call(*fields)

    place()
    place()
    monkeypatch.setattr(embedded, "Call", view)
    with ThreadPoolExecutor(2) as pool:
        given = [pool.submit(sandbox.expect_call, timeout=0) for _ in range(2)]
    assert {each.result().id for each in given} == {1, 2}


def test_a_call_that_is_not_there_is_told_with_what_came_instead(sandbox: Sandbox, place: Place) -> None:
    with pytest.raises(LookupError, match=r"^'?no call; calls kept: 0'?$"):
        sandbox.latest()
    place("0912345678")
    httpx.post(f"{sandbox.url}/v3/autocall/otp", headers={"Authorization": "Bearer of another sandbox"})
    words = (
        "no call to 0332***711; calls kept: 1, the latest to 0912***678; "
        "requests that failed: 1, the latest POST: 401, the token is not the sandbox's"
    )
    with pytest.raises(LookupError) as none:
        sandbox.latest("+84 332 665 711")
    assert str(none.value) == words
    for wait in (sandbox.wait_for_call, sandbox.expect_call):
        with pytest.raises(TimeoutError) as late:
            wait("0332665711", timeout=0.01)
        assert str(late.value) == f"{words} (waited 0.01 s)"
    with pytest.raises(TimeoutError):
        sandbox.wait_for_call(timeout=0, after=sandbox.wait_for_call(timeout=0))


def test_requests_are_kept_without_their_tokens(sandbox: Sandbox, place: Place) -> None:
    place()
    for header in ({}, {"Authorization": "Basic secret-token"}, {"Authorization": "Bearer secret-token"}):
        httpx.get(f"{sandbox.url}/v3/autocall/log/secret-token/ref_id?token=secret-token", headers=header)
    found = sandbox.requests
    assert [(each.method, each.status, each.ok) for each in found] == [("POST", 200, True)] + [("GET", 401, False)] * 3
    assert [each.reason for each in found[1:]] == [
        "the Authorization header is missing",
        "the Authorization header must be `Bearer` and the token",
        "the token is not the sandbox's",
    ]
    assert [each.path for each in found[2:]] == ["/v3/autocall/log/***/ref_id"] * 2
    assert "secret-token" not in repr(found)


def test_no_repr_shows_a_secret(sandbox: Sandbox, place: Place) -> None:
    place(ref_id="my reference")
    shown = f"{sandbox!r} {sandbox.calls!r}"
    assert f"<Sandbox at {sandbox.url}>" in shown
    assert "<Call 1 to 0332***711>" in shown
    for secret in ("LUAN001", "0332665711", "my reference", sandbox.token + "'"):
        assert secret not in shown


def test_a_forgotten_call_says_so(sandbox: Sandbox, place: Place) -> None:
    place()
    (call,) = sandbox.calls
    sandbox.clear()
    for look in (lambda: call.status, lambda: sandbox.answer(call)):
        with pytest.raises(LookupError) as caught:
            look()
        words = "the sandbox has forgotten call 1: it was cleared, or newer calls took its place"
        assert str(caught.value).strip("'") == words


def test_a_sandbox_runs_once_and_can_be_read_afterwards(otp_request: dict[str, str]) -> None:
    sandbox = Sandbox(max_calls=2)
    assert (sandbox.clock.speed, repr(sandbox)) == (1.0, "<Sandbox, not running>")
    with pytest.raises(RuntimeError, match=r"^the sandbox is not running: use `with Sandbox\(\) as .*` or call start"):
        _ = sandbox.url
    with sandbox:
        url = sandbox.url
        for _ in range(3):
            post(sandbox, otp_request)
        with pytest.raises(RuntimeError, match="^a sandbox can be started once; make another one$"):
            sandbox.start()
    sandbox.stop()
    assert [call.id for call in sandbox.calls] == [2, 3]
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with pytest.raises(RuntimeError, match="started once"):
        sandbox.start()


def test_sandboxes_do_not_see_each_other_s_calls_and_two_views_of_one_call_are_one(otp_request: dict[str, str]) -> None:
    with Sandbox(token="one") as one, Sandbox(token="two") as two:
        headers = {"Authorization": "Bearer two"}
        assert httpx.post(f"{one.url}/v3/autocall/otp", json=otp_request, headers=headers).status_code == 401
        post(one, otp_request)
        assert (len(one.calls), len(two.calls)) == (1, 0)
        post(two, otp_request)
        (mine,), (theirs,), (again,) = one.calls, two.calls, one.calls
    assert (mine.id, mine == theirs, hash(mine) == hash(theirs)) == (theirs.id, False, False)
    assert (mine == again, mine is again, len({mine, theirs, again})) == (True, False, 2)
    assert mine not in {theirs, 1}


@pytest.mark.parametrize("token", ["", " ", " x", "x ", "x\t", "a\nb", "x\n", "é", "đ", "\x7f"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="^token must be printable ASCII, without white space at its ends: no header"):
        Sandbox(token=token)


def test_any_other_token_is_taken(otp_request: dict[str, str]) -> None:
    for token in ("x", "a b", "~!"):
        with Sandbox(token=token) as sandbox:
            assert post(sandbox, otp_request).status_code == 200


def test_many_threads_lose_no_call(sandbox: Sandbox, place: Place) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: place(), range(40)))
        list(pool.map(lambda _: sandbox.advance(1), range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(call.id for call in sandbox.calls) == list(range(1, 41))
    assert {call.status for call in sandbox.calls} == {"ended"}


def test_a_test_that_stops_the_clock_does_not_stop_the_sandbox(otp_request: dict[str, str]) -> None:
    """As freezegun does. The server's loop would never wake again, and leaving the sandbox never end."""
    with (
        Sandbox(speed=1_000_000) as sandbox,
        mock.patch("time.monotonic", return_value=0.0),
        mock.patch("time.monotonic_ns", return_value=0),
    ):
        post(sandbox, otp_request)
        call = sandbox.wait_for_call(timeout=60.0)
        while not call.ended:
            pass


def test_it_stops_with_streams_and_stalls_open(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    with ThreadPoolExecutor(1) as pool, http.stream("GET", "/sandbox/events") as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.headers["cache-control"] == "no-store", "a stream is kept by nobody"
        lines = stream.iter_lines()
        next(lines)
        stalled = pool.submit(place, "0900000032")
        sandbox.wait_for_call("0900000032", timeout=60)
        sandbox.stop()
        assert isinstance(stalled.exception(60), httpx.RemoteProtocolError)
        assert list(lines), "told of the end, not cut off"
