"""What the generated code has and what the wrapper makes of it, both read from the code itself."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import ModuleType
from typing import Any, get_args, get_type_hints
from uuid import UUID

import attrs
import httpx
from attrs import AttrsInstance

import autocall_otp_api
import autocall_otp_api.api
from autocall_otp import OtpCall, Payload, _operations
from autocall_otp._operations import record
from autocall_otp_api import models as generated_models
from autocall_otp_api.types import Unset
from support.page import payload

OURS = {on_wire: ours for ours, on_wire in record._ON_WIRE.items()}


@attrs.frozen
class Operation:
    module: ModuleType

    @property
    def name(self) -> str:
        return self.module.__name__.rpartition(".")[2]

    @property
    def body(self) -> type[AttrsInstance] | None:
        hint: type[AttrsInstance] | None = get_type_hints(self.module._get_kwargs).get("body")
        return hint

    @property
    def parameters(self) -> dict[str, Any]:
        """What a caller may pass, with its type: parameters of path, query and header, and fields of the body."""
        hints = get_type_hints(self.module._get_kwargs)
        apart = {name: hint for name, hint in hints.items() if name not in {"body", "return"}}
        return apart | (fields(self.body) if self.body else {})

    @property
    def answer(self) -> type[AttrsInstance]:
        """The model of a success: what the generated code reads an empty one as."""
        client = autocall_otp_api.Client(base_url="https://api.example.vn")
        found = {
            type(read)
            for status in range(200, 300)
            if (read := self.module._parse_response(client=client, response=httpx.Response(status, json={})))
        }
        (model,) = found
        return model

    def sends(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The request that the generated code makes of these arguments."""
        own = inspect.signature(self.module._get_kwargs).parameters
        apart = {name: value for name, value in arguments.items() if name in own}
        if self.body:
            names = fields(self.body)
            build: Callable[..., Any] = self.body
            apart["body"] = build(**{name: value for name, value in arguments.items() if name in names})
        request: dict[str, Any] = self.module._get_kwargs(**apart)
        return request


@attrs.frozen
class UseCase:
    """One flow of the wrapper, and the operations that it sends."""

    name: str
    flow: Callable[..., Any]
    operations: frozenset[str]

    @property
    def parameters(self) -> dict[str, Any]:
        hints = get_type_hints(self.flow)
        return {name: hints[name] for name in list(inspect.signature(self.flow).parameters)[2:]}

    @property
    def result(self) -> type[AttrsInstance]:
        found: type[AttrsInstance] = get_args(get_type_hints(self.flow)["return"])[-1]
        return found


def operations() -> dict[str, Operation]:
    api = autocall_otp_api.api
    modules = [importlib.import_module(found.name) for found in pkgutil.walk_packages(api.__path__, f"{api.__name__}.")]
    found = [Operation(module) for module in modules if hasattr(module, "_get_kwargs")]
    return {operation.name: operation for operation in found}


def use_cases() -> dict[str, UseCase]:
    """Every use case of the wrapper: the function that has the name of its module in `_operations`."""
    by_module = {operation.module.__name__: name for name, operation in operations().items()}
    found: dict[str, UseCase] = {}
    for each in pkgutil.iter_modules(_operations.__path__, f"{_operations.__name__}."):
        name = each.name.rpartition(".")[2]
        flow = vars(importlib.import_module(each.name)).get(name)
        if inspect.isfunction(flow):
            found[name] = UseCase(name, flow, frozenset(by_module[module] for module in set(_sends(flow))))
    return found


def _sends(function: Callable[..., Any], seen: frozenset[object] = frozenset()) -> Iterator[str]:
    """The generated operations that a function imports, itself or through what it calls in `_operations`."""
    for node in ast.walk(ast.parse(inspect.getsource(function))):
        if isinstance(node, ast.ImportFrom) and any(each.name == "_get_kwargs" for each in node.names):
            yield str(node.module)
    for value in inspect.getclosurevars(inspect.unwrap(function)).globals.values():
        if inspect.isfunction(value) and value.__module__.startswith(_operations.__name__) and value not in seen:
            yield from _sends(value, seen | {function})


def fields(model: type[AttrsInstance]) -> dict[str, Any]:
    """The fields of a model that an answer or a request has, with their types."""
    hints = get_type_hints(model, localns=vars(generated_models))
    # A result holds the answer itself, too, and a call the number that was dialled.
    apart = {"raw", "phone_number"} if model is OtpCall else {"raw"}
    return {field.name: hints[field.name] for field in attrs.fields(model) if field.init and field.name not in apart}


def kinds(hint: object) -> set[object]:
    """The types that a hint allows, without those that stand for nothing."""
    return set(get_args(hint) or {hint}) - {Unset, type(None)}


def optional(hint: object) -> bool:
    """Whether a value may be left out, by the generated code's hint or by ours."""
    return bool({Unset, type(None)} & set(get_args(hint)))


def sample(name: str, hint: object) -> Any:
    """A value that the generated code takes for a parameter of the request: the page's own where it shows one."""
    allowed = kinds(hint)
    text = payload("run_otp.request").get(name, f"made-up-{name}")
    made: dict[object, Any] = {UUID: UUID(int=7), str: text, int: 7, float: 7.5, bool: True}
    if UUID in allowed and name in payload("run_otp.request"):
        return UUID(text)
    return next(value for kind, value in made.items() if kind in allowed)


def on_the_wire(ours: object, wire: object) -> object:
    """A value that the generated code takes for a field, and that the type of our field can hold."""
    if str in kinds(wire):
        return "2023-03-07 10:06:53" if datetime in kinds(ours) else "{}" if Payload in kinds(ours) else "some text"
    made: dict[object, object] = {int: 7, float: 7.0, bool: True}
    return next((value for kind, value in made.items() if kind in kinds(wire)), {})
