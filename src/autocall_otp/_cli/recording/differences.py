"""Where a recording and the contract differ. Needs the extra `sandbox`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import attrs
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from autocall_otp._cli.recording.leaves import NOT_LOOKED_AT, kind_in
from autocall_otp._cli.recording.recorder import Recording
from autocall_otp._cli.recording.shapes import JSON_IN_TEXT, Shape, Shaper, example_of
from autocall_otp._secrets import Json

Node = dict[str, Any]
_DOCUMENT = "urn:autocall-otp:openapi"
_JSON = "application/json"
_OBJECT_IN_TEXT, _LIST_IN_TEXT = "a JSON object", "a JSON list"
_TELLING = {
    *("uuid", "local time", "date", "time with a zone", "digits", "e-mail address", "url"),
    *("upper-case word", "lower-case word", _OBJECT_IN_TEXT, _LIST_IN_TEXT),
}
"""Kinds of text that a sample promises. A sample of another kind, such as a sentence, could be anything."""


@attrs.frozen
class Difference:
    """One thing that was seen and that the contract does not say, or the other way round."""

    operation: str
    """The operation's id; method and path where the contract has none."""
    status: str
    field: str | None
    """Names from the outside in, with dots; None for the answer as a whole."""
    kind: str
    """`operation`, `status`, `content type`, `body`, `type`, `missing`, `extra`, `form` or `constraint`."""
    says: str
    """What the contract says."""
    inferred: bool
    """Whether the contract infers it; else the provider's page says so."""
    seen: str


@attrs.frozen
class _Finding:
    """A difference within one answer."""

    at: tuple[str, ...]
    kind: str
    says: str
    seen: str


def differences(recording: Recording, document: Node) -> list[Difference]:
    """Every difference, once.

    Args:
        recording: what was seen.
        document: the OpenAPI description.
    """
    judge = _Judge(document)
    return list(dict.fromkeys(each for exchange in recording.exchanges for each in judge.differences(exchange)))


class _Judge:
    def __init__(self, document: Node) -> None:
        self._document = document
        resource: Resource[Any] = DRAFT202012.create_resource(cast("Node", _closed(document)))
        self._registry: Registry[Any] = Registry[Any]().with_resource(_DOCUMENT, resource)

    def differences(self, exchange: Node) -> Iterator[Difference]:
        """What differs in one exchange; one without an answer says nothing of the contract."""
        if "failure" in exchange:
            return
        method, path, status = exchange["method"], exchange["path"], str(exchange["status"])
        operation: Node | None = self._document["paths"].get(path, {}).get(method.lower())
        if operation is None:
            found, inferred, name = (
                [_Finding((), "operation", "no such operation", "an answer")],
                False,
                f"{method} {path}",
            )
        else:
            name = operation["operationId"]
            found, inferred = self._answer(exchange, f"#/paths/{_escaped(path)}/{method.lower()}/responses")
        for each in found:
            field = ".".join(each.at).replace(".[]", "[]") or None
            yield Difference(name, status, field, each.kind, each.says, inferred, each.seen)

    def _answer(self, exchange: Node, at: str) -> tuple[list[_Finding], bool]:
        """What differs in an answer, and whether what the contract says of it is inferred."""
        status, seen, body = str(exchange["status"]), exchange["content_type"], exchange["body"]
        _, responses = self._at(at)
        key = next((key for key in (status, f"{status[0]}XX", "default") if key in responses), None)
        if key is None:
            inferred = all(_is_inferred(self._at(f"{at}/{each}")[1]) for each in responses)
            return [_Finding((), "status", ", ".join(responses), status)], inferred
        at, response = self._at(f"{at}/{key}")
        content: Node = response.get("content", {})
        if _JSON not in content:
            wanted = not content or seen in content
            return [] if wanted else [_Finding((), "content type", " or ".join(content), seen)], _is_inferred(response)
        schema_at, schema = self._at(f"{at}/content/application~1json/schema")
        found: list[_Finding] = []
        if seen not in content:
            found.append(_Finding((), "content type", " or ".join(content), seen))
        if isinstance(body, dict):
            shape: Shape = cast("Node", body)["JSON"]
            samples = [Shaper().of_request(each["value"]) for each in content[_JSON].get("examples", {}).values()]
            found += dict.fromkeys([*self._by_schema(shape, schema_at), *_by_samples((), shape, samples)])
        elif seen == _JSON and body != "cut short":
            found.append(_Finding((), "body", "JSON", body))
        return found, _is_inferred(schema)

    def _by_schema(self, shape: Shape, at: str) -> Iterator[_Finding]:
        """What the schema does not allow."""
        validator = Draft202012Validator({"$ref": f"{_DOCUMENT}{at}"}, registry=self._registry)
        # The library's own types of these errors are incomplete.
        errors: Iterable[ValidationError] = cast("Any", validator).iter_errors(example_of(shape))
        for error in errors:
            yield from _read(error, shape)

    def _at(self, at: str) -> tuple[str, Node]:
        """What a pointer points at, references followed; with the pointer that leads there without them."""
        node = self._document
        for step in at.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return self._at(node["$ref"]) if "$ref" in node else (at, node)


def _closed(node: Json) -> Json:
    """A copy of the document in which an object has no fields but those that are described."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {name: _closed(item) for name, item in node.items()}
    if copy.get("type") == "object" and "properties" in copy:
        return {"additionalProperties": False, **copy}
    return copy


def _read(error: ValidationError, shape: Shape) -> Iterator[_Finding]:
    """The findings in an error of the schema library."""
    steps = list(error.absolute_path)
    at = tuple(step if isinstance(step, str) else "[]" for step in steps)
    there = _part(shape, steps)
    wanted: Any = error.validator_value
    if there == NOT_LOOKED_AT:
        return
    if error.validator == "additionalProperties":
        known = cast("Node", error.schema)["properties"]
        for name in sorted(_fields(there).keys() - known.keys()):
            yield _Finding((*at, name), "extra", "no such field", _words(_fields(there)[name]))
    elif error.validator == "required":
        for name in sorted(set(wanted) - _fields(there).keys()):
            yield _Finding((*at, name), "missing", "always there", "not there")
    elif error.validator in {"oneOf", "anyOf"}:
        # An alternative that fails further inside is the one that was meant.
        deeper = [each for each in error.context if len(each.absolute_path) > len(steps)]
        for each in deeper:
            yield from _read(each, shape)
        if not deeper:
            yield _Finding(at, "type", " or ".join(map(_types, wanted)), _words(there))
    elif error.validator == "type":
        yield _Finding(at, "type", _types({"type": wanted}), _words(there))
    else:
        yield _Finding(at, "constraint", f"{error.validator}: {wanted}", _words(there))


def _by_samples(at: tuple[str, ...], shape: Shape, samples: list[Shape]) -> Iterator[_Finding]:
    """What is unlike every sample: a field that all of them have is not there, or a text is of another kind."""
    kind, kinds = _kind(shape), {kind for sample in samples if (kind := _kind(sample))}
    if kind and kinds and kinds <= _TELLING and kind not in kinds:
        yield _Finding(at, "form", f"string, {' or '.join(sorted(kinds))}, as in the samples", _words(shape))
    objects = [_fields(sample) for sample in samples if isinstance(sample, dict) and "object" in sample]
    if not objects or isinstance(shape, str) or "object" not in shape:
        return
    fields = _fields(shape)
    for name in objects[0]:
        if name not in fields and all(name in each for each in objects):
            yield _Finding((*at, name), "missing", "always there", "not there")
    for name, item in fields.items():
        yield from _by_samples((*at, name), item, [each[name] for each in objects if name in each])


def _kind(shape: Shape) -> str | None:
    """The kind of a text that is not empty."""
    if isinstance(shape, str):
        return kind_in(shape)
    if JSON_IN_TEXT in shape:
        return _OBJECT_IN_TEXT if "object" in shape[JSON_IN_TEXT] else _LIST_IN_TEXT
    return None


def _fields(shape: Shape) -> dict[str, Shape]:
    """The fields of a shape that is known to be an object's."""
    return cast("dict[str, dict[str, Shape]]", shape)["object"]


def _part(shape: Shape, steps: list[str | int]) -> Shape:
    """The part of a shape that a part of its example was made from."""
    for step in steps:
        # The example has an entry for each shape of a list, and no parts where a shape has none.
        shape = cast("Node", shape)["list" if isinstance(step, int) else "object"][step]
    return shape


def _words(shape: Shape) -> str:
    """A shape in one line."""
    if isinstance(shape, str):
        return shape
    if "list" in shape:
        return f"array, {shape['length']} entries"
    return "object" if "object" in shape else f"string, {_kind(shape)}"


def _types(schema: Node) -> str:
    types = schema.get("type", "another form")
    return " or ".join(cast("list[str]", types)) if isinstance(types, list) else str(types)


def _is_inferred(node: Node) -> bool:
    return node.get("x-source") == "inferred"


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1")
