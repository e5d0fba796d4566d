"""The contract as one tree: references followed, so that it can be compared with what the facts give."""

from __future__ import annotations

from typing import Any

from support.agree.elements import METHODS, At, Json, at_path

_APART = {"components", "tags", "operationId"}
"""Names for generated code: the wrapper, which imports that code, checks them. Components stand where they are used."""


def plain(document: Json) -> dict[str, Any]:
    tree = _plain(document, document, (), ())
    return tree if isinstance(tree, dict) else {}


def _plain(node: Json, document: Json, at: At, seen: tuple[str, ...]) -> Json:
    if isinstance(node, list):
        return [_plain(each, document, (*at, index), seen) for index, each in enumerate(node)]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        target = None if reference in seen else find(document, reference)
        if not isinstance(target, dict):
            return {"$ref": reference}
        siblings = {key: value for key, value in node.items() if key != "$ref"}
        return _plain(target | siblings, document, at, (*seen, reference))
    if is_payload(at):
        return node
    apart = _APART if len(at) in {0, 3} else set()
    return {
        key: _field(str(key), value, document, (*at, str(key)), seen) for key, value in node.items() if key not in apart
    }


def is_payload(at: At) -> bool:
    """Whether an example's value stands here, and not a property that is called so."""
    return at[-1:] in {("value",), ("example",)} and at[-2:-1] != ("properties",)


def _field(key: str, value: Json, document: Json, at: At, seen: tuple[str, ...]) -> Json:
    if key == "required" and isinstance(value, list):
        return {str(name): True for name in value}
    if key == "security" and isinstance(value, list):
        return [_security(each, document) for each in value]
    if at[-2:-1] == ("links",) and isinstance(value, dict) and "operationId" in value:
        rest = {each: kept for each, kept in value.items() if each != "operationId"}
        return rest | {"operation": _operation(document, value["operationId"])}
    tree = _plain(value, document, at, seen)
    if key == "parameters" and isinstance(tree, list):
        return {f"{each.get('name')}": each for each in tree if isinstance(each, dict)}
    return sorted(tree, key=kind_of) if key == "oneOf" and isinstance(tree, list) else tree


def kind_of(schema: Json) -> str:
    """By what alternatives are put in order."""
    return str(schema.get("type")) if isinstance(schema, dict) else ""


def _security(requirement: Json, document: Json) -> Json:
    """The schemes that a requirement asks for, each beside its scopes."""
    if not isinstance(requirement, dict):
        return requirement
    schemes = [(find(document, f"#/components/securitySchemes/{name}"), asked) for name, asked in requirement.items()]
    return [{"scheme": scheme, "scopes": scopes} for scheme, scopes in schemes]


def _operation(document: Json, wanted: Json) -> str:
    """Method and path of the operation with this id."""
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict) and operation.get("operationId") == wanted:
                return f"{method} {path}"
    return f"no operation ({wanted})"


def find(document: Json, reference: str) -> Json:
    """What a local reference points at; None where it points at nothing."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in reference.removeprefix("#/").split("/")]
    try:
        return at_path(document, tuple(steps))
    except (KeyError, IndexError, TypeError):
        return None
