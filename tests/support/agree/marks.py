"""Whatever the contract says beyond the page carries a mark that says so, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.agree.differ import KEYWORDS, NAMES, below, source_of
from support.agree.elements import MAP, At, Element, Json, at_path, shown, walk
from support.agree.tree import find, is_payload
from support.agree.verdict import AFTER, PAGE, SPEC, Disagreement

MAX_REASON = 120
_UNMARKED = {"info", "components", "media type", "security requirement", "request body"}
"""What holds these or what they hold has a mark."""


def _needs_mark(element: Element) -> bool:
    # A reference is checked where it leads.
    if element.kind in _UNMARKED or element.is_reference or not isinstance(element.node, dict):
        return False
    return element.kind != "schema" or element.shape == MAP or element.at[-1] in {"items", "additionalProperties"}


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
    for element in filter(_needs_mark, walk(document)):
        at, node = element.at, element.node
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
