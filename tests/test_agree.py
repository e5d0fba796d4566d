"""The checks of openapi.yaml can say no, and say it so that one can act on it."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from support.agree import CHECKS, settle
from support.page import SPEC

OTP, LOOK_UP = "/v3/autocall/otp", "/v3/autocall/log/{ref_id}/ref_id"
Edit = Callable[[dict[str, Any]], object]


def schemas(document: dict[str, Any]) -> Any:
    return document["components"]["schemas"]


def fields(document: dict[str, Any], schema: str) -> Any:
    return schemas(document)[schema]["properties"]


def post(document: dict[str, Any]) -> Any:
    return document["paths"][OTP]["post"]


def record_examples(document: dict[str, Any]) -> Any:
    return document["paths"][LOOK_UP]["get"]["responses"]["200"]["content"]["application/json"]["examples"]


RECORD, REQUEST = "CallDetailRecord", "OtpRequest"
CHANGES: list[tuple[str, Edit, str]] = [
    (
        *("page", lambda document: fields(document, RECORD).pop("time_ringging")),
        "content/application/json/schema/properties/time_ringging: it is missing in openapi.yaml",
    ),
    (
        *("page", lambda document: fields(document, RECORD)["billsec"].update(type="string")),
        'properties/billsec/type: "integer" by the page (tests/page), "string" in openapi.yaml',
    ),
    (
        *("page", lambda document: schemas(document)[REQUEST]["required"].remove("code_otp")),
        "schema/required/code_otp: it is missing in openapi.yaml",
    ),
    (
        *("page", lambda document: document.pop("security")),
        "the page (tests/page) disagree on #/security: it is missing in openapi.yaml",
    ),
    (
        *("page", lambda document: post(document)["responses"].pop("404")),
        f"openapi.yaml and tests/page/inferred.yaml disagree on #/paths/{OTP}/post/responses/404: it is missing",
    ),
    (
        *("page", lambda document: record_examples(document)["busy"]["value"].update(id="1")),
        "which has not the form of the page's sample",
    ),
    (
        *("records", lambda document: record_examples(document)["busy"]["value"].update(duration=4)),
        "the example busy: duration is 4, and from start to end it is 3 s",
    ),
    (
        *("marks", lambda document: fields(document, "OtpAnswer").update(more={"type": "string"})),
        "the mark of #/components/schemas/OtpAnswer/properties/more: it is not on the page, nor marked",
    ),
    (
        *(
            "marks",
            lambda document: fields(document, REQUEST)["ref_id"].update({"x-source": "inferred"}),
        ),
        "ref_id: it is on the page, but marked as if it were not",
    ),
    (
        *("words", lambda document: fields(document, REQUEST)["template"].update(description="The.")),
        "no 'template_name' tells of it",
    ),
]


@pytest.mark.parametrize(("check", "change", "said"), CHANGES)
def test_a_difference_is_named_with_what_to_do(check: str, change: Edit, said: str) -> None:
    document = copy.deepcopy(SPEC)
    change(document)
    found = [str(each) for each in CHECKS[check](document)]
    assert any(said in text for text in found), found
    assert all(re.search(r"\n    Next: .*(openapi\.yaml|correct it)", text) for text in found)
    with pytest.raises(AssertionError, match=" disagree on "):
        settle(CHECKS[check](document))


def test_what_the_contract_adds_under_a_mark_is_no_disagreement() -> None:
    document = copy.deepcopy(SPEC)
    more = {"description": "More.", "x-source": "inferred", "x-source-reason": "seen on another page"}
    fields(document, "OtpAnswer")["more"] = {"type": "string", **more}
    document["paths"]["/v3/more"] = {"get": {"operationId": "more", "summary": "More", "responses": {}, **more}, **more}
    assert [found for check in CHECKS.values() for found in check(document)] == []


def test_a_property_may_be_called_as_openapi_calls_its_own() -> None:
    document = copy.deepcopy(SPEC)
    for name in ("value", "items", "content", "description"):
        fields(document, "OtpAnswer")[name] = {"type": "string"}
    said = "\n".join(str(found) for found in CHECKS["marks"](document))
    assert [said.count(f"/properties/{name}:") for name in ("value", "items", "content", "description")] == [1] * 4
