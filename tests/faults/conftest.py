from collections.abc import Callable, Iterator

import pytest

from faults.scenes import surroundings

_figures: list[str] = []


@pytest.fixture
def figure() -> Callable[[str], None]:
    """Keep a figure for the end of the run: measured, shown, but not judged."""
    return _figures.append


@pytest.fixture(scope="package", autouse=True)
def _surroundings() -> Iterator[None]:
    with surroundings():
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables, tallies and figures."""
    if _figures:
        terminalreporter.section("reliability")
        terminalreporter.write_line("\n".join(_figures))
