"""The Prometheus recipe, read as Prometheus reads it."""

from collections.abc import Iterator

import pytest
from prometheus_client import generate_latest

from autocall_otp import AutocallError, CdrTimeoutError, Client
from autocall_otp.sandbox import Sandbox
from prometheus_outcomes import counted

NUMBER, CODE = "0332665711", "LUAN001"
pytestmark = pytest.mark.autocall_sandbox(speed=0)


@pytest.fixture
def client(autocall_sandbox: Sandbox) -> Iterator[Client]:
    assert autocall_sandbox.calls == []
    counted.REQUESTS.clear()
    counted.ENDINGS.clear()
    with Client() as client:
        yield client
    page = generate_latest().decode()
    assert all(secret not in page for secret in (CODE, NUMBER, *(call.ref_id for call in autocall_sandbox.calls)))


def requests(error: str, outcome: str) -> str:
    return f'autocall_requests_total{{error="{error}",outcome="{outcome}"}} 1.0\n'


def test_a_call_and_its_ending_are_counted(client: Client, autocall_sandbox: Sandbox) -> None:
    call = counted.run_otp(client, "0900000002", CODE)
    autocall_sandbox.advance(30)
    assert counted.wait_for_cdr(client, call.ref_id).status == "busy"
    page = generate_latest().decode()
    assert requests("", "placed") in page
    assert 'autocall_endings_total{status="busy"} 1.0\n' in page


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
    assert requests(error, outcome) in generate_latest().decode()


def test_a_missing_record_is_counted(client: Client) -> None:
    call = counted.run_otp(client, NUMBER, CODE)
    with pytest.raises(CdrTimeoutError):
        counted.wait_for_cdr(client, call.ref_id, timeout=0.1)
    assert 'autocall_endings_total{status="no record"} 1.0\n' in generate_latest().decode()
