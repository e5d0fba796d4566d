"""The generated code against the wrapper: a caller reaches whatever it has, by the same name in both clients.

What there is to reach is read from the generated code. A failure names what the wrapper lacks; what to write for it is
in tests/growth/edits.py, line by line.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from attrs import AttrsInstance
from support.agree.verdict import expect
from support.clients import KINDS, ask
from support.wrapper import OURS, Operation, UseCase, fields, on_the_wire, operations, optional, sample, use_cases

from autocall_otp import AsyncClient, Client, _client
from autocall_otp._operations import record

FLOWS, MODELS, CLIENTS = (f"src/autocall_otp/{name}" for name in ("_operations", "models.py", "_client.py"))
OPERATIONS, USE_CASES = operations(), use_cases()
PAIRS = [(use, OPERATIONS[name]) for use in USE_CASES.values() for name in sorted(use.operations)]
ANSWERS = {(use.result, operation.answer): None for use, operation in PAIRS}

each_pair = pytest.mark.parametrize(
    ("use", "operation"), [pytest.param(*pair, id=f"{pair[0].name}-{pair[1].name}") for pair in PAIRS]
)


def agree(found: bool, left: str, right: str, name: str, what: str) -> None:  # noqa: FBT001 - as assert takes it
    """Fail a test unless the two agree on the name, or on each of the names that are in it."""
    advice = "write it as tests/growth/edits.py does for what is made up there, and run `make contract` again"
    expect(found, (left, right), name, what, advice)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_a_use_case(name: str) -> None:
    is_sent = any(name in use.operations for use in USE_CASES.values())
    agree(is_sent, OPERATIONS[name].module.__name__, FLOWS, name, "no use case sends it")


def wire_name(name: str) -> str:
    """How the wire spells a field of ours."""
    return next((theirs for theirs, ours in OURS.items() if ours == name), name)


def shape(function: Callable[..., Any], skip: int) -> dict[str, object]:
    return {name: each.kind for name, each in list(inspect.signature(function).parameters.items())[skip:]}


@pytest.mark.parametrize("use", USE_CASES.values(), ids=list(USE_CASES))
def test_both_clients_have_the_use_case(use: UseCase) -> None:
    sync, asynchronous = (getattr(kind, use.name, None) for kind in (Client, AsyncClient))
    agree(bool(sync and asynchronous), FLOWS, CLIENTS, use.name, "a client has no such method")
    assert sync
    assert asynchronous
    same = inspect.signature(sync) == inspect.signature(asynchronous)
    agree(same, "Client", "AsyncClient", use.name, "their arguments differ")
    # Parameters of the API that one of the two lacks are looked for below.
    api = {name for each in use.operations for name in OPERATIONS[each].parameters}
    ours, flow = shape(sync, 1), shape(use.flow, 2)
    found, wanted = (
        {name: kind for name, kind in one.items() if name not in api or name in other}
        for one, other in ((ours, flow), (flow, ours))
    )
    agree(found == wanted, FLOWS, CLIENTS, use.name, "their arguments differ")


@pytest.mark.parametrize(
    ("use", "operation", "name"),
    [pytest.param(*pair, name, id=f"{pair[0].name}-{name}") for pair in PAIRS for name in pair[1].parameters],
)
def test_every_parameter_has_its_argument(use: UseCase, operation: Operation, name: str) -> None:
    takers = {FLOWS: use.flow, **{kind.__name__: getattr(kind, use.name, use.flow) for kind in (Client, AsyncClient)}}
    lacking = [place for place, function in takers.items() if name not in inspect.signature(function).parameters]
    agree(not lacking, operation.module.__name__, ", ".join(lacking), name, f"{use.name} does not take it")


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
        agree(False, "the generated code", FLOWS, use.name, str(error))  # noqa: FBT003 - as assert takes it
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
    agree(not names, operation.module.__name__, FLOWS, ", ".join(names), f"{use.name} does not send it so")


@KINDS
@each_pair
def test_what_a_caller_leaves_out_is_not_sent_as_null(kind: type[Any], use: UseCase, operation: Operation) -> None:
    request, _, _ = exchange(kind, use, operation, arguments(use, operation, left_out=True))
    nulls = [name for name, value in json.loads(request.content or b"{}").items() if value is None]
    agree(not nulls, operation.module.__name__, FLOWS, ", ".join(nulls), "None is sent as null")


@pytest.mark.parametrize(
    ("result", "model", "name"),
    [
        pytest.param(result, model, name, id=f"{result.__name__}-{name}")
        for result, model in ANSWERS
        for name in dict.fromkeys([*fields(model), *(wire_name(each) for each in fields(result))])
    ],
)
def test_an_answer_and_its_result_have_the_same_fields(
    result: type[AttrsInstance], model: type[AttrsInstance], name: str
) -> None:
    has_both = name in fields(model) and OURS.get(name, name) in fields(result)
    agree(has_both, f"generated {model.__name__}", MODELS, name, f"{result.__name__} or the answer has no such field")


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
    agree(not names, f"generated {operation.answer.__name__}", MODELS, ", ".join(names), "what comes is not read")


# These checks can fail; what the wrapper lacks altogether is in test_growth.py.


def test_an_argument_that_is_not_handed_on_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    use, operation = USE_CASES["run_otp"], OPERATIONS["run_otp"]
    monkeypatch.setattr(_client, "run_otp", lambda *a, **named: use.flow(*a, **(named | {"template": "another"})))
    assert unsent(Client, use, operation) == ["template"]


def test_a_field_that_is_read_wrongly_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tuple("another" if name == "cause" else name for name in record._TEXTS_ON_WIRE)
    monkeypatch.setattr(record, "_TEXTS_ON_WIRE", wrong)
    assert unread(AsyncClient, USE_CASES["get_cdr"], OPERATIONS["get_cdr_by_ref_id"]) == ["cause"]
