"""The shape of a JSON value: its names where they tell nothing, and the words of `leaves` in place of values."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from autocall_otp._answers import read_json
from autocall_otp._cli.recording.leaves import (
    LEAVES,
    LENGTHS,
    LISTED,
    NOT_LOOKED_AT,
    example_of_leaf,
    length,
    scalar_leaf,
    text_leaf,
)
from autocall_otp._secrets import Json, secrets_of

Shape: TypeAlias = "str | dict[str, Any]"
"""A leaf, or `{"object": {name: shape}}`, `{"list": [shape], "length": class}`, `{"JSON in a string": shape}`."""
JSON_IN_TEXT = "JSON in a string"

_MAX_DEPTH, _MAX_NAMES, _MAX_ENTRIES = 12, 200, 10
_ROOT = "(root)"
"""The provider's word for a body as a whole."""
_NAME = r"(?!(?:[^0-9]*[0-9]){3})[A-Za-z_][A-Za-z0-9_]{0,39}"
FIELD_NAME = rf"^(?:{re.escape(_ROOT)}|\(hidden [0-9]{{1,3}}\)|{_NAME})\Z"
"""How the name of a field looks in a recording: as programmers name things, and with two digits at the most."""
_TELLING = 4
"""A secret of so many characters is looked for inside names; a shorter one must be the whole name."""


def bare(text: str) -> str:
    """The text as secrets are looked for in it: without case and separators."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


class Shaper:
    """Takes shapes, and remembers what it saw: what was a value once is never told as a name."""

    def __init__(self, *secrets: str) -> None:
        """Know these secrets from the start."""
        self._secrets: set[str] = set()
        self._values: set[str] = set()
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """A name that holds one of these is hidden from now on."""
        self._secrets |= {bare(secret) for secret in secrets} - {""}

    def of_request(self, value: Json) -> Shape:
        """The shape of a request's body; no word of it is told."""
        return self._body(value, {})

    def of_answer(self, value: Json) -> Shape:
        """The shape of an answer's body, with the listed words in the fields that are listed with them."""
        return self._body(value, LISTED)

    def _body(self, value: Json, listed: Mapping[str, frozenset[str]]) -> Shape:
        self.learn(*secrets_of(value))
        self._values |= {bare(text) for text in _texts(value)} - {""}
        return self._object(value, 1, listed) if isinstance(value, dict) else self._shape(value, 0)

    def _shape(self, value: Json, depth: int, *, names: bool = True) -> Shape:
        if depth >= _MAX_DEPTH:
            return NOT_LOOKED_AT
        if isinstance(value, dict):
            return self._object(value, depth + 1, {}, names=names)
        if isinstance(value, list):
            entries: list[Shape] = []
            for item in value:
                shape = self._shape(item, depth + 1, names=names)
                if shape not in entries and len(entries) < _MAX_ENTRIES:
                    entries.append(shape)
            return {"list": entries, "length": length(len(value)) if value else "0"}
        if isinstance(value, str):
            inside = _json_in(value)
            # Callers and callees put things in there, and name them: no name in it is told.
            return text_leaf(value) if inside is None else {JSON_IN_TEXT: self._shape(inside, depth + 1, names=False)}
        return scalar_leaf(value)

    def _object(
        self, value: dict[str, Json], depth: int, listed: Mapping[str, frozenset[str]], *, names: bool = True
    ) -> dict[str, Any]:
        fields: dict[str, Shape] = {}
        hidden = itertools.count(1)
        for name, item in itertools.islice(value.items(), _MAX_NAMES):
            told = name if names and self._tells_nothing(name) else f"(hidden {next(hidden)})"
            words = listed.get(told)
            fields[told] = (
                text_leaf(item, words) if words and isinstance(item, str) else self._shape(item, depth, names=names)
            )
        return {"object": fields}

    def _tells_nothing(self, name: str) -> bool:
        """Whether a name is one that a programmer gave to a field, and holds no secret that is known."""
        if name == _ROOT:
            return True
        core = bare(name)
        return (
            re.fullmatch(_NAME, name) is not None
            and core not in self._values | self._secrets
            and not any(secret in core for secret in self._secrets if len(secret) >= _TELLING)
        )


def _texts(value: Json) -> Iterator[str]:
    """Every text among the values, and in the JSON that such a text holds."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str):
            yield each
            waiting.append(_json_in(each))


def _json_in(text: str) -> dict[str, Json] | list[Json] | None:
    """The JSON object or list that a text holds."""
    try:
        inside = read_json(text)
    except ValueError:
        return None
    return inside if isinstance(inside, dict | list) else None


def example_of(shape: Shape) -> Json:
    """A made-up value of this shape, for a schema to judge; a list has one entry of each shape."""
    if isinstance(shape, str):
        return example_of_leaf(shape)
    if "object" in shape:
        fields: dict[str, Shape] = shape["object"]
        return {name: example_of(item) for name, item in fields.items()}
    if "list" in shape:
        return [example_of(entry) for entry in shape["list"]]
    return json.dumps(example_of(shape[JSON_IN_TEXT]))


def schema_of_shapes() -> dict[str, Any]:
    """What a shape looks like in a file, as a JSON Schema to be named `shape`."""
    here = {"$ref": "#/$defs/shape"}
    names = {"type": "object", "propertyNames": {"pattern": FIELD_NAME}, "additionalProperties": here}
    entries = {"type": "array", "items": here, "maxItems": _MAX_ENTRIES}
    forms: list[dict[str, Any]] = [
        {"object": names},
        {"list": entries, "length": {"enum": ["0", *LENGTHS]}},
        {JSON_IN_TEXT: here},
    ]
    return {
        "anyOf": [
            {"enum": list(LEAVES)},
            *(
                {"type": "object", "properties": form, "required": list(form), "additionalProperties": False}
                for form in forms
            ),
        ]
    }
