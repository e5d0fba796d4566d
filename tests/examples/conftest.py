"""What the tests of the recipes share."""

from __future__ import annotations

from typing import Any

import pytest

pytest.register_assert_rewrite("logins.attacks", "logins.sites")

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
