"""No token, code or phone number in anything that is logged, shown, stored or raised, whatever happens."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from faults import ways
from faults.canaries import CANARIES, ECHOES, everything_logged, found, shown_by_error, shown_by_result
from faults.catalogue import CATALOGUE
from faults.clients import async_client, client
from faults.kinds import Fault
from faults.observe import OPERATIONS, QUICK, SHELLS, Row, observe


def leaks_of(row: Row) -> dict[str, list[str]]:
    """What shows a secret, and which."""
    shown = shown_by_error(row.error) if row.error else shown_by_result(row.result)
    return {f"{row.shell} {row.operation}: {where}": hits for where, text in shown.items() if (hits := found(text))}


def leaks(*faults: Fault) -> dict[str, list[str]]:
    """The same for all calls through some faults, and for all that is logged meanwhile."""
    with everything_logged() as lines, ThreadPoolExecutor(4) as pool:
        cases = product(faults, SHELLS, OPERATIONS)
        rows = pool.map(lambda case: observe(case[0], case[1], case[2], QUICK, CANARIES), cases)
        leaking = {where: hits for row in rows for where, hits in leaks_of(row).items()}
        # libcurl itself logs nothing.
        logs = "httpcore" if ways.chosen() == "own" else "autocall_otp"
        assert any(line.startswith(logs) for line in lines), "nothing was logged: the test would see no leak"
    return leaking | {f"log, {line[:90]}": hits for line in lines if (hits := found(line))}


@pytest.mark.timeout(120)
def test_no_fault_shows_a_secret() -> None:
    assert leaks(*CATALOGUE) == {}


@pytest.mark.parametrize("fault", ECHOES, ids=lambda fault: fault.name)
def test_a_secret_that_the_service_sends_back_is_not_shown(fault: Fault) -> None:
    assert leaks(fault) == {}


@pytest.mark.parametrize(
    "text", ["0332987711", "x +84 332-987 711 y", "c0de-81c55f", "Bearer tok-c4n4ry-7f3e9a51d2", "[(033) 298.7711]"]
)
def test_the_search_finds_what_is_there(text: str) -> None:
    assert found(text)


def test_a_masked_number_may_be_shown() -> None:
    assert found("0332***711") == []


def test_clients_show_no_secret() -> None:
    for one in (
        client("https://api.example.vn", token=CANARIES.token),
        async_client("https://api.example.vn", token=CANARIES.token),
    ):
        assert found(f"{one!r} {one} {vars(one)}") == []
