"""The public names, and importing them."""

import inspect
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import autocall_otp
import autocall_otp_api


def test_what_can_be_seen_is_public_and_described() -> None:
    """Which names these are is said by the reference (test_docs.py), and guarded by `make breaking`."""
    assert autocall_otp.__all__ == sorted(autocall_otp.__all__)
    shown = {
        name for name, value in vars(autocall_otp).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert shown == {*autocall_otp.__all__} - {"__version__"}
    assert [name for name in shown if not inspect.getdoc(getattr(autocall_otp, name))] == []


def test_the_version_is_that_of_the_package_and_one_that_semantic_versioning_knows() -> None:
    assert autocall_otp.__version__ == version("autocall-otp")
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", autocall_otp.__version__)


def test_importing_costs_nothing_that_only_some_need() -> None:
    costly = ("asyncio", "httpcore", "zoneinfo", "email.utils", "autocall_otp_api", "yaml", "rich", "typer")
    added = f"print({{*sys.modules}} - before & {{*{costly}}})"
    code = f"import sys, httpx; before = {{*sys.modules}}; import autocall_otp; {added}"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "set()"


@pytest.mark.skipif("AUTOCALL_WHEEL" not in os.environ, reason="only `make test` installs the wheel, and says where")
def test_the_wheel_is_what_is_tested() -> None:
    wheel = Path(os.environ["AUTOCALL_WHEEL"]).resolve()
    for package in (autocall_otp, autocall_otp_api):
        assert package.__file__
        assert Path(package.__file__).resolve().is_relative_to(wheel)
