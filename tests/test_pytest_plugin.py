"""The plugin as this very run of pytest has loaded it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("uvicorn", reason="the extra is not installed")

if TYPE_CHECKING:
    from autocall_otp.sandbox import Sandbox


def test_the_marker_is_known(pytestconfig: pytest.Config) -> None:
    (line,) = [line for line in pytestconfig.getini("markers") if line.startswith("autocall_sandbox")]
    assert line == "autocall_sandbox(**settings): settings for the fixture, as Sandbox() takes them"


def test_without_a_marker_it_is_a_sandbox_as_it_comes(autocall_sandbox: Sandbox) -> None:
    assert (autocall_sandbox.clock.speed, autocall_sandbox.token) == (1, "sandbox")
    assert autocall_sandbox.url.startswith("http://127.0.0.1:")


@pytest.mark.autocall_sandbox(speed=0, token="mine")
def test_the_marker_sets_it_up(autocall_sandbox: Sandbox) -> None:
    assert (autocall_sandbox.clock.speed, autocall_sandbox.token) == (0, "mine")


@pytest.mark.autocall_sandbox(speed=0)
class TestOfAClass:
    """A marker of a class holds for its tests; the nearest one wins."""

    @pytest.mark.timeout(60)
    def test_it_holds(self, autocall_sandbox: Sandbox) -> None:
        assert autocall_sandbox.clock.speed == 0

    @pytest.mark.autocall_sandbox(speed=5)
    def test_the_nearest_wins(self, autocall_sandbox: Sandbox) -> None:
        assert autocall_sandbox.clock.speed == 5
