"""What a reader of the contract must find in it: the HTTP reference is made of these words."""

from __future__ import annotations

from support.agree.elements import At, Json, at_path, shown, walk
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
    """Elements without words, and contradictions of the page that are not told where a reader meets them."""
    found: list[Disagreement] = []
    for element in walk(document):
        if element.is_reference or not isinstance(element.node, dict):
            continue
        wants = [
            field for field, kinds in (("description", _DESCRIBED), ("summary", _SUMMARIZED)) if element.kind in kinds
        ]
        # A schema that stands under a name, or is marked, is described; one in between says nothing of its own.
        if (element.kind == "schema" and (element.at[:2] == ("components", "schemas") and len(element.at) == 3)) or (
            element.kind == "schema" and "x-source" in element.node
        ):
            wants = ["description"]
        for field in wants:
            text = element.node.get(field)
            if not (isinstance(text, str) and text.strip()):
                found.append(_silent(shown(element.at), f"it has no {field}"))
    return found + _untold(document)


def _untold(document: Json) -> list[Disagreement]:
    """The page contradicts itself in places: whoever reads the contract must be told there."""
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
