"""Schemathesis against the sandbox: made-up requests, and chains of them along the contract's link.

AUTOCALL_EXAMPLES says how many examples; `make soak` runs thousands.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings

from autocall_otp.sandbox import Sandbox
from autocall_otp.sandbox.contract import provider_contract
from autocall_otp.sandbox.contract import testing_contract as contract_of_testing

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.dev, pytest.mark.timeout(3600)]

EXAMPLES = int(os.environ.get("AUTOCALL_EXAMPLES", "40"))
BUDGET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
HEADERS = {"Authorization": "Bearer sandbox"}

# Copies: Schemathesis writes into what it is given.
schema = schemathesis.openapi.from_dict(copy.deepcopy(provider_contract().document))
testing = schemathesis.openapi.from_dict(
    {**copy.deepcopy(contract_of_testing().document), "servers": [{"url": "http://127.0.0.1"}]}
)


@pytest.fixture
def running() -> Iterator[Sandbox]:
    # A call of this sandbox is over before the next request comes, so that the link finds its record.
    with Sandbox(speed=1_000_000) as sandbox:
        yield sandbox


@schema.parametrize()
@BUDGET
def test_the_service_keeps_its_contract(case: schemathesis.Case, running: Sandbox) -> None:
    case.call_and_validate(base_url=running.url, headers=HEADERS)


@testing.exclude(operation_id=["streamEvents", "waitForCall"]).parametrize()
@BUDGET
def test_the_testing_api_keeps_its_contract(case: schemathesis.Case, running: Sandbox) -> None:
    case.call_and_validate(base_url=running.url, headers={"X-Autocall-Sandbox": "test"})


def test_chains_of_calls_and_look_ups_keep_the_contract(running: Sandbox) -> None:
    found: list[int] = []

    class Chains(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:  # noqa: ARG002 - its signature
            return {"base_url": running.url, "headers": HEADERS}

        def after_call(self, response: Any, case: schemathesis.Case) -> None:
            if case.operation.method == "get":
                found.append(response.status_code)

    Chains.run(
        settings=settings(
            max_examples=max(EXAMPLES // 2, 10),
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            stateful_step_count=4,
        )
    )
    assert 200 in found, "the link led to a record at least once"


def test_the_contract_is_the_one_of_the_checkout() -> None:
    text = Path(__file__).resolve().parents[2].joinpath("openapi.yaml").read_text(encoding="utf-8")
    assert provider_contract().document == yaml.safe_load(text)
