"""Schemathesis against the sandbox: made-up requests, and chains of them along the contract's link.

AUTOCALL_EXAMPLES says how many examples; `make soak` runs thousands.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from autocall_otp.sandbox import Sandbox
from autocall_otp.sandbox.contract import provider_contract
from autocall_otp.sandbox.contract import testing_contract as contract_of_testing

pytestmark = [pytest.mark.dev, pytest.mark.timeout(3600)]

EXAMPLES = int(os.environ.get("AUTOCALL_EXAMPLES", "40"))
BUDGET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PROVIDER = {"Authorization": "Bearer sandbox"}
DOCUMENTS: dict[str, tuple[Any, dict[str, str]]] = {
    "provider": (provider_contract().document, PROVIDER),
    "testing": (
        contract_of_testing().document | {"servers": [{"url": "http://127.0.0.1"}]},
        {"X-Autocall-Sandbox": "test"},
    ),
}
OPERATIONS = [
    pytest.param(name, path, method, id=f"{method} {path}")
    for name, (document, _) in DOCUMENTS.items()
    for path, item in document["paths"].items()
    for method, operation in item.items()
    if method != "parameters" and operation["operationId"] not in {"streamEvents", "waitForCall"}
]


@cache
def schema(name: str) -> Any:
    import schemathesis  # noqa: PLC0415 - it takes a second, which only these tests need

    # A copy: Schemathesis writes into what it is given.
    return schemathesis.openapi.from_dict(copy.deepcopy(DOCUMENTS[name][0]))


@pytest.fixture(scope="module")
def started() -> Iterator[Sandbox]:
    # A call of this sandbox is over before the next request comes, so that the link finds its record.
    with Sandbox(speed=1_000_000) as sandbox:
        yield sandbox


@pytest.fixture
def running(started: Sandbox) -> Sandbox:
    started.reset()
    return started


@pytest.mark.parametrize(("name", "path", "method"), OPERATIONS)
def test_the_sandbox_keeps_its_contracts(running: Sandbox, name: str, path: str, method: str) -> None:
    asked: list[int] = []

    @BUDGET
    @given(schema(name)[path][method].as_strategy())
    def check(case: Any) -> None:
        asked.append(case.call_and_validate(base_url=running.url, headers=DOCUMENTS[name][1]).status_code)

    check()
    assert asked


def test_chains_of_calls_and_look_ups_keep_the_contract(running: Sandbox) -> None:
    found: list[int] = []

    class Chains(schema("provider").as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:  # noqa: ARG002 - its signature
            return {"base_url": running.url, "headers": PROVIDER}

        def after_call(self, response: Any, case: Any) -> None:
            if case.operation.method == "get":
                found.append(response.status_code)

    Chains.run(settings=settings(BUDGET, max_examples=max(EXAMPLES // 2, 10), stateful_step_count=4))
    assert 200 in found, "the link led to a record at least once"
