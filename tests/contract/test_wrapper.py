"""The generated code against the wrapper: a caller reaches whatever it has, by the same name in both clients.

What there is to reach is read from the generated code. A failure names the lines that the wrapper lacks.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx
import pytest
from attrs import AttrsInstance
from support.agree.verdict import Disagreement, settle
from support.clients import KINDS, ask
from support.wrapper import (
    OURS,
    Operation,
    UseCase,
    fields,
    kinds,
    on_the_wire,
    operations,
    optional,
    sample,
    spelt,
    taken,
    use_cases,
)

from autocall_otp import AsyncClient, Client, OtpCall, _client
from autocall_otp._operations import record

FLOWS = "src/autocall_otp/_operations"
RECORD = f"{FLOWS}/record.py"
MODELS, CLIENTS = (f"src/autocall_otp/{name}.py" for name in ("models", "_client"))
OPERATIONS, USE_CASES = operations(), use_cases()
PAIRS = [(use, OPERATIONS[name]) for use in USE_CASES.values() for name in sorted(use.operations)]
ANSWERS = {(use.result, operation.answer): None for use, operation in PAIRS}

each_pair = pytest.mark.parametrize(
    ("use", "operation"), [pytest.param(*pair, id=f"{pair[0].name}-{pair[1].name}") for pair in PAIRS]
)


def lacking(left: str, right: str, name: str, what: str, lines: Iterable[str]) -> None:
    """Fail a test with the lines that are to be written, where there are any."""
    if written := list(lines):
        advice = "\n      ".join(["write beside the lines like them", *written]) + "\n    and run `make contract` again"
        settle([Disagreement(left, right, name, what, advice)])


# Operations and use cases


def lines_of_a_use_case(operation: Operation) -> list[str]:
    results = {model: result.__name__ for result, model in ANSWERS}
    name, result = operation.name, results.get(operation.answer, f"a new class in {MODELS}")
    given = ", ".join(f"{each}: {taken(hint)}" for each, hint in operation.parameters.items())
    call = f"self._session.run({name}(self._settings, self._policy, {', '.join(operation.parameters)}))"
    return [
        f"{FLOWS}/{name}.py: def {name}(settings: Settings, policy: RetryPolicy, {given}) -> Flow[{result}]: ...",
        f"{FLOWS}/{name}.py: there, from {operation.module.__name__} import _get_kwargs",
        f"{FLOWS}/{name}.py: there, it sends request_maker(settings.base_url, _get_kwargs(...)), as those beside it do",
        f"{CLIENTS}: Client: def {name}(self, {given}) -> {result}: return {call}",
        f"{CLIENTS}: AsyncClient: async def {name}(self, {given}) -> {result}: return await {call}",
    ]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_a_use_case(name: str) -> None:
    operation = OPERATIONS[name]
    lines = [] if any(name in use.operations for use in USE_CASES.values()) else lines_of_a_use_case(operation)
    lacking(operation.module.__name__, FLOWS, name, "no use case sends it", lines)


def shape(function: Callable[..., Any], skip: int) -> dict[str, object]:
    return {name: each.kind for name, each in list(inspect.signature(function).parameters.items())[skip:]}


@pytest.mark.parametrize("use", USE_CASES.values(), ids=list(USE_CASES))
def test_both_clients_have_the_use_case(use: UseCase) -> None:
    methods = {kind.__name__: getattr(kind, use.name, None) for kind in (Client, AsyncClient)}
    missing = [f"{CLIENTS}: in {name}: def {use.name}(self, ...)" for name, method in methods.items() if not method]
    lacking(FLOWS, CLIENTS, use.name, "a client has no such method", missing)
    sync, asynchronous = methods.values()
    lines = [] if inspect.signature(sync) == inspect.signature(asynchronous) else [f"{CLIENTS}: give both the same"]
    lacking("Client", "AsyncClient", use.name, "their arguments differ", lines)
    # Parameters of the API that one of the two lacks are looked for below, with the lines to write.
    api = {name for each in use.operations for name in OPERATIONS[each].parameters}
    ours, flow = shape(sync, 1), shape(use.flow, 2)
    found, wanted = (
        {name: kind for name, kind in one.items() if name not in api or name in other}
        for one, other in ((ours, flow), (flow, ours))
    )
    lines = [] if found == wanted else [f"{CLIENTS}: take what {FLOWS} takes, by position or keyword as it does"]
    lacking(FLOWS, CLIENTS, use.name, "their arguments differ", lines)


# Parameters and arguments


def lines_of_an_argument(use: UseCase, operation: Operation, name: str) -> list[str]:
    """What the wrapper lacks so that a caller can pass a parameter of the API."""
    hint = operation.parameters[name]
    value = f"UNSET if {name} is None else {name}" if optional(hint) else name
    argument = f"`{name}: {taken(hint)}{' = None' if optional(hint) else ''},`"
    lines: list[str] = []
    if name not in use.parameters:
        lines.append(f"{FLOWS}/{use.name}.py: {use.name} takes `{name}: {taken(hint)},`")
        lines.append(f"{FLOWS}/{use.name}.py: there, {operation.takes} is given `{name}={value},`")
    for kind in (Client, AsyncClient):
        if name not in inspect.signature(getattr(kind, use.name, use.flow)).parameters:
            lines.append(f"{CLIENTS}: {kind.__name__}.{use.name} takes {argument}")
            lines.append(f"{CLIENTS}: there, the flow is given `{name}={name},`")
    return lines


@pytest.mark.parametrize(
    ("use", "operation", "name"),
    [pytest.param(*pair, name, id=f"{pair[0].name}-{name}") for pair in PAIRS for name in pair[1].parameters],
)
def test_every_parameter_has_its_argument(use: UseCase, operation: Operation, name: str) -> None:
    lines = lines_of_an_argument(use, operation, name)
    lacking(operation.module.__name__, f"{FLOWS} or {CLIENTS}", name, f"callers of {use.name} cannot pass it", lines)


def arguments(use: UseCase, operation: Operation, *, left_out: bool = False) -> dict[str, Any]:
    """A value for each argument of a use case; None for those that the wrapper alone knows or a caller leaves out."""
    hints = {
        name: operation.parameters.get(name, hint)
        for name, hint in use.parameters.items()
        if name in inspect.signature(getattr(Client, use.name)).parameters
    }
    return {
        name: None if optional(hint) and (left_out or name not in operation.parameters) else sample(name, hint)
        for name, hint in hints.items()
    }


def exchange(
    kind: type[Any], use: UseCase, operation: Operation, given: Mapping[str, Any]
) -> tuple[httpx.Request, dict[str, object], Any]:
    """What a client sends for these arguments, a full answer to it, and what the client makes of that."""
    seen: list[httpx.Request] = []
    result = fields(use.result)
    values = {
        name: on_the_wire(result.get(OURS.get(name, name)), hint) for name, hint in fields(operation.answer).items()
    }

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=values)

    try:
        found = ask(kind, lambda client: getattr(client, use.name)(**given), reply=reply)
    except TypeError as error:
        lines = [f"{FLOWS}: take that argument out, or name it as the generated code does"]
        lacking("the generated code", FLOWS, use.name, str(error), lines)
        raise
    return seen[0], values, found


def unsent(kind: type[Any], use: UseCase, operation: Operation) -> list[str]:
    """What of a request differs from the generated code's own for the same arguments."""
    given = arguments(use, operation)
    wanted = operation.sends({name: value for name, value in given.items() if name in operation.parameters})
    request, _, _ = exchange(kind, use, operation, given)
    address = httpx.Request(wanted["method"], f"https://api.example.vn{wanted['url']}", params=wanted.get("params"))
    found = [] if (request.method, request.url) == (address.method, address.url) else ["method, path or query"]
    found += [name for name, value in wanted.get("headers", {}).items() if request.headers.get(name) != value]
    body, sent = wanted.get("json", {}), json.loads(request.content or b"{}")
    return found + [name for name in body.keys() | sent.keys() if (name, sent.get(name)) not in body.items()]


@KINDS
@each_pair
def test_arguments_go_out_as_the_generated_code_sends_them(kind: type[Any], use: UseCase, operation: Operation) -> None:
    names = sorted(unsent(kind, use, operation))
    lines = [f"{CLIENTS}, {FLOWS}: {use.name} hands `{name}` on to {operation.takes} unchanged" for name in names]
    lacking(operation.module.__name__, FLOWS, ", ".join(names), f"{use.name} does not send it so", lines)


@KINDS
@each_pair
def test_what_a_caller_leaves_out_is_not_sent_as_null(kind: type[Any], use: UseCase, operation: Operation) -> None:
    request, _, _ = exchange(kind, use, operation, arguments(use, operation, left_out=True))
    nulls = [name for name, value in json.loads(request.content or b"{}").items() if value is None]
    lines = [
        f"{FLOWS}/{use.name}.py: {operation.takes} is given `{name}=UNSET if {name} is None else {name},`"
        for name in nulls
    ]
    lacking(operation.module.__name__, FLOWS, ", ".join(nulls), "None is sent as null", lines)


# Fields of answers and of results


def line_of_a_field(result: type[AttrsInstance], name: str, hint: object) -> list[str]:
    """What a result lacks so that a caller can read a field of the answer."""
    kind = "datetime" if name.startswith("time_") and str in kinds(hint) else spelt(hint)
    reason = "  # noqa: RUF009 - an attrs field" if kind in {"datetime", "Payload"} else ""
    lines = [f"{MODELS}: {result.__name__} has `{name}: {kind} | None = _unshown()`{reason}, a docstring below it"]
    if result is OtpCall:
        lines.append(f"{FLOWS}/run_otp.py: read_answer reads `{name}`")
        lines.append(f'{FLOWS}/run_otp.py: OtpCall(...) is given `{name}=texts["{name}"],`')
    elif kind not in {"str", "Payload"} and f"{kind} | None" not in record._READERS:
        lines.append(f'{RECORD}: _READERS has `"{kind} | None": ...`')
    return lines


each_field = pytest.mark.parametrize(
    ("result", "model", "name"),
    [
        pytest.param(result, model, name, id=f"{result.__name__}-{name}")
        for result, model in ANSWERS
        for name in fields(model)
    ],
)


@each_field
def test_every_field_of_an_answer_has_its_field(
    result: type[AttrsInstance], model: type[AttrsInstance], name: str
) -> None:
    ours = OURS.get(name, name)
    lines = [] if ours in fields(result) else line_of_a_field(result, ours, fields(model)[name])
    lacking(f"generated {model.__name__}", MODELS, name, f"{result.__name__} has no field for it", lines)


@pytest.mark.parametrize(
    ("result", "model", "name"),
    [
        pytest.param(result, model, name, id=f"{result.__name__}-{name}")
        for result, model in ANSWERS
        for name in fields(result)
    ],
)
def test_every_field_of_a_result_is_in_the_answer(
    result: type[AttrsInstance], model: type[AttrsInstance], name: str
) -> None:
    on_wire = {ours: theirs for theirs, ours in OURS.items()}.get(name, name)
    lines = [
        f"{MODELS}: take `{name}` out of {result.__name__}, or, where the wire only spells it otherwise,",
        f'{RECORD}: `"{name}": "..."` in _ON_WIRE',
    ]
    lines = [] if on_wire in fields(model) else lines
    lacking(MODELS, f"generated {model.__name__}", name, "no field of the answer is read into it", lines)


def unread(kind: type[Any], use: UseCase, operation: Operation) -> list[str]:
    """Fields of an answer that do not arrive in the result."""
    _, values, found = exchange(kind, use, operation, arguments(use, operation))
    assert found.raw == values
    ours = {name: OURS.get(name, name) for name in values}
    return [name for name in values if ours[name] in fields(use.result) and getattr(found, ours[name]) is None]


@KINDS
@each_pair
def test_what_an_answer_holds_arrives(kind: type[Any], use: UseCase, operation: Operation) -> None:
    names = unread(kind, use, operation)
    wire = fields(operation.answer)
    lines = [
        f"{MODELS}: {use.result.__name__}.{OURS.get(name, name)} is `{spelt(wire[name])} | None`, or {FLOWS} reads it"
        for name in names
    ]
    lacking(f"generated {operation.answer.__name__}", MODELS, ", ".join(names), "what comes is not read", lines)


# These checks can fail; what the wrapper lacks altogether is in test_growth.py.


def test_an_argument_that_is_not_handed_on_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    use, operation = USE_CASES["run_otp"], OPERATIONS["run_otp"]
    monkeypatch.setattr(_client, "run_otp", lambda *a, **named: use.flow(*a, **(named | {"template": "another"})))
    assert unsent(Client, use, operation) == ["template"]


def test_a_field_that_is_read_wrongly_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tuple("another" if name == "cause" else name for name in record._TEXTS_ON_WIRE)
    monkeypatch.setattr(record, "_TEXTS_ON_WIRE", wrong)
    assert unread(AsyncClient, USE_CASES["get_cdr"], OPERATIONS["get_cdr_by_ref_id"]) == ["cause"]
