"""Every fault of the catalogue, for both clients and both operations."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from autocall_otp import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    Outcome,
    RateLimitedError,
    Retry,
    TransportError,
)
from faults import scripts
from faults.catalogue import CATALOGUE
from faults.kinds import Expected, Fault, success
from faults.observe import OPERATIONS, SHELLS, Row, Shell, observe
from faults.page import in_time, markdown, printed, replaced
from faults.scripts import MIB, answers, says, whole
from faults.server import Script, Wire
from faults.ways import Way

_PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
# What lies in the buffers of the system between a sender and a receiver that has stopped reading.
_BUFFERS = 48 * MIB
INSISTENT = Retry(base=0.001, cap=0.01, unknown_outcome=True)


def four(fault: Fault) -> list[Row]:
    """Both clients, both operations, at the same time."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda pair: observe(fault, *pair), product(SHELLS, OPERATIONS)))


@pytest.fixture(scope="module")
def table(way: Way) -> list[Row]:  # noqa: ARG001 - made anew for each
    return []


@pytest.mark.parametrize("fault", CATALOGUE, ids=lambda fault: fault.name)
def test_the_caller_is_told_the_truth(fault: Fault, table: list[Row]) -> None:
    rows = four(fault)
    table += rows
    told = {(row.shell, row.operation): row.told for row in rows}
    assert told == {(shell, operation): fault.expected(operation) for shell, operation in told}
    for row in rows:
        assert in_time(row), f"{row.elapsed:.1f} s, the deadline was {row.deadline} s"
        assert not row.followed, "a request went to another host"
        assert row.rings <= 1
        if row.operation == "run_otp":
            assert row.told.outcome is not Outcome.NOT_PLACED or not row.rings
            assert row.told.outcome is not Outcome.PLACED or row.rings


def test_the_table_of_all_rows(table: list[Row], figure: Callable[[str], None]) -> None:
    figure(printed(table))
    lines = markdown(table).splitlines()
    assert len(lines) == 2 + len(table) / 4


@pytest.mark.dev
def test_the_page_says_what_happened(table: list[Row]) -> None:
    if len(table) < 4 * len(CATALOGUE):
        pytest.skip("only a part of the catalogue was run")
    page = _PAGE.read_text(encoding="utf-8")
    assert page == replaced(page, markdown(table)), "run scripts/reliability.py"


@pytest.mark.parametrize(
    "name", [fault.name for fault in CATALOGUE if "200 MB" in fault.name or "million" in fault.name]
)
def test_a_huge_body_is_left_unread(name: str, figure: Callable[[str], None]) -> None:
    fault = next(fault for fault in CATALOGUE if fault.name == name)
    for row in four(fault):
        figure(f"{name}, {row.shell}, {row.operation}: the server could send {row.sent / MIB:.1f} MiB")
        assert row.sent < MIB + _BUFFERS


def _once(status: str, *, rings: bool) -> Script:
    return says(whole(b"{}", status, "Connection: close"), rings=rings)


_IN_DOUBT = {
    "reset": scripts.resets_after,
    "503": _once("503 Busy", rings=True),
    "520": _once("520 Odd", rings=True),
}
_REFUSALS: dict[str, type[ApiError]] = {
    "400 Bad Request": BadRequestError,
    "401 Unauthorized": AuthenticationError,
    "408 Request Timeout": ApiError,
    "429 Slow Down": RateLimitedError,
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("refusal", _REFUSALS)
@pytest.mark.parametrize("doubt", _IN_DOUBT)
def test_a_refusal_does_not_undo_a_doubt(doubt: str, refusal: str, shell: Shell) -> None:
    script = scripts.in_turn(_IN_DOUBT[doubt], _once(refusal, rings=False))
    row = observe(_fault(script), shell, "run_otp", INSISTENT)
    assert row.told.error is _REFUSALS[refusal]
    assert row.told.outcome is Outcome.UNKNOWN
    assert row.rings == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_a_refused_connection_does_not_undo_a_doubt(shell: Shell) -> None:
    def refuses_from_now_on(wire: Wire) -> None:
        wire.receive(rings=True)
        wire.stop_listening()
        wire.reset()

    row = observe(_fault(refuses_from_now_on), shell, "run_otp", INSISTENT)
    assert isinstance(row.error, TransportError)
    assert isinstance(row.error.__cause__, httpx.ConnectError)
    assert row.told.outcome is Outcome.UNKNOWN
    assert row.rings == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_those_who_insist_may_ring_twice_and_others_do_not(shell: Shell) -> None:
    fault = _fault(scripts.in_turn(scripts.resets_after, answers()))
    row = observe(fault, shell, "run_otp", INSISTENT)
    assert row.told == Expected(None, Outcome.PLACED, retryable=False, requests=2)
    assert row.rings == 2
    assert observe(fault, shell, "run_otp").rings == 1


def _fault(script: Script, **how: Any) -> Fault:
    """A fault of which nothing is said beforehand."""
    return Fault("", script, **success(), **how)
