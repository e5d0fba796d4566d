"""Other values for what stands in a document, and new elements for every place that can hold one."""

from __future__ import annotations

from collections.abc import Iterator

from support.agree.elements import Json

_OTHERS = {
    "in": ("query", "header", "cookie"),
    "scheme": ("basic",),
    "type": ("apiKey", "oauth2"),
    "openapi": ("3.0.3",),
}
_TYPES = ("string", "integer", "number", "boolean", "array", "object")
_CONSTRAINTS: dict[str, tuple[tuple[str, Json], ...]] = {
    "string": (
        ("enum", ["new"]),
        ("const", "new"),
        ("pattern", "^new$"),
        ("format", "date-time"),
        ("format", "uuid"),
        ("minLength", 1),
        ("maxLength", 3),
    ),
    "integer": (("minimum", 1), ("maximum", 1), ("exclusiveMinimum", 0), ("multipleOf", 2), ("format", "int32")),
    "array": (("minItems", 2), ("maxItems", 1), ("uniqueItems", True)),
    "object": (("additionalProperties", False), ("minProperties", 3), ("maxProperties", 1), ("required", ["new"])),
}
_ANY: tuple[tuple[str, Json], ...] = (
    ("deprecated", True),
    ("readOnly", True),
    ("writeOnly", True),
    ("default", "new"),
    ("nullable", True),
    ("not", {"type": "string"}),
)
LOOSENED = {"format", "enum", "const", "pattern", "required", "oneOf", "additionalProperties"}
"""Words that narrow a schema, and can be taken away."""
ADDED_METHODS = {"put", "delete"}
_STRING = {"type": "string", "description": "New."}
# What stands under a name of its own, or in a list, and carries no mark.
NEW: dict[str, Json] = {
    "server": {"url": "https://new.example", "description": "New."},
    "server variable": {"default": "new", "description": "New."},
    "tag": {"name": "New", "description": "New."},
    "path": {"get": {"operationId": "getNew", "summary": "New", "description": "New.", "responses": {}}},
    "operation": {"operationId": "doNew", "summary": "New", "description": "New.", "responses": {}},
    "parameter": {"name": "new", "in": "query", "description": "New.", "schema": {"type": "string"}},
    "request body": {"description": "New.", "content": {"application/json": {"schema": {"type": "object"}}}},
    "response": {"description": "New."},
    "media type": {"schema": {"type": "string"}},
    "schema": _STRING,
    "property": _STRING,
    "example": {"summary": "New", "value": "new"},
    "header": {"description": "New.", "schema": {"type": "string"}},
    "link": {"operationId": "getCdrByRefId", "description": "New."},
    "security scheme": {"type": "http", "scheme": "basic", "description": "New."},
    "contact": {"name": "New"},
    "license": {"name": "New"},
}
NAMES = {"response": "418", "path": "/new", "media type": "application/xml"}


def changed(value: Json) -> Json:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else f"{value}x"


def retyped(value: Json) -> Json:
    """A value of another type, as near as can be."""
    return 7 if isinstance(value, str) else str(value)


def others(key: str, value: Json) -> Iterator[Json]:
    """Other values for a word of OpenAPI."""
    yield from (other for other in _OTHERS.get(key, (changed(value),)) if other != value)


def other_types(kind: Json) -> Iterator[str]:
    """Types that a schema has not."""
    yield from (other for other in _TYPES if other != kind)


def constraints(kind: Json) -> Iterator[tuple[str, Json]]:
    """Words that narrow a schema of this type, each with a value."""
    yield from _CONSTRAINTS.get(str(kind), ())
    yield from _ANY


def may_hold(field: str, node: dict[str, Json]) -> bool:
    """Whether a schema of this type can hold others in this field."""
    wanted = {"properties": "object", "additionalProperties": "object", "items": "array"}.get(field)
    return wanted is None or node.get("type") == wanted
