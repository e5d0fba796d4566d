"""The pytest fixture `autocall_sandbox`: a sandbox of its own for each test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autocall_otp.sandbox import Sandbox

_DEFAULTS = {
    "AUTOCALL_CAMPAIGN_UUID": "00000000-0000-4000-8000-000000000000",
    "AUTOCALL_TEMPLATE": "sandbox",
}


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "autocall_sandbox(environment=True, **settings): settings for the fixture, as Sandbox() takes them; "
        "with environment=False it leaves AUTOCALL_* alone",
    )


@pytest.fixture
def autocall_sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A running sandbox on a free port, for this test alone; safe under pytest-xdist.

    For the test, AUTOCALL_API_HOST and AUTOCALL_TOKEN name the sandbox, so that `Client()` calls it;
    AUTOCALL_CAMPAIGN_UUID and AUTOCALL_TEMPLATE are set where they are not.
    `@pytest.mark.autocall_sandbox(speed=0)` passes settings to `Sandbox`, and `environment=False` leaves the
    environment alone. A test's own marker adds to those of its class and module, and wins over them.
    """
    # Imported here: the plugin is loaded in every run of pytest, also where the extra is not installed.
    from autocall_otp.sandbox import Sandbox  # noqa: PLC0415 - see above

    node: pytest.Item = request.node
    settings: dict[str, Any] = {}
    for marker in node.iter_markers("autocall_sandbox"):
        if marker.args:
            msg = "the marker autocall_sandbox takes settings by name alone, for example speed=0"
            raise TypeError(msg)
        # The nearest marker comes first and wins.
        settings = {**marker.kwargs, **settings}
    environment = settings.pop("environment", True)
    with Sandbox(**settings) as sandbox:
        if environment:
            monkeypatch.setenv("AUTOCALL_API_HOST", sandbox.url)
            monkeypatch.setenv("AUTOCALL_TOKEN", sandbox.token)
            for name, value in _DEFAULTS.items():
                monkeypatch.setenv(name, os.environ.get(name) or value)
        yield sandbox
