from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from autocall_otp.sandbox import Call, NotRingingError, NotTalkingError, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    Place = Callable[..., httpx.Response]


def test_a_call_is_seen_with_all_that_a_test_asks_for(sandbox: Sandbox, place: Place) -> None:
    taken = place(ref_id="ABC123").json()
    (call,) = sandbox.calls
    assert (call.phone_number, call.code_otp, call.template, call.ref_id, call.status) == (
        "0332665711",
        "LUAN001",
        "otp_script_01",
        "ABC123",
        "queued",
    )
    assert (call.call_id, call.rings, call.answered, call.ended, call.record) == (
        taken["call_id"],
        1,
        False,
        False,
        None,
    )
    sandbox.advance(30)
    assert (call.status, call.answered, call.ended) == ("ended", True, True)
    assert call.record
    assert call.record["status"] == "answered"


@pytest.mark.parametrize("written", ["0332665711", "+84332665711", "+84 332 665 711", "0332 665 711"])
def test_the_latest_call_is_found_by_any_form_of_its_number(sandbox: Sandbox, place: Place, written: str) -> None:
    place(code_otp="OLD")
    place("+84 332665711", code_otp="NEW")
    place("0912345678", code_otp="OTHER")
    found = sandbox.latest(written)
    assert found.code_otp == "NEW"
    assert found == sandbox.calls[1]
    assert sandbox.latest() == sandbox.calls[2]


def test_a_call_is_answered_rejected_or_left(sandbox: Sandbox, place: Place) -> None:
    for _ in range(3):
        place()
    first, second, third = sandbox.calls
    sandbox.answer(first)
    sandbox.reject(second)
    sandbox.leave_unanswered(third)
    assert [call.status for call in sandbox.calls] == ["answered", "busy", "no-answered"]
    with pytest.raises(NotRingingError, match="call 1 is not ringing: its status is answered"):
        sandbox.reject(first)
    sandbox.advance(8)
    assert first.status == "ended"


def test_without_auto_answer_a_call_rings_until_someone_answers(otp_request: dict[str, str]) -> None:
    with Sandbox(speed=0, auto_answer=False) as sandbox:
        for _ in range(2):
            httpx.post(
                f"{sandbox.url}/v3/autocall/otp",
                json=otp_request,
                headers={"Authorization": "Bearer sandbox"},
            )
        sandbox.advance(20)
        sandbox.calls[0].answer()
        sandbox.advance(8)
        assert [call.status for call in sandbox.calls] == ["ended", "no-answered"]


def test_waiting_for_a_call_ends_with_it(sandbox: Sandbox, place: Place) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sandbox.wait_for_call, "+84332665711", timeout=20)
        place("0912345678")
        place(code_otp="ONE")
        first = waiting.result(20)
        assert first.code_otp == "ONE"
        waiting = pool.submit(sandbox.wait_for_call, "0332665711", timeout=20, after=first)
        place(code_otp="TWO")
        assert waiting.result(20).code_otp == "TWO"


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
    call = sandbox.wait_for_call(timeout=0)
    with pytest.raises(TimeoutError):
        sandbox.wait_for_call(timeout=0, after=call)


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


def test_a_callee_hangs_up(sandbox: Sandbox, place: Place) -> None:
    place()
    (call,) = sandbox.calls
    sandbox.answer(call)
    sandbox.advance(1)
    sandbox.hang_up(call)
    assert call.record
    assert (call.status, call.record["billsec"]) == ("ended", 1)
    with pytest.raises(NotTalkingError):
        call.hang_up()


def test_settings_can_be_changed_while_it_runs(sandbox: Sandbox, place: Place) -> None:
    assert (sandbox.auto_answer, sandbox.repeated_ref_id) == (True, "dial")
    sandbox.auto_answer, sandbox.repeated_ref_id = False, "refuse"
    assert [place(ref_id="same").status_code for _ in range(2)] == [200, 409]
    sandbox.advance(30)
    assert [call.status for call in sandbox.calls] == ["no-answered"]


def test_no_repr_shows_a_secret(sandbox: Sandbox, place: Place) -> None:
    place(ref_id="my reference")
    shown = f"{sandbox!r} {sandbox.calls!r}"
    assert "<Call 1 to 0332***711>" in shown
    for secret in ("LUAN001", "0332665711", "my reference", sandbox.token + "'"):
        assert secret not in shown


def test_a_forgotten_call_says_so(sandbox: Sandbox, place: Place) -> None:
    place()
    (call,) = sandbox.calls
    sandbox.clear()
    assert sandbox.calls == []
    with pytest.raises(LookupError, match="forgotten call 1"):
        _ = call.status
    with pytest.raises(LookupError, match="forgotten call 1"):
        sandbox.answer(call)


def test_a_sandbox_runs_once_and_can_be_read_afterwards(otp_request: dict[str, str]) -> None:
    sandbox = Sandbox(speed=0)
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url
    with sandbox:
        url = sandbox.url
        httpx.post(f"{url}/v3/autocall/otp", json=otp_request, headers={"Authorization": "Bearer sandbox"})
        with pytest.raises(RuntimeError, match="started once"):
            sandbox.start()
    sandbox.stop()
    assert sandbox.calls[0].code_otp == "LUAN001"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with pytest.raises(RuntimeError, match="started once"):
        sandbox.start()


def test_sandboxes_do_not_see_each_other(otp_request: dict[str, str]) -> None:
    with Sandbox(token="one") as one, Sandbox(token="two") as two:
        assert one.url != two.url
        assert httpx.post(
            f"{one.url}/v3/autocall/otp", json=otp_request, headers={"Authorization": "Bearer two"}
        ).is_client_error
        httpx.post(f"{one.url}/v3/autocall/otp", json=otp_request, headers={"Authorization": "Bearer one"})
        assert (len(one.calls), len(two.calls)) == (1, 0)


def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Sandbox(port=port).start()


def test_many_threads_lose_no_call(sandbox: Sandbox, otp_request: dict[str, str]) -> None:
    def send(number: int) -> int:
        headers = {"Authorization": "Bearer sandbox"}
        body = otp_request | {"ref_id": f"r{number}"}
        return httpx.post(f"{sandbox.url}/v3/autocall/otp", json=body, headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(send, range(80)))
        list(pool.map(lambda _: sandbox.advance(1), range(80)))
    assert statuses == [200] * 80
    assert sorted(call.id for call in sandbox.calls) == list(range(1, 81))
    assert {call.status for call in sandbox.calls} == {"ended"}


def test_it_stops_with_streams_polls_and_stalls_open(otp_request: dict[str, str]) -> None:
    ended: list[str] = []
    sandbox = Sandbox(speed=0).start()
    opened = threading.Barrier(3)

    def follow() -> None:
        with httpx.stream("GET", f"{sandbox.url}/sandbox/events", timeout=30) as stream:
            lines = stream.iter_lines()
            next(lines)
            opened.wait(60)
            for _ in lines:
                pass
            ended.append("stream")

    def stall() -> None:
        opened.wait(60)
        body, headers = otp_request | {"phone_number": "0900000032"}, {"Authorization": "Bearer sandbox"}
        try:
            httpx.post(f"{sandbox.url}/v3/autocall/otp", json=body, headers=headers, timeout=30)
        except httpx.RemoteProtocolError:
            ended.append("stall")

    threads = [threading.Thread(target=target) for target in (follow, stall)]
    for thread in threads:
        thread.start()
    opened.wait(60)
    sandbox.wait_for_call("0900000032", timeout=60)
    sandbox.stop()
    for thread in threads:
        thread.join(60)
    assert sorted(ended) == ["stall", "stream"], "told of the end, not cut off"


def events(http: httpx.Client, wanted: int, then: Callable[[int], Any]) -> list[tuple[str, Any]]:
    """So many events; `then` is called with the count after each."""
    seen: list[tuple[str, Any]] = []
    with http.stream("GET", "/sandbox/events", timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                seen.append((name, json.loads(line.removeprefix("data: "))))
                if len(seen) == wanted:
                    break
                then(len(seen))
    return seen


def test_events_tell_each_change_and_nothing_else(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place()
    deeds: dict[int, Callable[[], Any]] = {
        1: lambda: sandbox.advance(2),
        2: lambda: place("0900000002"),
        3: lambda: sandbox.advance(0.5),
        4: sandbox.clear,
    }
    seen = events(http, 5, lambda count: deeds[count]())
    assert [name for name, _ in seen] == ["snapshot", "change", "change", "change", "change"]
    told = [[(call["id"], call["status"]) for call in data["calls"]] for _, data in seen]
    assert told == [[(1, "queued")], [(1, "ringing")], [(2, "queued")], [], []]
    assert [data["gone"] for _, data in seen] == [[], [], [], [], [1, 2]]


def test_events_come_by_the_clock_alone(otp_request: dict[str, str]) -> None:
    with Sandbox(speed=50) as sandbox, httpx.Client(base_url=sandbox.url) as http:
        headers = {"Authorization": "Bearer sandbox"}
        httpx.post(f"{sandbox.url}/v3/autocall/otp", json=otp_request, headers=headers)
        seen = events(http, 3, lambda _: None)
    states = [call["status"] for _, data in seen for call in data["calls"]]
    order = ["queued", "ringing", "answered", "ended"]
    assert len(set(states)) >= 3
    assert states == sorted(states, key=order.index)


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
