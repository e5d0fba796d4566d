"""Figures that tests measure, show at the end of the run, and do not judge; and Ctrl-C as programs find it."""

import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

with suppress(ImportError):  # the recipes' tests do without it
    import hypothesis

    # Nothing may depend on how fast a machine is.
    hypothesis.settings.register_profile(
        "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("any machine")

LONG = (
    *("test_logins", "test_faults", "test_browser", "test_celery_calls", "test_docs", "test_ledger", "test_httpx2"),
    *("test_deadlines", "test_mutate_spec", "test_cancellation", "test_schemathesis", "test_programs", "test_growth"),
)
"""The files that take longest, the longest first."""
_ORDER = {name: place for place, name in enumerate(LONG)}


def pytest_configure() -> None:
    """A shell's background job ignores Ctrl-C, and so would the programs that tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files come first, so that at the end of a parallel run no worker is left alone with one."""
    items.sort(key=lambda item: _ORDER.get(item.path.stem, len(LONG)))


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keep a figure for the end of the run: measured, shown, but not judged."""
    return partial(record_property, "figure")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables, tallies and figures."""
    reports = [report for several in terminalreporter.stats.values() for report in several]
    called = [report for report in reports if getattr(report, "when", None) == "call"]
    if figures := [text for report in called for name, text in report.user_properties if name == "figure"]:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(figures))
