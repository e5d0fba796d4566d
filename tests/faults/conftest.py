from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.exchange import ROUTES, Network, Route, network

from faults import ways
from faults.scenes import surroundings
from faults.users import User


@pytest.fixture(scope="package", autouse=True)
def _surroundings() -> Iterator[None]:
    with surroundings():
        yield


@pytest.fixture(scope="module", autouse=True)
def way(request: pytest.FixtureRequest) -> Iterator[ways.Way]:
    """The transport of every client; what lives longer than a test asks for this, to be made for each."""
    chosen: ways.Way = getattr(request, "param", "own")
    with ways.over(chosen):
        yield chosen


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Network]:
    with network(monkeypatch, tmp_path) as made:
        yield made


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest) -> Route:
    chosen: Route = request.param
    return chosen


@pytest.fixture(params=["sync", "async"])
def shell(request: pytest.FixtureRequest) -> ways.Shell:
    chosen: ways.Shell = request.param
    return chosen


@pytest.fixture
def user(shell: ways.Shell, net: Network) -> Callable[..., User]:
    """Makes a user of a host, with settings of the client; it is closed before the servers are."""
    return lambda host, **more: net.stack.enter_context(User(shell, host, **more))


@pytest.fixture
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients have one place: each call takes the connection of the call before, and a place that is lost is missed."""
    monkeypatch.setattr("autocall_otp._transport.environment.MAX_CONNECTIONS", 1)
