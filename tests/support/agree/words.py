"""What a reader of the contract must find in it: the HTTP reference is made of these words."""

from __future__ import annotations

from support.agree.elements import MAP, At, Element, Json, at_path, shown, walk
from support.agree.tree import plain
from support.agree.verdict import AFTER, PAGE, SPEC, Disagreement
from support.page import FACTS, INFERRED, operations

REFERENCE = "the HTTP reference (docs/http.md)"
_DESCRIBED = {
    "info", "server", "server variable", "tag", "operation", "parameter", "request body", "response", "header", "link",
    "security scheme", "property",
}  # fmt: skip
_SUMMARIZED = {"info", "operation", "example"}


def words(document: Json) -> list[Disagreement]:
    """Elements without words, and contradictions of the page that are not mentioned where a reader meets them."""
    found: list[Disagreement] = []
    for element in walk(document):
        if not element.is_reference and isinstance(element.node, dict):
            wanted = ["description"] * _is_described(element) + ["summary"] * (element.kind in _SUMMARIZED)
            silent = [field for field in wanted if not str(element.node.get(field) or "").strip()]
            found += [_silent(shown(element.at), f"it has no {field}") for field in silent]
    return found + _untold(document)


def _is_described(element: Element) -> bool:
    """A schema that has a name or a mark is described; one in between says nothing of its own."""
    if element.kind == "schema":
        is_body = element.at[-1] == "schema" and element.at[-3] == "content"
        return element.shape == MAP or is_body or "x-source" in element.node
    return element.kind in _DESCRIBED


def _untold(document: Json) -> list[Disagreement]:
    """The page contradicts itself in places: a reader of the contract must learn of it there."""
    tree = plain(document)
    found: list[Disagreement] = []
    for name, fact in operations().items():
        request = ("requestBody", "content", FACTS["content_type"], "schema")
        answer = ("responses", INFERRED["success"], "content", FACTS["content_type"], "schema", "properties")
        wanted: list[tuple[At, str]] = []
        for said, sample in fact.get("samples_win", {}).items():
            wanted += [(request, said), ((*request, "properties", sample), said)]
        for each in fact.get("in_path", []):
            wanted += [(("parameters", each), word) for word in ("query", "optional")]
        wanted += [((*answer, each), "misspelt") for each in fact.get("misspelt", [])]
        for at, word in wanted:
            if word not in _described(tree, ("paths", fact["path"], fact["method"], *at)):
                place = f"the {at[-1]} of {name}"
                found.append(_silent(place, f"the page contradicts itself there, and no {word!r} tells of it", PAGE))
    return found


def _described(tree: Json, at: At) -> str:
    try:
        return str(at_path(tree, at)["description"])
    except (KeyError, IndexError, TypeError):
        return ""


def _silent(place: str, what: str, left: str = REFERENCE) -> Disagreement:
    return Disagreement(left, SPEC, f"the words of {place}", what, f"write them in {SPEC}; {AFTER}")
