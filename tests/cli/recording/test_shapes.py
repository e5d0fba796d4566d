"""Shapes: what is told of a value is a word of a closed list, and enough of a name to compare it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autocall_otp._cli.recording.leaves import LEAVES, LISTED, example_of_leaf, kind_in, kind_of, length, text_leaf
from autocall_otp._cli.recording.shapes import JSON_IN_TEXT, Shape, Shaper, example_of
from autocall_otp.models import CallStatus

TEXTS = [
    ("f77dfcf4-0759-4179-93cb-741f481a776e", "uuid"),
    ("F77DFCF4-0759-4179-93CB-741F481A776E", "uuid"),
    ("2023-03-07 10:06:53", "local time"),
    ("2023-03-07", "date"),
    ("2023-03-07T10:06:53+07:00", "time with a zone"),
    ("2023-03-07 10:06:53.120Z", "time with a zone"),
    ("2023-03-07T10:06:53", "time in another form"),
    ("07/03/2023 10:06", "time in another form"),
    ("0000-00-00 00:00:00", "zero time"),
    ("0332665711", "digits"),
    ("+84332665711", "punctuated digits"),
    ("(+84) 332-665-711", "punctuated digits"),
    ("-1.5", "decimal number"),
    ("a.b+c@example.vn", "e-mail address"),
    ("https://example.vn/r.mp3", "url"),
    ("<html>\n</html>", "markup"),
    ("NORMAL_CLEARING", "upper-case word"),
    ("no-answered", "lower-case word"),
    ("LUAN001", "letters and digits"),
    ("Not Found", "text"),
    ("Nguyễn Văn A", "other text"),
    ("two\nlines", "other text"),
    (" \t", "blank"),
    ("a@" + "." * 1_000_000, "very long text"),
]


def test_kinds_of_text() -> None:
    for text, kind in TEXTS:
        assert kind_of(text) == kind, text[:40]


def test_lengths_are_told_by_class() -> None:
    assert [length(size) for size in (1, 4, 5, 16, 17, 256, 257, 10**9)] == [
        *("1-4", "1-4", "5-8", "9-16", "17-32", "65-256", "257+", "257+")
    ]


@pytest.mark.parametrize(
    ("value", "leaf"),
    [
        (None, "null"),
        (True, "boolean"),
        (0, "integer, zero"),
        (-5, "integer, negative"),
        (84332665711, "integer, 9-16 digits"),
        (6.0, "number, whole"),
        (0.5, "number, with a fraction"),
        (float("inf"), "number, with a fraction"),
        ("", "string, empty"),
        ("{}", {JSON_IN_TEXT: {"object": {}}}),
        ('["x"]', {JSON_IN_TEXT: {"list": ["string, lower-case word, 1-4 characters"], "length": "1-4"}}),
        ("{broken", "string, text, 5-8 characters"),
        ("{\ud800}", "string, other text, 1-4 characters"),
        ([], {"list": [], "length": "0"}),
        ([1, 2, 300], {"list": ["integer, 1-4 digits"], "length": "1-4"}),
        (["x", 5] * 9, {"list": ["string, lower-case word, 1-4 characters", "integer, 1-4 digits"], "length": "17-32"}),
    ],
)
def test_the_shape_of_a_value(value: Any, leaf: Shape) -> None:
    assert Shaper().of_request(value) == leaf


def test_each_leaf_has_an_example_of_itself() -> None:
    for leaf in LEAVES:
        shown = Shaper().of_answer(example_of_leaf(leaf))
        assert "the word" in leaf or leaf in ("not looked at", shown)
        assert kind_in(leaf) is None or isinstance(example_of_leaf(leaf), str)


def test_listed_words_are_told_in_their_own_field_of_an_answer_alone() -> None:
    assert Shaper().of_answer({"status": "busy"}) == {"object": {"status": "string, the word busy"}}
    other = "string, lower-case word, 1-4 characters"
    assert Shaper().of_answer({"note": "busy"}) == {"object": {"note": other}}
    assert Shaper().of_request({"status": "busy"}) == {"object": {"status": other}}
    assert Shaper().of_answer({"additional": {"status": "busy"}}) == {
        "object": {"additional": {"object": {"status": other}}}
    }
    assert Shaper().of_answer({"status": "luan"}) == {"object": {"status": other}}
    assert LISTED["status"] == {*CallStatus, *(word.upper() for word in CallStatus)}
    for words in LISTED.values():
        assert all(text_leaf(word, words) in LEAVES for word in words)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("carrier_name", True),
        ("carrierName", True),
        ("_id2", True),
        ("(root)", True),
        ("0332665711", False),
        ("n_332", False),
        ("2x", False),
        ("", False),
        ("a b", False),
        ("a.b", False),
        ("Nguyễn", False),
        ("a" * 40, True),
        ("a" * 41, False),
        ("(hidden 7)", False),
        ("xylograph", False),
        ("Xylo_Graph_of", False),
        ("tokentoken", False),
        ("quux", False),
        ("quuxes", True),
        ("hidden_value", False),
    ],
)
def test_a_name_is_told_where_it_tells_nothing(name: str, shown: bool) -> None:  # noqa: FBT001 - a column
    shaper = Shaper("tokentoken")
    value = {"additional": {"code_otp": "xylograph"}, "note": ["Quux"], "deep": [{"x": "hidden-value"}], name: 1}
    told = shaper.of_answer(value)
    assert isinstance(told, dict)
    assert list(told["object"])[-1] == (name if shown else "(hidden 1)")


def test_names_within_json_in_text_are_not_told() -> None:
    value = {"press_key": json.dumps({"question": {"a": 1}}), "other": 1}
    assert Shaper().of_answer(value) == {
        "object": {
            "press_key": {JSON_IN_TEXT: {"object": {"(hidden 1)": {"object": {"(hidden 1)": "integer, 1-4 digits"}}}}},
            "other": "integer, 1-4 digits",
        }
    }


def test_a_shape_has_an_end() -> None:
    deep: Any = 1
    for _ in range(60):
        deep = [deep]
    assert "not looked at" in json.dumps(Shaper().of_answer(deep))
    wide = Shaper().of_answer({f"a{'b' * n}": n for n in range(5000)})
    assert isinstance(wide, dict)
    assert len(wide["object"]) == 200
    long = Shaper().of_answer([10**n for n in range(300)] + [[n] * n for n in range(300)])
    assert len(json.dumps(long)) < 3000


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([text for text, _ in TEXTS]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=12) | st.from_regex(r"[a-z]{1,8}", fullmatch=True), inner, max_size=4)
        | inner.map(json.dumps)
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values)
def test_a_shape_is_the_shape_of_its_example(value: Any) -> None:
    shape = Shaper().of_request(value)
    again = Shaper().of_request(example_of(shape))
    assert without_lengths(again) == without_lengths(shape)


def without_lengths(shape: Any) -> Any:
    """An example of a list has one entry of each shape; names may be hidden for what stands beside them."""
    if not isinstance(shape, dict):
        return shape
    if "object" in shape:
        return [without_lengths(item) for item in shape["object"].values()]
    return [without_lengths(item) for item in shape.get("list", [shape.get(JSON_IN_TEXT)])]
