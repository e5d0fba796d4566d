"""Every fault of the catalogue, for both clients and both operations."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from faults import scripts
from faults.catalogue import CATALOGUE
from faults.kinds import Expected, Fault, success
from faults.observe import OPERATIONS, QUICK, REF_ID, SECRETS, SHELLS, Row, observe
from faults.page import in_time, markdown, printed
from faults.scripts import MIB, answers, good_body, whole
from faults.server import Script, Server, Wire

from autocall_otp import AutocallError, BadRequestError, Client, Outcome, Retry, TransportError

# What lies in the buffers of the system between a sender and a receiver that has stopped reading.
_BUFFERS = 48 * MIB


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    return_rows: list[Row] = []
    yield return_rows


def four(fault: Fault, retry: Retry = QUICK) -> list[Row]:
    """Both clients, both operations, at the same time."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda pair: observe(fault, *pair, retry=retry), product(SHELLS, OPERATIONS)))


@pytest.fixture(scope="module")
def table() -> Iterator[list[Row]]:
    rows: list[Row] = []
    yield rows


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
    assert "LATE" not in "".join(lines)


@pytest.mark.parametrize("name", [fault.name for fault in CATALOGUE if "200 MB" in fault.name or "million" in fault.name])
def test_a_huge_body_is_left_unread(name: str, figure: Callable[[str], None]) -> None:
    fault = next(fault for fault in CATALOGUE if fault.name == name)
    for row in four(fault):
        figure(f"{name}, {row.shell}, {row.operation}: the server could send {row.sent / MIB:.1f} MiB")
        assert row.sent < MIB + _BUFFERS


_IN_DOUBT = {
    "reset after the request was read": scripts.resets_after,
    "503": answers(b"{}", "503 Busy"),
    "520": answers(b"{}", "520 Odd"),
}
_REFUSALS = {
    "400": answers(b"{}", "400 Bad Request", rings=False),
    "401": answers(b"{}", "401 Unauthorized", rings=False),
    "408": answers(b"{}", "408 Request Timeout", rings=False),
    "429": answers(b"{}", "429 Slow Down", rings=False),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("refusal", _REFUSALS)
@pytest.mark.parametrize("doubt", _IN_DOUBT)
def test_a_refusal_does_not_undo_a_doubt(doubt: str, refusal: str, shell: str) -> None:
    def one_answer(script: Script) -> Script:
        def close_after_it(wire: Wire) -> None:
            script(wire)

        return close_after_it

    script = _by_request(_IN_DOUBT[doubt], one_answer(_REFUSALS[refusal]))
    never = Expected(AutocallError, Outcome.UNKNOWN, retryable=False, requests=0)
    fault = Fault(doubt, script, never, never)
    row = observe(fault, "sync" if shell == "sync" else "async", "run_otp", Retry(base=0.001, cap=0.01, unknown_outcome=True))
    assert isinstance(row.error, AutocallError)
    assert type(row.error) is not TransportError
    assert row.told.outcome is Outcome.UNKNOWN
    assert row.rings == 1


def _by_request(first: Script, later: Script) -> Script:
    return first if first is later else later


def test_those_who_insist_ring_again() -> None:
    fault = Fault("reset, then a success", scripts.in_turn(scripts.resets_after, answers()), **success())
    row = observe(fault, "sync", "run_otp", Retry(base=0.001, cap=0.01, unknown_outcome=True))
    assert row.told == Expected(None, Outcome.PLACED, retryable=False, requests=2)
    assert row.rings == 2
    assert observe(fault, "sync", "run_otp").rings == 1
