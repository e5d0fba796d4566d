"""The shape of a JSON value: objects and lists as they are, and in place of each value its type and kind.

A value itself is never in a shape, but for words of closed lists; nor is the name of a field that could be a value.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import TypeAlias, cast

import attrs

from autocall_otp import CallStatus, Cdr, OtpCall
from autocall_otp._cli.recorder import read_json

Shape: TypeAlias = "dict[str, Shape] | list[Shape] | str"

NOT_LOOKED_AT = "not looked at"
"""What lies deeper than anybody needs."""
_MAX_DEPTH, _LONG = 12, 1000

_DAY, _CLOCK = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d"
_KINDS = {
    # First, so that no other pattern sees a text on which it would take long.
    "very long text": rf".{{{_LONG + 1},}}",
    "uuid": r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "zero time": r"0000-00-00( 00:00:00)?",
    "local time": f"{_DAY} {_CLOCK}",
    "date": _DAY,
    "time with a zone": rf"{_DAY}[T ]{_CLOCK}(\.\d+)? ?(Z|[+-]\d\d:?\d\d)",
    "time in another form": rf"{_DAY}[T ]\d\d:\d\d.*|\d\d?[/.-]\d\d?[/.-]\d{{4}}.*",
    "digits": r"\d+",
    "punctuated digits": r"[+(-]?[(+]?\d[\d .()-]*",
    "e-mail address": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "url": r"https?://\S+",
    "markup": r"<.*",
    "upper-case word": r"[A-Z]+([_-][A-Z]+)*",
    "lower-case word": r"[a-z]+([_-][a-z]+)*",
    "text": r".*",
}
_PATTERNS = [(kind, re.compile(pattern, re.DOTALL | re.ASCII)) for kind, pattern in _KINDS.items()]
JSON_OBJECT, JSON_LIST = "a JSON object", "a JSON list"

LISTED: dict[str, frozenset[str]] = {
    "status": frozenset(word for status in CallStatus for word in (status.value, status.value.upper())),
    "message": frozenset({"success"}),
    "error": frozenset({*(status.phrase for status in HTTPStatus), "USER_NOT_REGISTERED"}),
}
"""The words that are recorded as they are, by the field of an answer in which they may stand. No other word is."""
_WORD = "string, the word "

_KNOWN = {field.name for model in (Cdr, OtpCall) for field in attrs.fields(model)} | {
    *("error", "code", "content", "(root)", "phone_number", "template", "template_name", "code_otp", "time_ringging")
}
"""Names of fields that the contract has."""
_NAME = re.compile(r"[A-Za-z_]{1,40}")
_SHORTEST = 4  # characters; a shorter value is not looked for inside names


def bare(text: object) -> str:
    """The text as values are looked for in it: without case and separators."""
    return "".join(letter for letter in str(text).casefold() if letter.isalnum())


def kind_of(text: str) -> str:
    """The kind of a text that is not empty."""
    if isinstance(inside := read_json(text), dict | list):
        return JSON_OBJECT if isinstance(inside, dict) else JSON_LIST
    return next(kind for kind, pattern in _PATTERNS if pattern.fullmatch(text))


def texts_in(value: object) -> Iterator[str]:
    """Every value that is no truth value, as text, also within the JSON that a text holds."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += cast("dict[str, object]", each).values()
        elif isinstance(each, list):
            waiting += cast("list[object]", each)
        elif each is not None and not isinstance(each, bool):
            yield str(each)
            if isinstance(inside := read_json(str(each)), dict | list):
                waiting.append(cast("object", inside))


class Shaper:
    """Takes shapes. No name in them is, holds or is part of one of the values: all that was ever seen, and secrets."""

    def __init__(self, *values: str) -> None:
        self._values = {bare(value) for value in values} - {""}
        self._all_values = "\n".join(self._values)

    def of(self, value: object, depth: int = 0) -> Shape:
        """The shape of a body; of an object at the top, with the listed words in the fields that are listed."""
        if depth >= _MAX_DEPTH:
            return NOT_LOOKED_AT
        if isinstance(value, dict):
            return self._object(cast("dict[str, object]", value), depth)
        if isinstance(value, list):
            shapes: list[Shape] = []
            for item in cast("list[object]", value):
                if (shape := self.of(item, depth + 1)) not in shapes:
                    shapes.append(shape)
            return shapes
        if isinstance(value, str):
            return f"string, {kind_of(value) if value else 'empty'}"
        if value is None or isinstance(value, bool):
            return "null" if value is None else "boolean"
        return "integer" if isinstance(value, int) else "number"

    def _object(self, value: dict[str, object], depth: int) -> Shape:
        fields: dict[str, Shape] = {}
        for name, item in value.items():
            shown = name if self._may_be_shown(name) else f"(hidden {sum(each[0] == '(' for each in fields) + 1})"
            is_listed = depth == 0 and isinstance(item, str) and item in LISTED.get(shown, ())
            fields[shown] = f"{_WORD}{item}" if is_listed else self.of(item, depth + 1)
        return fields

    def _may_be_shown(self, name: str) -> bool:
        core = bare(name)
        parts = (core[i:j] for i, j in itertools.combinations(range(len(core) + 1), 2) if j - i >= _SHORTEST)
        hidden = _NAME.fullmatch(name) is None or core in self._all_values or not self._values.isdisjoint(parts)
        return name in _KNOWN or not hidden


def kind_in(leaf: str) -> str:
    """The kind of text that a leaf is for; empty for an empty text and for all that is no text."""
    if leaf.startswith(_WORD):
        return kind_of(leaf.removeprefix(_WORD))
    kind = leaf.partition("string, ")[2]
    return "" if kind == "empty" else kind
