from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
import httpx
import pytest

@pytest.mark.parametrize("number", range(6))
def test_each_test_has_a_sandbox_of_its_own(autocall_sandbox, number):
    body = {"campaign_uuid": "f77dfcf4-0759-4179-93cb-741f481a776e", "phone_number": "0332665711",
            "template": "t", "code_otp": str(number), "ref_id": "same"}
    headers = {"Authorization": f"Bearer {autocall_sandbox.token}"}
    httpx.post(f"{autocall_sandbox.url}/v3/autocall/otp", json=body, headers=headers).raise_for_status()
    assert [call.code_otp for call in autocall_sandbox.calls] == [str(number)]
    assert autocall_sandbox.calls[0].rings == 1

@pytest.mark.autocall_sandbox(speed=0, token="mine")
def test_the_marker_sets_it_up(autocall_sandbox):
    assert (autocall_sandbox.clock.speed, autocall_sandbox.token) == (0, "mine")
"""


@pytest.mark.parametrize("workers", [[], ["-p", "xdist.plugin", "-n", "2"]], ids=["alone", "xdist"])
def test_the_fixture_is_isolated(tmp_path: Path, workers: list[str]) -> None:
    (tmp_path / "test_users.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "autocall_otp.pytest_plugin", *workers, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=50,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    assert "7 passed" in done.stdout, done.stdout + done.stderr
