"""Whatever the contract says beyond the page carries a mark that says so, and why."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.page import FACTS, SPEC, payload

MAX_REASON = 120
# Every entry of these is an element of the contract, and so is each of the single nodes.
CONTAINERS = {
    "paths", "properties", "examples", "links", "headers", "responses", "variables", "securitySchemes", "schemas",
    "tags", "servers", "parameters",
}  # fmt: skip
SINGLES = {"items", "additionalProperties", "contact", "license"}
# Keywords that narrow what a value may be: each is a claim of its own.
CLAIMS = {
    "format", "enum", "const", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "default", "deprecated", "nullable",
}  # fmt: skip

REQUEST = {FACTS["run_otp"]["samples_win"].get(name, name) for name in FACTS["run_otp"]["table"]}
POST, GET = (("paths", FACTS[name]["path"], FACTS[name]["method"]) for name in ("run_otp", "get_cdr"))
SCHEMAS = ("components", "schemas")


def documented() -> set[tuple[str, ...]]:
    """Where the page's own elements stand in the contract."""
    json_body = ("content", FACTS["content_type"], "examples", "sample")
    fields = {
        "OtpRequest": REQUEST,
        "OtpAnswer": set(payload("run_otp.answer")),
        "CallDetailRecord": set(payload("get_cdr.answer")),
        "Additional": set(payload("get_cdr.answer")["additional"]),
    }
    return {
        ("servers", "0"),
        ("servers", "0", "variables", "api_host"),
        ("components", "securitySchemes", "bearerToken"),
        ("paths", FACTS["run_otp"]["path"]),
        ("paths", FACTS["get_cdr"]["path"]),
        POST,
        GET,
        (*POST, "requestBody", *json_body),
        (*POST, "responses", "200", *json_body),
        (*GET, "responses", "200", *json_body),
        (*GET, "parameters", "0"),
        (*GET, "parameters", "0", "examples", "sample"),
        *((*SCHEMAS, schema) for schema in fields),
        *((*SCHEMAS, schema, "properties", name) for schema, names in fields.items() for name in names),
        # This one is a reference: its own schema stands above.
    } - {(*SCHEMAS, "CallDetailRecord", "properties", "additional")}


def elements(node: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every element of the contract, and where it stands."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        here = (*at, str(key))
        # What stands in an example is its value.
        if key in {"value", "example"} or not isinstance(child, dict | list):
            continue
        # A reference is judged where it leads.
        if isinstance(child, dict) and "$ref" not in child and _is_element(at, str(key)):
            yield here, child
        yield from elements(child, here)


def _is_element(at: tuple[str, ...], key: str) -> bool:
    is_operation = len(at) == 2 and at[0] == "paths"
    return is_operation or key in SINGLES or bool(at and at[-1] in CONTAINERS)


ALL = dict(elements(SPEC))


def test_the_page_s_elements_are_where_they_are_looked_for() -> None:
    assert documented() - ALL.keys() == set()


@pytest.mark.parametrize("at", sorted(ALL), ids="/".join)
def test_an_element_beyond_the_page_is_marked(at: tuple[str, ...]) -> None:
    node, where = ALL[at], "/".join(at)
    if at in documented():
        assert "x-source" not in node, f"{where} is on the page (tests/page): take its x-source away"
        return
    assert node.get("x-source") == "inferred", (
        f"{where} is not on the page (tests/page): mark it with `x-source: inferred` and an `x-source-reason`"
    )
    assert 10 <= len(node.get("x-source-reason", "")) <= MAX_REASON, f"{where}: a short x-source-reason"


@pytest.mark.parametrize("at", sorted(documented()), ids="/".join)
def test_a_claim_on_a_documented_element_is_the_page_s(at: tuple[str, ...]) -> None:
    claims = CLAIMS & ALL[at].keys() - {"format" if at[-1] in FACTS["run_otp"]["formats"] else ""}
    # The host is a placeholder on the page, and OpenAPI demands some default for it.
    claims -= {"default"} if at[-1] == "api_host" else set()
    assert claims == set(), f"{'/'.join(at)}: the page does not state {sorted(claims)}"


def test_a_missing_mark_is_noticed() -> None:
    bare = {"paths": {"/new": {"get": {"responses": {"418": {"description": "short and stout"}}}}}}
    found = {at for at, node in elements(bare) if node.get("x-source") != "inferred"}
    assert found == {
        ("paths", "/new"),
        ("paths", "/new", "get"),
        ("paths", "/new", "get", "responses", "418"),
    }
