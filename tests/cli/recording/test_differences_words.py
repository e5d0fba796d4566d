"""What is told of a difference, word by word: small contracts, each with an answer that is unlike them."""

from __future__ import annotations

from typing import Any

import pytest

from autocall_otp._cli.recording.differences import Difference, differences
from autocall_otp._cli.recording.recorder import Recording
from autocall_otp._cli.recording.shapes import Shape, Shaper

JSON = "application/json"
INFERRED = {"x-source": "inferred"}
Node = dict[str, Any]
Told = list[tuple[str | None, str, str, str]]
"""Field, kind, what the contract says, what was seen."""


def exchange(body: object = "empty", **more: Any) -> Node:
    """An answer to the one operation of these contracts."""
    of = {"method": "GET", "path": "/a~1b/c", "status": 200, "content_type": JSON, "headers": {}, "times": 1}
    return of | {"body": body} | more


def contract(responses: Node, **more: Node) -> Node:
    operation = {"operationId": "look", "responses": responses}
    return {"paths": {"/a~1b/c": {"get": operation}}, **more}


def found(responses: Node, *exchanges: Node) -> list[Difference]:
    return differences(Recording([*exchanges]), contract(responses))


def compared(schema: Node, value: Any, *samples: Any) -> Told:
    """What differs in a value, by its schema and its samples."""
    return by_shape(schema, Shaper().of_answer(value), *samples)


def by_shape(schema: Node, shape: Shape, *samples: Any) -> Told:
    examples = {f"sample {number}": {"value": value} for number, value in enumerate(samples)}
    content = {JSON: {"schema": schema} | ({"examples": examples} if samples else {})}
    told = found({"200": {"content": content}}, exchange({"JSON": shape}))
    assert {(each.operation, each.status, each.inferred) for each in told} <= {("look", "200", False)}
    return [(each.field, each.kind, each.says, each.seen) for each in told]


@pytest.mark.parametrize("asked", [{"method": "POST"}, {"path": "/other"}])
def test_an_operation_that_is_not_there(asked: Node) -> None:
    of = {"method": "GET", "path": "/a~1b/c"} | asked
    name = f"{of['method']} {of['path']}"
    assert found({"200": INFERRED}, exchange(**asked)) == [
        Difference(name, "200", None, "operation", "no such operation", inferred=False, seen="an answer")
    ]


def test_a_failure_is_no_difference_and_others_beside_it_are() -> None:
    failed = {"method": "PUT", "path": "/other", "failure": "ReadTimeout", "times": 1}
    assert [each.kind for each in found({}, failed, exchange(path="/other"))] == ["operation"]


def test_a_difference_is_told_once_and_in_order() -> None:
    one, other = exchange(status=301), exchange(status=302)
    assert [each.seen for each in found({"200": {}}, one, other, one)] == ["301", "302"]


@pytest.mark.parametrize(("status", "of"), [(404, "text/exact"), (440, "text/class"), (344, "text/default")])
def test_the_closest_status_is_the_one_that_counts(status: int, of: str) -> None:
    kinds = {"404": "text/exact", "4XX": "text/class", "default": "text/default"}
    told = found({key: {"content": {kind: {}}} for key, kind in kinds.items()}, exchange(status=status))
    assert told == [Difference("look", str(status), None, "content type", of, inferred=False, seen=JSON)]


@pytest.mark.parametrize(("other", "inferred"), [({}, False), (INFERRED, True), ({"x-source": "page"}, False)])
def test_a_status_that_is_not_there(other: Node, inferred: bool) -> None:  # noqa: FBT001 - a column
    assert found({"200": INFERRED, "5XX": other}, exchange(status=404)) == [
        Difference("look", "404", None, "status", "200, 5XX", inferred, seen="404")
    ]


@pytest.mark.parametrize("seen", ["none", "text/html", JSON])
def test_an_answer_of_which_nothing_is_said_may_be_anything(seen: str) -> None:
    assert found({"200": {}}, exchange("no JSON: markup, 1-4 bytes", content_type=seen)) == []


@pytest.mark.parametrize(("of", "inferred"), [({}, False), (INFERRED, True)])
def test_an_answer_that_is_no_json(of: Node, inferred: bool) -> None:  # noqa: FBT001 - a column
    responses = {"200": of | {"content": {"text/html": {}, "text/plain": {}}}}
    assert found(responses, exchange(content_type="text/plain"), exchange(content_type="text/html")) == []
    assert found(responses, exchange(content_type="none")) == [
        Difference("look", "200", None, "content type", "text/html or text/plain", inferred, seen="none")
    ]


def test_json_of_another_content_type_is_judged_too() -> None:
    responses = {"200": {"content": {JSON: {"schema": {"type": "string"} | INFERRED}, "text/plain": {}}}}
    told = found(responses, exchange({"JSON": "null"}, content_type="text/html"))
    assert told == [
        Difference("look", "200", None, "content type", f"{JSON} or text/plain", inferred=True, seen="text/html"),
        Difference("look", "200", None, "type", "string", inferred=True, seen="null"),
    ]
    assert found(responses, exchange("no JSON: text, 1-4 bytes", content_type="text/plain")) == []
    assert found(responses, exchange("cut short")) == []
    assert found(responses, exchange("too large")) == [
        Difference("look", "200", None, "body", "JSON", inferred=True, seen="too large")
    ]


def test_references_are_followed_however_many() -> None:
    parts = {"x/y~z": {"$ref": "#/parts/last"}, "last": {"type": "string"}}
    schema = {"$ref": "#/parts/x~1y~0z"}
    document = contract({"200": {"$ref": "#/parts/answer"}}, parts=parts | {"answer": {"$ref": "#/parts/real"}})
    document["parts"]["real"] = {"content": {JSON: {"schema": schema}}}
    told = differences(Recording([exchange({"JSON": "null"})]), document)
    assert [(each.kind, each.says) for each in told] == [("type", "string")]


def an(**properties: Node) -> Node:
    """An object with these fields."""
    return {"type": "object", "properties": properties}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
ONE_DIGIT = "integer, 1-4 digits"
WORD = "string, lower-case word, 1-4 characters"
SCHEMAS: list[tuple[str, Node, object, Told]] = [
    ("a value of the type", TEXT, "x", []),
    ("a value of another type", TEXT, 5, [(None, "type", "string", ONE_DIGIT)]),
    ("one of several types", {"type": ["string", "null"]}, 5, [(None, "type", "string or null", ONE_DIGIT)]),
    ("a list", TEXT, [1, 2], [(None, "type", "string", "array, 1-4 entries")]),
    ("an object", TEXT, {"a": 1}, [(None, "type", "string", "object")]),
    ("an object in a text", NUMBER, "{}", [(None, "type", "integer", "string, a JSON object")]),
    ("a list in a text", NUMBER, "[]", [(None, "type", "integer", "string, a JSON list")]),
    ("fields", an(a=TEXT, b=NUMBER), {"a": "x", "b": 1}, []),
    (
        "fields that are not described",
        an(b=TEXT),
        {"c": 1, "b": "x", "a": {}},
        [("a", "extra", "no such field", "object"), ("c", "extra", "no such field", ONE_DIGIT)],
    ),
    (
        "fields that are not described, further inside",
        an(a=an(b=TEXT)),
        {"a": {"c": 1}},
        [("a.c", "extra", "no such field", ONE_DIGIT)],
    ),
    ("other fields that are allowed", an(a=TEXT) | {"additionalProperties": True}, {"b": 1}, []),
    ("an object of which nothing is said", {"type": "object"}, {"b": 1}, []),
    ("fields without a type", {"properties": {"a": TEXT}}, {"b": 1}, []),
    (
        "fields that are missing",
        an(a=TEXT, b=TEXT, c=TEXT) | {"required": ["c", "b", "a"]},
        {"b": "x"},
        [("a", "missing", "always there", "not there"), ("c", "missing", "always there", "not there")],
    ),
    (
        "a field that is missing, further inside",
        an(a={"type": "array", "items": an(b=TEXT) | {"required": ["b"]}}),
        {"a": [{}]},
        [("a[].b", "missing", "always there", "not there")],
    ),
    (
        "an entry of a list",
        {"type": "array", "items": TEXT},
        ["x", 5, None],
        [("[]", "type", "string", ONE_DIGIT), ("[]", "type", "string", "null")],
    ),
    (
        "an entry of a list of lists",
        an(a={"type": "array", "items": {"type": "array", "items": TEXT}}),
        {"a": [["x", 5]]},
        [("a[][]", "type", "string", ONE_DIGIT)],
    ),
    ("a value that is too long", {"maxLength": 2}, "abc", [(None, "constraint", "maxLength: 2", WORD)]),
    ("a value that is not listed", {"enum": ["a", 1]}, "b", [(None, "constraint", "enum: ['a', 1]", WORD)]),
]


@pytest.mark.parametrize(("schema", "value", "told"), [case[1:] for case in SCHEMAS], ids=[case[0] for case in SCHEMAS])
def test_what_a_schema_does_not_allow(schema: Node, value: object, told: Told) -> None:
    assert compared(schema, value) == told


@pytest.mark.parametrize("of", ["oneOf", "anyOf"])
def test_of_alternatives_the_one_that_was_meant_is_told(of: str) -> None:
    schema = {of: [TEXT, {"type": ["array", "null"], "items": an(a=TEXT)}, {"enum": ["a"]}]}
    assert compared(schema, 5) == [(None, "type", "string or array or null or another form", ONE_DIGIT)]
    assert compared(schema, [{"a": 5}, {"b": 1}]) == [
        ("[].a", "type", "string", ONE_DIGIT),
        ("[].b", "extra", "no such field", ONE_DIGIT),
    ]
    assert compared(schema, [{"a": "x"}]) == []


def test_what_was_not_looked_at_is_not_judged() -> None:
    assert by_shape(an(a=TEXT, b=TEXT), {"object": {"a": "not looked at", "b": "null"}}) == [
        ("b", "type", "string", "null")
    ]


TELLING = {
    "a JSON list": "[]",
    "a JSON object": "{}",
    "date": "2023-03-07",
    "digits": "1",
    "e-mail address": "a@b.vn",
    "local time": "2023-03-07 10:06:53",
    "lower-case word": "x",
    "time with a zone": "2023-03-07T10:06:53Z",
    "upper-case word": "X",
    "url": "https://b.vn",
    "uuid": "f77dfcf4-0759-4179-93cb-741f481a776e",
}
ANYTHING = {
    "blank": " ",
    "decimal number": "1.5",
    "letters and digits": "A1",
    "markup": "<",
    "other text": "é",
    "punctuated digits": "(1",
    "text": "a b",
    "time in another form": "07/03/2023",
    "very long text": "a" * 1001,
    "zero time": "0000-00-00",
}
MARKUP = "string, markup, 1-4 characters"


@pytest.mark.parametrize("kind", TELLING)
def test_a_sample_of_such_a_kind_promises_it(kind: str) -> None:
    assert compared({}, "<", TELLING[kind]) == [(None, "form", f"string, {kind}, as in the samples", MARKUP)]
    assert compared({}, TELLING[kind], TELLING[kind]) == []


@pytest.mark.parametrize("kind", ANYTHING)
def test_a_sample_of_another_kind_promises_nothing(kind: str) -> None:
    other = "blank" if kind == "markup" else "markup"
    assert compared({}, ANYTHING[other], ANYTHING[kind]) == []
    assert compared({}, "<b", ANYTHING[kind], "1") == []


def test_samples_of_all_kinds_promise_one_of_them() -> None:
    kinds = " or ".join(TELLING)
    assert compared({}, "<", *TELLING.values()) == [(None, "form", f"string, {kinds}, as in the samples", MARKUP)]


MISSING = ("missing", "always there", "not there")
SAMPLES: list[tuple[str, list[object], object, Told]] = [
    ("no sample", [], {"a": "<"}, []),
    ("an empty text beside another", ["", "1"], "<", [(None, "form", "string, digits, as in the samples", MARKUP)]),
    ("an empty text alone", [""], "<", []),
    ("an empty text where samples have one", ["1"], "", []),
    ("a number where samples have a text", ["1"], 5, []),
    ("a field that all samples have", [{"a": 1}, {"b": 1, "a": 1}], {"c": 1}, [("a", *MISSING)]),
    ("a field that the first sample has", [{"a": 1}, {}], {}, []),
    ("a field that the second sample has", [{}, {"a": 1}], {}, []),
    ("a field that is there", [{"a": 1}], {"a": 2}, []),
    ("samples that are no objects beside one", [{"a": 1}, ["x"], "{}", "x", 1], {}, [("a", *MISSING)]),
    ("a list where samples have objects", [{"a": 1}], ["x"], []),
    ("a text where samples have objects", [{"a": 1}], "{}", []),
    ("a field further inside", [{"a": {"b": {"c": 1}}}], {"a": {"b": {}}}, [("a.b.c", *MISSING)]),
    (
        "a text further inside",
        [{"a": {"b": "1"}}, {"a": {}}, {}],
        {"a": {"b": "<"}},
        [("a.b", "form", "string, digits, as in the samples", MARKUP)],
    ),
    ("a field that no sample has", [{"a": 1}], {"a": 1, "b": "<"}, []),
]


@pytest.mark.parametrize(
    ("samples", "value", "told"), [case[1:] for case in SAMPLES], ids=[case[0] for case in SAMPLES]
)
def test_what_is_unlike_every_sample(samples: list[object], value: object, told: Told) -> None:
    assert compared({}, value, *samples) == told


def test_what_schema_and_samples_both_say_is_told_once() -> None:
    schema = an(a=TEXT) | {"required": ["a"]}
    assert compared(schema, {}, {"a": "x"}) == [("a", *MISSING)]
