"""Every mutation of an OpenAPI document, found by walking it: nothing here knows what this one says."""

from __future__ import annotations

from collections.abc import Iterator

from support.agree.elements import HOLDS, LIST, MAP, METHODS, ONE, At, Element, Json, at_path, is_component, walk

from spec_mutation import values
from spec_mutation.edits import (
    Edit,
    append,
    entry,
    flip_required,
    put,
    remove,
    rename,
    rename_component,
    rename_property,
)
from spec_mutation.mutation import Mutation

_WORDS = ("summary", "description", "x-source-reason")
_UNMARKED = {"info", "components", "media type", "security requirement", "request body"}
"""Kinds that need no mark of their own: what holds them or what they hold has it."""
_STATUSES = {"2": "204", "4": "418", "5": "default"}


def catalogue(document: Json) -> list[Mutation]:
    """All mutations, in the order of the document; each name once."""
    root = Element("document", (), document, ONE)
    found: dict[str, Mutation] = {}
    for element in (root, *walk(document)):
        for mutation in _of(element, document):
            found.setdefault(mutation.name, mutation)
    return list(found.values())


def _of(element: Element, document: Json) -> Iterator[Mutation]:
    if element.at:
        yield from _placed(element, document)
    if element.is_reference:
        yield from _reference(element, document)
    elif isinstance(element.node, dict):
        yield from _keywords(element)
        yield from _words(element)
        yield from _marks(element)
        yield from _added(element)
        if element.kind in {"schema", "property"}:
            yield from _schema(element)
        if element.kind in {"document", "operation"}:
            yield from _security(element)


def _mutation(element: Element, how: str, edit: Edit, detail: str = "", at: At | None = None) -> Mutation:
    return Mutation(element.kind, how, element.at if at is None else at, detail, edit)


def _placed(element: Element, document: Json) -> Iterator[Mutation]:
    """Where an element stands, and under which name."""
    at, name = element.at, str(element.at[-1])
    yield _mutation(element, "remove", remove(at))
    if element.kind == "operation":
        other = next(method for method in ("put", "get") if method not in at_path(document, at[:-1]))
        yield _mutation(element, "change method", rename(at, other), other)
    elif element.kind == "path":
        for new in (f"/v0{name}", name.rpartition("/")[0], f"{name}/"):
            yield _mutation(element, "change path", rename(at, new), new)
    elif element.kind == "response" and at[0] == "paths":
        for new in (_STATUSES[name[0]], f"{name[0]}99"):
            yield _mutation(element, "change status", rename(at, new), new)
    elif is_component(at):
        yield _mutation(element, "rename", rename(at, f"{name}New"), "alone")
        yield _mutation(element, "rename", rename_component(at, f"{name}New"), "with its uses")
    elif element.kind == "property":
        yield _mutation(element, "rename", rename_property(at, f"{name}_new"))
        yield _mutation(element, "flip required", flip_required(at))
    elif element.shape == MAP:
        yield _mutation(element, "rename", rename(at, f"{name}New"))


def _reference(element: Element, document: Json) -> Iterator[Mutation]:
    """A reference that leads to another component of the same sort, or nowhere."""
    _, components, sort, name = element.node["$ref"].split("/")
    others = [other for other in document[components][sort] if other != name]
    for other in [*others[:1], *others[-1:], "Nothing"]:
        target = f"#/{components}/{sort}/{other}"
        yield _mutation(element, "change reference", put((*element.at, "$ref"), target), other)


def _keywords(element: Element) -> Iterator[Mutation]:
    """Plain values of an element: a name, a place, a yes or no, an address, an example."""
    for key, value in element.node.items():
        at = (*element.at, key)
        if key in {"value", "example"}:
            yield from _example(element, at, value)
        elif key in {"$ref", "x-source", *_WORDS, *HOLDS.get(element.kind, {})} or element.kind in {
            "schema",
            "property",
        }:
            continue
        elif element.kind == "security requirement":
            yield _mutation(element, "change value", put(at, ["calls"]), key, at)
            yield _mutation(element, "rename", rename(at, f"{key}New"), key, at)
        elif isinstance(value, dict | list):
            for below, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
                yield _mutation(element, "change value", put((*at, below), values.changed(each)), "", (*at, below))
                yield _mutation(element, "drop value", remove((*at, below)), "", (*at, below))
            yield _mutation(element, "drop value", remove(at), "", at)
        else:
            for new in values.others(key, value):
                yield _mutation(element, "change value", put(at, new), str(new), at)
            yield _mutation(element, "drop value", remove(at), "", at)


def _example(element: Element, at: At, value: Json) -> Iterator[Mutation]:
    """Every value in an example, down to the last: another one, one of another type, none."""
    yield _mutation(element, "drop example value", remove(at), "", at)
    if isinstance(value, dict | list):
        for key, below in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield from _example(element, (*at, key), below)
        more = put((*at, "more"), "new") if isinstance(value, dict) else append(at, "new")
        yield _mutation(element, "add example value", more, "", at)
    else:
        yield _mutation(element, "change example value", put(at, values.changed(value)), "", at)
        yield _mutation(element, "change example type", put(at, values.retyped(value)), "", at)


def _words(element: Element) -> Iterator[Mutation]:
    for key in _WORDS:
        if key in element.node:
            at = (*element.at, key)
            yield _mutation(element, "reword", put(at, f"{element.node[key]} New"), "", at)
            yield _mutation(element, "drop words", remove(at), "", at)


def _marks(element: Element) -> Iterator[Mutation]:
    at = (*element.at, "x-source")
    if "x-source" in element.node:
        yield _mutation(element, "drop mark", remove(at, (*element.at, "x-source-reason")))
        yield _mutation(element, "drop mark", remove(at), "its reason stays")
        yield _mutation(element, "change mark", put(at, "documented"))
    elif element.at and element.kind not in _UNMARKED and (element.kind != "schema" or element.shape == MAP):
        yield _mutation(element, "add mark", put(at, "inferred"))


def _added(element: Element) -> Iterator[Mutation]:
    """An element without a mark, wherever this one can hold one."""
    for field, (shape, kind) in HOLDS.get(element.kind, {}).items():
        new, name = values.NEW.get(kind), values.NAMES.get(kind, "new")
        if new is None or (element.kind in {"schema", "property"} and not values.may_hold(field, element.node)):
            continue
        at = (*element.at, field)
        if shape == MAP:
            yield _mutation(element, f"add {kind}", entry((*at, name), new), field)
        elif shape == LIST:
            yield _mutation(element, f"add {kind}", append(at, new), field)
        elif field not in element.node and (field not in METHODS or field in values.ADDED_METHODS):
            yield _mutation(element, f"add {kind}", put(at, new), field)


def _schema(element: Element) -> Iterator[Mutation]:
    """What values a schema allows."""
    at, node = element.at, element.node
    kind = node.get("type")
    for new in values.other_types(kind):
        yield _mutation(element, "change type", put((*at, "type"), new), str(new))
    if kind:
        yield _mutation(element, "change type", remove((*at, "type")), "none")
        yield _mutation(element, "nullable", put((*at, "type"), [kind, "null"]))
    for key, new in values.constraints(kind):
        if node.get(key) != new:
            how = "change constraint" if key in node else "add constraint"
            yield _mutation(element, how, put((*at, key), new), key)
    for key in node.keys() & values.LOOSENED:
        yield _mutation(element, "drop constraint", remove((*at, key)), key)


def _security(element: Element) -> Iterator[Mutation]:
    """Which token is asked for, and whether any is."""
    at = (*element.at, "security")
    yield _mutation(element, "drop security", put(at, []), "asks for nothing")
    yield _mutation(element, "drop security", put(at, [{}]), "may be left out")
    if "security" in element.node:
        yield _mutation(element, "drop security", remove(at), "says nothing")
        yield _mutation(element, "drop security", append(at, {}), "may be left out instead")
