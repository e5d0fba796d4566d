from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from autocall_otp.sandbox import Chaos
from autocall_otp.sandbox.clock import HANOI, Clock
from autocall_otp.sandbox.contract import testing_contract as contract_of_testing
from autocall_otp.sandbox.control import Control
from autocall_otp.sandbox.numbers import NUMBERS
from autocall_otp.sandbox.switchboard import Switchboard

if TYPE_CHECKING:
    from sandbox.conftest import Place

    from autocall_otp.sandbox import Sandbox

HEADER = {"X-Autocall-Sandbox": "test"}


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


def test_the_document_the_numbers_and_every_operation_are_served(http: httpx.Client) -> None:
    service: Any = None
    documented = {operation.id for operation in contract_of_testing().operations}
    assert set(Control(Switchboard(), "t", service).handlers()) == documented
    assert http.get("/sandbox/openapi.json").json() == contract_of_testing().document
    numbers = fits(http.get("/sandbox/numbers"), "/sandbox/numbers")["numbers"]
    assert [number["phone_number"] for number in numbers] == [number.phone_number for number in NUMBERS]


def test_calls_are_listed_oldest_first_and_by_number(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    for number in ("0332665711", "+84912345678", "0332665711"):
        place(number)

    def ids(**query: str) -> list[int]:
        listed = fits(http.get("/sandbox/calls", params=query), "/sandbox/calls")["calls"]
        return [call["id"] for call in listed]

    assert (ids(), ids(phone_number="0912 345 678"), ids(after="1", limit="1")) == ([1, 2, 3], [2], [3])
    latest = fits(http.get("/sandbox/calls/latest", params={"phone_number": "84912345678"}), "/sandbox/calls/latest")
    assert (latest["id"], http.get("/sandbox/calls/latest").json()["id"]) == (2, 3)
    sandbox.advance(30)
    ended = fits(http.get("/sandbox/calls/1"), "/sandbox/calls/{id}")
    assert (ended["status"], ended["record"]["status"], ended["code_otp"]) == ("ended", "answered", "LUAN001")


def test_a_long_poll_ends_with_the_call_that_it_waits_for(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place()
    query = {"phone_number": "0332665711", "after": "1", "timeout": "60"}
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(http.get, "/sandbox/calls/wait", params=query, timeout=70)
        place("0912345678")
        place(code_otp="NEW")
        found = fits(poll.result(60), "/sandbox/calls/wait")
    assert (found["code_otp"], found["id"]) == ("NEW", sandbox.calls[-1].id)


def test_a_long_poll_without_its_call_ends_in_time(http: httpx.Client, place: Place) -> None:
    place("0912345678")
    query = {"phone_number": "0332665711", "timeout": "0.01"}
    assert http.get("/sandbox/calls/wait", params=query).status_code == 204
    place("+84332665711")
    assert http.get("/sandbox/calls/wait", params=query).json()["id"] == 2
    assert http.get("/sandbox/calls/wait", params=query | {"after": "2"}).status_code == 204


def test_a_call_is_decided_once(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    ringing = "is not ringing: its status is"
    for call_id, (action, at, ability, refusal, status) in enumerate(
        (
            ("answer", 3, "can_be_answered", f"{ringing} answered", "answered"),
            ("reject", 3, "can_be_answered", f"{ringing} busy", "busy"),
            ("leave-unanswered", 3, "can_be_answered", f"{ringing} no-answered", "no-answered"),
            ("hang-up", 8, "can_be_hung_up", "cannot be hung up: its status is ended", "answered"),
        ),
        1,
    ):
        place()
        sandbox.advance(at)
        call, documented = f"/sandbox/calls/{call_id}", f"/sandbox/calls/{{id}}/{action}"
        assert http.get(call).json()[ability] is True
        assert fits(http.post(f"{call}/{action}", json={}), documented, "post")[ability] is False
        again = http.post(f"{call}/{action}", json={})
        assert again.status_code == 409
        assert fits(again, documented, "post")["error"] == f"call {call_id} {refusal}"
        sandbox.advance(8)
        assert http.get(call).json()["record"]["status"] == status


def test_what_is_not_there_is_not_found(http: httpx.Client) -> None:
    paths = [("GET", "/sandbox/calls/9"), ("GET", "/sandbox/calls/latest"), ("DELETE", "/sandbox/calls/9")]
    paths += [("POST", f"/sandbox/calls/9/{action}") for action in ("answer", "reject", "leave-unanswered", "hang-up")]
    for method, path in [*paths, ("GET", "/sandbox/nothing"), ("GET", "/sandbox"), ("GET", "/page.html")]:
        answer = http.request(method, path, headers=HEADER)
        assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"}), path
    wrong = http.patch("/sandbox/calls", json={})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, POST")


def test_clearing_forgets_the_calls_and_resetting_everything(
    sandbox: Sandbox, http: httpx.Client, place: Place
) -> None:
    place()
    assert http.delete("/sandbox/calls", headers=HEADER).status_code == 204
    assert sandbox.calls == []
    for _ in range(4):
        place()
    assert http.delete("/sandbox/calls?ids=2,4,99", headers=HEADER).status_code == 204
    assert http.delete("/sandbox/calls/3", headers=HEADER).status_code == 204
    assert [call.id for call in sandbox.calls] == [5]
    assert place("0900000429", ref_id="a").status_code == 429
    settings = http.get("/sandbox/info").json()
    http.patch("/sandbox/settings", json={"auto_answer": False, "repeated_ref_id": "refuse"})
    http.put("/sandbox/chaos", json={"error_probability": 1})
    http.post("/sandbox/clock", json={"speed": 5})
    http.delete("/sandbox/calls", headers=HEADER)
    assert (sandbox.chaos.error_probability, sandbox.clock.speed) == (1, 5)
    assert http.post("/sandbox/reset", json={}).status_code == 204
    assert http.get("/sandbox/info").json() | {"now": ""} == settings | {"now": "", "calls": 0}
    assert (sandbox.chaos, sandbox.requests) == (Chaos(), [])
    assert place("0900000429", ref_id="a").status_code == 429, "this is forgotten, too"
    place()
    assert sandbox.calls[0].id == 6, "no id is given twice"


def test_the_clock_is_read_moved_and_hurried(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place()
    before = sandbox.clock.now()
    fits(http.post("/sandbox/clock", json={"advance": 2.5}), "/sandbox/clock", "post")
    assert (sandbox.clock.now() - before).total_seconds() == 2.5
    assert sandbox.calls[0].status == "ringing"
    clock = fits(http.get("/sandbox/clock"), "/sandbox/clock")
    assert clock == {"now": sandbox.clock.now().isoformat(), "speed": 0.0}
    for body in ({"advance": 31_622_400}, {"advance": 0, "speed": 0}, {"speed": 1_000_000}):
        assert http.post("/sandbox/clock", json=body).status_code == 200
    assert sandbox.clock.speed == 1_000_000
    vars(sandbox)["_board"].clock = Clock(speed=0, start=datetime(9999, 12, 31, tzinfo=HANOI))
    answer = http.post("/sandbox/clock", json={"advance": 86_400})
    assert (answer.status_code, answer.json()) == (400, {"error": "date value out of range"})


def test_a_call_is_placed_as_a_program_would(sandbox: Sandbox, http: httpx.Client, otp_request: dict[str, str]) -> None:
    for number, status, body, placed in (
        ("0332665711", 200, '"message":"success"', 1),
        ("0900000031", None, None, 2),
        ("0900000032", None, None, 3),
        ("0900000401", 401, "Unauthorized", 3),
    ):
        answer = http.post("/sandbox/calls", json=otp_request | {"phone_number": number})
        told = fits(answer, "/sandbox/calls", "post")
        assert told["status"] == status
        assert told["body"] is None if body is None else body in told["body"]
        assert len(sandbox.calls) == placed
        request = sandbox.requests[-1]
        assert (request.path, request.status) == ("/v3/autocall/otp", status)


def test_settings_are_told_and_changed_one_by_one(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    place()
    info = fits(http.get("/sandbox/info"), "/sandbox/info")
    settings = {"auto_answer": True, "repeated_ref_id": "dial", "speed": 0.0, "token": "sandbox", "calls": 1}
    assert info == settings | {"now": sandbox.clock.now().isoformat()}
    for setting in ({"auto_answer": False}, {"repeated_ref_id": "refuse"}):
        changed = fits(http.patch("/sandbox/settings", json=setting), "/sandbox/settings", "patch")
        assert changed == (info := info | setting)
    assert (sandbox.auto_answer, sandbox.repeated_ref_id) == (False, "refuse")


def test_requests_are_listed_oldest_first_and_forgotten(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    http.post("/v3/autocall/otp", headers={"Authorization": "Bearer another-token"})
    place(ref_id="r")
    http.get("/v3/autocall/log/r/ref_id")
    listed = fits(http.get("/sandbox/requests"), "/sandbox/requests")["requests"]
    assert listed == [request.as_json() for request in sandbox.requests]
    assert [(each["id"], each["reason"]) for each in listed] == [
        *((1, "the token is not the sandbox's"), (2, ""), (3, "the record is not there yet")),
    ]
    for query, ids in (("ok=false", [1]), ("ok=true", [2, 3]), ("after=1&limit=1", [3])):
        assert [each["id"] for each in http.get(f"/sandbox/requests?{query}").json()["requests"]] == ids
    assert http.delete("/sandbox/requests", headers=HEADER).status_code == 204
    assert (sandbox.requests, len(sandbox.calls)) == ([], 1)


def test_chaos_is_set_while_it_runs(sandbox: Sandbox, http: httpx.Client, place: Place) -> None:
    setting = {"error_probability": 1, "error_statuses": [503.0], "seed": 4}
    assert fits(http.put("/sandbox/chaos", json=setting), "/sandbox/chaos", "put")["error_statuses"] == [503]
    assert (place().status_code, http.get("/sandbox/chaos").json()["seed"]) == (503, 4)
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
        ("PATCH", "/sandbox/settings", {"repeated_ref_id": "x"}, "repeated_ref_id"),
        ("GET", "/sandbox/calls?phone=1", None, "phone"),
        ("GET", "/sandbox/calls?limit=none", None, "limit"),
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
