"""The plugin as this very run of pytest has loaded it, and in a parallel run of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autocall_otp.sandbox import Sandbox

pytest.importorskip("uvicorn", reason="the extra is not installed")

from autocall_otp import Client

TESTS = """
import pytest
from autocall_otp import Client

@pytest.mark.parametrize("number", range(4))
def test_each_test_has_a_sandbox_of_its_own(autocall_sandbox, number):
    with Client() as client:
        client.run_otp("0332665711", str(number), ref_id="same")
    assert [(call.code_otp, call.rings) for call in autocall_sandbox.calls] == [(str(number), 1)]
"""


@pytest.mark.dev
def test_tests_that_run_at_once_do_not_meet(tmp_path: Path) -> None:
    (tmp_path / "test_users.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *("-p", "autocall_otp.pytest_plugin", "-p", "xdist.plugin", "-n", "2")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_the_marker_is_known(pytestconfig: pytest.Config) -> None:
    (line,) = [line for line in pytestconfig.getini("markers") if line.startswith("autocall_sandbox")]
    assert line.startswith("autocall_sandbox(environment=True, **settings): ")


def test_a_client_that_is_told_nothing_calls_the_sandbox(autocall_sandbox: Sandbox) -> None:
    assert (autocall_sandbox.clock.speed, autocall_sandbox.token) == (1, "sandbox")
    assert autocall_sandbox.calls == [], "no test sees the calls of another"
    with Client() as client:
        call = client.run_otp("0332665711", "LUAN001")
    assert autocall_sandbox.latest("+84 332 665 711").ref_id == call.ref_id


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCALL_API_HOST", "https://elsewhere.test")
    monkeypatch.setenv("AUTOCALL_TEMPLATE", "mine")
    monkeypatch.delenv("AUTOCALL_TOKEN", raising=False)


@pytest.mark.usefixtures("before")
def test_the_environment_names_the_sandbox_and_keeps_what_is_the_test_s(autocall_sandbox: Sandbox) -> None:
    assert os.environ["AUTOCALL_API_HOST"] == autocall_sandbox.url
    assert (os.environ["AUTOCALL_TOKEN"], os.environ["AUTOCALL_TEMPLATE"]) == (autocall_sandbox.token, "mine")


@pytest.mark.usefixtures("before", "autocall_sandbox")
@pytest.mark.autocall_sandbox(environment=False)
def test_a_marker_leaves_the_environment_alone() -> None:
    assert os.environ["AUTOCALL_API_HOST"] == "https://elsewhere.test"
    assert "AUTOCALL_TOKEN" not in os.environ


@pytest.mark.autocall_sandbox(0)
def test_settings_without_a_name_are_refused(request: pytest.FixtureRequest) -> None:
    with pytest.raises(TypeError, match="^the marker autocall_sandbox takes settings by name alone, .* speed=0$"):
        request.getfixturevalue("autocall_sandbox")


@pytest.mark.autocall_sandbox(speed=0, auto_answer=False)
class TestOfAClass:
    """A marker of a class holds for its tests; the nearest one adds to it, and wins."""

    def test_it_holds(self, autocall_sandbox: Sandbox) -> None:
        assert autocall_sandbox.clock.speed == 0

    @pytest.mark.autocall_sandbox(speed=5, token="mine")
    def test_the_nearest_wins(self, autocall_sandbox: Sandbox) -> None:
        assert (autocall_sandbox.clock.speed, autocall_sandbox.token) == (5, "mine")
        assert not autocall_sandbox.auto_answer
