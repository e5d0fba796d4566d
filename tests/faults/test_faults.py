"""Every fault of the catalogue, over each transport, with both clients and both operations."""

from pathlib import Path

import pytest

from autocall_otp import ApiError, Outcome, Retry, TransportError
from faults import scripts
from faults.canaries import AWKWARD, everything_logged, shown_by, shown_by_log
from faults.catalogue import CATALOGUE, LATE, expected
from faults.kinds import Expected, Fault, success
from faults.observe import observe_all
from faults.page import complete, in_time
from faults.scripts import MIB, answers, says, whole
from faults.server import Script, Wire
from faults.ways import is_ours, over_each

_PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
# The client's bound, and what lies in the buffers of the system when a receiver has stopped reading.
_MOST_SENT = MIB + 48 * MIB
INSISTENT = Retry(base=0.001, cap=0.01, unknown_outcome=True)


@over_each
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


def _then(*scripts_in_turn: Script) -> Fault:
    """A fault of which nothing is said beforehand."""
    return Fault("", scripts.in_turn(*scripts_in_turn), **success())


def _once(status: str, *, rings: bool) -> Script:
    return says(whole(b"{}", status, "Connection: close"), rings=rings)


_DOUBTS = {
    "reset": scripts.resets_after,
    "503": _once("503 Busy", rings=True),
    "520": _once("520 Odd", rings=True),
}


@pytest.mark.parametrize("refusal", ["400 Bad Request", "401 Unauthorized", "429 Slow Down"])
@pytest.mark.parametrize("doubt", _DOUBTS)
def test_a_refusal_does_not_undo_a_doubt(doubt: str, refusal: str) -> None:
    for row in observe_all(_then(_DOUBTS[doubt], _once(refusal, rings=False)), INSISTENT, only="run_otp"):
        assert isinstance(row.error, ApiError)
        assert row.error.status_code == int(refusal[:3])
        assert row.error.outcome is Outcome.UNKNOWN
        assert row.rings == 1


def test_a_refused_connection_does_not_undo_a_doubt() -> None:
    def refuses_from_now_on(wire: Wire) -> None:
        wire.receive(rings=True)
        wire.stop_listening()
        wire.reset()

    for row in observe_all(_then(refuses_from_now_on), INSISTENT, only="run_otp"):
        assert isinstance(row.error, TransportError)
        assert row.told.outcome is Outcome.UNKNOWN
        assert row.rings == 1


def test_those_who_insist_may_ring_twice_and_others_do_not() -> None:
    fault = _then(scripts.resets_after, answers())
    for row in observe_all(fault, INSISTENT, only="run_otp"):
        assert row.told == Expected(None, Outcome.PLACED, retryable=False, requests=2)
        assert row.rings == 2
    assert {row.rings for row in observe_all(fault, only="run_otp")} == {1}


@pytest.mark.dev
def test_the_page_says_what_is_expected() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    assert page == complete(page, CATALOGUE), "run make reliability"
