"""The recipes have an environment of their own: `make examples` makes it and runs these tests."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

pytest.register_assert_rewrite("logins.attacks")

# Elsewhere the recipes' libraries are not there, and these tests are none of the run's.
collect_ignore_glob = [] if find_spec("celery") else ["test_*.py"]

CAMPAIGN = "f77dfcf4-0759-4179-93cb-741f481a776e"


@pytest.fixture
def anyio_backend() -> str:
    """Coroutine tests run on asyncio, as AsyncClient does."""
    return "asyncio"


@pytest.fixture
def settings(autocall_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment that a recipe is run with, pointed at this test's sandbox."""
    values = {
        "AUTOCALL_API_HOST": autocall_sandbox.url,
        "AUTOCALL_TOKEN": autocall_sandbox.token,
        "AUTOCALL_CAMPAIGN_UUID": CAMPAIGN,
        "AUTOCALL_TEMPLATE": "otp_script_01",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values
