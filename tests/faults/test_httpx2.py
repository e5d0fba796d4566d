"""httpx2 in place of httpx for a whole program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("httpx2", reason="only the development environment has it")
_ALIASED = "import httpx2; httpx2.alias_httpx(); import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
_FOLDER = Path(__file__).parent


@pytest.mark.timeout(600)
def test_faults_and_secrets_are_the_same_under_the_alias() -> None:
    # The alias comes before the first import of httpx; other plugins import it.
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    modules = [f"{_FOLDER / name}.py" for name in ("test_faults", "test_secrets", "test_evidence", "test_interrupts")]
    options = ["-q", "-p", "pytest_timeout", "-p", "no:cacheprovider", f"--rootdir={_FOLDER.parent.parent}"]
    command = [sys.executable, "-c", _ALIASED, *options, *modules]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-20_000:]
