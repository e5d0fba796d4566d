"""`demo`: one call, from the request to its record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from autocall_otp import sandbox as package

if TYPE_CHECKING:
    from cli.conftest import Run


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "Sandbox", partial(package.Sandbox, speed=100))


def test_it_shows_a_call_to_its_end_without_any_setting(run: Run) -> None:
    ran = run("demo")
    assert (ran.exit_code, "answered  yes" in ran.stdout) == (0, True), ran.stderr
    steps = [line.rpartition(": ")[2] for line in ran.stderr.splitlines() if "call 1" in line]
    assert steps == ["queued", "ringing", "answered", "ended after 8 s of talk"]


def test_programs_read_where_it_listens_and_the_record(run: Run) -> None:
    ran = run("demo", "--json")
    assert [line["type"] for line in ran.lines] == ["sandbox", "record"]
    assert ran.only("record")["answered"]
