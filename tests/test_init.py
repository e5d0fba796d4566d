from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import autocall_otp
import autocall_otp_api

PUBLIC = {
    "ApiError", "AsyncClient", "AuthenticationError", "AutocallError", "BadRequestError", "CallStatus", "Cdr",
    "CdrTimeoutError", "Client", "ConfigurationError", "ConflictError", "FieldError", "InvalidRequestError",
    "InvalidResponseError", "NotFoundError", "OtpCall", "Outcome", "Payload", "PermissionDeniedError",
    "RateLimitedError", "Retry", "ServerError", "TransportError", "TransportTimeoutError", "WaitProgress",
    "__version__", "mask_number", "normalize_number",
}  # fmt: skip


def test_these_names_are_public_and_no_other() -> None:
    names: dict[str, Any] = {}
    exec("from autocall_otp import *", names)  # noqa: S102 - the one way to see what a star brings
    assert names.keys() - {"__builtins__"} == PUBLIC
    assert len(autocall_otp.__all__) == len(PUBLIC)


def test_the_version_is_that_of_the_package() -> None:
    assert autocall_otp.__version__ == version("autocall-otp")


def test_the_package_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "autocall_otp", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == [
        "autocall-otp",
        autocall_otp.__version__,
    ]


@pytest.mark.skipif("AUTOCALL_WHEEL" not in os.environ, reason="only `make test` installs the wheel, and says where")
def test_the_wheel_is_what_is_tested() -> None:
    wheel = Path(os.environ["AUTOCALL_WHEEL"]).resolve()
    for package in (autocall_otp, autocall_otp_api):
        assert package.__file__
        assert Path(package.__file__).resolve().is_relative_to(wheel)
