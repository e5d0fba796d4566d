"""The page's facts against the contract, the request on the wire, and the models."""

import json
from datetime import datetime
from typing import Any

import attrs
import httpx
import pytest
from support.page import FACTS, SPEC, media, operation, payload, resolve
from support.prism import settings

import autocall_otp_api.models as generated
from autocall_otp import Cdr, Client, OtpCall

HINT = (
    "\nThe page (tests/page) and openapi.yaml disagree. If the page changed, change tests/page; else mend openapi.yaml."
)
REQUEST, ANSWER, RECORD = payload("run_otp.request"), payload("run_otp.answer"), payload("get_cdr.answer")


def schema_of(node: dict[str, Any]) -> dict[str, Any]:
    return resolve(media(node)["schema"])


def names(found: object, wanted: object, what: str) -> None:
    assert sorted(found) == sorted(wanted), f"{what}: {sorted(set(found) ^ set(wanted))}{HINT}"  # type: ignore[call-overload] # collections of names


# Page and contract


def test_the_contract_has_the_page_s_operations_and_no_other() -> None:
    found = [(path, method) for path, item in SPEC["paths"].items() for method in item]
    wanted = [(FACTS[name]["path"], FACTS[name]["method"]) for name in ("run_otp", "get_cdr")]
    names(found, wanted, "operations")
    assert operation("run_otp")["operationId"] == "runOtp"
    assert operation("get_cdr")["operationId"] == "getCdrByRefId"


def test_server_and_security_are_the_page_s() -> None:
    (server,) = SPEC["servers"]
    assert server["url"] == f"{FACTS['scheme']}://{FACTS['host'].replace('{{API_HOST}}', '{api_host}')}"
    assert list(server["variables"]) == ["api_host"]
    ((name, scopes),) = SPEC["security"][0].items()
    scheme = SPEC["components"]["securitySchemes"][name]
    assert (scheme["type"], scheme["scheme"], scopes) == ("http", FACTS["authorization"].lower(), [])
    assert all("security" not in operation(method) for method in ("run_otp", "get_cdr")), HINT


def test_request_parameters_are_the_page_s() -> None:
    fact = FACTS["run_otp"]
    spelt = {fact["samples_win"].get(name, name): required for name, required in fact["table"].items()}
    body = operation("run_otp")["requestBody"]
    schema = schema_of(body)
    assert body["required"] is True
    assert list(body["content"]) == [FACTS["content_type"]]
    names(schema["properties"], spelt, "request parameters")
    names(schema["required"], [name for name, required in spelt.items() if required], "required parameters")
    formats = {name: node["format"] for name, node in schema["properties"].items() if "format" in node}
    assert formats == fact["formats"], HINT
    assert {node["type"] for node in schema["properties"].values()} == {"string"}, HINT


def test_the_look_up_takes_its_reference_in_the_path() -> None:
    fact = FACTS["get_cdr"]
    found = {(node["name"], node["in"], node["required"]) for node in operation("get_cdr")["parameters"]}
    assert found == {(name, "path", True) for name in fact["in_path"]}, HINT


TYPES = {str: "string", int: "integer", dict: "object"}


@pytest.mark.parametrize(
    ("method", "answer", "count"), [("run_otp", ANSWER, 4), ("get_cdr", RECORD, 37)], ids=["run_otp", "get_cdr"]
)
def test_answer_fields_are_the_page_s(method: str, answer: dict[str, Any], count: int) -> None:
    properties = schema_of(operation(method)["responses"]["200"])["properties"]
    names(properties, answer, f"{method}: answer fields")
    assert len(properties) == count
    for name, value in answer.items():
        node = resolve(properties[name])
        assert node["type"] == TYPES[type(value)], f"{name}{HINT}"
        assert node["description"], name
        # An empty text is a legal value of almost every field, so nothing may be stricter than its type.
        assert not {"format", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum"} & node.keys()


def test_what_the_record_echoes_is_the_request() -> None:
    node = resolve(schema_of(operation("get_cdr")["responses"]["200"])["properties"]["additional"])
    names(node["properties"], RECORD["additional"], "additional")
    assert RECORD["additional"] == REQUEST


@pytest.mark.parametrize(
    ("node", "value"),
    [
        pytest.param(operation("run_otp")["requestBody"], REQUEST, id="run_otp.request"),
        pytest.param(operation("run_otp")["responses"]["200"], ANSWER, id="run_otp.answer"),
        pytest.param(operation("get_cdr")["responses"]["200"], RECORD, id="get_cdr.answer"),
    ],
)
def test_payloads_stand_in_the_contract_value_for_value(node: dict[str, Any], value: dict[str, Any]) -> None:
    sample = media(node)["examples"]["sample"]["value"]
    # As text: the order of the fields and the type of each value count too.
    assert json.dumps(sample) == json.dumps(value), HINT


def test_the_contradictions_of_the_page_are_written_down_where_a_reader_meets_them() -> None:
    request = schema_of(operation("run_otp")["requestBody"])
    for text in (request["description"], request["properties"]["template"]["description"]):
        assert "template_name" in text
    (parameter,) = operation("get_cdr")["parameters"]
    assert "query" in parameter["description"]
    assert "optional" in parameter["description"]
    record = schema_of(operation("get_cdr")["responses"]["200"])
    assert "misspelt" in record["properties"]["time_ringging"]["description"]


# Page and wire


def sent(call: str, *arguments: str, **keywords: str) -> httpx.Request:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER if request.method == "POST" else RECORD)

    with Client(**settings("https://api.example.vn", transport=httpx.MockTransport(keep))) as client:
        getattr(client, call)(*arguments, **keywords)
    (request,) = seen
    return request


def test_the_request_on_the_wire_is_the_page_s() -> None:
    request = sent("run_otp", REQUEST["phone_number"], REQUEST["code_otp"], ref_id=REQUEST["ref_id"])
    assert json.loads(request.content) == REQUEST
    assert request.method.lower() == FACTS["run_otp"]["method"]
    assert request.url == f"https://api.example.vn{FACTS['run_otp']['path']}"
    assert request.headers["authorization"] == f"{FACTS['authorization']} made-up-token"
    assert request.headers["content-type"] == FACTS["content_type"]


def test_the_look_up_on_the_wire_is_the_page_s() -> None:
    request = sent("get_cdr", "ABC123")
    assert request.method.lower() == FACTS["get_cdr"]["method"]
    assert request.url == f"https://api.example.vn{FACTS['get_cdr']['url_of_the_sample']}"
    assert request.headers["authorization"] == f"{FACTS['authorization']} made-up-token"


# Page and models


def test_the_generated_models_take_the_page_s_payloads_and_give_them_back() -> None:
    for model, value in (
        (generated.OtpRequest, REQUEST),
        (generated.OtpAnswer, ANSWER),
        (generated.CallDetailRecord, RECORD),
    ):
        read = model.from_dict(value)
        assert read.to_dict() == value
        # Nothing may land among the unknown fields: then the generated code would lack a field of the page.
        assert read.additional_properties == {}, model


def read_from_the_page() -> tuple[OtpCall, Cdr]:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=ANSWER if request.method == "POST" else RECORD)

    with Client(**settings("https://api.example.vn", transport=httpx.MockTransport(answer))) as client:
        return client.run_otp("0332665711", "LUAN001", ref_id="ABC123"), client.get_cdr("ABC123")


def test_the_call_has_every_field_of_the_page() -> None:
    call, _ = read_from_the_page()
    assert {name: getattr(call, name) for name in ANSWER} == ANSWER
    assert call.raw == ANSWER


def test_the_record_has_every_field_of_the_page() -> None:
    _, record = read_from_the_page()
    ours = {"time_ringging": "time_ringing"}
    names(
        [field.name for field in attrs.fields(Cdr) if field.name != "raw"],
        [ours.get(name, name) for name in RECORD],
        "fields of Cdr",
    )
    for name, value in RECORD.items():
        read = getattr(record, ours.get(name, name))
        if value == "":
            assert read is None, name
        elif isinstance(read, datetime):
            assert read.strftime("%Y-%m-%d %H:%M:%S") == value, name
            assert read.utcoffset() is not None, name
        elif name == "press_key":
            assert read == json.loads(value)
        else:
            assert read == value, name
    assert record.raw == RECORD
