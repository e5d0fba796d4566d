"""Whatever the contract says beyond the page carries a mark that says so, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.agree.differ import KEYWORDS, NAMES, below, source_of
from support.agree.elements import METHODS, At, Json, at_path, shown
from support.agree.tree import find, is_payload
from support.agree.verdict import AFTER, PAGE, SPEC, Disagreement

MAX_REASON = 120
# Every entry of these is an element of the contract, and so is each of the single nodes.
CONTAINERS = {
    "paths", "properties", "examples", "links", "headers", "responses", "variables", "securitySchemes", "schemas",
    "tags", "servers", "parameters", "webhooks", "callbacks", "requestBodies",
}  # fmt: skip
SINGLES = {"items", "additionalProperties", "contact", "license"}


def elements(node: Json, at: At = ()) -> Iterator[tuple[At, dict[str, Any]]]:
    """Every element of the contract that may need a mark, and where it stands."""
    entries: Any = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in entries:
        here = (*at, key)
        if is_payload(here) or not isinstance(child, dict | list):
            continue
        # A reference is checked where it leads.
        if isinstance(child, dict) and "$ref" not in child and _is_element(at, key):
            yield here, child
        yield from elements(child, here)


def _is_element(at: At, key: str | int) -> bool:
    # Below `properties` stand names: a property may be called `items`.
    named = bool(at) and at[-1] in CONTAINERS and at[-2:-1] != ("properties",)
    is_operation = len(at) == 2 and at[0] == "paths" and key in METHODS
    return is_operation or named or (key in SINGLES and at[-1:] != ("properties",))


def documented(document: Json, wanted: Json) -> set[At]:
    """Where the page's own elements stand in the document."""
    found = set(_documented(document, wanted, (), PAGE, KEYWORDS))
    requirements = document.get("security")
    for requirement in requirements if isinstance(requirements, list) else ():
        found |= {("components", "securitySchemes", name) for name in requirement}
    return found


def _documented(document: Json, wanted: Json, at: At, source: str, keys: str) -> Iterator[At]:
    """Go down the tree of the facts, and beside it down the document, through its references."""
    try:
        node = at_path(document, at)
        while isinstance(node, dict) and "$ref" in node:
            at = tuple(node["$ref"].removeprefix("#/").split("/"))
            node = find(document, node["$ref"])
    except (KeyError, IndexError, TypeError):
        return
    source = source_of(wanted, source, keys)
    if source == PAGE and at:
        yield at
    entries: Any = wanted.items() if isinstance(wanted, dict) else enumerate(wanted) if isinstance(wanted, list) else ()
    for key, each in entries:
        step = key
        if at[-1:] == ("parameters",) and isinstance(node, list):
            names = [parameter.get("name") if isinstance(parameter, dict) else None for parameter in node]
            step = names.index(key) if key in names else len(names)
        if keys == NAMES or not is_payload((*at, key)):
            yield from _documented(document, each, (*at, step), source, below(keys, key))


def marks(document: Json, wanted: Json) -> list[Disagreement]:
    """Elements whose mark is missing, wrong or without a reason."""
    own = documented(document, wanted)
    found: list[Disagreement] = []
    for at, node in elements(document):
        mark, reason = node.get("x-source"), node.get("x-source-reason")
        if at in own and (mark is not None or reason is not None):
            found.append(
                _wrong(at, "it is on the page, but marked as if it were not", "take x-source and its reason away")
            )
        elif at not in own and mark != "inferred":
            what = f"it is not on the page, {f'and its x-source is {mark!r}' if mark else 'nor marked'}"
            found.append(_wrong(at, what, "mark it with `x-source: inferred` and an `x-source-reason`"))
        elif at not in own and not (isinstance(reason, str) and 10 <= len(reason) <= MAX_REASON):
            found.append(_wrong(at, "its mark gives no short reason", f"write 10 to {MAX_REASON} characters"))
    return found


def _wrong(at: At, what: str, how: str) -> Disagreement:
    advice = f"{how} in {SPEC}, or if the page changed edit tests/page; {AFTER}"
    return Disagreement(PAGE, SPEC, f"the mark of {shown(at)}", what, advice)
