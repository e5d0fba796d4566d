"""No token, code or phone number in anything that is logged, shown, stored or raised, whatever happens."""

import asyncio
import json
import traceback
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from urllib.parse import quote

import pytest

from autocall_otp import AsyncClient, Client, TransportError
from faults import scripts, ways
from faults.canaries import (
    AS_FIGURES,
    AWKWARD,
    ECHOES,
    PLAIN,
    everything_logged,
    found,
    shown_by_error,
    shown_by_result,
)
from faults.catalogue import CATALOGUE
from faults.clients import QUICK, async_client
from faults.kinds import OPERATIONS, Fault
from faults.observe import Row, Secrets, observe
from faults.server import Server

pytestmark = ways.over_each


def leaks_of(row: Row, secrets: Secrets) -> dict[str, list[str]]:
    """What shows a secret, and which."""
    shown = shown_by_error(row.error) if row.error else shown_by_result(row.result)
    hits = {where: found(text, secrets) for where, text in shown.items()}
    return {f"{row.fault}, {row.shell} {row.operation}: {where}": names for where, names in hits.items() if names}


def leaks(secrets: Secrets, *faults: Fault) -> dict[str, list[str]]:
    """The same for all calls through some faults, and for all that is logged meanwhile."""
    with everything_logged() as lines, ThreadPoolExecutor(4) as pool:
        cases = product(faults, ways.shells(), OPERATIONS)
        rows = list(pool.map(lambda case: observe(*case, QUICK, secrets), cases))
        below = "asyncio" if ways.chosen() == "aiohttp" else "httpcore"
        assert any(line.startswith(below) for line in lines), "nothing was logged: the test would see no leak"
    leaking = {where: names for row in rows for where, names in leaks_of(row, secrets).items()}
    if found("\n".join(lines), secrets):
        leaking |= {f"log, {line[:300]}": names for line in lines if (names := found(line, secrets))}
    return leaking


@pytest.mark.timeout(120)
def test_no_fault_shows_a_secret() -> None:
    assert leaks(AWKWARD, *CATALOGUE) == {}


@pytest.mark.parametrize("fault", ECHOES, ids=lambda fault: fault.name)
def test_a_secret_that_the_service_sends_back_is_not_shown(fault: Fault) -> None:
    assert leaks(AWKWARD, fault) == {}


def test_a_code_that_the_service_sends_back_as_a_figure_is_not_shown() -> None:
    assert leaks(PLAIN, AS_FIGURES) == {}


async def call(url: str, reference: str) -> None:
    async with async_client(url, token=PLAIN.token) as one:
        await one.run_otp(PLAIN.number, PLAIN.code, ref_id=reference)


def test_a_reference_that_holds_secrets_is_masked_in_the_warning_and_in_the_error() -> None:
    with Server(scripts.resets_after) as server:
        reference = f"{PLAIN.number}-{PLAIN.code}"
        with everything_logged() as lines, pytest.raises(TransportError) as caught:
            asyncio.run(call(server.url, reference))
        assert any("outcome UNKNOWN" in line for line in lines)
        assert found("\n".join(lines), PLAIN) == []
        assert found("".join(traceback.format_exception(caught.value)), PLAIN) == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0332987711",
            "x +84 332-987 711 y",
            "[(033) 298.7711]",
            "\uff10\uff13\uff13\uff12\uff19\uff18\uff17\uff17\uff11\uff11",
            "332/987,711",
            "0332\\u00a0987711",
        ),
        *("81553042", "Bearer tok-p1a1n-55c1", "TOK-P1A1N-55C1", "tok%2Dp1a1n%2D55c1"),
    ],
)
def test_the_search_finds_what_is_there(text: str) -> None:
    assert found(text, PLAIN)


def test_the_search_finds_an_awkward_code_however_it_is_written() -> None:
    for written in (AWKWARD.code, repr(AWKWARD.code.encode()), json.dumps(AWKWARD.code), quote(AWKWARD.code)):
        assert found(written, AWKWARD) == ["code"]


def test_a_masked_number_may_be_shown() -> None:
    assert found("0332***711", PLAIN) == []


def test_clients_show_no_secret() -> None:
    one, other = Client("https://a.vn", PLAIN.token), AsyncClient("https://a.vn", PLAIN.token)
    assert found(f"{one!r} {one} {vars(one)} {other!r} {other} {vars(other)}", PLAIN) == []
