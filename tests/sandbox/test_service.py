from __future__ import annotations

import json
import logging
import re
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.eventually import eventually
from support.page import payload

from autocall_otp.sandbox.numbers import NUMBERS, Answer, SpecialNumber

if TYPE_CHECKING:
    from sandbox.conftest import Place

    from autocall_otp.sandbox import Sandbox


def look_up(http: httpx.Client, ref_id: str, **options: Any) -> httpx.Response:
    return http.get(f"/v3/autocall/log/{quote(ref_id, safe='')}/ref_id", **options)


def test_a_call_is_taken_and_its_record_appears_when_it_has_ended(
    sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    answer = place(ref_id="ABC123", note="Xin chào", tries=2)
    taken = answer.json()
    assert (answer.status_code, list(taken)) == (200, list(payload("run_otp.answer")))
    assert (taken["message"], taken["ref_id"]) == ("success", "ABC123")
    sandbox.advance(14.999)
    early = look_up(http, "ABC123")
    assert (early.status_code, early.json()) == (404, {"error": "Not Found"})
    sandbox.advance(0.001)
    record = look_up(http, "ABC123").json()
    assert (record["id"], record["lead_uuid"], record["status"]) == (taken["call_id"], taken["lead_uuid"], "answered")
    assert len({str(uuid.UUID(record[name])) for name in ("id", "lead_uuid", "sip_call_id")}) == 3
    sent = record["additional"]
    assert (sent["code_otp"], sent["note"], sent["tries"]) == ("LUAN001", "Xin chào", 2)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ref_id=st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()), code=st.text(max_size=20))
def test_any_reference_and_code_come_back_as_they_were_sent(
    sandbox: Sandbox, http: httpx.Client, place: Place, ref_id: str, code: str
) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in ref_id.encode())
    assert place(ref_id=ref_id, code_otp=code).json()["ref_id"] == ref_id
    sandbox.advance(30)
    sent = http.get(f"/v3/autocall/log/{encoded}/ref_id").json()["additional"]
    assert (sent["ref_id"], sent["code_otp"]) == (ref_id, code)


def test_a_call_without_a_reference_gets_one(sandbox: Sandbox, http: httpx.Client, otp_request: dict[str, str]) -> None:
    del otp_request["ref_id"]
    made: set[str] = set()
    for fields in ({}, {"ref_id": ""}):
        made.add(ref_id := http.post("/v3/autocall/otp", json=otp_request | fields).json()["ref_id"])
        sandbox.advance(30)
        record = look_up(http, ref_id).json()
        assert (record["to_number"], record["additional"]) == ("0332665711", otp_request | fields)
    assert len(made) == 2


def test_a_repeated_reference_is_dialled_again_replayed_or_refused(
    sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    place("0900000002", ref_id="same")
    second = place("0332665711", ref_id="same")
    sandbox.advance(10)
    assert look_up(http, "same").status_code == 404, "the latest call has not ended"
    sandbox.advance(10)
    assert look_up(http, "same").json()["id"] == second.json()["call_id"]
    sandbox.repeated_ref_id = "replay"
    assert place(ref_id="same").json() == second.json()
    sandbox.repeated_ref_id = "refuse"
    refused = place(ref_id="same")
    assert (refused.status_code, refused.json()) == (409, {"error": [{"ref_id": "ref_id was used before"}]})
    assert [place(ref_id="").status_code for _ in range(2)] == [200, 200], "no reference is none that is repeated"
    assert [call.rings for call in sandbox.calls] == [2, 2, 1, 1]
    assert [request.ok for request in sandbox.requests if request.method == "POST"] == [True] * 3 + [False, True, True]


@pytest.mark.parametrize(
    ("number", "code", "kind", "begins", "status"),
    [
        ("0900000023", 200, "application/json", "[]", "answered"),
        ("0900000024", 200, "application/json", "{}", "answered"),
        ("0900000025", 200, "application/json", "null", "answered"),
        ("0900000026", 200, "text/html; charset=utf-8", "<html>", "answered"),
        ("0900000028", 404, "application/json", '{"error":"Not Found"}', "NO_ANSWERED"),
    ],
)
def test_a_look_up_may_find_nothing_in_many_words_and_a_status_be_in_capitals(
    sandbox: Sandbox, http: httpx.Client, place: Place, number: str, code: int, kind: str, begins: str, status: str
) -> None:
    place(number, ref_id="r")
    early = look_up(http, "r")
    assert (early.status_code, early.headers["content-type"], early.text[: len(begins)]) == (code, kind, begins)
    sandbox.advance(30)
    assert look_up(http, "r").json()["status"] == status
    assert sandbox.requests[1].ok, "the caller did nothing wrong"


def test_a_record_that_has_not_ended_says_so_with_the_first_of_all_times(
    sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    place("0900000027", ref_id="r")
    early = look_up(http, "r").json()
    assert (early["time_answered"], early["time_ended"], early["status"]) == (*["1970-01-01 07:00:00"] * 2, "")
    sandbox.advance(15)
    record = look_up(http, "r").json()
    assert record == early | sandbox.calls[0].record  # type: ignore[operator] # it is there
    assert record["status"] == "answered"


TAKING = {Answer.NORMAL, Answer.LOST, Answer.STALLED, Answer.RATE_LIMITED_ONCE}


@pytest.mark.parametrize("number", [each for each in NUMBERS if each.answer not in TAKING], ids=lambda each: each.name)
def test_a_number_for_each_refusal(sandbox: Sandbox, place: Place, number: SpecialNumber) -> None:
    answer, status = place(number.phone_number), int(re.findall(r"\b\d{3}\b", number.happens)[0])
    kind = "text/html; charset=utf-8" if "HTML" in number.happens else "application/json"
    assert (answer.status_code, answer.headers["content-type"]) == (status, kind)
    assert len(sandbox.calls) == bool(number.plan)
    if number.plan:
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    else:
        said = re.search(r"`({.+})`", number.happens)
        assert answer.json() == (json.loads(said[1]) if said else {"error": HTTPStatus(status).phrase})
    (request,) = sandbox.requests
    assert (request.status, request.ok) == (status, False)
    assert request.reason.startswith("on purpose, the number ")


def test_the_rate_limited_number_refuses_each_reference_once(sandbox: Sandbox, place: Place) -> None:
    first = [place("+84 900 000 429", ref_id=ref_id) for ref_id in ("a", "b", "")]
    assert [answer.status_code for answer in first] == [429, 429, 429]
    assert first[0].headers["retry-after"] == "1"
    assert [place("0900000429", ref_id=ref_id).status_code for ref_id in ("a", "b", "")] == [200, 200, 200]
    assert [call.rings for call in sandbox.calls] == [1, 1, 1]


@pytest.mark.parametrize(
    ("number", "error"), [("0900000031", httpx.RemoteProtocolError), ("0900000032", httpx.ReadTimeout)]
)
def test_a_call_whose_answer_is_lost_or_never_comes_rings_all_the_same(
    sandbox: Sandbox,
    http: httpx.Client,
    otp_request: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    number: str,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        http.post("/v3/autocall/otp", json=otp_request | {"phone_number": number}, timeout=0.3)
    assert sandbox.wait_for_call(number).status == "queued"
    eventually(lambda: not vars(sandbox)["_server"].server_state.tasks)
    assert [(request.status, request.ok) for request in sandbox.requests] == [(None, False)]
    assert [record for record in caplog.records if record.levelno > logging.INFO] == [], "nothing went wrong inside"
    sandbox.advance(30)
    assert look_up(http, "ABC123").json()["status"] == "answered", "the sandbox serves on"


def test_the_log_shows_no_code_no_token_no_reference_and_no_number(
    caplog: pytest.LogCaptureFixture, sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    with caplog.at_level(logging.DEBUG, "autocall_otp.sandbox"):
        for number in NUMBERS:
            if number.answer not in {Answer.LOST, Answer.STALLED}:
                place(number.phone_number, ref_id="r")
        place("0332665711")
        look_up(http, "r")
        sandbox.calls[-1].answer()
        look_up(http, "0332665711-LUAN001")
        look_up(http, "nguyen-van-a")
        http.get("/LUAN001/nguyen-van-a/0332665711")
        place(code_otp=1)
    lines = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("autocall"))
    assert "call 1 to 0900***001: queued" in lines
    assert "POST /v3/autocall/otp: 401, on purpose, the number unauthorized: 401, whatever the token" in lines
    assert "GET /v3/autocall/log/***/ref_id: 404, no call with this ref_id is kept" in lines
    assert "not there yet" not in lines, "a look-up that comes early is nothing to tell of"
    assert [secret for secret in ("LUAN001", "0332665711", "0900000001", "nguyen", "Bearer") if secret in lines] == []
