"""Reads an OpenAPI 3.1 file and holds requests against it, so that a change of the file changes the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import parse_qsl, unquote_to_bytes

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema import ValidationError

Json: TypeAlias = dict[str, Any]
ErrorBody: TypeAlias = str | list[dict[str, str]]
DOCUMENT = "urn:autocall-otp:openapi"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
TRUTH = {"true": True, "false": False}


class Violation(Exception):  # noqa: N818 - not an error of ours: the caller's request broke the contract
    """A request that is not carried out.

    Args:
        status: The status to answer with.
        error: The body to answer with, in the provider's shape.
        headers: Headers of the answer.
        reason: The same for people, who may need more words than the provider gives.
        ok: Whether the caller did nothing wrong, and only came too early.
    """

    def __init__(
        self,
        status: int,
        error: ErrorBody,
        headers: dict[str, str] | None = None,
        *,
        reason: str = "",
        ok: bool = False,
    ) -> None:
        super().__init__(status)
        self.status: int = status
        self.error: ErrorBody = error
        self.headers: dict[str, str] = headers or {}
        self.reason: str = reason or in_words(error)
        self.ok: bool = ok


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query."""

    name: str
    place: str
    required: bool
    kind: str | None
    default: Any
    validator: Draft202012Validator

    def read(self, text: str) -> Any:  # noqa: ANN401 - whatever the schema's type makes of it
        """The value in the schema's type; the text itself where it has no such form."""
        try:
            if self.kind == "integer":
                return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
            if self.kind == "number":
                return float(text) if isfinite(float(text)) else text
        except ValueError:
            return text
        return TRUTH.get(text, text) if self.kind == "boolean" else text


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract."""

    id: str
    method: str
    path: str
    pattern: re.Pattern[str]
    parameters: tuple[Parameter, ...]
    body: Draft202012Validator | None
    body_required: bool
    secured: bool


class Contract:
    """The operations of one OpenAPI document.

    Args:
        document: The document, read.
        closed: Whether a query parameter that the document does not name is refused.
    """

    def __init__(self, document: Json, *, closed: bool = False) -> None:
        self.document: Json = document
        self._closed = closed
        resource: Resource[Any] = DRAFT202012.create_resource(document)
        self._registry: Registry[Any] = Registry[Any]().with_resource(DOCUMENT, resource)
        self._resolver = self._registry.resolver(DOCUMENT)
        self.operations: tuple[Operation, ...] = tuple(self._operations())

    def match(self, method: str, raw_path: str) -> tuple[Operation, dict[str, str]]:
        """The operation for a request and its path parameters, decoded.

        Args:
            method: HTTP method.
            raw_path: Path as it was sent, percent-encoding and all, without the query.

        Raises:
            Violation: 404 for an unknown path, 405 for another method, 400 for a path that is not UTF-8.
        """
        matching = [(operation, operation.pattern.fullmatch(raw_path)) for operation in self.operations]
        # Of two paths that match, the one with fewer parameters comes first and is the one that was meant.
        path = next((operation.path for operation, found in matching if found), None)
        allowed: list[str] = []
        for operation, found in matching:
            if found and operation.path == path and operation.method == method:
                return operation, {name: _decoded(name, text) for name, text in found.groupdict().items()}
            if operation.path == path:
                allowed.append(operation.method)
        if allowed:
            methods = ", ".join(sorted(allowed))
            raise Violation(
                405, "Method Not Allowed", {"Allow": methods}, reason=f"{method} is not served here, but {methods} is"
            )
        known = ", ".join(f"{operation.method} {operation.path}" for operation in self.operations)
        raise Violation(404, "Not Found", reason=f"no such path; there are {known}")

    def parameters(self, operation: Operation, path: dict[str, str], query: str) -> dict[str, Any]:
        """The checked parameters in their types, defaults filled in; raises Violation 400."""
        sent = {"path": path, "query": dict(parse_qsl(query, keep_blank_values=True))}
        values: dict[str, Any] = {}
        errors: list[dict[str, str]] = []
        for parameter in operation.parameters:
            text = sent[parameter.place].pop(parameter.name, None)
            if text is None:
                if parameter.required:
                    errors.append({parameter.name: f"{parameter.name} is required"})
                values[parameter.name] = parameter.default
                continue
            values[parameter.name] = parameter.read(text)
            errors += errors_in(parameter.validator, values[parameter.name], parameter.name)
        if self._closed:
            errors += [{name: f"Additional parameter {name} is not allowed"} for name in sent["query"]]
        if errors:
            raise Violation(400, errors)
        return values

    def _operations(self) -> list[Operation]:
        found: list[Operation] = []
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    found.append(self._operation(path, method, item[method]))  # noqa: PERF401 - three lines read
        # A path without parameters wins over one with, as OpenAPI says.
        return sorted(found, key=lambda operation: operation.pattern.groups)

    def _operation(self, path: str, method: str, operation: Json) -> Operation:
        at = f"/paths/{_escaped(path)}/{method}"
        common = self.document["paths"][path].get("parameters", [])
        places = [(f"/paths/{_escaped(path)}/parameters/{n}", item) for n, item in enumerate(common)]
        places += [(f"{at}/parameters/{n}", item) for n, item in enumerate(operation.get("parameters", []))]
        body_at, body = self._resolved(f"{at}/requestBody", operation.get("requestBody", {}))
        has_body = "application/json" in body.get("content", {})
        return Operation(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            pattern=re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))),
            parameters=tuple(parameter for parameter in (self._parameter(*place) for place in places) if parameter),
            body=self._validator(f"{body_at}/content/application~1json/schema") if has_body else None,
            body_required=bool(body.get("required")),
            secured=bool(operation.get("security", self.document.get("security"))),
        )

    def _parameter(self, at: str, item: Json) -> Parameter | None:
        at, item = self._resolved(at, item)
        if item["in"] not in {"path", "query"}:
            return None
        _, schema = self._resolved(f"{at}/schema", item["schema"])
        return Parameter(
            name=item["name"],
            place=item["in"],
            required=bool(item.get("required")),
            kind=schema.get("type"),
            default=schema.get("default"),
            validator=self._validator(f"{at}/schema"),
        )

    def _resolved(self, at: str, item: Json) -> tuple[str, Json]:
        """Follow a `$ref` of this document: the place it leads to and what is there."""
        while "$ref" in item:
            at = item["$ref"].removeprefix("#")
            item = self._resolver.lookup(item["$ref"]).contents
        return at, item

    def _validator(self, at: str) -> Draft202012Validator:
        return Draft202012Validator(
            {"$ref": f"{DOCUMENT}#{at}"},
            registry=self._registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )


def errors_in(validator: Draft202012Validator, value: Any, name: str = "(root)") -> list[dict[str, str]]:  # noqa: ANN401 - any JSON value
    """What is wrong with a value, in the provider's form; never the value itself, which may be a secret."""
    found: list[dict[str, str]] = []
    # The library's own types of these errors are incomplete.
    errors: Iterable[ValidationError] = cast("Any", validator).iter_errors(value)
    for error in errors:
        field = ".".join(str(step) for step in error.absolute_path) or name
        if error.validator == "required":
            instance = cast("Json", error.instance)
            missing = [each for each in cast("list[str]", error.validator_value) if each not in instance]
            prefix = "" if field == "(root)" else f"{field}."
            entries = [{f"{prefix}{each}": f"{each} is required"} for each in missing]
        else:
            entries = [{field: _reason(str(error.validator), error.validator_value, error.instance)}]
        found += [entry for entry in entries if entry not in found]
    return found


def in_words(error: ErrorBody) -> str:
    """The error as a line for people."""
    if isinstance(error, str):
        return error
    return "; ".join(text if field in text else f"{field}: {text}" for each in error for field, text in each.items())


def _reason(keyword: str, wanted: Any, value: Any) -> str:  # noqa: ANN401 - any JSON
    if keyword == "type":
        return f"Invalid type. Expected: {wanted}, given: {_kind(value)}"
    if keyword == "format":
        return f"Does not match format '{wanted}'"
    if keyword == "additionalProperties":
        return "Additional properties are not allowed"
    return f"Does not satisfy {keyword}: {wanted}"


def _kind(value: object) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def _decoded(name: str, text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise Violation(400, [{name: "Is not percent-encoded UTF-8"}]) from None


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1")


@lru_cache
def provider_contract() -> Contract:
    """The contract of the provider's API: the file in the package, or else the one of the checkout.

    Raises:
        FileNotFoundError: If neither is there.
    """
    packaged = resources.files("autocall_otp.sandbox").joinpath("openapi.yaml")
    checkout = Path(__file__).resolve().parents[3] / "openapi.yaml"
    if packaged.is_file():
        return Contract(yaml.safe_load(packaged.read_text(encoding="utf-8")))
    if checkout.is_file():
        return Contract(yaml.safe_load(checkout.read_text(encoding="utf-8")))
    msg = f"openapi.yaml is neither in the package autocall_otp.sandbox nor at {checkout}"
    raise FileNotFoundError(msg)


@lru_cache
def testing_contract() -> Contract:
    """The contract of the sandbox's own testing API."""
    file = resources.files("autocall_otp.sandbox").joinpath("sandbox-openapi.yaml")
    return Contract(yaml.safe_load(file.read_text(encoding="utf-8")), closed=True)
