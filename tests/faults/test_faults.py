"""Every fault of the catalogue, over each transport, with both clients and both operations."""

from pathlib import Path
from typing import Any

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
from faults.canaries import AWKWARD, everything_logged, shown_by, shown_by_log
from faults.catalogue import CATALOGUE, LATE, expected
from faults.kinds import Expected, Fault, success
from faults.observe import observe_all
from faults.page import complete, in_time
from faults.scripts import MIB, answers, says, whole
from faults.server import Script, Wire
from faults.ways import is_ours, over_each

pytestmark = over_each
_PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
# The client's bound, and what lies in the buffers of the system when a receiver has stopped reading.
_MOST_SENT = MIB + 48 * MIB
INSISTENT = Retry(base=0.001, cap=0.01, unknown_outcome=True)


@pytest.mark.parametrize("fault", CATALOGUE, ids=lambda fault: fault.name)
def test_the_caller_is_told_the_truth_and_nobody_a_secret(fault: Fault) -> None:
    with everything_logged() as lines:
        rows = observe_all(fault, secrets=AWKWARD, each_with_each=is_ours())
    assert shown_by_log(lines, AWKWARD) == {}
    for row in rows:
        assert row.told == expected(fault, row.way, row.shell, row.operation), f"{row.shell}: {row.error!r}"
        assert in_time(row) or fault.name in LATE.get((row.way, row.shell), ()), f"{row.shell}: {row.elapsed:.1f} s"
        assert not row.followed, "a request went to another host"
        assert row.rings <= 1
        if row.operation == "run_otp":
            assert row.told.outcome is not Outcome.NOT_PLACED or not row.rings
            assert row.told.outcome is not Outcome.PLACED or row.rings
        assert row.sent < _MOST_SENT
        assert shown_by(row, AWKWARD) == {}


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
    "429 Slow Down": RateLimitedError,
}


@pytest.mark.parametrize("refusal", _REFUSALS)
@pytest.mark.parametrize("doubt", _IN_DOUBT)
def test_a_refusal_does_not_undo_a_doubt(doubt: str, refusal: str) -> None:
    script = scripts.in_turn(_IN_DOUBT[doubt], _once(refusal, rings=False))
    for row in observe_all(_fault(script), INSISTENT, only="run_otp"):
        assert row.told.error is _REFUSALS[refusal]
        assert row.told.outcome is Outcome.UNKNOWN
        assert row.rings == 1


def test_a_refused_connection_does_not_undo_a_doubt() -> None:
    def refuses_from_now_on(wire: Wire) -> None:
        wire.receive(rings=True)
        wire.stop_listening()
        wire.reset()

    for row in observe_all(_fault(refuses_from_now_on), INSISTENT, only="run_otp"):
        assert isinstance(row.error, TransportError)
        assert row.told.outcome is Outcome.UNKNOWN
        assert row.rings == 1


def test_those_who_insist_may_ring_twice_and_others_do_not() -> None:
    fault = _fault(scripts.in_turn(scripts.resets_after, answers()))
    for row in observe_all(fault, INSISTENT, only="run_otp"):
        assert row.told == Expected(None, Outcome.PLACED, retryable=False, requests=2)
        assert row.rings == 2
    assert {row.rings for row in observe_all(fault, only="run_otp")} == {1}


def _fault(script: Script, **how: Any) -> Fault:
    """A fault of which nothing is said beforehand."""
    return Fault("", script, **success(), **how)


@pytest.mark.dev
def test_the_page_says_what_is_expected() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    assert page == complete(page, CATALOGUE), "run make reliability"
