from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from autocall_otp.sandbox.clock import HANOI, Clock
from autocall_otp.sandbox.contract import testing_contract as contract_of_testing
from autocall_otp.sandbox.control import Control
from autocall_otp.sandbox.numbers import NUMBERS
from autocall_otp.sandbox.switchboard import Switchboard

if TYPE_CHECKING:
    from collections.abc import Callable

    from autocall_otp.sandbox import Sandbox

    Place = Callable[..., httpx.Response]


HEADER = {"X-Autocall-Sandbox": "test"}


def post(http: httpx.Client, path: str, body: Any = None) -> httpx.Response:
    return http.post(path, json={} if body is None else body)


def fits(answer: httpx.Response, path: str, method: str = "get") -> Any:
    """The body, after a check against the document."""
    document: Any = contract_of_testing().document
    registry: Any = Registry().with_resource("urn:doc", DRAFT202012.create_resource(document))
    response = document["paths"][path][method]["responses"][str(answer.status_code)]
    where = f"/paths/{path.replace('/', '~1')}/{method}/responses/{answer.status_code}"
    if "$ref" in response:
        where = response["$ref"].removeprefix("#")
    schema = {"$ref": f"urn:doc#{where}/content/application~1json/schema"}
    Draft202012Validator(schema, registry=registry).validate(answer.json())
    return answer.json()


def test_every_operation_of_the_document_has_a_handler_and_no_other() -> None:
    documented = {operation.id for operation in contract_of_testing().operations}
    service: Any = None
    assert set(Control(Switchboard(), "t", service).handlers()) == documented


def test_the_document_is_served(http: httpx.Client) -> None:
    assert http.get("/sandbox/openapi.json").json() == contract_of_testing().document


def test_calls_are_listed_oldest_first_and_by_number(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    for number in ("0332665711", "+84912345678", "0332665711"):
        place(number)
    listed = fits(http.get("/sandbox/calls"), "/sandbox/calls")["calls"]
    assert [call["id"] for call in listed] == [1, 2, 3]
    found = http.get("/sandbox/calls", params={"phone_number": "0912 345 678"}).json()["calls"]
    assert [call["id"] for call in found] == [2]
    assert [call["id"] for call in http.get("/sandbox/calls?after=1&limit=1").json()["calls"]] == [3]
    sandbox.advance(30)
    ended = fits(http.get("/sandbox/calls/1"), "/sandbox/calls/{id}")
    assert (ended["status"], ended["record"]["status"], ended["code_otp"]) == ("ended", "answered", "LUAN001")


def test_the_latest_call_for_a_number_tells_its_code(http: httpx.Client, place: Place) -> None:
    missing = http.get("/sandbox/calls/latest", params={"phone_number": "0332665711"})
    assert missing.status_code == 404
    fits(missing, "/sandbox/calls/latest")
    place(code_otp="OLD")
    place(code_otp="NEW")
    place("0912345678", code_otp="OTHER")
    latest = http.get("/sandbox/calls/latest", params={"phone_number": "+84332665711"})
    assert fits(latest, "/sandbox/calls/latest")["code_otp"] == "NEW"
    assert http.get("/sandbox/calls/latest").json()["code_otp"] == "OTHER"


def test_a_long_poll_ends_with_the_call_that_it_waits_for(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place()
    answers: list[httpx.Response] = []
    query = {"phone_number": "0332665711", "after": "1", "timeout": "20"}
    poll = threading.Thread(target=lambda: answers.append(http.get("/sandbox/calls/wait", params=query, timeout=30)))
    poll.start()
    place("0912345678")
    place(code_otp="NEW")
    poll.join(10)
    (answer,) = answers
    assert fits(answer, "/sandbox/calls/wait")["code_otp"] == "NEW"
    assert sandbox.calls[-1].id == answer.json()["id"]


def test_a_long_poll_without_a_call_ends_in_time(http: httpx.Client) -> None:
    assert http.get("/sandbox/calls/wait?timeout=0.01").status_code == 204


@pytest.mark.parametrize(
    ("action", "status", "cause"),
    [
        ("answer", "answered", "NORMAL_CLEARING"),
        ("reject", "busy", "USER_BUSY"),
        ("leave-unanswered", "no-answered", "NO_ANSWER"),
    ],
)
def test_a_ringing_call_is_decided_once(
    sandbox: Sandbox, http: httpx.Client, place: Place, action: str, status: str, cause: str
) -> None:
    place()
    sandbox.advance(3)
    path = f"/sandbox/calls/1/{action}"
    documented = f"/sandbox/calls/{{id}}/{action}"
    assert fits(post(http, path), documented, "post")["can_be_answered"] is False
    again = post(http, path)
    assert again.status_code == 409
    assert "call 1 is not ringing" in fits(again, documented, "post")["error"]
    assert post(http, f"/sandbox/calls/9/{action}").status_code == 404
    sandbox.advance(8)
    record = http.get("/sandbox/calls/1").json()["record"]
    assert (record["status"], record["cause"]) == (status, cause)


def test_clearing_and_resetting(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place()
    assert http.delete("/sandbox/calls", headers=HEADER).status_code == 204
    assert sandbox.calls == []
    for _ in range(4):
        place()
    assert http.delete("/sandbox/calls?ids=2,4,99", headers=HEADER).status_code == 204
    assert [call.id for call in sandbox.calls] == [3, 5]
    assert [http.delete("/sandbox/calls/3", headers=HEADER).status_code for _ in range(2)] == [204, 404]
    assert [call.id for call in sandbox.calls] == [5]
    http.put("/sandbox/chaos", json={"error_probability": 1})
    post(http, "/sandbox/clock", {"speed": 5})
    assert post(http, "/sandbox/reset").status_code == 204
    assert (sandbox.calls, sandbox.chaos.error_probability, sandbox.clock.speed) == ([], 0, 0)
    assert place().status_code == 200


def test_the_clock_is_read_moved_and_hurried(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place()
    before = sandbox.clock.now()
    fits(post(http, "/sandbox/clock", {"advance": 2.5}), "/sandbox/clock", "post")
    assert (sandbox.clock.now() - before).total_seconds() == 2.5
    assert sandbox.calls[0].status == "ringing"
    assert fits(http.get("/sandbox/clock"), "/sandbox/clock") == {
        "now": sandbox.clock.now().isoformat(),
        "speed": 0.0,
    }
    post(http, "/sandbox/clock", {"speed": 3})
    assert sandbox.clock.speed == 3


@pytest.mark.parametrize(
    ("number", "status", "body", "placed"),
    [
        ("0332665711", 200, '"message":"success"', 1),
        ("0900000031", None, None, 1),
        ("0900000032", None, None, 1),
        ("0900000401", 401, "Unauthorized", 0),
    ],
)
def test_a_call_is_placed_as_a_program_would(
    sandbox: Sandbox,
    http: httpx.Client,
    otp_request: dict[str, str],
    number: str,
    status: int | None,
    body: str | None,
    placed: int,
) -> None:
    answer = post(http, "/sandbox/calls", otp_request | {"phone_number": number})
    told = fits(answer, "/sandbox/calls", "post")
    assert told["status"] == status
    assert told["body"] is None if body is None else body in told["body"]
    assert len(sandbox.calls) == placed
    assert [(request.path, request.status) for request in sandbox.requests] == [("/v3/autocall/otp", status)]


def test_a_call_is_hung_up_once_it_is_answered(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place()
    refused = post(http, "/sandbox/calls/1/hang-up")
    assert (refused.status_code, refused.json()["error"]) == (409, "call 1 cannot be hung up: its status is queued")
    sandbox.advance(8)
    assert http.get("/sandbox/calls/1").json()["can_be_hung_up"]
    answer = fits(post(http, "/sandbox/calls/1/hang-up"), "/sandbox/calls/{id}/hang-up", "post")
    assert (answer["status"], answer["record"]["billsec"], answer["can_be_hung_up"]) == ("ended", 1, False)


def test_settings_are_changed_one_by_one(sandbox: Sandbox, http: httpx.Client) -> None:
    for setting in ({"auto_answer": False}, {"repeated_ref_id": "refuse"}):
        changed = http.patch("/sandbox/settings", json=setting)
        assert fits(changed, "/sandbox/settings", "patch") == http.get("/sandbox/info").json()
    assert (sandbox.auto_answer, sandbox.repeated_ref_id) == (False, "refuse")
    assert http.patch("/sandbox/settings", json={"repeated_ref_id": "x"}).status_code == 400


def test_requests_are_listed_oldest_first_and_forgotten(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    http.post("/v3/autocall/otp", headers={"Authorization": "Bearer another-token"})
    place(ref_id="r")
    http.get("/v3/autocall/log/r/ref_id")
    listed = fits(http.get("/sandbox/requests"), "/sandbox/requests")["requests"]
    assert [(each["id"], each["method"], each["status"], each["reason"], each["ok"]) for each in listed] == [
        (1, "POST", 401, "the token is not the sandbox's", False),
        (2, "POST", 200, "", True),
        (3, "GET", 404, "the record is not there yet", True),
    ]
    assert [each["path"] for each in listed] == ["/v3/autocall/otp"] * 2 + ["/v3/autocall/log/r/ref_id"]
    for query, ids in (("ok=false", [1]), ("ok=true", [2, 3]), ("after=1&limit=1", [3])):
        assert [each["id"] for each in http.get(f"/sandbox/requests?{query}").json()["requests"]] == ids
    assert http.delete("/sandbox/requests", headers=HEADER).status_code == 204
    assert (sandbox.requests, len(sandbox.calls)) == ([], 1)


def test_chaos_is_set_while_it_runs(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    setting = {"error_probability": 1, "error_statuses": [503.0], "seed": 4}
    assert fits(http.put("/sandbox/chaos", json=setting), "/sandbox/chaos", "put")["error_statuses"] == [503]
    assert place().status_code == 503
    assert http.get("/sandbox/chaos").json()["seed"] == 4
    http.put("/sandbox/chaos", json={})
    assert (place().status_code, sandbox.chaos.seed) == (200, None)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", "/sandbox/chaos", {"error_probability": 2}, "error_probability"),
        ("PUT", "/sandbox/chaos", {"errors": 1}, "(root)"),
        ("PUT", "/sandbox/chaos", {"error_statuses": [200]}, "error_statuses.0"),
        ("POST", "/sandbox/clock", {"advance": -1}, "advance"),
        ("POST", "/sandbox/clock", {}, "(root)"),
        ("GET", "/sandbox/calls?phone=1", None, "phone"),
        ("GET", "/sandbox/calls?limit=none", None, "limit"),
        ("GET", "/sandbox/calls/wait?timeout=-1", None, "timeout"),
        ("GET", "/sandbox/calls/wait?timeout=nan", None, "timeout"),
        ("GET", "/sandbox/calls/zero", None, "id"),
        ("DELETE", "/sandbox/calls?ids=1,", None, "ids"),
        ("GET", "/sandbox/calls/99999999999999999999", None, "id"),
    ],
)
def test_a_wrong_request_is_told_its_field(http: httpx.Client, method: str, path: str, body: Any, field: str) -> None:
    answer = http.request(method, path, json=body, headers=HEADER)
    assert answer.status_code == 400, answer.text
    assert field in [name for error in answer.json()["error"] for name in error]


def test_the_settings_and_the_numbers_are_told(http: httpx.Client) -> None:
    info = fits(http.get("/sandbox/info"), "/sandbox/info")
    assert (info["token"], info["auto_answer"], info["speed"], info["calls"]) == ("sandbox", True, 0, 0)
    numbers = fits(http.get("/sandbox/numbers"), "/sandbox/numbers")["numbers"]
    assert [number["phone_number"] for number in numbers] == [number.phone_number for number in NUMBERS]


def test_another_method_or_path_is_refused(http: httpx.Client) -> None:
    wrong = http.patch("/sandbox/calls", json={})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, POST")
    assert http.get("/sandbox/nothing").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/sandbox/calls/9"), ("GET", "/sandbox/calls/latest")]
    + [("POST", f"/sandbox/calls/9/{action}") for action in ("answer", "reject", "leave-unanswered", "hang-up")],
)
def test_a_call_that_is_not_there_is_not_found(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path, headers=HEADER)
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


def test_a_long_poll_for_one_number_is_not_ended_by_another(http: httpx.Client, place: Place) -> None:
    place("0912345678")
    query = {"phone_number": "0332665711", "timeout": "0"}
    assert http.get("/sandbox/calls/wait", params=query).status_code == 204
    place("+84332665711")
    assert http.get("/sandbox/calls/wait", params=query).json()["id"] == 2
    assert http.get("/sandbox/calls/wait", params=query | {"after": "2"}).status_code == 204


def test_a_stream_is_kept_by_nobody(http: httpx.Client) -> None:
    with http.stream("GET", "/sandbox/events") as answer:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_the_clock_cannot_leave_the_calendar(sandbox: Sandbox, http: httpx.Client) -> None:
    vars(sandbox)["_board"].clock = Clock(speed=0, start=datetime(9999, 12, 31, tzinfo=HANOI))
    answer = http.post("/sandbox/clock", json={"advance": 86_400})
    assert (answer.status_code, answer.json()) == (400, {"error": "date value out of range"})


def test_the_longest_step_and_the_top_speed_are_taken(http: httpx.Client) -> None:
    for body in ({"advance": 31_622_400}, {"advance": 0, "speed": 0}, {"speed": 1_000_000}):
        assert http.post("/sandbox/clock", json=body).status_code == 200


def test_the_settings_tell_of_the_calls(http: httpx.Client, place: Place) -> None:
    place()
    info = http.get("/sandbox/info").json()
    now = info.pop("now")
    settings = {"auto_answer": True, "repeated_ref_id": "dial", "speed": 0.0}
    assert info == settings | {"token": "sandbox", "calls": 1}
    assert now == http.get("/sandbox/clock").json()["now"]
