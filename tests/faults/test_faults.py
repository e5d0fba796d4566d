"""Every fault of the catalogue, over each transport, with both clients and both operations."""

from pathlib import Path

import pytest

from autocall_otp import Outcome
from faults.canaries import AWKWARD, everything_logged, shown_by, shown_by_log
from faults.catalogue import CATALOGUE, LATE, expected
from faults.kinds import Fault
from faults.observe import observe_all
from faults.page import complete, in_time
from faults.scripts import MIB
from faults.ways import is_ours, over_each

_PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
# The client's bound, and what lies in the buffers of the system when a receiver has stopped reading.
_MOST_SENT = MIB + 48 * MIB


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


@pytest.mark.dev
def test_the_page_says_what_is_expected() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    assert page == complete(page, CATALOGUE), "run make reliability"
