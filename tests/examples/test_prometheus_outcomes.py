"""The Prometheus recipe, read as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY, generate_latest

from autocall_otp import AutocallError, CdrTimeoutError, Client
from autocall_otp.sandbox import Sandbox
from prometheus_outcomes import counted

CODE = "LUAN001"
pytestmark = pytest.mark.autocall_sandbox(speed=0)


@pytest.fixture
def client(settings: dict[str, str]) -> Iterator[Client]:  # noqa: ARG001 - the environment
    counted.REQUESTS.clear()
    counted.ENDINGS.clear()
    with Client() as client:
        yield client


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def test_a_call_and_its_ending_are_counted(client: Client, autocall_sandbox: Sandbox) -> None:
    call = counted.run_otp(client, "0900000002", CODE)
    autocall_sandbox.advance(30)
    assert counted.wait_for_cdr(client, call.ref_id).status == "busy"
    assert value("autocall_requests_total", outcome="placed", error="") == 1
    assert value("autocall_endings_total", status="busy") == 1


@pytest.mark.parametrize(
    ("number", "outcome", "error"),
    [
        ("0900000403", "not placed", "PermissionDeniedError"),
        ("0900000502", "unknown", "ServerError"),
        ("12", "not placed", "InvalidRequestError"),
    ],
)
def test_a_failure_is_counted_by_its_outcome(number: str, outcome: str, error: str, client: Client) -> None:
    with pytest.raises(AutocallError):
        counted.run_otp(client, number, CODE)
    assert value("autocall_requests_total", outcome=outcome, error=error) == 1


def test_a_missing_record_is_counted_and_nothing_secret_is_exported(client: Client) -> None:
    call = counted.run_otp(client, "0332665711", CODE)
    with pytest.raises(CdrTimeoutError):
        counted.wait_for_cdr(client, call.ref_id, timeout=0.1)
    assert value("autocall_endings_total", status="no record") == 1
    page = generate_latest().decode()
    assert 'autocall_requests_total{error="",outcome="placed"} 1.0' in page
    assert all(secret not in page for secret in (CODE, "0332665711", call.ref_id))
