"""Shapes to the letter: how deep and how wide they go, which names they tell, and what a file may hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from autocall_otp._cli.recording.leaves import LEAVES
from autocall_otp._cli.recording.shapes import (
    Shape,
    Shaper,
    bare,
    example_of,
    schema_of_shapes,
)

JSON_IN_TEXT = "JSON in a string"
NUMBER = "integer, 1-4 digits"
WORD = "string, lower-case word, 1-4 characters"
BUSY = "string, the word busy"


def fields(value: dict[str, Any], shaper: Shaper | None = None) -> dict[str, Any]:
    """The fields that are told of an answer."""
    shape = (shaper or Shaper()).of_answer(value)
    assert isinstance(shape, dict)
    told: dict[str, Any] = shape["object"]
    return told


def test_letters_and_digits_alone_are_compared() -> None:
    assert bare("+84 (332) Straße_É-9") == "84332strasseé9"
    assert bare(" -_.") == ""


def wrapped(value: Any, kind: str, times: int) -> Any:
    for _ in range(times):
        value = [value] if kind == "list" else {"a": value}
    return value


def shape_of_wrapped(leaf: Shape, kind: str, times: int) -> Shape:
    for _ in range(times):
        leaf = {"list": [leaf], "length": "1-4"} if kind == "list" else {"object": {"a": leaf}}
    return leaf


@pytest.mark.parametrize("kind", ["list", "object"])
def test_twelve_levels_are_looked_at(kind: str) -> None:
    for value in (1, [], {}, "x"):
        for times in (12, 13):
            deep = wrapped(value, kind, times)
            assert Shaper().of_answer(deep) == shape_of_wrapped("not looked at", kind, 12)
    assert Shaper().of_answer(wrapped(1, kind, 11)) == shape_of_wrapped(NUMBER, kind, 11)


def test_an_object_in_a_list_is_a_level_and_so_is_json_in_a_text() -> None:
    mixed = wrapped({"a": [wrapped(1, "list", 5)]}, "list", 5)
    assert Shaper().of_answer(mixed) == shape_of_wrapped(
        {"object": {"a": shape_of_wrapped("not looked at", "list", 6)}}, "list", 5
    )
    text = json.dumps(wrapped(1, "list", 20))
    assert Shaper().of_answer([text]) == {
        "list": [{JSON_IN_TEXT: shape_of_wrapped("not looked at", "list", 10)}],
        "length": "1-4",
    }


def test_two_hundred_fields_are_told() -> None:
    names = [f"{one}{other}" for one in "abcdefghijklmno" for other in "abcdefghijklmno"]
    assert list(fields(dict.fromkeys(names, 1))) == names[:200]
    assert list(fields(dict.fromkeys(names[:200], 1))) == names[:200]
    numbers = {str(number): number for number in range(201)}
    assert list(fields(numbers)) == [f"(hidden {number})" for number in range(1, 201)]


def test_a_list_tells_ten_shapes_in_the_order_in_which_they_came() -> None:
    leaves = [
        *("integer, zero", NUMBER, "integer, 5-8 digits", "integer, 9-16 digits", "integer, 17-32 digits", "boolean"),
        *("null", "number, whole", "number, with a fraction", "string, empty"),
    ]
    values = [0, 7, 10**5, 10**9, 10**17, True, None, 1.0, 0.5, ""]
    for more in ([], ["x"], ["x", 7, []]):
        shape = Shaper().of_answer([0, 0, *values, *values, *more])
        assert isinstance(shape, dict)
        assert shape == {"list": leaves, "length": "17-32"}


def test_a_name_that_is_hidden_is_counted_and_its_value_is_told_like_any_other() -> None:
    assert fields({"status": "busy", "1234": "busy", "a": 1, "5678": {"b": 1, "9999": 2}}) == {
        "status": BUSY,
        "(hidden 1)": WORD,
        "a": NUMBER,
        "(hidden 2)": {"object": {"b": NUMBER, "(hidden 1)": NUMBER}},
    }
    assert fields({"status": "busy"}, Shaper("Status")) == {"(hidden 1)": WORD}


def test_a_listed_word_must_be_a_text() -> None:
    assert fields({"status": 1, "app": None, "error": ["Not Found"], "message": {"a": "success"}}) == {
        "status": NUMBER,
        "app": "null",
        "error": {"list": ["string, text, 9-16 characters"], "length": "1-4"},
        "message": {"object": {"a": "string, lower-case word, 5-8 characters"}},
    }
    assert fields({"status": "{}"}) == {"status": "string, text, 1-4 characters"}
    assert Shaper().of_answer(["busy"]) == {"list": [WORD], "length": "1-4"}


@pytest.mark.parametrize(
    "value",
    [
        {"a": "quux"},
        {"a": ["x", "QUUX", "y"], "b": "z"},
        {"a": '[{"b": "quux"}, 5]', "b": "z"},
        {"a": {"c": "z"}, "b": [[{"d": "qu-ux"}], 5], "e": "z"},
        ["quux", 5],
        "quux",
    ],
)
def test_what_was_a_value_once_is_no_name_later(value: Any) -> None:
    shaper = Shaper()
    shaper.of_request(value)
    shaper.of_answer({"note": "another"})
    assert list(fields({"quux": 1, "qu_ux": 1, "quuxes": 1, "other": 1}, shaper)) == [
        *("(hidden 1)", "(hidden 2)", "quuxes", "other")
    ]


@pytest.mark.parametrize("key", ["code_otp", "phone_number", "to_number"])
def test_what_stands_in_the_field_of_a_secret_is_one(key: str) -> None:
    shaper = Shaper()
    shaper.of_request({"deep": [{key: "quux"}]})
    assert list(fields({"myquuxes": 1, "quu": 1}, shaper)) == ["(hidden 1)", "quu"]


def test_secrets_are_looked_for_within_names_from_four_characters_on() -> None:
    shaper = Shaper("a-b-c", "WXYZ")
    shaper.learn("Gra ult")
    assert list(
        fields(dict.fromkeys(["abc", "A_bc", "abcd", "wxyz", "my_wxyz_s", "grault", "agraults"], 1), shaper)
    ) == [*("(hidden 1)", "(hidden 2)", "abcd", "(hidden 3)", "(hidden 4)", "(hidden 5)", "(hidden 6)")]


def test_an_empty_secret_and_an_empty_value_hide_nothing() -> None:
    shaper = Shaper("", "--")
    assert list(fields({"_": "", "a": "- -", "__": 1}, shaper)) == ["_", "a", "__"]


def test_the_word_for_the_whole_body_is_told_whatever_is_known() -> None:
    assert list(fields({"(root)": "root", "root": 1}, Shaper("root"))) == ["(root)", "(hidden 1)"]


def test_no_name_within_json_in_text_is_told_however_deep() -> None:
    inside = [{"a": [{"b": 1}], "c": '{"d": 1}'}]
    hidden = {
        "(hidden 1)": {"list": [{"object": {"(hidden 1)": NUMBER}}], "length": "1-4"},
        "(hidden 2)": {JSON_IN_TEXT: {"object": {"(hidden 1)": NUMBER}}},
    }
    assert fields({"e": {"f": [f" \n{json.dumps(inside)}\n"]}}) == {
        "e": {
            "object": {
                "f": {"list": [{JSON_IN_TEXT: {"list": [{"object": hidden}], "length": "1-4"}}], "length": "1-4"}
            }
        }
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5", "digits"),
        ("1.5", "decimal number"),
        ("null", "lower-case word"),
        ("true", "lower-case word"),
        ("NaN", "letters and digits"),
        ('"{}"', "text"),
        ("[1", "text"),
        ("{} {", "text"),
        ("\ufeff{}", "other text"),
    ],
)
def test_a_text_of_anything_but_an_object_or_a_list_is_a_text(text: str, kind: str) -> None:
    assert Shaper().of_request(text) == f"string, {kind}, 1-4 characters"


@pytest.mark.parametrize(
    ("shape", "example"),
    [
        ("boolean", True),
        ({"object": {}}, {}),
        ({"object": {"a": "null", "(hidden 1)": {"object": {"b": NUMBER}}}}, {"a": None, "(hidden 1)": {"b": 1000}}),
        ({"list": [], "length": "0"}, []),
        ({"list": [NUMBER, {"list": ["null"], "length": "1-4"}], "length": "257+"}, [1000, [None]]),
        ({JSON_IN_TEXT: {"object": {"(hidden 1)": "boolean"}}}, '{"(hidden 1)": true}'),
        ({JSON_IN_TEXT: {"list": ["null"], "length": "1-4"}}, "[null]"),
    ],
)
def test_an_example_of_a_shape(shape: Shape, example: Any) -> None:
    assert example_of(shape) == example


def valid(shape: Any) -> bool:
    """Whether a file may hold it."""
    return Draft202012Validator({"$ref": "#/$defs/shape", "$defs": {"shape": schema_of_shapes()}}).is_valid(shape)


GOOD: list[Any] = [
    *LEAVES,
    {"object": {}},
    {"object": {"a": "null", "(root)": {"object": {"b": "null"}}}},
    *({"list": [], "length": length} for length in ("0", "1-4", "5-8", "9-16", "17-32", "33-64", "65-256", "257+")),
    {"list": ["null"] * 10, "length": "9-16"},
    {"list": [{"list": ["null"], "length": "1-4"}], "length": "1-4"},
    {JSON_IN_TEXT: "null"},
    {JSON_IN_TEXT: {"object": {"(hidden 1)": "null"}}},
]
BAD: list[Any] = [
    *(None, True, 5, "", "another word", "Null", [], {}, ["null"]),
    {"object": "null"},
    {"object": []},
    {"object": {"a": "LUAN001"}},
    {"object": {"a": {"object": {"b": "LUAN001"}}}},
    {"object": {}, "length": "0"},
    {"object": {}, "list": [], "length": "0"},
    {"list": []},
    {"length": "0"},
    {"list": {}, "length": "0"},
    {"list": "null", "length": "0"},
    {"list": [], "length": 0},
    {"list": [], "length": "3"},
    {"list": [], "length": "0", "more": 1},
    {"list": ["LUAN001"], "length": "1-4"},
    {"list": ["null", {"list": [5], "length": "1-4"}], "length": "1-4"},
    {"list": ["null"] * 11, "length": "9-16"},
    {JSON_IN_TEXT: "LUAN001"},
    {JSON_IN_TEXT: "null", "more": 1},
    {"another": "null"},
]


def test_a_file_may_hold_any_shape() -> None:
    Draft202012Validator.check_schema(schema_of_shapes())
    assert [shape for shape in GOOD if not valid(shape)] == []


@pytest.mark.parametrize("shape", BAD, ids=str)
def test_a_file_holds_nothing_but_shapes(shape: Any) -> None:
    assert not valid(shape)


@pytest.mark.parametrize(
    ("name", "good"),
    [
        *((name, True) for name in ("a", "Z", "_", "carrierName", "_id2", "a1b2", "A_9", "a" * 40, "(root)")),
        *((name, True) for name in ("(hidden 1)", "(hidden 42)", "(hidden 200)")),
        *(
            (name, False)
            for name in ("", "2x", "a b", "a.b", "é", "a\n", "a123", "a1b2c3", "a" * 41, "-a", "0332665711")
        ),
        *(
            (name, False)
            for name in ("(ROOT)", "(root)\n", "x(root)", "root)", "(hidden )", "(hidden 1000)", "(hidden x)")
        ),
        *((name, False) for name in ("(Hidden 1)", "(hidden 1) ", "((hidden 1)", "hidden 1")),
    ],
)
def test_the_names_that_a_file_may_hold(name: str, good: bool) -> None:  # noqa: FBT001 - a column
    assert valid({"object": {name: "null"}}) == good
    told = list(fields({name: 1}))
    if not name.startswith("(hidden"):
        assert told == [name if good else "(hidden 1)"]
