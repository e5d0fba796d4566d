"""The pytest fixture `autocall_sandbox`: a sandbox of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autocall_otp.sandbox import Sandbox


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "autocall_sandbox(**settings): settings for the fixture, as Sandbox() takes them"
    )


@pytest.fixture
def autocall_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A running sandbox on a free port, for this test alone; safe under pytest-xdist.

    `@pytest.mark.autocall_sandbox(speed=0)` passes settings to `Sandbox`.
    """
    # Imported here: the plugin is loaded in every run of pytest, also where the extra is not installed.
    from autocall_otp.sandbox import Sandbox  # noqa: PLC0415 - see above

    node: pytest.Item = request.node
    marker = node.get_closest_marker("autocall_sandbox")
    with Sandbox(**(marker.kwargs if marker else {})) as sandbox:
        yield sandbox
