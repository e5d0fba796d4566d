"""`check-recording`: where the service, as recorded, and the contract differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from autocall_otp._cli.exits import Exit
from autocall_otp._cli.output import Output, ending, install
from autocall_otp._cli.recording import UnusableFileError, read
from autocall_otp._cli.settings import JsonOption
from autocall_otp._cli.shapes import JSON_LIST, JSON_OBJECT, NOT_LOOKED_AT, Shape, Shaper, kind_in

Node = dict[str, Any]
_JSON, _NONE = "application/json", Node()
_TELLING = {
    *("uuid", "local time", "date", "time with a zone", "digits", "e-mail address", "url"),
    *("upper-case word", "lower-case word", JSON_OBJECT, JSON_LIST),
}
"""Kinds of text that a sample promises. A sample of another kind, such as a sentence, could be anything."""


class Difference(NamedTuple):
    """One thing that was seen and that the contract does not say, or the other way round."""

    operation: str
    status: int
    field: str
    """Names from the outside in, with dots; empty for the answer as a whole."""
    differs: str
    contract: str
    seen: str
    basis: str
    """`page` where the provider's page says so, else `inferred`."""


_Finding = tuple[str, str, str, str]
"""Field, how it differs, what the contract says, what was seen."""


def check_recording(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `doctor --record` wrote.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Compare a recording with the contract; sends nothing."""
    out = Output(as_json=as_json)
    with ending(out):
        try:
            from autocall_otp.sandbox.contract import provider_contract  # noqa: PLC0415 - an extra of its own
        except ModuleNotFoundError as error:
            out.fail(f"check-recording needs {error.name}: {install('sandbox')}", Exit.USAGE)
        try:
            exchanges = read(file)
            found = differences(exchanges, provider_contract().document)
        except UnusableFileError as error:
            out.fail(str(error), Exit.USAGE)
        except (AttributeError, KeyError, RecursionError, TypeError):
            out.fail(f"{file}: is broken", Exit.USAGE)
        for each in found:
            if as_json:
                out.line("difference", **each._asdict() | {"field": each.field or None})
                continue
            basis = "inferred" if each.basis == "inferred" else "from the page"
            out.say(f"{each.operation} {each.status}, {each.field or 'the answer as a whole'}: {each.differs}", "bold")
            out.say(f"  contract  {each.contract} ({basis})")
            out.say(f"  seen      {each.seen}")
        failures = sum("failure" in each for each in exchanges)
        answers = len(exchanges) - failures
        out.note(f"different answers: {answers}, failures to get one: {failures}, differences: {len(found)}")
        if found:
            raise typer.Exit(Exit.FAILED)


def differences(exchanges: list[Node], document: Node) -> list[Difference]:
    """Every difference between a recording and the OpenAPI description, once."""
    comparison = _Comparison(document)
    return list(dict.fromkeys(found for each in exchanges if "failure" not in each for found in comparison.of(each)))


class _Comparison:
    def __init__(self, document: Node) -> None:
        self._document = document

    def of(self, exchange: Node) -> Iterator[Difference]:
        """What differs in one answer."""
        method, path, status = exchange["method"], exchange["path"], exchange["status"]
        operation: Node = self._document["paths"].get(path, {}).get(method.lower(), {})
        name = operation.get("operationId", f"{method} {path}")
        responses: Node = operation.get("responses", {})
        key = next((key for key in (str(status), f"{status // 100}XX", "default") if key in responses), None)
        if key is None:
            kind, says = ("status", ", ".join(responses)) if responses else ("operation", "no such operation")
            yield Difference(name, status, "", kind, says, str(status), "inferred" if responses else "page")
            return
        content: Node = self._resolved(responses[key]).get("content", {})
        media: Node = content.get(_JSON, {})
        schema = self._resolved(media.get("schema", {}))
        basis = "inferred" if schema.get("x-source") == "inferred" else "page"
        for found in dict.fromkeys(self._answer(exchange, content, media, schema)):
            yield Difference(name, status, *found, basis)

    def _answer(self, exchange: Node, content: Node, media: Node, schema: Node) -> Iterator[_Finding]:
        seen, body = exchange["content_type"], exchange["body"]
        if seen not in content:
            yield "", "content type", " or ".join(content), seen
        if not isinstance(body, str):
            samples = [Shaper().of(each["value"]) for each in media.get("examples", {}).values()]
            yield from self._value(schema, samples, body["JSON"], "")
        elif seen == _JSON:
            yield "", "body", "JSON", body

    def _value(self, schema: Node, samples: list[Shape], shape: Shape, at: str) -> Iterator[_Finding]:
        """What the schema does not allow, and what is unlike every sample."""
        schema = self._resolved(schema)
        wanted: list[Node] = schema.get("oneOf", [schema])
        seen = _type_of(shape)
        if shape == NOT_LOOKED_AT:
            return
        schema = next((each for each in wanted if each.get("type", seen) == seen), _NONE)
        if schema is _NONE:
            yield at, "type", " or ".join(each["type"] for each in wanted), shape if isinstance(shape, str) else seen
        elif isinstance(shape, dict):
            yield from self._object(schema, [each for each in samples if isinstance(each, dict)], shape, at)
        elif isinstance(shape, list):
            inside = [entry for each in samples if isinstance(each, list) for entry in each]
            for entry in shape:
                yield from self._value(schema.get("items", {}), inside, entry, f"{at}[]")
        else:
            kind = kind_in(shape)
            kinds = {kind_in(each) for each in samples if isinstance(each, str)} - {""}
            if kind and kinds and kinds <= _TELLING and kind not in kinds:
                yield at, "form", f"string, {' or '.join(sorted(kinds))}, as in the samples", shape

    def _object(
        self, schema: Node, samples: list[dict[str, Shape]], shape: dict[str, Shape], at: str
    ) -> Iterator[_Finding]:
        known: Node = schema.get("properties", {})
        always = {name for name in known if samples and all(name in each for each in samples)}
        for name in sorted(always - shape.keys()):
            yield f"{at}.{name}".lstrip("."), "missing", "always there", "not there"
        for name, item in shape.items():
            field = f"{at}.{name}".lstrip(".")
            if (below := known.get(name, schema.get("additionalProperties"))) is not None:
                yield from self._value(below, [each[name] for each in samples if name in each], item, field)
            elif known:
                yield field, "extra", "no such field", item if isinstance(item, str) else _type_of(item)

    def _resolved(self, node: Node) -> Node:
        while "$ref" in node:
            there: Node = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                there = there[step]
            node = there
        return node


def _type_of(shape: Shape) -> str:
    return shape.partition(",")[0] if isinstance(shape, str) else {dict: "object", list: "array"}[type(shape)]
