"""The words for single values: which texts are of which kind, to the letter, and a value for each of the words."""

from __future__ import annotations

import math
from http import HTTPStatus

import pytest

from autocall_otp._cli.recording.leaves import (
    KINDS,
    LEAVES,
    LENGTHS,
    LISTED,
    example_of_leaf,
    kind_in,
    kind_of,
    length,
    longest,
    scalar_leaf,
    text_leaf,
)

FIXED = ("very long text", "uuid", "zero time", "local time", "date", "time with a zone", "time in another form")
VARYING = {
    "blank": "    ",
    "digits": "1111",
    "decimal number": "1.00",
    "punctuated digits": "(111",
    "e-mail address": "a@a.aaaa",
    "url": "http://a",
    "markup": "<aaa",
    "upper-case word": "AAAA",
    "lower-case word": "aaaa",
    "letters and digits": "A1aa",
    "text": "a.aa",
    "other text": "éééé",
}
"""An example of each, of the least class of length that has one."""
UUID = "f77dfcf4-0759-4179-93cb-741f481a776e"
TEXTS = {
    "very long text": ("a" * 1001, "\n" * 1001, "é" * 5000),
    "uuid": (UUID, UUID.upper(), UUID.title()),
    "zero time": ("0000-00-00", "0000-00-00 00:00:00"),
    "local time": ("2023-03-07 10:06:53",),
    "date": ("2023-03-07",),
    "time with a zone": (
        *("2023-03-07T10:06:53Z", "2023-03-07 10:06:53.120Z", "2023-03-07T10:06:53.1 Z"),
        *("2023-03-07T10:06:53+07:00", "2023-03-07 10:06:53 -0700"),
    ),
    "time in another form": (
        *("2023-03-07T10:06", "2023-03-07 10:06", "2023-03-07T10:06:53", "2023-03-07 10:06:53.120", "7/3/2023"),
        *("07-03-2023", "07.03.2023 9:06", "07/03/2023 10:06:53", "0000-00-00T00:00:00", "0000-00-00 00:00"),
    ),
    "blank": (" ", " \t\r\n"),
    "digits": ("7", "0332665711"),
    "decimal number": ("-1", "-1.5", "1.5", "0.00"),
    "punctuated digits": (
        "+1",
        "(1",
        "+(1",
        "(+1)",
        "+(+84) 332-665.711",
        "1.",
        "07-03-23",
        "1 2",
        "+1.5",
        "2023-03-07 10",
    ),
    "e-mail address": ("a@b.c", "a.b+c@example.com.vn"),
    "url": ("http://x", "https://example.vn/r.mp3?a=1"),
    "markup": ("<", "<b>\né"),
    "upper-case word": ("A", "NORMAL_CLEARING", "AB-CD_EF"),
    "lower-case word": ("a", "no-answered", "ab-cd_ef"),
    "letters and digits": (
        *("aZ", "Busy", "A1", "1a", "a_", "_A", "A__B", "a--b", "-", "a" * 999 + "1", UUID[:-1], f"{UUID[:-1]}g"),
    ),
    "text": (
        *("a b", " a", "a~", "!", "a@b", "a b@c.d", "a@b@c.d", "http://", "http:/x", "http://a b", "HTTP://x"),
        *(" <b>", ".5", "1,5", "{", "2023-03-07t10:06:53Z", "2023-03-07T10:06:53z", "7/3/23"),
    ),
    "other text": ("é", "a\nb", "a\x1f", "a\x7f", "\x00", "٣", "\xa0", "Nguyễn", "a\n", "1\n", "2023-03-07\n"),
}


def test_the_kinds_of_text() -> None:
    assert (*FIXED, *VARYING) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_text(kind: str) -> None:
    assert [(text, kind_of(text)) for text in TEXTS[kind]] == [(text, kind) for text in TEXTS[kind]]


def test_a_text_is_very_long_from_a_thousand_and_one_characters_on() -> None:
    assert [kind_of(letter * 1000) for letter in ("a", "1", " ", "é")] == [
        *("lower-case word", "digits", "blank", "other text")
    ]


def test_the_classes_of_length() -> None:
    assert LENGTHS == ("1-4", "5-8", "9-16", "17-32", "33-64", "65-256", "257+")
    assert [longest(size) for size in LENGTHS] == [4, 8, 16, 32, 64, 256, 257]
    sizes = (1, 4, 5, 8, 9, 16, 17, 32, 33, 64, 65, 256, 257, 10**9)
    assert [length(size) for size in sizes] == [size for size in LENGTHS for _ in range(2)]


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("", "string, empty"),
        ("2023-03-07", "string, date"),
        ("a" * 1001, "string, very long text"),
        ("busy", "string, lower-case word, 1-4 characters"),
        ("voicemail", "string, lower-case word, 9-16 characters"),
        ("a" * 1000, "string, lower-case word, 257+ characters"),
    ],
)
def test_a_text_is_told_by_its_kind_and_its_length(text: str, leaf: str) -> None:
    assert text_leaf(text) == leaf
    assert text_leaf(text, frozenset({"other"})) == leaf


def test_a_listed_word_is_told() -> None:
    assert text_leaf("busy", frozenset({"busy"})) == "string, the word busy"
    assert text_leaf("", frozenset({""})) == "string, empty"


@pytest.mark.parametrize(
    ("value", "leaf"),
    [
        (None, "null"),
        (True, "boolean"),
        (False, "boolean"),
        (0, "integer, zero"),
        (-1, "integer, negative"),
        (1, "integer, 1-4 digits"),
        (9999, "integer, 1-4 digits"),
        (10000, "integer, 5-8 digits"),
        (0.0, "number, whole"),
        (-1.0, "number, whole"),
        (0.5, "number, with a fraction"),
        (math.nan, "number, with a fraction"),
    ],
)
def test_what_is_no_text_is_told_by_its_type(value: float | None, leaf: str) -> None:
    assert scalar_leaf(value) == leaf


def test_the_words_that_are_told() -> None:
    status = {
        *("answered", "busy", "failed", "no-answered", "not-available", "voicemail", "invalid-number", "phone-block"),
        *("congestion", "ANSWERED", "BUSY", "FAILED", "NO-ANSWERED", "NOT-AVAILABLE", "VOICEMAIL", "INVALID-NUMBER"),
        *("PHONE-BLOCK", "CONGESTION"),
    }
    ends = {"recv_bye", "recv_refuse", "recv_cancel", "send_bye", "send_refuse", "send_cancel"}
    errors = {"USER_NOT_REGISTERED"} | {status.phrase for status in HTTPStatus}
    causes = LISTED["cause"]
    assert {
        "status": status,
        "cause": causes,
        "sip_hangup_disposition": ends,
        "direction": {"inbound", "outbound"},
        "app": {"autocall"},
        "message": {"success"},
        "error": errors,
    } == LISTED
    assert len(causes) == 33
    assert {"NORMAL_CLEARING", "USER_BUSY", "NO_ANSWER", "USER_NOT_REGISTERED"} < causes
    assert {kind_of(cause) for cause in causes} == {"upper-case word"}
    assert {"Unauthorized", "Not Found", "Too Many Requests"} < errors


EXAMPLES = {
    "not looked at": None,
    "null": None,
    "boolean": True,
    "number, whole": 1.0,
    "number, with a fraction": 0.5,
    "integer, zero": 0,
    "integer, negative": -1,
    "integer, 1-4 digits": 1000,
    "integer, 257+ digits": 10**256,
    "string, empty": "",
    "string, very long text": "a" * 1001,
    "string, uuid": "00000000-0000-4000-8000-000000000000",
    "string, zero time": "0000-00-00",
    "string, local time": "2000-01-01 00:00:00",
    "string, date": "2000-01-01",
    "string, time with a zone": "2000-01-01T00:00:00Z",
    "string, time in another form": "2000-01-01T00:00:00",
    "string, the word busy": "busy",
    "string, the word NORMAL_CLEARING": "NORMAL_CLEARING",
    "string, the word Not Found": "Not Found",
} | {f"string, {kind}, {length(len(text))} characters": text for kind, text in VARYING.items()}


@pytest.mark.parametrize("leaf", EXAMPLES)
def test_an_example_of_a_leaf(leaf: str) -> None:
    example = example_of_leaf(leaf)
    assert (example, type(example)) == (EXAMPLES[leaf], type(EXAMPLES[leaf]))


def test_every_example_is_of_its_own_leaf() -> None:
    for leaf in LEAVES[1:]:
        example = example_of_leaf(leaf)
        if "the word" not in leaf:
            assert (text_leaf(example) if isinstance(example, str) else scalar_leaf(example)) == leaf  # type: ignore[arg-type] # no list or object is among them


def test_the_leaves() -> None:
    simple = ["not looked at", "null", "boolean", "number, whole", "number, with a fraction"]
    integers = ["integer, zero", "integer, negative", *(f"integer, {size} digits" for size in LENGTHS)]
    texts = ["string, empty", *(f"string, {kind}" for kind in FIXED)]
    # Nothing so short is an address.
    missing = {"string, e-mail address, 1-4 characters", "string, url, 1-4 characters"}
    sized = [f"string, {kind}, {size} characters" for kind in VARYING for size in LENGTHS]
    words = {f"string, the word {word}" for words in LISTED.values() for word in words}
    others = [*simple, *integers, *texts, *(leaf for leaf in sized if leaf not in missing)]
    assert list(LEAVES[: len(others)]) == others
    assert set(LEAVES[len(others) :]) == words
    assert len(LEAVES) == len(others) + len(words)


@pytest.mark.parametrize(
    ("leaf", "kind"),
    [
        ("null", None),
        ("boolean", None),
        ("integer, 1-4 digits", None),
        ("not looked at", None),
        ("string, empty", None),
        ("string, date", "date"),
        ("string, digits, 5-8 characters", "digits"),
        ("string, the word busy", "lower-case word"),
        ("string, the word Not Found", "text"),
    ],
)
def test_the_kind_that_a_leaf_is_for(leaf: str, kind: str | None) -> None:
    assert kind_in(leaf) == kind
