"""The page's facts against what the wrapper sends and reads, and against the generated models."""

import json
from datetime import datetime
from typing import Any

import httpx
import pytest
from support.agree.verdict import AFTER, PAGE, same
from support.clients import ask
from support.page import FACTS, payload

import autocall_otp_api.models as generated
from autocall_otp import Client

REQUEST, ANSWER, RECORD = payload("run_otp.request"), payload("run_otp.answer"), payload("get_cdr.answer")
OURS = {"time_ringging": "time_ringing"}
"""The wrapper's spelling, where the page's is wrong."""
SENDS, READS = "src/autocall_otp/_operations/request.py", "src/autocall_otp/models.py"


def agree(name: str, page: object, found: object, part: str) -> None:
    """The page says this of the name, and so does the part."""
    same(
        (PAGE, part), name, (page, found), f"if the page changed, follow in {part} and tests/page; else correct {part}"
    )


def exchange(call: str, *arguments: str, **keywords: str) -> tuple[httpx.Request, Any]:
    """What a call sends, and what it makes of the page's answer."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER if request.method == "POST" else RECORD)

    found = ask(Client, lambda client: getattr(client, call)(*arguments, **keywords), reply=reply)
    (request,) = seen
    return request, found


def place() -> tuple[httpx.Request, Any]:
    return exchange("run_otp", REQUEST["phone_number"], REQUEST["code_otp"], ref_id=REQUEST["ref_id"])


@pytest.mark.parametrize("name", ["run_otp", "get_cdr"])
def test_a_request_on_the_wire_is_the_page_s(name: str) -> None:
    request, _ = place() if name == "run_otp" else exchange("get_cdr", "ABC123")
    path = FACTS[name].get("url_of_the_sample", FACTS[name]["path"])
    agree(f"the method of {name}", FACTS[name]["method"], request.method.lower(), SENDS)
    agree(f"the URL of {name}", f"https://api.example.vn{path}", str(request.url), SENDS)
    authorization = f"{FACTS['authorization']} made-up-token"
    agree(f"the authorization of {name}", authorization, request.headers["authorization"], SENDS)
    if name == "run_otp":
        agree("the body of run_otp", REQUEST, json.loads(request.content), SENDS)
        agree("the media type of run_otp", FACTS["content_type"], request.headers["content-type"], SENDS)


@pytest.mark.parametrize(
    ("model", "value"),
    [(generated.OtpRequest, REQUEST), (generated.OtpAnswer, ANSWER), (generated.CallDetailRecord, RECORD)],
)
def test_the_generated_models_take_the_page_s_payloads_and_give_them_back(model: Any, value: dict[str, Any]) -> None:
    read = model.from_dict(value)
    pair, advice = (PAGE, "the generated code"), f"correct openapi.yaml; {AFTER}"
    same(pair, f"what {model.__name__} gives back", (value, read.to_dict()), advice)
    # Nothing may land among the unknown fields: then the generated code would lack a field of the page.
    same(pair, f"the fields that {model.__name__} does not know", ({}, read.additional_properties), advice)


@pytest.mark.parametrize(("call", "page"), [("run_otp", ANSWER), ("get_cdr", RECORD)])
def test_a_result_has_every_field_of_the_page(call: str, page: dict[str, Any]) -> None:
    _, result = place() if call == "run_otp" else exchange("get_cdr", "ABC123")
    for name, value in page.items():
        read = getattr(result, OURS.get(name, name), "no such field")
        if isinstance(read, datetime):
            zone = "a time without a zone" if read.utcoffset() is None else "a time with its zone"
            agree(f"{name}, as the wrapper promises it", "a time with its zone", zone, READS)
            read = f"{read:%Y-%m-%d %H:%M:%S}"
        wanted = (json.loads(value) if name == "press_key" else value) if value != "" else None
        agree(f"{type(result).__name__}.{name}", wanted, read, READS)
    agree(f"{type(result).__name__}.raw", page, dict(result.raw), READS)
