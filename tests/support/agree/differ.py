"""Where the contract differs from the tree that the facts give, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.agree.elements import MAPS, At, Json, shown
from support.agree.verdict import INFERRED, NEXT, PAGE, SPEC, Disagreement
from support.agree.wanted import FROM, Form
from support.page import INFERRED as FACTS_ADDED

WORDS = {"summary", "description", "x-source", "x-source-reason", FROM}
"""For people, or for the check of the marks."""
# What the keys of an object are: words of OpenAPI, names that the contract gives, or names in a payload.
KEYWORDS, NAMES, PAYLOAD = "keywords", "names", "payload"
_NAMED = MAPS | {"parameters", "required"}


def differences(wanted: Json, found: Json) -> list[Disagreement]:
    """Everything in which the contract differs from the facts; what it adds under a mark is left to the marks."""
    said: dict[tuple[At, str], Disagreement] = {}
    for at, source, what in _differ(wanted, found, (), PAGE):
        # A component is used in many places, and named once.
        said.setdefault((at[-2:], what), Disagreement(source, SPEC, shown(at), what, NEXT[source]))
    return list(said.values())


def unnamed(document: Json) -> list[Disagreement]:
    """Names of generated classes that the contract has lost."""
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    lost = [name for name in FACTS_ADDED["schemas"] if not isinstance(schemas, dict) or name not in schemas]
    return [
        Disagreement(INFERRED, SPEC, f"the schema {name}", f"it is missing in {SPEC}", NEXT[INFERRED]) for name in lost
    ]


def _differ(wanted: Json, found: Json, at: At, source: str, keys: str = KEYWORDS) -> Iterator[tuple[At, str, str]]:
    """Go down both at once; `keys` says what the keys here are."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        yield from _objects(wanted, found, at, source_of(wanted, source, keys), keys)
    elif isinstance(wanted, list) and isinstance(found, list):
        for index, each in enumerate(wanted[: len(found)]):
            yield from _differ(each, found[index], (*at, index), source, keys)
        for index in range(len(found), len(wanted)):
            yield (*at, index), source, f"it is missing in {SPEC}"
        for index, each in enumerate(found[len(wanted) :], len(wanted)):
            if keys == PAYLOAD or not _marked(each):
                yield (*at, index), source, f"only {SPEC} has it"
    elif isinstance(wanted, Form):
        if not wanted.fits(found):
            yield at, source, f"{SPEC} has {_text(found)}, which has not the form of the page's sample"
    elif type(wanted) is not type(found) or wanted != found:
        yield at, source, f"{_text(wanted)} by {source}, {_text(found)} in {SPEC}"


def _objects(
    wanted: dict[str, Json], found: dict[str, Json], at: At, source: str, keys: str
) -> Iterator[tuple[At, str, str]]:
    ignored = WORDS if keys == KEYWORDS else set()
    for key in [each for each in wanted if each not in ignored]:
        here = (*at, key)
        if key in found:
            yield from _differ(wanted[key], found[key], here, source, below(keys, key))
        else:
            yield here, INFERRED if _marked(wanted[key]) else source, f"it is missing in {SPEC}"
    for key in [each for each in found if each not in wanted and each not in ignored]:
        if keys == PAYLOAD or not _marked(found[key]):
            yield (*at, key), source, f"only {SPEC} has it{_short(found[key])}"


def source_of(wanted: Json, source: str, keys: str) -> str:
    """Who says what is below: what holds it, unless the tree says otherwise here."""
    if keys != KEYWORDS or not isinstance(wanted, dict):
        return source
    return PAGE if FROM in wanted else INFERRED if _marked(wanted) else source


def below(keys: str, key: str) -> str:
    if keys == KEYWORDS:
        return PAYLOAD if key in {"value", "example"} else NAMES if key in _NAMED else KEYWORDS
    return KEYWORDS if keys == NAMES else PAYLOAD


def _marked(node: Json) -> bool:
    return isinstance(node, dict) and node.get("x-source") == "inferred"


def _short(value: Json) -> str:
    return "" if isinstance(value, dict | list) else f" ({_text(value)})"


def _text(value: Any) -> str:
    value = {key: kept for key, kept in value.items() if key not in WORDS} if isinstance(value, dict) else value
    text = json.dumps(value, ensure_ascii=False, default=lambda form: form.pattern)
    return text if len(text) <= 80 else f"{text[:77]}..."
