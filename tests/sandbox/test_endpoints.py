from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from autocall_otp.sandbox.contract import Contract
from autocall_otp.sandbox.endpoints import Checked, Endpoints

BODY = {"content": {"application/json": {"schema": {"type": "object", "required": ["name"]}}}}
DOCUMENT: dict[str, Any] = {
    "security": [{"bearer": []}],
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "getThing",
                "security": [],
                "parameters": [{"name": "note", "in": "query", "schema": {"type": "string", "default": "none"}}],
            },
            "put": {"operationId": "putThing", "requestBody": BODY | {"required": True}},
            "post": {"operationId": "touchThing", "security": [], "requestBody": BODY},
            "delete": {"operationId": "deleteThing", "security": []},
            "patch": {"operationId": "breakThing", "security": []},
        }
    },
}
BEARER = {"Authorization": "Bearer t0ken"}
JSON = {"Content-Type": "application/json"}


async def echo(request: Checked) -> Response:
    return JSONResponse({"operation": request.operation.id, "parameters": request.parameters, "body": request.body})


async def breaks(_: Checked) -> Response:
    raise RuntimeError("LUAN001")


def ask(method: str, path: str = "/things/1", token: str | None = "t0ken", **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        handlers = {"getThing": echo, "putThing": echo, "touchThing": echo, "breakThing": breaks}
        transport = httpx.ASGITransport(Endpoints(Contract(DOCUMENT), handlers, token))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http:
            return await http.request(method, path, **options)

    return asyncio.run(send())


def told(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


def test_a_handler_gets_what_the_contract_makes_of_a_request() -> None:
    noted = ask("GET", "/things/a%2Fb?note=m%C3%A3%20s%E1%BB%91", json={"anything": 1})
    assert noted.json() == {"operation": "getThing", "parameters": {"id": "a/b", "note": "mã số"}, "body": None}
    assert ask("GET").json()["parameters"] == {"id": "1", "note": "none"}
    put = ask("PUT", headers=BEARER, json={"name": "é"})
    assert put.json() == {"operation": "putThing", "parameters": {"id": "1"}, "body": {"name": "é"}}


def test_without_its_token_a_secured_operation_is_refused() -> None:
    forms = ["", "t0ken", "Basic t0ken", "Bearer", "Bearer T0KEN", "Bearer x t0ken", "Bearer t0ken x", "Bearer None"]
    for written in [*forms, b"Bearer \xe9"]:
        for token in ("t0ken", None):  # without a token of its own it refuses every one
            answer = ask("PUT", token=token, headers={"Authorization": written} | JSON, content=b"{}")
            assert (told(answer, 401), answer.headers["www-authenticate"]) == ("Unauthorized", "Bearer")
    assert told(ask("PUT", json={"name": ""}), 401) == "Unauthorized"


def test_a_token_is_taken_in_every_form_that_http_allows() -> None:
    for written in ("Bearer t0ken", "bearer  t0ken", "BEARER t0ken "):
        assert ask("PUT", headers={"Authorization": written}, json={"name": ""}).status_code == 200


def test_an_operation_that_nobody_wrote_is_501() -> None:
    assert told(ask("DELETE"), 501) == "the sandbox does not know what deleteThing does"


def test_a_body_may_be_left_out_where_the_contract_says_so() -> None:
    assert ask("POST").json()["body"] is None
    assert told(ask("POST", json={}), 400) == [{"name": "name is required"}]
    assert told(ask("PUT", headers=BEARER | JSON), 400) == "The body is not valid JSON"


def test_json_is_known_by_its_type() -> None:
    for kind in ("application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"):
        assert ask("POST", headers={"Content-Type": kind}, content=b'{"name": 1}').json()["body"] == {"name": 1}
    for header in ({}, {"Content-Type": ""}, {"Content-Type": "text/plain; application/json"}):
        answer = ask("POST", headers=header, content=b'{"name": 1}')
        assert told(answer, 400) == "Content-Type must be application/json"


def test_what_is_no_json_or_could_never_be_sent_back_is_refused() -> None:
    for body in (b"{", b"[" * 60_000, b'{"name": NaN}', b"\xff", b'{"name": "\\ud800"}', b'{"name": 1e999}'):
        assert told(ask("POST", headers=JSON, content=body), 400) == "The body is not valid JSON"


def test_the_largest_body_has_65536_bytes() -> None:
    body = json.dumps({"name": ""}).encode()
    assert ask("POST", headers=JSON, content=body.ljust(65_536)).status_code == 200
    answer = ask("POST", headers=JSON, content=body.ljust(65_537))
    assert told(answer, 400) == "The body is larger than 65536 bytes"
    assert answer.headers["connection"] == "close"


def test_an_error_inside_is_logged_by_its_kind_alone(caplog: pytest.LogCaptureFixture) -> None:
    assert told(ask("PATCH"), 500) == "Internal Server Error"
    assert caplog.record_tuples == [("autocall_otp.sandbox", logging.ERROR, "RuntimeError in PATCH")]
