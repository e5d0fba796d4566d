from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.eventually import eventually
from support.page import payload

from autocall_otp.sandbox import Chaos
from autocall_otp.sandbox.chaos import Mishap
from autocall_otp.sandbox.numbers import NUMBERS, Answer, LookUp

if TYPE_CHECKING:
    from collections.abc import Callable

    from autocall_otp.sandbox import Sandbox

    Place = Callable[..., httpx.Response]


SAMPLE = (
    b'{"campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e", "phone_number": "1", "template": "t", '
    b'"code_otp": "LUAN001"}'
)
LOOK_UP = "/v3/autocall/log/{}/ref_id"


def look_up(http: httpx.Client, ref_id: str) -> httpx.Response:
    return http.get(LOOK_UP.format(quote(ref_id, safe="")))


def test_a_call_is_taken_and_its_record_appears_when_it_has_ended(
    sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    answer = place(ref_id="ABC123")
    assert answer.status_code == 200
    taken = answer.json()
    assert list(taken) == list(payload("run_otp.answer"))
    assert (taken["message"], taken["ref_id"]) == ("success", "ABC123")
    sandbox.advance(14.999)
    early = look_up(http, "ABC123")
    assert (early.status_code, early.json()) == (404, {"error": "Not Found"})
    sandbox.advance(0.001)
    record = look_up(http, "ABC123").json()
    assert (record["id"], record["lead_uuid"], record["status"]) == (
        taken["call_id"],
        taken["lead_uuid"],
        "answered",
    )
    assert record["additional"]["code_otp"] == "LUAN001"


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic sandbox"}, {"Authorization": "Bearer é"}]
)
def test_a_missing_or_wrong_token_is_401(sandbox: Sandbox, otp_request: dict[str, str], header: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in header.items()}
    for answer in (
        httpx.post(f"{sandbox.url}/v3/autocall/otp", json=otp_request, headers=encoded),
        httpx.get(sandbox.url + LOOK_UP.format("ABC123"), headers=encoded),
    ):
        assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
    assert sandbox.calls == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 60_000,
        b'{"a": NaN}',
        b"\xff",
        SAMPLE.replace(b"LUAN001", b"\\ud800"),
        SAMPLE.replace(b'"LUAN001"', b'"1", "x": 1e999'),
    ],
    ids=["empty", "half", "deep", "nan", "latin", "surrogate", "infinite"],
)
def test_a_body_that_is_no_json_is_refused(sandbox: Sandbox, http: httpx.Client, body: bytes) -> None:
    answer = http.post("/v3/autocall/otp", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"error": "The body is not valid JSON"})
    assert sandbox.calls == []


def test_a_huge_body_is_refused(http: httpx.Client, place: Place) -> None:
    answer = place(note="x" * 70_000)
    assert answer.status_code == 400
    assert "larger than 65536 bytes" in answer.json()["error"]
    assert http.get("/sandbox/calls").json() == {"calls": []}


def test_a_body_of_another_type_is_refused(http: httpx.Client, otp_request: dict[str, str]) -> None:
    answer = http.post("/v3/autocall/otp", data=otp_request)
    assert (answer.status_code, answer.json()) == (400, {"error": "Content-Type must be application/json"})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ref_id=st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()), code=st.text(max_size=20))
def test_any_reference_and_code_come_back_as_they_were_sent(
    sandbox: Sandbox, http: httpx.Client, place: Place, ref_id: str, code: str
) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in ref_id.encode())
    assert place(ref_id=ref_id, code_otp=code).json()["ref_id"] == ref_id
    sandbox.advance(30)
    record = http.get(LOOK_UP.format(encoded)).json()
    assert record["additional"]["ref_id"] == ref_id
    assert record["additional"]["code_otp"] == code


def test_everything_that_was_sent_is_echoed(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place(ref_id="r", note="Xin chào", tries=2)
    sandbox.advance(30)
    additional = look_up(http, "r").json()["additional"]
    assert (additional["note"], additional["tries"]) == ("Xin chào", 2)


@pytest.mark.parametrize("fields", [{"ref_id": ""}, {}])
def test_a_call_without_a_reference_gets_one(
    sandbox: Sandbox, http: httpx.Client, otp_request: dict[str, str], fields: dict[str, str]
) -> None:
    del otp_request["ref_id"]
    made = http.post("/v3/autocall/otp", json=otp_request | fields).json()["ref_id"]
    assert made
    sandbox.advance(30)
    record = look_up(http, made).json()
    assert record["to_number"] == "0332665711"
    assert record["additional"] == otp_request | fields


def test_a_repeated_reference_is_dialled_again_and_counted(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place("0900000002", ref_id="same")
    second = place("0332665711", ref_id="same").json()
    assert [call.rings for call in sandbox.calls] == [2, 2]
    sandbox.advance(10)
    assert look_up(http, "same").status_code == 404, "the latest call has not ended"
    sandbox.advance(10)
    assert look_up(http, "same").json()["id"] == second["call_id"]


ENDINGS = [number for number in NUMBERS if number.answer is Answer.NORMAL and number.look_up is LookUp.NORMAL]


EARLY = [
    ("0900000023", []),
    ("0900000024", {}),
    ("0900000025", None),
]


@pytest.mark.parametrize(("number", "body"), EARLY)
def test_a_look_up_before_the_record_may_find_nothing_in_many_words(
    sandbox: Sandbox, http: httpx.Client, place: Place, number: str, body: Any
) -> None:
    place(number, ref_id="r")
    early = look_up(http, "r")
    assert (early.status_code, early.json()) == (200, body)
    sandbox.advance(15)
    assert look_up(http, "r").json()["status"] == "answered"
    assert sandbox.requests[1].ok, "the caller did nothing wrong"


def test_a_look_up_before_the_record_may_find_a_page(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place("0900000026", ref_id="r")
    early = look_up(http, "r")
    assert (early.status_code, early.headers["content-type"]) == (200, "text/html; charset=utf-8")
    sandbox.advance(15)
    assert look_up(http, "r").json()["status"] == "answered"


def test_a_record_that_has_not_ended_says_so_with_the_first_of_all_times(
    sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    place("0900000027", ref_id="r")
    early = look_up(http, "r").json()
    assert (early["time_answered"], early["time_ended"], early["status"]) == (*["1970-01-01 07:00:00"] * 2, "")
    sandbox.advance(15)
    assert look_up(http, "r").json() == early | sandbox.calls[0].record  # type: ignore[operator] # it is there
    assert look_up(http, "r").json()["status"] == "answered"


def test_a_status_may_be_in_capitals(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place("0900000028", ref_id="r")
    sandbox.advance(30)
    assert look_up(http, "r").json()["status"] == "NO_ANSWERED"
    assert sandbox.calls[0].status == "no-answered"


def test_a_refusal_may_come_with_200(sandbox: Sandbox, place: Place) -> None:
    answer = place("0900000200")
    assert (answer.status_code, answer.json()) == (200, {"status": "fail", "message": "Số dư không đủ"})
    assert sandbox.calls == []
    assert not sandbox.requests[0].ok


def test_a_repeated_reference_is_answered_as_before_or_refused(sandbox: Sandbox, place: Place) -> None:
    first = place(ref_id="same")
    sandbox.repeated_ref_id = "replay"
    assert place(ref_id="same").json() == first.json()
    sandbox.repeated_ref_id = "refuse"
    refused = place(ref_id="same")
    assert (refused.status_code, refused.json()) == (409, {"error": [{"ref_id": "ref_id was used before"}]})
    assert [place(ref_id="").status_code for _ in range(2)] == [200, 200], "no reference is none that is repeated"
    assert [call.rings for call in sandbox.calls] == [1, 1, 1]
    assert [request.ok for request in sandbox.requests] == [True, True, False, True, True]


@pytest.mark.parametrize("number", ENDINGS, ids=lambda number: number.name)
def test_a_number_for_each_ending_and_record(sandbox: Sandbox, http: httpx.Client, place: Place, number: Any) -> None:
    assert place(number.phone_number, ref_id="r").status_code == 200
    sandbox.advance(number.plan.ended)
    status = number.plan.status
    assert sandbox.calls[0].status == ("ended" if status == "answered" else status)
    if number.plan.record is None:
        sandbox.advance(100_000)
        assert look_up(http, "r").status_code == 404
        return
    late = number.plan.record > number.plan.ended
    assert look_up(http, "r").status_code == (404 if late else 200)
    sandbox.advance(number.plan.record - number.plan.ended)
    assert look_up(http, "r").json()["status"] == status


def test_the_rate_limited_number_refuses_each_reference_once(sandbox: Sandbox, place: Place) -> None:
    first = [place("+84 900 000 429", ref_id=ref_id) for ref_id in ("a", "b")]
    assert [answer.status_code for answer in first] == [429, 429]
    assert first[0].headers["retry-after"] == "1"
    assert [place("0900000429", ref_id=ref_id).status_code for ref_id in ("a", "b")] == [200, 200]
    assert [call.rings for call in sandbox.calls] == [1, 1]


def test_a_lost_answer_rings_all_the_same(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        place("0900000031", ref_id="lost")
    (call,) = sandbox.calls
    assert (call.ref_id, call.status) == ("lost", "queued")
    sandbox.advance(30)
    assert look_up(http, "lost").json()["status"] == "answered", "the sandbox serves on"


def test_a_stalled_answer_never_comes(sandbox: Sandbox, http: httpx.Client, otp_request: dict[str, str]) -> None:
    with pytest.raises(httpx.ReadTimeout):
        http.post("/v3/autocall/otp", json=otp_request | {"phone_number": "0900000032"}, timeout=0.2)
    assert sandbox.wait_for_call("0900000032").status == "queued"


def test_a_malformed_answer_says_200_and_cannot_be_read(sandbox: Sandbox, place: Place) -> None:
    answer = place("0900000033")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert len(sandbox.calls) == 1


def test_the_log_shows_no_code_no_token_and_no_number(
    caplog: pytest.LogCaptureFixture, sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    with caplog.at_level(logging.DEBUG, "autocall_otp.sandbox"):
        for number in NUMBERS:
            if number.answer not in {Answer.LOST, Answer.STALLED}:
                place(number.phone_number, ref_id="r")
        place("0332665711")
        sandbox.calls[-1].answer()
        look_up(http, "0332665711-LUAN001")
        http.get("/LUAN001/0332665711")
        place(code_otp=1)
    lines = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("autocall"))
    assert "call 1 to 0900***001: queued" in lines
    assert "POST /v3/autocall/otp: no answer, on purpose, the number answer-lost" not in lines
    assert "POST /v3/autocall/otp: 401, on purpose, the number unauthorized: 401, whatever the token" in lines
    assert "GET /v3/autocall/log/***/ref_id" in lines
    for secret in ("LUAN001", "0332665711", "0900000001", "Bearer"):
        assert secret not in lines


def test_an_error_inside_is_a_500_that_tells_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, place: Place
) -> None:
    def broken(request: dict[str, Any]) -> None:
        raise RuntimeError(request["code_otp"])

    monkeypatch.setattr(vars(sandbox)["_board"], "place", broken)
    answer = place()
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal Server Error"})
    assert "RuntimeError" in caplog.text
    assert "LUAN001" not in caplog.text


@pytest.mark.parametrize("path", ["/", "/pages/app.js", "/sandbox/calls"])
def test_the_providers_paths_and_the_sandboxs_do_not_mix(http: httpx.Client, path: str) -> None:
    assert http.get("/v3" + path).json() == {"error": "Not Found"}
    assert http.get(path).status_code == 200


CALM = Mishap(latency=0.0, reset=False, reset_after_dialling=False, error=None)


def board_of(sandbox: Sandbox) -> Any:
    return vars(sandbox)["_board"]


@pytest.mark.parametrize(
    ("status", "reason", "again"),
    [
        (400, "Bad Request", None),
        (404, "Not Found", None),
        (429, "Too Many Requests", "1"),
        (500, "Internal Server Error", None),
        (502, "Bad Gateway", None),
        (503, "Service Unavailable", "1"),
        (504, "Gateway Timeout", None),
        (599, "HTTP 599", None),
    ],
)
def test_an_error_by_chance_has_the_provider_s_shape(
    sandbox: Sandbox, http: httpx.Client, place: Place, status: int, reason: str, again: str | None
) -> None:
    sandbox.chaos = Chaos(error_probability=1, error_statuses=(status,))
    for answer in (place(), look_up(http, "ABC123")):
        assert (answer.status_code, answer.json()) == (status, {"error": reason})
        assert answer.headers.get("retry-after") == again
    assert sandbox.calls == []


@pytest.mark.parametrize(
    ("number", "status", "error", "placed"),
    [
        ("0900000401", 401, "Unauthorized", 0),
        ("0900000403", 403, "Forbidden", 0),
        ("0900000429", 429, "Too Many Requests", 0),
        ("0900000500", 500, "Internal Server Error", 0),
        ("0900000503", 503, "Service Unavailable", 0),
        ("0900000502", 502, None, 1),
    ],
)
def test_a_number_for_each_status(
    sandbox: Sandbox, place: Place, number: str, status: int, error: str | None, placed: int
) -> None:
    answer = place(number)
    assert (answer.status_code, len(sandbox.calls)) == (status, placed)
    if error:
        assert answer.json() == {"error": error}
    else:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    (request,) = sandbox.requests
    assert (request.status, request.ok) == (status, False)
    assert request.reason.startswith("on purpose, the number ")


def test_a_reference_that_is_missing_or_empty_is_one_and_the_same(
    http: httpx.Client, otp_request: dict[str, str]
) -> None:
    body = otp_request | {"phone_number": "0900000429"}
    del body["ref_id"]
    bodies = [body, body | {"ref_id": ""}, body | {"ref_id": ""}]
    assert [http.post("/v3/autocall/otp", json=each).status_code for each in bodies] == [429, 200, 429]


@pytest.mark.parametrize("dialled", [True, False])
def test_a_reset_comes_before_the_call_or_after(
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    place: Place,
    dialled: bool,  # noqa: FBT001 - a parameter
) -> None:
    mishap = Mishap(latency=0.0, reset=True, reset_after_dialling=dialled, error=503)
    monkeypatch.setattr(board_of(sandbox), "roll", lambda: mishap)
    with pytest.raises(httpx.ReadError):
        place()
    assert len(sandbox.calls) == dialled
    when = "after the call was placed" if dialled else "before a call was placed"
    (request,) = sandbox.requests
    assert (request.status, request.reason) == (None, f"chaos: the connection was reset {when}")


def test_the_end_of_the_sandbox_cuts_lateness_short(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.chaos = Chaos(latency_probability=1, latency_seconds=300)
    state = vars(sandbox)["_server"].server_state
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(http.get, LOOK_UP.format("ABC123"), timeout=250)
        eventually(lambda: state.tasks)
        sandbox.stop()
        asking.exception(60)


@pytest.mark.parametrize("number", ["0900000031", "0900000032"])
def test_a_caller_that_has_gone_is_let_go(
    sandbox: Sandbox,
    http: httpx.Client,
    otp_request: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    number: str,
) -> None:
    state = vars(sandbox)["_server"].server_state
    with pytest.raises(httpx.TransportError):
        http.post("/v3/autocall/otp", json=otp_request | {"phone_number": number}, timeout=0.3)
    eventually(lambda: not state.tasks)
    assert [(request.status, request.ok) for request in sandbox.requests] == [(None, False)]
    assert [record for record in caplog.records if record.levelno > logging.INFO] == [], "nothing went wrong inside"
