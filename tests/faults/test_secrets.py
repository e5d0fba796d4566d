"""No token, code or phone number in anything that is logged, shown, stored or raised, whatever happens."""

import json
import traceback
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
    shown_by,
    shown_by_log,
)
from faults.clients import Secrets
from faults.kinds import Fault
from faults.observe import observe_all
from faults.server import Server
from faults.users import User

pytestmark = ways.over_each


def leaks(secrets: Secrets, fault: Fault) -> dict[str, list[str]]:
    """What shows a secret of the calls through a fault, and of all that is logged meanwhile."""
    with everything_logged() as lines:
        rows = observe_all(fault, secrets=secrets, each_with_each=ways.is_ours())
    below = "asyncio" if ways.chosen() == "aiohttp" else "httpcore"
    assert any(line.startswith(below) for line in lines), "nothing was logged: the test would see no leak"
    leaking = {where: names for row in rows for where, names in shown_by(row, secrets).items()}
    return leaking | shown_by_log(lines, secrets)


@pytest.mark.parametrize("fault", ECHOES, ids=lambda fault: fault.name)
def test_a_secret_that_the_service_sends_back_is_not_shown(fault: Fault) -> None:
    assert leaks(AWKWARD, fault) == {}


def test_a_code_that_the_service_sends_back_as_a_figure_is_not_shown() -> None:
    assert leaks(PLAIN, AS_FIGURES) == {}


def test_a_reference_that_holds_secrets_is_masked_in_the_warning_and_in_the_error() -> None:
    with (
        Server(scripts.resets_after) as server,
        everything_logged() as lines,
        User("async", server.url, token=PLAIN.token) as one,
    ):
        error = one.start(f"{PLAIN.number}-{PLAIN.code}", PLAIN).exception(55)
    assert isinstance(error, TransportError)
    assert any("outcome UNKNOWN" in line for line in lines)
    assert found("\n".join(lines), PLAIN) == []
    assert found("".join(traceback.format_exception(error)), PLAIN) == []


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
