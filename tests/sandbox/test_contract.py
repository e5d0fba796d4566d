from __future__ import annotations

import copy
from typing import Any

import pytest
from support.agree.verdict import same

from autocall_otp.sandbox.contract import Contract, Violation, complaints, provider_contract
from autocall_otp.sandbox.numbers import NUMBERS
from autocall_otp.sandbox.service import Service

OTP = "/v3/autocall/otp"
SERVICE = "src/autocall_otp/sandbox/service.py"
BOTH = ("openapi.yaml", "src/autocall_otp/sandbox")
MEND = "mend openapi.yaml, or the sandbox (contract.py for rules, calls.py for records)"


def changed(**schema: Any) -> Contract:
    document = copy.deepcopy(provider_contract().document)
    document["components"]["schemas"]["OtpRequest"].update(schema)
    return Contract(document)


def errors(contract: Contract, body: Any) -> list[dict[str, str]]:
    operation, _ = contract.match("POST", OTP)
    assert operation.body
    return complaints(operation.body, body)


def test_the_contract_allows_its_own_samples() -> None:
    operation = provider_contract().document["paths"][OTP]["post"]
    samples = operation["requestBody"]["content"]["application/json"]["examples"].values()
    assert len(samples) == 2
    complaints_of_each = [errors(provider_contract(), sample["value"]) for sample in samples]
    same(BOTH, "the examples of OtpRequest", ([[], []], complaints_of_each), MEND)


def test_the_sandbox_serves_every_operation_and_no_other() -> None:
    made: Any = None
    served = set(Service(made, made).endpoints(provider_contract(), "token")._handlers)
    advice = f"write a handler in {SERVICE} and name it in `endpoints`, or take it out there"
    same(
        ("openapi.yaml", SERVICE),
        "the operations",
        ({each.id for each in provider_contract().operations}, served),
        advice,
    )


def test_a_missing_field_is_named_as_the_provider_names_it(otp_request: dict[str, str]) -> None:
    del otp_request["campaign_uuid"], otp_request["code_otp"]
    wanted = [{"campaign_uuid": "campaign_uuid is required"}, {"code_otp": "code_otp is required"}]
    found = errors(provider_contract(), otp_request)
    same(BOTH, "what is wrong with a request without campaign_uuid and code_otp", (wanted, found), MEND)


def test_an_error_never_repeats_a_value(otp_request: dict[str, str]) -> None:
    secret = otp_request | {"campaign_uuid": "s3cret", "code_otp": ["s3cret"], "phone_number": None}
    found = errors(provider_contract(), secret)
    assert found == [
        {"campaign_uuid": "Does not match format 'uuid'"},
        {"phone_number": "Invalid type. Expected: string, given: null"},
        {"code_otp": "Invalid type. Expected: string, given: array"},
    ]
    long = changed(properties={"code_otp": {"maxLength": 3}})
    assert errors(long, {**otp_request, "code_otp": "s3cret"}) == [{"code_otp": "Does not satisfy maxLength: 3"}]


@pytest.mark.parametrize("body", [[], "text", None, 1, True])
def test_a_body_that_is_no_object_is_refused_at_its_root(body: Any) -> None:
    (error,) = errors(provider_contract(), body)
    assert error["(root)"].startswith("Invalid type. Expected: object")


def test_a_change_of_the_document_changes_what_is_allowed(otp_request: dict[str, str]) -> None:
    assert errors(changed(required=["callback"]), otp_request) == [{"callback": "callback is required"}]
    assert errors(changed(additionalProperties=False), otp_request | {"x": 1})


def test_a_new_path_or_parameter_is_known_at_once() -> None:
    document = copy.deepcopy(provider_contract().document)
    document["components"]["parameters"] = {
        "Page": {"name": "page", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 1}}
    }
    page = {"$ref": "#/components/parameters/Page"}
    document["paths"]["/v4/calls"] = {"get": {"operationId": "list", "parameters": [page], "responses": {}}}
    contract = Contract(document)
    operation, path = contract.match("GET", "/v4/calls")
    assert contract.parameters(operation, path, "page=2") == {"page": 2}
    for query in ("", "page=0", "page=two", "page="):
        with pytest.raises(Violation) as caught:
            contract.parameters(operation, path, query)
        assert caught.value.status == 400
        assert list(caught.value.error[0]) == ["page"]


@pytest.mark.parametrize("example", ["busy", "unanswered"])
def test_a_record_ends_as_the_contract_s_example_of_it_does(example: str) -> None:
    answer = provider_contract().document["paths"]["/v3/autocall/log/{ref_id}/ref_id"]["get"]["responses"]["200"]
    said = answer["content"]["application/json"]["examples"][example]["value"]
    (plan,) = {number.plan for number in NUMBERS if number.plan and number.plan.status == said["status"]}
    for name, made in (("cause", plan.cause), ("sip_hangup_disposition", plan.disposition)):
        same(BOTH, f"{name} of a call that ends as {said['status']}", (said[name], made), MEND)
    rings = (bool(said["time_ringging"]), bool(plan.ringing))
    same(BOTH, f"whether the phone rings before {said['status']}", rings, MEND)


@pytest.mark.parametrize("ref_id", ["ABC123", "a/b", "mã số 1", "%25", "a%2Fb", "..", "?x=1#y", "\n"])
def test_a_reference_comes_through_percent_encoding(ref_id: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in ref_id.encode())
    operation, path = provider_contract().match("GET", f"/v3/autocall/log/{encoded}/ref_id")
    same(BOTH, "the operation of a look-up", (("getCdrByRefId", {"ref_id": ref_id}), (operation.id, path)), MEND)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v3/autocall/log//ref_id", 404),
        ("GET", "/v3/autocall/log/a/b/ref_id", 404),
        ("GET", "/v3/autocall/otp/", 404),
        ("GET", OTP, 405),
        ("DELETE", "/v3/autocall/log/a/ref_id", 405),
        ("GET", "/v3/autocall/log/%FF/ref_id", 400),
    ],
)
def test_what_is_not_in_the_contract_is_not_served(method: str, path: str, status: int) -> None:
    with pytest.raises(Violation) as caught:
        provider_contract().match(method, path)
    same(BOTH, f"the answer to {method} {path}", (status, caught.value.status), MEND)
