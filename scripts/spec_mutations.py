"""Every single change of an OpenAPI document that somebody should notice, found by walking the document.

Nothing here knows what this document says. Words for people are dropped but never reworded: no program knows better.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import attrs
from support.agree.elements import HOLDS, LIST, MAP, METHODS, ONE, At, Element, Json, at_path, shown, walk

Edit = Callable[[Json], None]
_WORDS = ("summary", "description", "x-source-reason")
_UNMARKED = {"info", "components", "media type", "security requirement", "request body"}
"""Kinds that need no mark of their own: what holds them or what they hold has it."""
_STATUSES = {"2": "204", "4": "418", "5": "default"}
_OTHERS = {"in": ("query", "cookie"), "scheme": ("basic",), "type": ("apiKey", "oauth2"), "openapi": ("3.0.3",)}
_TYPES = ("string", "integer", "number", "boolean", "array", "object")
_CONSTRAINTS: dict[str, dict[str, Json]] = {
    "string": {
        "enum": ["new"],
        "const": "new",
        "pattern": "^n$",
        "format": "date-time",
        "minLength": 1,
        "maxLength": 3,
    },
    "integer": {"minimum": 1, "maximum": 1, "exclusiveMinimum": 0, "multipleOf": 2, "format": "int32"},
    "array": {"minItems": 2, "maxItems": 1, "uniqueItems": True},
    "object": {"additionalProperties": False, "minProperties": 3, "maxProperties": 1, "required": ["new"]},
}
_FLAGS: dict[str, Json] = dict.fromkeys(("deprecated", "readOnly", "writeOnly", "nullable"), True)
_ANY = _FLAGS | {"default": "n", "not": {"type": "null"}}
_LOOSENED = {"format", "enum", "const", "pattern", "required", "oneOf", "additionalProperties"}
_HOLDER_TYPE = {"properties": "object", "additionalProperties": "object", "items": "array"}
_NEW_NAMES = {"response": "418", "path": "/new", "media type": "application/xml"}
_OPERATION = {"operationId": "new", "summary": "New", "description": "New.", "responses": {}}
_TEXT = {"type": "string", "description": "New."}
_NEW: dict[str, Json] = {
    "server": {"url": "https://new.example", "description": "New."},
    "server variable": {"default": "new", "description": "New."},
    "tag": {"name": "New", "description": "New."},
    "path": {"get": _OPERATION},
    "operation": _OPERATION,
    "parameter": {"name": "new", "in": "query", "description": "New.", "schema": {"type": "string"}},
    "request body": {"description": "New.", "content": {"application/json": {"schema": {"type": "object"}}}},
    "response": {"description": "New."},
    "media type": {"schema": {"type": "string"}},
    "schema": _TEXT,
    "property": _TEXT,
    "example": {"summary": "New", "value": "new"},
    "header": {"description": "New.", "schema": {"type": "string"}},
    "link": {"operationId": "getCdrByRefId", "description": "New."},
    "security scheme": {"type": "http", "scheme": "basic", "description": "New."},
    "contact": {"name": "New"},
    "license": {"name": "New"},
}
"""An element of each kind that carries no mark."""


@attrs.frozen
class Mutation:
    """One change: of which kind of element, in which way, where."""

    element: str
    how: str
    at: At
    detail: str
    edit: Edit = attrs.field(repr=False, eq=False)

    @property
    def name(self) -> str:
        """Its own name, the same in every run."""
        return f"{self.element} / {self.how} / {shown(self.at)}" + (f" / {self.detail}" if self.detail else "")

    def applied(self, document: Json) -> Json:
        """A changed copy of the document."""
        changed = copy.deepcopy(document)
        self.edit(changed)
        return changed


def _edit(change: Callable[..., None]) -> Callable[..., Edit]:
    """Let a change of a document be written down now, and made later."""
    return lambda *given: lambda document: change(document, *given)


@_edit
def put(document: Json, at: At, value: Json) -> None:
    """Set what stands at a place; what holds it may not be there yet."""
    holder = document
    for step in at[:-1]:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
    holder[at[-1]] = copy.deepcopy(value)


@_edit
def append(document: Json, at: At, value: Json) -> None:
    """Add an entry to the list at a place, which may not be there yet."""
    at_path(document, at[:-1]).setdefault(at[-1], []).append(copy.deepcopy(value))


@_edit
def drop(document: Json, *places: At) -> None:
    """Take away what stands at these places."""
    for at in places:
        del at_path(document, at[:-1])[at[-1]]


@_edit
def rename(document: Json, at: At, new: str) -> None:
    """Give an entry another name in its old place; a property in the list of required ones, too."""
    holder = at_path(document, at[:-1])
    entries = list(holder.items())
    holder.clear()
    holder.update((new if name == at[-1] else name, value) for name, value in entries)
    schema = at_path(document, at[:-2]) if at[-2:-1] == ("properties",) else {}
    if at[-1] in schema.get("required", []):
        schema["required"] = [new if name == at[-1] else name for name in schema["required"]]


@_edit
def rename_with_uses(document: Json, at: At, new: str) -> None:
    """Give a component another name, and follow wherever it is used."""
    rename(at, new)(document)
    old, now = (json.dumps(shown(place)) for place in (at, (*at[:-1], new)))
    followed = json.loads(json.dumps(document).replace(old, now))
    document.clear()
    document.update(followed)


@_edit
def flip_required(document: Json, at: At) -> None:
    """Make a property required, or no longer so."""
    schema = at_path(document, at[:-2])
    names = schema.pop("required", [])
    names = [name for name in names if name != at[-1]] if at[-1] in names else [*names, at[-1]]
    schema |= {"required": names} if names else {}


def catalogue(document: Json) -> list[Mutation]:
    """All mutations, in the order of the document; each name once."""
    found: dict[str, Mutation] = {}
    for element in (Element("document", (), document, ONE), *walk(document)):
        for how, at, detail, edit in _of(element, document):
            mutation = Mutation(element.kind, how, (*element.at, *at), detail, edit)
            found.setdefault(mutation.name, mutation)
    return list(found.values())


Found = Iterator[tuple[str, At, str, Edit]]
"""Way, place below the element, what is new, edit."""


def _of(element: Element, document: Json) -> Found:
    if element.at:
        yield from _placed(element, document)
    if element.is_reference:
        _, components, sort, name = element.node["$ref"].split("/")
        others = [other for other in document[components][sort] if other != name]
        for other in [*others[:1], *others[-1:], "Nothing"]:
            yield "change reference", (), other, put((*element.at, "$ref"), f"#/{components}/{sort}/{other}")
    elif isinstance(element.node, dict):
        yield from _fields(element)
        yield from _marks(element)
        yield from _added(element)
        if element.kind in {"schema", "property"}:
            yield from _schema(element)
        if element.kind in {"document", "operation"}:
            at = (*element.at, "security")
            yield "drop security", (), "asks for nothing", put(at, [])
            yield "drop security", (), "may be left out", put(at, [{}])
            if "security" in element.node:
                yield "drop security", (), "says nothing", drop(at)
                yield "drop security", (), "may be left out instead", append(at, {})


def _placed(element: Element, document: Json) -> Found:
    """Where an element stands, and under which name."""
    at, name = element.at, str(element.at[-1])
    yield "remove", (), "", drop(at)
    new: tuple[str, ...] = ()
    if element.kind == "operation":
        new = tuple(method for method in ("put", "get") if method not in at_path(document, at[:-1]))[:1]
    elif element.kind == "path":
        new = (f"/v0{name}", name.rpartition("/")[0], f"{name}/")
    elif element.kind == "response" and at[0] == "paths":
        new = (_STATUSES[name[0]], f"{name[0]}99")
    elif element.shape == MAP:
        new = (f"{name}New",)
    for each in new:
        yield "rename", (), each, rename(at, each)
    if element.kind == "property":
        yield "flip required", (), "", flip_required(at)
    if at[:-1] == ("components", "schemas"):
        yield "rename", (), "with its uses", rename_with_uses(at, f"{name}New")


def _fields(element: Element) -> Found:
    """Plain values of an element: words, a name, a place, a yes or no, an address, an example."""
    is_schema = element.kind in {"schema", "property"}
    for key, value in element.node.items():
        at = (*element.at, key)
        if key in _WORDS:
            yield "drop words", (key,), "", drop(at)
        elif key in {"value", "example"}:
            yield from _example((key,), at, value)
        elif element.kind == "security requirement":
            yield "change value", (key,), "", put(at, ["calls"])
            yield "rename", (key,), "", rename(at, f"{key}New")
        elif is_schema or key in {"x-source", *HOLDS.get(element.kind, {})}:
            continue
        elif isinstance(value, dict | list):
            for below, each in value.items() if isinstance(value, dict) else enumerate(value):
                yield "change value", (key, below), "", put((*at, below), _changed(each))
                yield "drop value", (key, below), "", drop((*at, below))
            yield "drop value", (key,), "", drop(at)
        else:
            for new in _OTHERS.get(key, (_changed(value),)):
                if new != value:
                    yield "change value", (key,), str(new), put(at, new)
            yield "drop value", (key,), "", drop(at)


def _example(below: At, at: At, value: Json) -> Found:
    """Every value in an example, down to the last: another one, one of another type, none."""
    yield "drop example value", below, "", drop(at)
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _example((*below, key), (*at, key), each)
        more = put((*at, "more"), "new") if isinstance(value, dict) else append(at, "new")
        yield "add example value", below, "", more
    else:
        yield "change example value", below, "", put(at, _changed(value))
        yield "change example type", below, "", put(at, 7 if isinstance(value, str) else str(value))


def _changed(value: Any) -> Json:  # noqa: ANN401 - any JSON value
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else f"{value}x"


def _marks(element: Element) -> Found:
    at = (*element.at, "x-source")
    if "x-source" in element.node:
        yield "drop mark", (), "", drop(at, (*element.at, "x-source-reason"))
        yield "drop mark", (), "its reason stays", drop(at)
        yield "change mark", (), "", put(at, "documented")
    elif element.at and element.kind not in _UNMARKED and (element.kind != "schema" or element.shape == MAP):
        yield "add mark", (), "", put(at, "inferred")


def _added(element: Element) -> Found:
    """An element without a mark, wherever this one can hold one."""
    for field, (shape, kind) in HOLDS.get(element.kind, {}).items():
        holds = element.kind not in {"schema", "property"} or element.node.get("type") == _HOLDER_TYPE.get(
            field, element.node.get("type")
        )
        at = (*element.at, field)
        if kind not in _NEW or not holds:
            continue
        if shape == MAP:
            yield f"add {kind}", (), field, put((*at, _NEW_NAMES.get(kind, "new")), _NEW[kind])
        elif shape == LIST:
            yield f"add {kind}", (), field, append(at, _NEW[kind])
        elif field not in element.node and (field not in METHODS or field in {"put", "delete"}):
            yield f"add {kind}", (), field, put(at, _NEW[kind])


def _schema(element: Element) -> Found:
    """What values a schema allows."""
    at, node = element.at, element.node
    kind = node.get("type")
    for new in _TYPES:
        if new != kind:
            yield "change type", (), new, put((*at, "type"), new)
    if kind:
        yield "change type", (), "none", drop((*at, "type"))
        yield "change type", (), "or null", put((*at, "type"), [kind, "null"])
    for key, new in (_CONSTRAINTS.get(str(kind), {}) | _ANY).items():
        if node.get(key) != new:
            yield "add constraint", (), key, put((*at, key), new)
    for key in node.keys() & _LOOSENED:
        yield "drop constraint", (), key, drop((*at, key))
