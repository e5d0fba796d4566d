"""Shapes: what was there and of what kind, and nothing else."""

import json
from typing import Any

import pytest
from support.page import SPEC, payload

from autocall_otp._cli.shapes import LISTED, Shaper, kind_in, kind_of

KINDS = {
    "uuid": ["d6142fb6-6b3a-48fb-bd21-30f83ccb28c9"],
    "local time": ["2023-03-07 10:06:53"],
    "zero time": ["0000-00-00 00:00:00"],
    "date": ["2023-03-07"],
    "time with a zone": ["2023-03-07T10:06:53.5Z", "2023-03-07 10:06:53+07:00"],
    "time in another form": ["2023-03-07T10:06:53", "07/03/2023 10:06"],
    "digits": ["0332665711"],
    "punctuated digits": ["+84 332 665 711", "(024) 3936-0000", "-1.5"],
    "e-mail address": ["a@example.vn"],
    "url": ["https://example.vn/r.wav"],
    "markup": ["<html>"],
    "upper-case word": ["NORMAL_CLEARING"],
    "lower-case word": ["no-answered"],
    "text": ["LUAN001", "Nguyễn Văn A", "\n", "{"],
    "a JSON object": ["{}"],
    "a JSON list": ['[{"a": 1}]'],
    "very long text": ["[" * 100_000, "a-" * 100_000],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_told_by_its_kind(kind: str) -> None:
    for text in KINDS[kind]:
        leaf = Shaper().of(text)
        assert (kind_of(text), leaf, kind_in(leaf)) == (kind, f"string, {kind}", kind)


def test_a_shape_has_the_form_of_its_value_and_each_shape_in_a_list_once() -> None:
    value = {"note": [1, 2.5, None, True, False, "", [], [{"a": 2}], {"a": 1}, {"a": 3}]}
    kinds = ["integer", "number", "null", "boolean", "string, empty", [], [{"a": "integer"}], {"a": "integer"}]
    assert Shaper().of(value) == {"note": kinds}


def test_nothing_is_too_deep_to_be_looked_at() -> None:
    deep: Any = "0332665711"
    for _ in range(500):
        deep = [{"a": deep}]
    assert json.dumps(Shaper().of(deep)).count("not looked at") == 1


def test_a_word_of_a_closed_list_is_told_in_its_own_field_of_an_answer() -> None:
    listed = {"status": "busy", "error": "Not Found", "message": "success"}
    assert Shaper().of(listed) == {name: f"string, the word {word}" for name, word in listed.items()}
    others = {"note": "busy", "additional": {"status": "busy"}, "error": "nguyen"}
    word = "string, lower-case word"
    assert Shaper().of(others) == {"note": word, "additional": {"status": word}, "error": word}
    assert kind_in("string, the word BUSY") == "upper-case word"
    assert LISTED["status"] >= {"answered", "NO-ANSWERED"}


def test_every_name_of_the_contract_is_told() -> None:
    for name in ("run_otp.answer", "get_cdr.answer"):
        page = payload(name)
        assert list(Shaper(*map(str, page.values())).of(page)) == list(page)
    known = {name for schema in SPEC["components"]["schemas"].values() for name in schema["properties"]}
    assert set(Shaper(*known).of(dict.fromkeys(known, 1))) == known


def test_a_name_that_no_programmer_gave_or_that_holds_a_value_is_hidden() -> None:
    for name in ("0332665711", "n0332665711", "a b", "", "ten_nguoi_nhan_" * 3, "x-y", "tên", "a\n"):
        assert Shaper().of({"remark": 1, name: 2}) == {"remark": "integer", "(hidden 1)": "integer"}
    for name in ("wyvern", "Wyvern", "w_y_v_e_r_n", "my_wyvern", "wy"):
        assert Shaper("Wyvern").of({name: 1, "other": 2}) == {"(hidden 1)": "integer", "other": "integer"}
    assert Shaper("wy").of({"wyvern": 1}) == {"wyvern": "integer"}, "two letters say nothing"
