from collections.abc import Iterator
from pathlib import Path

import pytest
from support.prism import Prism, prism


@pytest.fixture(scope="session")
def mock_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    log: Path = tmp_path_factory.mktemp("prism") / "prism.log"
    with prism(log) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show Prism's log beside the failure of a test that used it."""
    report = yield
    running = getattr(item, "funcargs", {}).get("mock_server")
    if report.failed and isinstance(running, Prism):
        report.sections.append(("Prism's log", running.log.read_text()[-5000:]))
    return report
