from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.exchange import KINDS, ROUTES, Caller, Kind, Network, Route, network


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Network]:
    with network(monkeypatch, tmp_path) as made:
        yield made


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest) -> Route:
    chosen: Route = request.param
    return chosen


@pytest.fixture
def to(kind: Kind) -> Iterator[Callable[[str], Caller]]:
    """Makes what calls a URL, for threads or for tasks; closed when the test ends."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(Caller(kind, url))
