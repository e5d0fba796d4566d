from __future__ import annotations

import copy
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from support.agree.verdict import same

from autocall_otp.sandbox import contract as reader
from autocall_otp.sandbox.contract import Contract, Violation, errors_in, provider_contract
from autocall_otp.sandbox.contract import testing_contract as contract_of_testing
from autocall_otp.sandbox.numbers import NUMBERS
from autocall_otp.sandbox.service import Service

if TYPE_CHECKING:
    from pathlib import Path

OTP = "/v3/autocall/otp"
SERVICE = "src/autocall_otp/sandbox/service.py"
BOTH = ("openapi.yaml", "src/autocall_otp/sandbox")
CORRECT = "correct openapi.yaml, or the sandbox (contract.py for rules, calls.py for records)"


def errors(contract: Contract, body: Any) -> list[dict[str, str]]:
    operation, _ = contract.match("POST", OTP)
    assert operation.body
    return errors_in(operation.body, body)


def refused(call: Any) -> Violation:
    with pytest.raises(Violation) as caught:
        call()
    return caught.value


# The provider's contract, as the sandbox reads it


def test_the_contract_allows_its_own_samples() -> None:
    operation = provider_contract().document["paths"][OTP]["post"]
    samples = operation["requestBody"]["content"]["application/json"]["examples"].values()
    found = [errors(provider_contract(), sample["value"]) for sample in samples]
    same(BOTH, "the examples of OtpRequest", ([[], []], found), CORRECT)


def test_the_sandbox_serves_every_operation_and_no_other() -> None:
    made: Any = None
    documented = {each.id for each in provider_contract().operations}
    advice = f"write a handler in {SERVICE} and name it in `handlers`, or take it out there"
    same(("openapi.yaml", SERVICE), "the operations", (documented, set(Service(made, made).handlers())), advice)


def test_a_missing_field_is_named_as_the_provider_names_it(otp_request: dict[str, str]) -> None:
    del otp_request["campaign_uuid"], otp_request["code_otp"]
    wanted = [{"campaign_uuid": "campaign_uuid is required"}, {"code_otp": "code_otp is required"}]
    found = errors(provider_contract(), otp_request)
    same(BOTH, "what is wrong with a request without campaign_uuid and code_otp", (wanted, found), CORRECT)


def test_an_error_never_repeats_a_value(otp_request: dict[str, str]) -> None:
    secret = otp_request | {"campaign_uuid": "s3cret", "code_otp": ["s3cret"], "phone_number": None}
    assert errors(provider_contract(), secret) == [
        {"campaign_uuid": "Does not match format 'uuid'"},
        {"phone_number": "Invalid type. Expected: string, given: null"},
        {"code_otp": "Invalid type. Expected: string, given: array"},
    ]


@pytest.mark.parametrize("example", ["busy", "unanswered"])
def test_a_record_ends_as_the_contract_s_example_of_it_does(example: str) -> None:
    answer = provider_contract().document["paths"]["/v3/autocall/log/{ref_id}/ref_id"]["get"]["responses"]["200"]
    said = answer["content"]["application/json"]["examples"][example]["value"]
    (plan,) = {number.plan for number in NUMBERS if number.plan and number.plan.status == said["status"]}
    for name, made in (("cause", plan.cause), ("sip_hangup_disposition", plan.disposition)):
        same(BOTH, f"{name} of a call that ends as {said['status']}", (said[name], made), CORRECT)
    rings = (bool(said["time_ringging"]), bool(plan.ringing))
    same(BOTH, f"whether the phone rings before {said['status']}", rings, CORRECT)


# Any contract

TYPE_ERROR = "Invalid type. Expected: {}, given: {}"


def contract(path: str = "/x", *, closed: bool = False, **item: Any) -> Contract:
    return Contract({"paths": {path: item}}, closed=closed)


def query(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def getting(*parameters: Any, **more: Any) -> Contract:
    return contract(get={"operationId": "get", "parameters": [*parameters]}, **more)


def read(served: Contract, text: str, method: str = "GET") -> dict[str, Any]:
    operation, path = served.match(method, "/x")
    return served.parameters(operation, path, text)


def errors_of(schema: dict[str, Any], value: Any) -> list[dict[str, str]]:
    body = {"content": {"application/json": {"schema": schema}}}
    # A path with the signs of patterns and of JSON pointers is itself.
    served = contract("/~1a.b", post={"operationId": "post", "requestBody": body})
    operation, _ = served.match("POST", "/~1a.b")
    assert operation.body
    assert refused(lambda: served.match("POST", "/~1axb")).status == 404
    return errors_in(operation.body, value)


def test_a_change_of_the_document_changes_what_is_allowed(otp_request: dict[str, str]) -> None:
    document = copy.deepcopy(provider_contract().document)
    document["components"]["schemas"]["OtpRequest"] |= {"required": ["callback"], "additionalProperties": False}
    found = errors(Contract(document), otp_request | {"x": "s3cret"})
    assert {"callback": "callback is required"} in found
    assert {"(root)": "Additional properties are not allowed"} in found


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "-12", -12),
        *(("number", text, float(text)) for text in ("1.5", "2")),
        *(("boolean", text, text == "true") for text in ("true", "false")),
        *(("string", text, text) for text in ("12", "")),
        ("string", "m%C3%A3+s%E1%BB%91", "mã số"),
        *(("integer", text, None) for text in ("1.0", "1" * 19, "")),
        *(("number", text, None) for text in ("nan", "inf", "x")),
        *(("boolean", text, None) for text in ("True", "1", "")),
    ],
)
def test_a_parameter_has_the_type_of_its_schema_or_is_refused_by_name(kind: str, text: str, value: object) -> None:
    served = getting(query("p", type=kind))
    if value is None:
        violation = refused(lambda: read(served, f"p={text}"))
        assert (violation.status, violation.error) == (400, [{"p": TYPE_ERROR.format(kind, "string")}])
        assert (str(violation), violation.headers) == ("400", {})
    else:
        found = read(served, f"p={text}")["p"]
        assert (found, type(found)) == (value, type(value))


def test_every_wrong_parameter_is_named_and_what_is_left_out_has_its_default() -> None:
    served = getting(query("a", type="integer"), query("b", type="integer", default=7), query("c") | {"required": True})
    wrong = TYPE_ERROR.format("integer", "string")
    assert refused(lambda: read(served, "a=x&b=y")).error == [{"a": wrong}, {"b": wrong}, {"c": "c is required"}]
    assert read(served, "c=1") == {"a": None, "b": 7, "c": "1"}


def test_parameters_may_stand_at_the_path_or_elsewhere_and_headers_are_no_business_of_this_reader() -> None:
    header = {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string"}}
    again = {"$ref": "#/paths/~1x/get/parameters/0"}
    served = contract(
        parameters=[query("a", type="integer"), header],
        get={"operationId": "get", "parameters": [query("b", type="integer", minimum=1)]},
        put={"operationId": "put", "parameters": [again]},
    )
    assert read(served, "a=1&b=2") == read(served, "a=1&b=2", "PUT") == {"a": 1, "b": 2}
    assert refused(lambda: read(served, "b=0", "PUT")).error == [{"b": "Does not satisfy minimum: 1"}]


def test_only_a_closed_contract_refuses_what_it_does_not_name() -> None:
    assert read(getting(query("a")), "a=1&b=2") == {"a": "1"}
    closed = getting(query("a"), closed=True)
    assert read(closed, "a=1") == {"a": "1"}
    assert refused(lambda: read(closed, "a=1&b=2")).error == [{"b": "Additional parameter b is not allowed"}]
    shown = contract_of_testing()
    assert refused(lambda: shown.parameters(*shown.match("GET", "/sandbox/calls"), "x=1")).status == 400


def test_a_request_outside_of_the_contract_is_told_why() -> None:
    served = contract(get={"operationId": "get"}, delete={"operationId": "delete"})
    other = refused(lambda: served.match("PUT", "/x"))
    assert (other.status, other.error, other.headers) == (405, "Method Not Allowed", {"Allow": "DELETE, GET"})
    unknown = refused(lambda: served.match("GET", "/y"))
    assert (unknown.status, unknown.error, unknown.headers) == (404, "Not Found", {})
    latin = refused(lambda: contract("/x/{ref_id}", get={"operationId": "get"}).match("GET", "/x/%FF"))
    assert (latin.status, latin.error) == (400, [{"ref_id": "Is not percent-encoded UTF-8"}])


def test_a_path_without_parameters_wins() -> None:
    document = {"paths": {"/x/{id}": {"get": {"operationId": "one"}}, "/x/latest": {"get": {"operationId": "latest"}}}}
    served = Contract(document)
    assert served.match("GET", "/x/latest") == (served.operations[0], {})
    assert served.match("GET", "/x/latest.")[0].id == "one"


def test_a_wrong_type_is_named_and_the_value_is_not() -> None:
    kinds = {"boolean": True, "integer": 1, "number": 1.5, "string": "x", "array": [], "object": {}, "null": None}
    for kind, value in kinds.items():
        wanted = "string" if kind != "string" else "object"
        assert errors_of({"type": wanted}, value) == [{"(root)": TYPE_ERROR.format(wanted, kind)}]


def test_a_field_within_a_field_is_named_by_both() -> None:
    inner = {"type": "object", "required": ["a", "b"], "additionalProperties": False}
    schema = {"properties": {"inner": inner | {"properties": {"a": {}, "b": {"format": "uuid"}}}}}
    assert errors_of(schema, {"inner": {}}) == [{"inner.a": "a is required"}, {"inner.b": "b is required"}]
    assert errors_of(schema, {"inner": {"a": 1, "b": "x"}}) == [{"inner.b": "Does not match format 'uuid'"}]
    assert errors_of(schema, {"inner": {"a": 1, "b": 1, "c": 1}}) == [
        {"inner": "Additional properties are not allowed"}
    ]
    assert errors_of({"items": {"minimum": 3}}, [5, 1]) == [{"1": "Does not satisfy minimum: 3"}]


def test_the_document_comes_from_the_package_or_else_from_the_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packaged = tmp_path / "package"
    packaged.mkdir()
    monkeypatch.setattr(resources, "files", {"autocall_otp.sandbox": packaged}.__getitem__)
    monkeypatch.setattr(reader, "__file__", str(tmp_path / "src" / "autocall_otp" / "sandbox" / "contract.py"))
    with pytest.raises(FileNotFoundError, match="neither in the package autocall_otp.sandbox nor at"):
        provider_contract.__wrapped__()
    for folder, name in ((tmp_path, "checkout"), (packaged, "package")):
        text = f"paths:\n  /x:\n    get:\n      operationId: {name}\n"
        (folder / "openapi.yaml").write_text(text, encoding="utf-8")
        assert [operation.id for operation in provider_contract.__wrapped__().operations] == [name]
