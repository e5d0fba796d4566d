"""Walking an OpenAPI document: what kind of element stands where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

At = tuple[str | int, ...]
Json = Any

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ONE, LIST, MAP = "one", "list", "map"
_BODY = {"content": (MAP, "media type")}
_VALUED = {"schema": (ONE, "schema"), "examples": (MAP, "example"), **_BODY}
# Where each kind of element holds others: field, whether it is one, a list or named entries, and of which kind.
HOLDS: dict[str, dict[str, tuple[str, str]]] = {
    "document": {
        "info": (ONE, "info"),
        "servers": (LIST, "server"),
        "security": (LIST, "security requirement"),
        "tags": (LIST, "tag"),
        "paths": (MAP, "path"),
        "components": (ONE, "components"),
    },
    "info": {"contact": (ONE, "contact"), "license": (ONE, "license")},
    "server": {"variables": (MAP, "server variable")},
    "path": {"parameters": (LIST, "parameter"), **dict.fromkeys(METHODS, (ONE, "operation"))},
    "operation": {
        "parameters": (LIST, "parameter"),
        "requestBody": (ONE, "request body"),
        "responses": (MAP, "response"),
        "security": (LIST, "security requirement"),
        "servers": (LIST, "server"),
    },
    "parameter": _VALUED,
    "header": _VALUED,
    "request body": _BODY,
    "media type": {"schema": (ONE, "schema"), "examples": (MAP, "example")},
    "response": {"headers": (MAP, "header"), "links": (MAP, "link"), **_BODY},
    "schema": {
        "properties": (MAP, "property"),
        "items": (ONE, "schema"),
        "additionalProperties": (ONE, "schema"),
        "oneOf": (LIST, "schema"),
        "anyOf": (LIST, "schema"),
        "allOf": (LIST, "schema"),
    },
    "components": {
        "schemas": (MAP, "schema"),
        "responses": (MAP, "response"),
        "parameters": (MAP, "parameter"),
        "examples": (MAP, "example"),
        "requestBodies": (MAP, "request body"),
        "headers": (MAP, "header"),
        "securitySchemes": (MAP, "security scheme"),
        "links": (MAP, "link"),
    },
}
HOLDS["property"] = HOLDS["schema"]
MAPS = {field for fields in HOLDS.values() for field, (shape, _) in fields.items() if shape == MAP}


@attrs.frozen
class Element:
    kind: str
    at: At
    node: Json
    shape: str
    """How it stands in what holds it: alone, in a list, or under a name of its own."""

    @property
    def is_reference(self) -> bool:
        """Whether it stands elsewhere and is only pointed at here."""
        return isinstance(self.node, dict) and "$ref" in self.node


def walk(document: Json) -> Iterator[Element]:
    """Every element of the document, the outer ones first; none inside of example values."""
    yield from _below("document", (), document)


def _below(kind: str, at: At, node: Json) -> Iterator[Element]:
    if not isinstance(node, dict) or "$ref" in node:
        return
    for field, (shape, of) in HOLDS.get(kind, {}).items():
        held = node.get(field)
        # A security requirement may be empty, and `additionalProperties` a plain yes or no.
        entries: list[tuple[At, Json]] = []
        if shape == ONE and isinstance(held, dict):
            entries = [((*at, field), held)]
        elif shape == LIST and isinstance(held, list):
            entries = [((*at, field, index), each) for index, each in enumerate(held)]
        elif shape == MAP and isinstance(held, dict):
            entries = [((*at, field, name), each) for name, each in held.items()]
        for here, each in entries:
            yield Element(of, here, each, shape)
            yield from _below(of, here, each)


def at_path(document: Json, at: At) -> Json:
    for step in at:
        document = document[step]
    return document


def shown(at: At) -> str:
    """A place as text, a JSON pointer without the escapes."""
    return "#/" + "/".join(map(str, at))
